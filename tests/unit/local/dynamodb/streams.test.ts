import { describe, expect, it } from 'vitest';
import type { StreamViewType } from '#local/aws/dynamodb/streams.ts';
import { allRecords, createTable, keyOf, openFixture, REGION, START_MS } from './fixture.ts';

async function openWithStream(view: StreamViewType = 'NEW_AND_OLD_IMAGES') {
  const fixture = await openFixture();
  await createTable(fixture, 'journal', view);
  const streamArn = fixture.engine.streamArn('journal')!;
  const put = (pk: string, attributes: object = {}) =>
    fixture.call('PutItem', { TableName: 'journal', Item: { ...keyOf(pk), ...attributes } });
  return { ...fixture, streamArn, put };
}

describe('a stream', () => {
  it('records each change in the shape a function gets', async () => {
    const { call, clock, engine, put, streamArn } = await openWithStream();
    await put('a', { n: { N: '1' } });
    clock.milliseconds += 1500;
    await put('a', { n: { N: '2' } });
    await call('DeleteItem', { TableName: 'journal', Key: keyOf('a') });

    const [inserted, modified, removed] = allRecords(engine, 'journal');

    expect(inserted).toEqual({
      eventID: expect.stringMatching(/^[0-9a-f]{32}$/),
      eventName: 'INSERT',
      eventVersion: '1.1',
      eventSource: 'aws:dynamodb',
      awsRegion: REGION,
      eventSourceARN: streamArn,
      dynamodb: {
        ApproximateCreationDateTime: START_MS / 1000,
        Keys: keyOf('a'),
        NewImage: { ...keyOf('a'), n: { N: '1' } },
        SequenceNumber: '100000000000000000001',
        SizeBytes: 6 + 9,
        StreamViewType: 'NEW_AND_OLD_IMAGES',
      },
    });
    expect(modified).toMatchObject({
      eventName: 'MODIFY',
      dynamodb: {
        ApproximateCreationDateTime: START_MS / 1000 + 1,
        NewImage: { n: { N: '2' } },
        OldImage: { n: { N: '1' } },
        SequenceNumber: '100000000000000000002',
      },
    });
    expect(removed).toMatchObject({ eventName: 'REMOVE', dynamodb: { OldImage: { n: { N: '2' } } } });
    expect(removed?.dynamodb).not.toHaveProperty('NewImage');
    expect(new Set([inserted, modified, removed].map((record) => record?.eventID)).size).toBe(3);
  });

  it.each([
    ['KEYS_ONLY', false, false],
    ['NEW_IMAGE', true, false],
    ['OLD_IMAGE', false, true],
    ['NEW_AND_OLD_IMAGES', true, true],
  ] as const)('of view %s holds its images only', async (view, hasNew, hasOld) => {
    const { engine, put } = await openWithStream(view);
    await put('a', { n: { N: '1' } });
    await put('a', { n: { N: '2' } });
    const record = allRecords(engine, 'journal')[1]!;
    expect('NewImage' in record.dynamodb).toBe(hasNew);
    expect('OldImage' in record.dynamodb).toBe(hasOld);
    expect(record.dynamodb).toMatchObject({ Keys: keyOf('a'), StreamViewType: view });
  });

  it('says nothing of a write that changes nothing', async () => {
    const { call, engine, put } = await openWithStream();
    await put('a', {
      n: { N: '1' },
      tags: { SS: ['x', 'y'] },
      map: { M: { p: { S: '1' }, q: { L: [{ BOOL: true }] } } },
    });
    await call('PutItem', {
      TableName: 'journal',
      Item: {
        map: { M: { q: { L: [{ BOOL: true }] }, p: { S: '1' } } },
        tags: { SS: ['y', 'x'] },
        n: { N: '1.0' },
        ...keyOf('a'),
      },
    });
    await call('DeleteItem', { TableName: 'journal', Key: keyOf('never there') });
    await put('b').then(() => put('b'));
    expect(allRecords(engine, 'journal').map(({ eventName }) => eventName)).toEqual(['INSERT', 'INSERT']);
  });

  it('tells of a change that does not change the length of the item', async () => {
    const { engine, put } = await openWithStream();
    for (const value of [
      { S: 'x' },
      { S: 'y' },
      { L: [{ N: '1' }] },
      { L: [{ N: '2' }] },
      { NS: ['1'] },
      { NS: ['2'] },
    ]) {
      await put('a', { value });
    }
    expect(allRecords(engine, 'journal')).toHaveLength(6);
  });

  it('keeps the order of the actions of a transaction', async () => {
    const { call, engine } = await openWithStream();
    const Items = ['c', 'a', 'b'].map((pk) => ({ Put: { TableName: 'journal', Item: keyOf(pk) } }));
    await call('TransactWriteItems', { TransactItems: Items });
    expect(allRecords(engine, 'journal').map((record) => record.dynamodb.Keys['pk'])).toEqual([
      { S: 'c' },
      { S: 'a' },
      { S: 'b' },
    ]);
  });

  it('is read in pages and trimmed', async () => {
    const { engine, put, streamArn } = await openWithStream();
    for (const pk of ['a', 'b', 'c', 'd']) await put(pk);
    const read = (afterSequence: string | null, limit: number) =>
      engine.readStream({ streamArn, afterSequence, limit }).map((record) => record.dynamodb.SequenceNumber);
    const [first, second] = read(null, 2);
    expect(read(second!, 2)).toEqual(['100000000000000000003', '100000000000000000004']);
    expect(read('100000000000000000004', 2)).toEqual([]);

    await engine.trimStream(streamArn, second!);

    expect(read(null, 10)).toEqual(['100000000000000000003', '100000000000000000004']);
    expect(read(first!, 10)).toEqual(['100000000000000000003', '100000000000000000004']);
    await put('e');
    expect(read('100000000000000000004', 10)).toEqual(['100000000000000000005']);
    expect(() => read('5', 10)).toThrow('5 is no sequence number');
  });

  it('tells its listeners once a commit, when the records can be read', async () => {
    const { call, engine, put, streamArn } = await openWithStream();
    const heard: number[] = [];
    const stop = engine.onStreamRecords((arn) => {
      expect(arn).toBe(streamArn);
      heard.push(allRecords(engine, 'journal').length);
    });
    await call('BatchWriteItem', {
      RequestItems: { journal: ['a', 'b', 'c'].map((pk) => ({ PutRequest: { Item: keyOf(pk) } })) },
    });
    await put('d');
    expect(heard).toEqual([3, 4]);
    stop();
    await put('e');
    expect(heard).toEqual([3, 4]);
  });

  it('outlives its table until it is trimmed', async () => {
    const { call, engine, put, streamArn } = await openWithStream();
    await put('a');
    await call('DeleteTable', { TableName: 'journal' });
    expect(engine.streamArn('journal')).toBeNull();
    const records = engine.readStream({ streamArn, afterSequence: null, limit: 10 });
    expect(records.map(({ eventName }) => eventName)).toEqual(['INSERT']);
    await engine.trimStream(streamArn, records[0]!.dynamodb.SequenceNumber);
    expect(engine.describeStream(streamArn)).toBeNull();
    expect(() => engine.readStream({ streamArn, afterSequence: null, limit: 1 })).toThrow(streamArn);
  });

  it('loses what is older than a day when the service sweeps', async () => {
    const { clock, engine, put } = await openWithStream();
    await put('a');
    clock.milliseconds += 60_000;
    await put('b');
    clock.milliseconds += 24 * 60 * 60 * 1000 - 59_000;
    await engine.sweepTtl();
    expect(allRecords(engine, 'journal').map((record) => record.dynamodb.Keys['pk'])).toEqual([{ S: 'b' }]);
  });

  it('gives back from the store what no longer fits into memory', async () => {
    const { engine, put } = await openWithStream('NEW_IMAGE');
    const size = 350_000;
    for (let index = 0; index < 110; index++) await put(`p${index}`, { text: { S: 'x'.repeat(size) } });
    const records = allRecords(engine, 'journal');
    expect(records).toHaveLength(110);
    expect(records.map((record) => record.dynamodb.Keys['pk'])).toEqual(
      Array.from({ length: 110 }, (_, index) => ({ S: `p${index}` })),
    );
    expect(records.every(({ dynamodb }) => dynamodb.NewImage?.['text'] !== undefined)).toBe(true);
  });
});
