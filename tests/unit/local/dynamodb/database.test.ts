import { describe, expect, it } from 'vitest';
import { Database } from '#local/aws/dynamodb/database.ts';
import type { Level, LevelOperation } from '#local/aws/dynamodb/level.ts';
import { openLevel } from '#local/aws/dynamodb/level.ts';

const number = (n: number) => ({ n: { N: String(n) } });

/** A store in memory that tells of its batches and can be made to fail. */
async function openWatched() {
  const level = await openLevel(null);
  const batches: (readonly LevelOperation[])[] = [];
  let failure: Error | null = null;
  const watched: Level = {
    open: () => level.open(),
    close: () => level.close(),
    getSync: (key, options) => (options === undefined ? level.getSync(key) : level.getSync(key, options)),
    keys: (range) => level.keys(range),
    values: (range) => level.values(range),
    snapshot: () => level.snapshot(),
    batch: async (operations) => {
      if (failure !== null) throw failure;
      batches.push(operations);
      await level.batch(operations);
    },
  };
  const database = new Database(watched);
  const put = (key: string, value: unknown) =>
    database.write(async (scope) => {
      scope.put(key, value);
      return key;
    });
  const failNext = (error: Error): void => {
    failure = error;
  };
  return { database, batches, put, failNext };
}

describe('the queue of writes', () => {
  it('commits what waits together as one batch, in order', async () => {
    const { batches, database, put } = await openWatched();
    const answers = await Promise.all([
      put('item-t~a', number(1)),
      put('item-t~b', number(2)),
      put('item-t~a', number(3)),
    ]);
    expect(answers).toEqual(['item-t~a', 'item-t~b', 'item-t~a']);
    expect(batches).toEqual([
      [
        { type: 'put', key: 'item-t~a', value: '{"n":{"N":"3"}}' },
        { type: 'put', key: 'item-t~b', value: '{"n":{"N":"2"}}' },
      ],
    ]);
    expect(database.read('item-t~a')).toEqual(number(3));
  });

  it('gives a write that must run alone a batch of its own, with all before it on the disk', async () => {
    const { batches, database, put } = await openWatched();
    const seen: unknown[] = [];
    const alone = database.write(async (scope) => {
      seen.push(database.read('item-t~a'));
      scope.put('alone', 1);
    }, true);
    await Promise.all([put('item-t~a', number(1)), alone, put('item-t~b', number(2))]);
    expect(seen).toEqual([undefined]);
    expect(batches.map((batch) => batch.map(({ key }) => key))).toEqual([
      ['alone'],
      ['item-t~a', 'item-t~b'],
    ]);

    const [, after] = await Promise.all([
      put('item-t~c', number(3)),
      database.write(async () => database.read('item-t~c'), true),
    ]);
    expect(after).toEqual(number(3));
  });

  it('lets each write see those before it, and nothing of one that failed', async () => {
    const { database } = await openWatched();
    const failing = database.write(async (scope) => {
      scope.put('item-t~a', number(9));
      throw new RangeError('refused');
    });
    const counts = Array.from({ length: 3 }, () =>
      database.write(async (scope) => {
        const count = Number(Object(scope.get('item-t~a') ?? number(0)).n.N) + 1;
        scope.put('item-t~a', number(count));
        return count;
      }),
    );
    await expect(failing).rejects.toThrow(RangeError);
    expect(await Promise.all(counts)).toEqual([1, 2, 3]);
  });

  it('answers nothing before it is committed, refusals included', async () => {
    const { database, failNext } = await openWatched();
    const error = new Error('disk full');
    failNext(error);
    const writing = database.write(async (scope) => scope.put('a', 1));
    const refusing = database.write(async () => {
      throw new RangeError('refused');
    });
    await expect(writing).rejects.toMatchObject({ cause: error });
    await expect(refusing).rejects.toMatchObject({ cause: error });
  });

  it('takes no more writes after a commit has failed', async () => {
    const { batches, database, put, failNext } = await openWatched();
    failNext(new Error('disk full'));
    await expect(put('a', 1)).rejects.toThrow('a commit failed');
    await expect(put('b', 1)).rejects.toThrow('a commit failed');
    expect(batches).toEqual([]);
    expect(database.read('a')).toBeUndefined();
  });

  it('takes none of a write that cannot be merged whole', async () => {
    const { batches, database, put } = await openWatched();
    database.observe((change) => {
      if (change.key === 'b') throw new TypeError('no record for b');
    });
    const both = database.write(async (scope) => {
      scope.put('item-t~a', number(1));
      scope.put('item-t~b', number(1));
    });
    await expect(both).rejects.toMatchObject({ cause: { message: 'no record for b' } });
    await expect(put('item-t~c', number(1))).rejects.toThrow('a commit failed');
    expect(batches).toEqual([]);
  });

  it('bounds what one batch holds', async () => {
    const { batches, put } = await openWatched();
    await Promise.all(Array.from({ length: 200 }, (_, index) => put(`item-t~${index}`, number(index))));
    expect(batches.length).toBeGreaterThanOrEqual(4);
    expect(batches.flat()).toHaveLength(200);
    batches.length = 0;
    await Promise.all(Array.from({ length: 10 }, (_, index) => put(`big~${index}`, 'x'.repeat(2_000_000))));
    expect(batches.map((batch) => batch.length)).toEqual([3, 3, 3, 1]);
  });
});
