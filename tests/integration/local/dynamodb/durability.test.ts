import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DynamoEngine } from '#local/aws/dynamodb/engine.ts';
import { openDynamo } from '#local/aws/dynamodb/engine.ts';

const START_MS = 1_767_603_600_000;
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'dynamodb-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

const open = (now = START_MS): Promise<DynamoEngine> =>
  openDynamo({ directory, now: () => now, region: 'eu-central-1', accountId: '123456789012' });

function records(engine: DynamoEngine, streamArn: string) {
  return engine.readStream({ streamArn, afterSequence: null, limit: Number.MAX_SAFE_INTEGER });
}

async function scanAll(engine: DynamoEngine, TableName: string): Promise<Map<string, { n?: { N: string } }>> {
  const items = new Map<string, { n?: { N: string } }>();
  let ExclusiveStartKey: unknown;
  do {
    const page: unknown = await engine.handle('Scan', { TableName, ExclusiveStartKey });
    const { Items, LastEvaluatedKey } = Object(page);
    for (const item of Items) items.set(item.pk.S, item);
    ExclusiveStartKey = LastEvaluatedKey;
  } while (ExclusiveStartKey !== undefined);
  return items;
}

async function createTable(engine: DynamoEngine, TableName: string): Promise<void> {
  await engine.handle('CreateTable', {
    TableName,
    AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    BillingMode: 'PAY_PER_REQUEST',
    StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
    Tags: [{ Key: 'application', Value: 'abc' }],
  });
}

