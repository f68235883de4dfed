import {
  BatchGetItemCommand,
  type BatchGetItemCommandInput,
  CreateTableCommand,
  DynamoDBClient,
  TransactionCanceledException,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dynamoDeskStore } from '#adapters/aws/dynamo-desk-store.ts';
import { DeskStoreError } from '#adapters/aws/gathered-reads.ts';
import { inMemoryDeskStore } from '#adapters/memory/in-memory-desk-store.ts';
import { canonicalJson } from '#core/events/canonical.ts';
import { CommitTooLargeError, type DeskStore, RepeatedItemError } from '#core/events/desk-store.ts';
import { type DynamoEngine, openDynamo } from '#local/aws/dynamodb/engine.ts';
import { startServer } from '../../integration/local/dynamodb/dynamodb-server.ts';
import { barClosed, entryOf, NOW, sessionPrepared } from '../../support/desk-events.ts';

const clock = { now: () => NOW };
const SETTINGS = {
  journalTable: 'Journal',
  stateTable: 'State',
  idempotencyTable: 'Idempotency',
  processedDays: 14,
};
let engine: DynamoEngine;
let server: Awaited<ReturnType<typeof startServer>>;
let client: DynamoDBClient;

beforeAll(async () => {
  engine = await openDynamo({
    directory: null,
    now: clock.now,
    region: 'us-east-1',
    accountId: '000000000000',
  });
  server = await startServer(engine);
  client = new DynamoDBClient({
    region: 'us-east-1',
    endpoint: server.url,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  for (const [TableName, sorted] of [
    ['Journal', true],
    ['State', true],
    ['Idempotency', false],
  ] as const) {
    await client.send(
      new CreateTableCommand({
        TableName,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [
          { AttributeName: 'pk', AttributeType: 'S' },
          ...(sorted ? [{ AttributeName: 'sk', AttributeType: 'S' } as const] : []),
        ],
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          ...(sorted ? [{ AttributeName: 'sk', KeyType: 'RANGE' } as const] : []),
        ],
      }),
    );
  }
});
afterAll(async () => {
  client.destroy();
  await server.close();
  await engine.close();
});

let partition = 0;
/** Every test in a partition of its own: the suite runs in any order on one store. */
const fresh = () => `p${++partition}`;
const bar = (correlationId: string, key: string) =>
  entryOf('BarClosed', barClosed('100', 60).data, { correlationId, key });
const session = (correlationId: string, key: string) =>
  entryOf('SessionPrepared', sessionPrepared().data, { correlationId, key });

describe.each<[string, () => DeskStore]>([
  ['in memory', inMemoryDeskStore],
  ['on DynamoDB', () => dynamoDeskStore(client, SETTINGS, clock)],
])('a desk store %s', (_, open) => {
  it('gives back what was written, in the order asked for, and null for what is not there', async () => {
    const store = open();
    const [a, b, none] = ['a', 'b', 'none'].map((sort) => ({ partition: fresh(), sort })) as [
      { partition: string; sort: string },
      { partition: string; sort: string },
      { partition: string; sort: string },
    ];
    await store.commit({
      entries: [],
      writes: [
        { key: a, value: { n: 1, text: null }, expectedVersion: 0 },
        { key: b, value: [2], expectedVersion: 0 },
      ],
    });

    expect(await store.read([b, none, a, b])).toEqual([
      { value: [2], version: 1 },
      null,
      { value: { n: 1, text: null }, version: 1 },
      { value: [2], version: 1 },
    ]);
    expect(await store.read([])).toEqual([]);
  });

  it('commits everything or nothing', async () => {
    const store = open();
    const correlation = fresh();
    const key = { partition: correlation, sort: 'x' };
    const result = await store.commit({
      entries: [bar(correlation, '1')],
      writes: [
        { key, value: 1, expectedVersion: 0 },
        { key: { partition: correlation, sort: 'y' }, value: 1, expectedVersion: 4 },
      ],
      processed: { consumer: 'test', eventIds: [correlation] },
    });

    expect(result).toEqual({ kind: 'conflict', keys: [{ partition: correlation, sort: 'y' }] });
    expect(await store.read([key])).toEqual([null]);
    expect(await store.journal(correlation)).toEqual([]);
    expect(
      await store.commit({
        entries: [bar(correlation, '1')],
        processed: { consumer: 'test', eventIds: [correlation] },
      }),
    ).toEqual({ kind: 'committed' });
  });

  it('counts versions, and refuses a write or a check on any other', async () => {
    const store = open();
    const key = { partition: fresh(), sort: 'x' };
    const write = (value: number, expectedVersion: number) =>
      store.commit({ entries: [], writes: [{ key, value, expectedVersion }] });

    expect(await write(1, 0)).toEqual({ kind: 'committed' });
    expect(await write(9, 0)).toEqual({ kind: 'conflict', keys: [key] });
    expect(await write(2, 1)).toEqual({ kind: 'committed' });
    expect(await store.read([key])).toEqual([{ value: 2, version: 2 }]);
    const checked = (expectedVersion: number) =>
      store.commit({
        entries: [bar(key.partition, String(expectedVersion))],
        checks: [{ key, expectedVersion }],
      });
    expect(await checked(1)).toEqual({ kind: 'conflict', keys: [key] });
    expect(await checked(2)).toEqual({ kind: 'committed' });
    expect(await checked(0)).toEqual({ kind: 'conflict', keys: [key] });
  });

  it('checks that something is not there', async () => {
    const store = open();
    const key = { partition: fresh(), sort: 'x' };
    expect(
      await store.commit({ entries: [bar(key.partition, '1')], checks: [{ key, expectedVersion: 0 }] }),
    ).toEqual({ kind: 'committed' });
  });

  it('deals with a cause once for each consumer, and names those it knew', async () => {
    const store = open();
    const correlation = fresh();
    const commit = (consumer: string, ...ids: string[]) =>
      store.commit({
        entries: [],
        processed: { consumer, eventIds: ids.map((id) => `${correlation}-${id}`) },
      });

    expect(await commit('one', 'a', 'b')).toEqual({ kind: 'committed' });
    expect(await commit('two', 'a')).toEqual({ kind: 'committed' });
    expect(await commit('one', 'c', 'b')).toEqual({
      kind: 'duplicate',
      of: 'cause',
      ids: [`${correlation}-b`],
    });
    expect(await commit('one', 'c')).toEqual({ kind: 'committed' });
  });

  it('takes an entry once, alone or among others, and never changes it', async () => {
    const store = open();
    const correlation = fresh();
    const first = bar(correlation, '1');
    const other = entryOf('BarClosed', barClosed('999', 60).data, { correlationId: correlation, key: '1' });
    const id = first.event.metadata.id;

    expect(await store.commit({ entries: [first] })).toEqual({ kind: 'committed' });
    expect(await store.commit({ entries: [other] })).toEqual({ kind: 'duplicate', of: 'entry', ids: [id] });
    expect(await store.commit({ entries: [bar(correlation, '2'), other] })).toEqual({
      kind: 'duplicate',
      of: 'entry',
      ids: [id],
    });
    expect((await store.journal(correlation)).map(({ canonical }) => canonical)).toEqual([
      canonicalJson(first.event),
    ]);
  });

  it('tells what tells most: a known cause before a conflict, and that before a known entry', async () => {
    const store = open();
    const correlation = fresh();
    const key = { partition: correlation, sort: 'x' };
    const entry = bar(correlation, '1');
    const cause = { consumer: 'test', eventIds: [correlation] };
    await store.commit({ entries: [entry], processed: cause });

    const stale = [{ key, value: 1, expectedVersion: 3 }];
    expect(await store.commit({ entries: [entry], writes: stale, processed: cause })).toMatchObject({
      of: 'cause',
    });
    expect(await store.commit({ entries: [entry], writes: stale })).toMatchObject({ kind: 'conflict' });
  });

  it('gives a journal in the order of its keys, whole or by type, and entries by their place', async () => {
    const store = open();
    const correlation = fresh();
    await store.commit({
      entries: [session(correlation, '1'), bar(correlation, '2'), bar(correlation, '10')],
    });
    await store.commit({
      entries: [
        entryOf(
          'SessionClosed',
          { session: '2018-01-23', equity: null, realized: null, fees: null, openPositions: 0, cycles: [] },
          { correlationId: correlation, key: '1' },
        ),
      ],
    });
    await store.commit({ entries: [bar(`${correlation}+`, '1')] });
    const keys = async (types?: readonly string[]) =>
      (await store.journal(correlation, types)).map(({ sortKey }) => sortKey);

    expect(await keys()).toEqual(['BarClosed#10', 'BarClosed#2', 'SessionClosed#1', 'SessionPrepared#1']);
    expect(await keys(['BarClosed'])).toEqual(['BarClosed#10', 'BarClosed#2']);
    expect(await keys(['SessionPrepared', 'SessionClosed'])).toEqual([
      'SessionClosed#1',
      'SessionPrepared#1',
    ]);
    expect(await keys(['BarClosed', 'SessionClosed'])).toEqual([
      'BarClosed#10',
      'BarClosed#2',
      'SessionClosed#1',
    ]);
    // A type is a whole name, not the beginning of one.
    expect(await keys(['Session'])).toEqual([]);
    expect(await keys([])).toEqual([]);

    const found = await store.entries([
      { correlationId: correlation, type: 'SessionClosed', key: '1' },
      { correlationId: correlation, type: 'BarClosed', key: '3' },
      { correlationId: correlation, type: 'BarClosed', key: '10' },
    ]);
    expect(found.map((entry) => entry?.sortKey ?? null)).toEqual(['SessionClosed#1', null, 'BarClosed#10']);
  });

  it('takes a hundred items, and names a commit of more or one that touches an item twice as the fault it is', async () => {
    const store = open();
    const correlation = fresh();
    const entries = Array.from({ length: 101 }, (_entry, index) => bar(correlation, String(index)));

    await expect(store.commit({ entries })).rejects.toThrow(CommitTooLargeError);
    expect(await store.commit({ entries: entries.slice(1) })).toEqual({ kind: 'committed' });
    const key = { partition: correlation, sort: 'x' };
    await expect(
      store.commit({ entries: [], processed: { consumer: 'c', eventIds: ['same', 'same'] } }),
    ).rejects.toThrow(RepeatedItemError);
    await expect(
      store.commit({
        entries: [],
        writes: [{ key, value: 1, expectedVersion: 0 }],
        checks: [{ key, expectedVersion: 0 }],
      }),
    ).rejects.toThrow(RepeatedItemError);
    await expect(store.commit({ entries: [bar(correlation, 'z'), bar(correlation, 'z')] })).rejects.toThrow(
      'more than once',
    );
    expect(await store.commit({ entries: [] })).toEqual({ kind: 'committed' });
  });

  it('lets one of many win a race for a version', async () => {
    const store = open();
    const key = { partition: fresh(), sort: 'x' };
    const results = await Promise.all(
      Array.from({ length: 8 }, (_race, value) =>
        store.commit({ entries: [], writes: [{ key, value, expectedVersion: 0 }] }),
      ),
    );
    expect(results.filter(({ kind }) => kind === 'committed')).toHaveLength(1);
    expect(results.filter(({ kind }) => kind === 'conflict')).toHaveLength(7);
  });

  it('hands out values that nobody can change behind its back', async () => {
    const store = open();
    const key = { partition: fresh(), sort: 'x' };
    const value = { list: [1] };
    await store.commit({ entries: [], writes: [{ key, value, expectedVersion: 0 }] });
    value.list.push(2);
    const [read] = await store.read([key]);
    (read as { value: typeof value }).value.list.push(3);
    expect(await store.read([key])).toEqual([{ value: { list: [1] }, version: 1 }]);
  });
});

describe('the desk store on DynamoDB', () => {
  /** A client whose answers are given; it answers anything else with an error. */
  const answering = (answer: (command: object) => unknown): DynamoDBClient =>
    ({ send: async (command: object) => answer(command) }) as unknown as DynamoDBClient;
  const key = { partition: 'a', sort: 'b' };

  it('asks again for what a batch left unread, and says so when it stays unread', async () => {
    let calls = 0;
    const halting = answering((command) => {
      calls += 1;
      const { input } = command as { input: BatchGetItemCommandInput };
      expect(command).toBeInstanceOf(BatchGetItemCommand);
      expect(input.RequestItems?.['State']?.ConsistentRead).toBe(true);
      return calls === 1
        ? { UnprocessedKeys: input.RequestItems }
        : {
            Responses: {
              State: [{ pk: { S: 'a' }, sk: { S: 'b' }, value: { S: '7' }, version: { N: '3' } }],
            },
          };
    });
    expect(await dynamoDeskStore(halting, SETTINGS, clock).read([key])).toEqual([{ value: 7, version: 3 }]);
    expect(calls).toBe(2);

    const never = answering((command) => ({
      UnprocessedKeys: (command as { input: BatchGetItemCommandInput }).input.RequestItems,
    }));
    await expect(dynamoDeskStore(never, SETTINGS, clock).read([key])).rejects.toThrow(DeskStoreError);
  });

  it('reads what is asked for in one turn, of whichever tables, in one request, and more than one holds in several', async () => {
    const requests: string[][] = [];
    const counting = answering((command) => {
      const { RequestItems } = (command as { input: BatchGetItemCommandInput }).input;
      requests.push(
        Object.entries(RequestItems ?? {}).map(([table, { Keys }]) => `${table} ${Keys?.length}`),
      );
      return { Responses: {} };
    });
    const counted = dynamoDeskStore(counting, SETTINGS, clock);
    const reference = { correlationId: 'c', type: 'BarClosed', key: '1' };

    expect(
      await Promise.all([counted.read([key]), counted.read([key, key]), counted.entries([reference])]),
    ).toEqual([[null], [null, null], [null]]);
    await counted.read([key]);
    expect(requests).toEqual([['State 1', 'Journal 1'], ['State 1']]);

    requests.length = 0;
    const many = Array.from({ length: 60 }, (_, index) => ({ partition: 'a', sort: String(index) }));
    await Promise.all([counted.read(many), counted.read(many.map(({ sort }) => ({ partition: 'b', sort })))]);
    expect(requests).toEqual([['State 100'], ['State 20']]);
  });

  it('fails every reader of a request that failed, and none of the next', async () => {
    let failing = true;
    const broken = dynamoDeskStore(
      answering(() => {
        if (failing) throw new Error('no connection');
        return { Responses: {} };
      }),
      SETTINGS,
      clock,
    );
    const outcomes = await Promise.allSettled([broken.read([key]), broken.read([key])]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    failing = false;
    expect(await broken.read([key])).toEqual([null]);
  });

  it('follows a journal over its pages', async () => {
    const pages = [
      { Items: [{ sk: { S: 'BarClosed#1' }, event: { S: '1' } }], LastEvaluatedKey: { pk: { S: 'c' } } },
      { Items: [{ sk: { S: 'BarClosed#2' }, event: { S: '2' } }] },
    ];
    const store = dynamoDeskStore(
      answering(() => pages.shift()),
      SETTINGS,
      clock,
    );
    expect((await store.journal('c')).map(({ canonical }) => canonical)).toEqual(['1', '2']);
  });

  it('takes a transaction that met another as a conflict, and passes on what it does not understand', async () => {
    const failing = (error: Error) =>
      dynamoDeskStore(
        answering(() => {
          throw error;
        }),
        SETTINGS,
        clock,
      );
    const cancelled = (...codes: string[]) =>
      new TransactionCanceledException({
        $metadata: {},
        message: 'cancelled',
        CancellationReasons: codes.map((Code) => ({ Code })),
      });
    const change = { entries: [bar('c', '1')], writes: [{ key, value: 1, expectedVersion: 0 }] };

    expect(await failing(cancelled('TransactionConflict', 'None')).commit(change)).toEqual({
      kind: 'conflict',
      keys: [key],
    });
    expect(await failing(cancelled('None', 'TransactionConflict')).commit(change)).toEqual({
      kind: 'conflict',
      keys: [],
    });
    await expect(failing(cancelled('ThrottlingError', 'None')).commit(change)).rejects.toThrow('cancelled');
    await expect(failing(new Error('the network is down')).commit(change)).rejects.toThrow(
      'the network is down',
    );
    await expect(
      failing(new Error('the network is down')).commit({ entries: [bar('c', '1')] }),
    ).rejects.toThrow('the network is down');
  });
});
