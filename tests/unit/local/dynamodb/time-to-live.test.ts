import { describe, expect, it } from 'vitest';
import { allRecords, createTable, keyOf, openFixture, refusalOf, START_MS } from './fixture.ts';

const NOW = START_MS / 1000;

async function openWithExpiry() {
  const fixture = await openFixture();
  await createTable(fixture, 'memory', 'OLD_IMAGE');
  const enable = (Enabled: boolean, AttributeName = 'expires') =>
    fixture.call('UpdateTimeToLive', {
      TableName: 'memory',
      TimeToLiveSpecification: { AttributeName, Enabled },
    });
  const put = (pk: string, expires: object) =>
    fixture.call('PutItem', { TableName: 'memory', Item: { ...keyOf(pk), expires } });
  const left = async () => {
    const { Items } = await fixture.call('Scan', { TableName: 'memory' });
    return Array.isArray(Items) ? Items.map((item: { pk: { S: string } }) => item.pk.S).sort() : [];
  };
  return { ...fixture, enable, put, left };
}

describe('time to live', () => {
  it('deletes what has expired, in the name of the service', async () => {
    const { clock, engine, enable, left, put } = await openWithExpiry();
    await enable(true);
    await put('soon', { N: String(NOW + 10) });
    await put('later', { N: String(NOW + 20) });
    await put('never', { S: String(NOW - 100) });
    expect(await engine.sweepTtl()).toBe(0);

    clock.milliseconds += 10_999;
    expect(await engine.sweepTtl()).toBe(0);
    clock.milliseconds += 1;
    expect(await engine.sweepTtl()).toBe(1);

    expect(await left()).toEqual(['later', 'never']);
    expect(allRecords(engine, 'memory').at(-1)).toMatchObject({
      eventName: 'REMOVE',
      userIdentity: { type: 'Service', principalId: 'dynamodb.amazonaws.com' },
      dynamodb: { Keys: keyOf('soon'), OldImage: { expires: { N: String(NOW + 10) } } },
    });
    expect(allRecords(engine, 'memory')[0]).not.toHaveProperty('userIdentity');
  });

  it('goes by what the item says now', async () => {
    const { call, clock, engine, enable, left, put } = await openWithExpiry();
    await enable(true);
    await put('prolonged', { N: String(NOW + 10) });
    await put('prolonged', { N: String(NOW + 1000) });
    await put('freed', { N: String(NOW + 10) });
    await call('UpdateItem', {
      TableName: 'memory',
      Key: keyOf('freed'),
      UpdateExpression: 'REMOVE expires',
    });
    await put('deleted', { N: String(NOW + 10) });
    await call('DeleteItem', { TableName: 'memory', Key: keyOf('deleted') });
    clock.milliseconds += 60_000;
    expect(await engine.sweepTtl()).toBe(0);
    expect(await left()).toEqual(['freed', 'prolonged']);
  });

  it('spares what is prolonged while the sweep runs', async () => {
    const { clock, engine, enable, left, put } = await openWithExpiry();
    await enable(true);
    await put('a', { N: String(NOW + 10) });
    await put('b', { N: String(NOW + 10) });
    clock.milliseconds += 60_000;
    const swept = engine.sweepTtl();
    await put('a', { N: String(NOW + 1000) });
    expect(await swept).toBe(1);
    expect(await left()).toEqual(['a']);
    clock.milliseconds += 1_000_000;
    expect(await engine.sweepTtl()).toBe(1);
  });

  it('covers the items that were there before it was enabled, and ends when disabled', async () => {
    const { clock, engine, enable, left, put } = await openWithExpiry();
    await put('a', { N: String(NOW + 10) });
    await enable(true);
    await put('b', { N: String(NOW + 20) });
    clock.milliseconds += 15_000;
    expect(await engine.sweepTtl()).toBe(1);
    await enable(false);
    clock.milliseconds += 15_000;
    expect(await engine.sweepTtl()).toBe(0);
    expect(await left()).toEqual(['b']);
  });

  it('leaves alone what seems to have expired more than five years ago', async () => {
    const { engine, enable, left, put } = await openWithExpiry();
    await enable(true);
    await put('mistaken', { N: '12' });
    await put('old', { N: String(NOW - 4 * 365 * 24 * 60 * 60) });
    expect(await engine.sweepTtl()).toBe(1);
    expect(await left()).toEqual(['mistaken']);
  });

  it('deletes any number of items', async () => {
    const { clock, engine, enable, left, put } = await openWithExpiry();
    await enable(true);
    await Promise.all(
      Array.from({ length: 250 }, (_, index) => put(`p${index}`, { N: String(NOW + (index % 7)) })),
    );
    clock.milliseconds += 60_000;
    expect(await engine.sweepTtl()).toBe(250);
    expect(await left()).toEqual([]);
  });

  it('is described, and refuses what changes nothing', async () => {
    const { call, enable } = await openWithExpiry();
    const describeIt = () => call('DescribeTimeToLive', { TableName: 'memory' });
    expect(await describeIt()).toEqual({ TimeToLiveDescription: { TimeToLiveStatus: 'DISABLED' } });
    expect(await refusalOf(enable(false))).toMatchObject({ message: 'TimeToLive is already disabled' });
    await enable(true);
    expect(await describeIt()).toEqual({
      TimeToLiveDescription: { TimeToLiveStatus: 'ENABLED', AttributeName: 'expires' },
    });
    expect(await refusalOf(enable(true))).toMatchObject({ message: 'TimeToLive is already enabled' });
    expect((await refusalOf(enable(false, 'other'))).message).toContain('different AttributeName');
  });
});