describe('a store on the disk', () => {
  it('shows a transaction whole or not at all to a transaction that reads', async () => {
    const engine = await open();
    await createTable(engine, 'memory');
    let writing = true;
    const write = async (): Promise<void> => {
      for (let n = 0; n < 300; n++) {
        const TransactItems = ['a', 'b', 'c'].map((pk) => ({
          Put: {
            TableName: 'memory',
            Item: { pk: { S: pk }, n: { N: String(n) }, text: { S: 'x'.repeat(5000) } },
          },
        }));
        await engine.handle('TransactWriteItems', { TransactItems });
      }
      writing = false;
    };
    const seen = new Set<string>();
    const read = async (): Promise<void> => {
      const TransactItems = ['a', 'b', 'c'].map((pk) => ({
        Get: { TableName: 'memory', Key: { pk: { S: pk } } },
      }));
      while (writing) {
        const { Responses } = Object(await engine.handle('TransactGetItems', { TransactItems }));
        const versions = Responses.map(
          (response: { Item?: { n: { N: string } } }) => response.Item?.n.N ?? 'none',
        );
        expect(new Set(versions).size).toBe(1);
        seen.add(versions[0]);
        // lets the commits through
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    await Promise.all([write(), read(), read()]);
    expect(seen.size).toBeGreaterThan(2);
    await engine.close();
  });

  it('belongs to one engine at a time', async () => {
    const engine = await open();
    await expect(open()).rejects.toThrow();
    await engine.close();
    await (await open()).close();
  });
});

describe('a store that is opened again', () => {
  it('has its tables, settings, items, records, sequence and tokens', async () => {
    const before = await open();
    await createTable(before, 'memory');
    await before.handle('UpdateTimeToLive', {
      TableName: 'memory',
      TimeToLiveSpecification: { AttributeName: 'expires', Enabled: true },
    });
    const put = (pk: string, expires: number) => ({
      Put: {
        TableName: 'memory',
        Item: { pk: { S: pk }, expires: { N: String(START_MS / 1000 + expires) } },
      },
    });
    const request = { ClientRequestToken: 'token', TransactItems: [put('a', 10), put('b', 1000)] };
    await before.handle('TransactWriteItems', request);
    const streamArn = before.streamArn('memory')!;
    const described = await before.handle('DescribeTable', { TableName: 'memory' });
    const [first, second] = records(before, streamArn);
    await before.trimStream(streamArn, first!.dynamodb.SequenceNumber);
    await before.close();

    const after = await open(START_MS + 60_000);

    expect(await after.handle('DescribeTable', { TableName: 'memory' })).toEqual(described);
    expect(after.streamArn('memory')).toBe(streamArn);
    expect(records(after, streamArn)).toEqual([second]);
    await after.handle('DeleteItem', { TableName: 'memory', Key: { pk: { S: 'b' } } });
    await after.handle('TransactWriteItems', request);
    expect([...(await scanAll(after, 'memory')).keys()]).toEqual(['a']);
    expect(await after.sweepTtl()).toBe(1);
    const sequences = records(after, streamArn).map(({ dynamodb, eventName }) => [
      dynamodb.SequenceNumber,
      eventName,
    ]);
    expect(sequences).toEqual([
      ['100000000000000000002', 'INSERT'],
      ['100000000000000000003', 'REMOVE'],
      ['100000000000000000004', 'REMOVE'],
    ]);
    await after.close();
  });

  it('never gives a sequence number twice, even when all records are trimmed', async () => {
    const before = await open();
    await createTable(before, 'memory');
    await before.handle('PutItem', { TableName: 'memory', Item: { pk: { S: 'a' } } });
    const streamArn = before.streamArn('memory')!;
    const [record] = records(before, streamArn);
    await before.trimStream(streamArn, record!.dynamodb.SequenceNumber);
    await before.close();

    const after = await open();
    await after.handle('PutItem', { TableName: 'memory', Item: { pk: { S: 'b' } } });
    expect(records(after, streamArn)[0]!.dynamodb.SequenceNumber > record!.dynamodb.SequenceNumber).toBe(
      true,
    );
    await after.close();
  });

  it('refuses what it has not been asked to write before it was closed', async () => {
    const engine = await open();
    await createTable(engine, 'memory');
    const writing = engine.handle('PutItem', { TableName: 'memory', Item: { pk: { S: 'a' } } });
    await engine.close();
    await writing;
    await expect(
      engine.handle('PutItem', { TableName: 'memory', Item: { pk: { S: 'b' } } }),
    ).rejects.toThrow();
    const again = await open();
    expect([...(await scanAll(again, 'memory')).keys()]).toEqual(['a']);
    await again.close();
  });

  it('has all that was acknowledged, and nothing by halves, after its process was killed', async () => {
    const program = fileURLToPath(new URL('./crash-writer.ts', import.meta.url));
    const writer = spawn(process.execPath, [program, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
    const acknowledged: number[] = [];
    for await (const line of createInterface({ input: writer.stdout })) {
      acknowledged.push(Number(line));
      if (acknowledged.length === 500) writer.kill('SIGKILL');
    }
    if (writer.exitCode === null && writer.signalCode === null) await once(writer, 'exit');
    expect(writer.signalCode).toBe('SIGKILL');

    const engine = await open();
    const journal = await scanAll(engine, 'journal');
    const state = await scanAll(engine, 'state');
    expect(acknowledged.filter((number) => !journal.has(String(number)))).toEqual([]);
    const seen = [...state.keys()].filter((pk) => pk !== 'count').map((pk) => pk.replace('seen-', ''));
    expect(new Set(seen)).toEqual(new Set(journal.keys()));
    expect(state.get('count')?.n).toEqual({ N: String(journal.size) });
    const stream = records(engine, engine.streamArn('journal')!);
    expect(new Set(stream.map(({ dynamodb }) => Object(dynamodb.Keys['pk']).S))).toEqual(
      new Set(journal.keys()),
    );
    expect(stream).toHaveLength(journal.size);

    // a client that was not answered asks again
    for (const pk of journal.keys()) {
      const repeat = {
        ClientRequestToken: `token-${pk}`,
        TransactItems: [{ Put: { TableName: 'journal', Item: { pk: { S: 'other' } } } }],
      };
      await expect(engine.handle('TransactWriteItems', repeat)).rejects.toMatchObject({
        code: 'IdempotentParameterMismatchException',
      });
    }
    await engine.close();
  });
});
