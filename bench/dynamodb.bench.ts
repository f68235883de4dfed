/**
 * How fast the embedded DynamoDB is through `handle`, on one core, with streams on.
 *
 * Run with `node bench/dynamodb.bench.ts [seconds for each figure]`.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DynamoEngine } from '#local/aws/dynamodb/engine.ts';
import { openDynamo } from '#local/aws/dynamodb/engine.ts';

const SECONDS = Number(process.argv[2] ?? 2);
const CALLERS = 16;

const text = (characters: number): string => 'x'.repeat(characters);

function item(partition: string, sort: string, characters: number): Record<string, unknown> {
  return {
    pk: { S: partition },
    sk: { S: sort },
    type: { S: 'OrderPlanned.v1' },
    sequence: { N: '42' },
    price: { N: '187.25' },
    expires: { N: '1900000000' },
    detail: { M: { tags: { L: [{ S: 'a' }, { S: 'b' }] }, text: { S: text(characters) } } },
  };
}

async function createTables(engine: DynamoEngine): Promise<void> {
  const table = {
    AttributeDefinitions: [
      { AttributeName: 'pk', AttributeType: 'S' },
      { AttributeName: 'sk', AttributeType: 'S' },
    ],
    KeySchema: [
      { AttributeName: 'pk', KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ],
    BillingMode: 'PAY_PER_REQUEST',
  };
  const StreamSpecification = { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' };
  await engine.handle('CreateTable', { ...table, TableName: 'journal', StreamSpecification });
  await engine.handle('CreateTable', { ...table, TableName: 'state' });
}

type Work = (engine: DynamoEngine, count: number) => Promise<unknown>;

/** Each event of the desk: a journal entry, a guarded update of state, an entry that makes it idempotent. */
const transaction =
  (characters: number): Work =>
  (engine, count) =>
    engine.handle('TransactWriteItems', {
      ClientRequestToken: `token-${count}`,
      TransactItems: [
        {
          Put: {
            TableName: 'journal',
            Item: item(`cycle-${count % 100}`, `${count}`, characters),
            ConditionExpression: 'attribute_not_exists(pk)',
          },
        },
        {
          Update: {
            TableName: 'state',
            Key: { pk: { S: `order-${count % 500}` }, sk: { S: 'state' } },
            UpdateExpression: 'SET #status = :status ADD version :one',
            ExpressionAttributeNames: { '#status': 'status' },
            ExpressionAttributeValues: { ':status': { S: 'PLANNED' }, ':one': { N: '1' } },
          },
        },
        {
          Put: {
            TableName: 'state',
            Item: item(`event-${count}`, 'seen', 100),
            ConditionExpression: 'attribute_not_exists(pk)',
          },
        },
      ],
    });

const WORKS: Readonly<Record<string, Work>> = {
  'put 1 KB': (engine, count) =>
    engine.handle('PutItem', { TableName: 'journal', Item: item(`p${count % 100}`, `${count}`, 1000) }),
  'put 25 KB': (engine, count) =>
    engine.handle('PutItem', { TableName: 'journal', Item: item(`q${count % 100}`, `${count}`, 25_000) }),
  'transaction of 3, 1 KB': transaction(1000),
  'transaction of 3, 25 KB': transaction(25_000),
  get: (engine, count) =>
    engine.handle('GetItem', {
      TableName: 'journal',
      Key: { pk: { S: `p${count % 100}` }, sk: { S: `${count % 1000}` } },
    }),
  'query of 10': (engine, count) =>
    engine.handle('Query', {
      TableName: 'journal',
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': { S: `p${count % 100}` } },
      Limit: 10,
      ScanIndexForward: false,
    }),
};

/** Operations a second, and the processor time of one (LevelDB's threads included), which load leaves alone. */
async function measure(
  engine: DynamoEngine,
  work: Work,
  callers: number,
  first: number,
): Promise<{ perSecond: number; microseconds: number }> {
  let count = first;
  const start = performance.now();
  const cpu = process.cpuUsage();
  const end = start + SECONDS * 1000;
  await Promise.all(
    Array.from({ length: callers }, async () => {
      while (performance.now() < end) await work(engine, count++);
    }),
  );
  const { user, system } = process.cpuUsage(cpu);
  const done = count - first;
  return { perSecond: (done * 1000) / (performance.now() - start), microseconds: (user + system) / done };
}

/** Keeps the streams short, as the host does that reads them. The result ends it. */
function consume(engine: DynamoEngine): () => Promise<void> {
  let reading: Promise<void> | null = null;
  const read = async (streamArn: string): Promise<void> => {
    for (;;) {
      const last = engine.readStream({ streamArn, afterSequence: null, limit: 1000 }).at(-1);
      if (last === undefined) return;
      await engine.trimStream(streamArn, last.dynamodb.SequenceNumber);
    }
  };
  const stop = engine.onStreamRecords((streamArn) => {
    reading ??= read(streamArn).finally(() => {
      reading = null;
    });
  });
  return async () => {
    stop();
    await reading;
  };
}

for (const where of ['memory', 'disk']) {
  const directory = where === 'disk' ? await mkdtemp(join(tmpdir(), 'dynamodb-bench-')) : null;
  const engine = await openDynamo({
    directory,
    now: Date.now,
    region: 'us-east-1',
    accountId: '000000000000',
  });
  await createTables(engine);
  const stopConsuming = consume(engine);
  let first = 0;
  for (const [name, work] of Object.entries(WORKS)) {
    for (const callers of [1, CALLERS]) {
      const { perSecond, microseconds } = await measure(engine, work, callers, first);
      first += 10_000_000;
      const figures = `${perSecond.toFixed(0).padStart(7)}/s ${microseconds.toFixed(0).padStart(6)} µs of processor`;
      console.log(`${where.padEnd(7)} ${name.padEnd(24)} ${String(callers).padStart(2)} callers ${figures}`);
    }
  }
  await stopConsuming();
  await engine.close();
  if (directory !== null) await rm(directory, { recursive: true });
}
