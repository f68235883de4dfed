import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { dailyHistory } from '#contracts/snapshot.ts';
import { canonicalJson } from '#core/events/canonical.ts';
import { CLOSE, MINUTE, OPEN, SECOND, SESSION, World } from './world.ts';

describe('market data', () => {
  let world: World;
  afterEach(() => world.end());
  const closes = () => world.events('BarClosed').map(({ data }) => data.closeTime);

  it('writes the daily history before the session, content-addressed, and refers to it', async () => {
    world = await World.start();
    world.prepareSession();
    await world.rest();
    const [observed] = world.events('DailyHistoryObserved');
    expect(observed?.data).toMatchObject({
      instrument: 'AAPL',
      session: SESSION,
      last: '2018-02-02',
      source: 'paper-gateway',
    });
    const bytes = await world.objects.get(observed?.data.history.uri as string);
    expect(
      createHash('sha256')
        .update(bytes as Uint8Array)
        .digest('hex'),
    ).toBe(observed?.data.history.sha256);
    const history = dailyHistory.parse(JSON.parse(Buffer.from(bytes as Uint8Array).toString('utf8')));
    expect(canonicalJson(history)).toBe(Buffer.from(bytes as Uint8Array).toString('utf8'));
    expect(history.bars.openTime).toHaveLength(observed?.data.bars as number);
    expect(Math.max(...history.bars.closeTime)).toBeLessThan(OPEN);
    expect(world.queue.remaining()).toEqual([]);
    const caused = world
      .events('AccountObserved')
      .filter(({ metadata }) => metadata.causationId === observed?.metadata.causationId);
    expect(caused).toHaveLength(1);
  });

  it('journals a bar though the store was busy with another transaction', async () => {
    world = await World.start();
    const { commit } = world.store;
    let busy = 1;
    world.store.commit = async (change) => {
      const bars = change.entries.some(({ event }) => event.metadata.type === 'BarClosed');
      return bars && busy-- > 0 ? { kind: 'conflict', keys: [] } : commit(change);
    };
    world.prepareSession();
    await world.advanceTo(OPEN + 5 * MINUTE + SECOND - 1);
    // The bridge does not come to rest before it has tried again.
    await world.clock.advanceTo(OPEN + 5 * MINUTE + 2 * SECOND, async () => {
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    });
    await world.advanceTo(OPEN + 10 * MINUTE + 2 * SECOND);
    expect(busy).toBeLessThan(0);
    expect(closes()).toEqual(['2018-02-05T14:35:00.000Z', '2018-02-05T14:40:00.000Z']);
  });

  it('asks for each history once where the lease is lost before it has come', async () => {
    world = await World.start({ LEASE_SECONDS: '30' });
    const asked: string[] = [];
    world.wire.passes = (request) => {
      const daily = request.kind === 'history' && request.barSize === '1 day';
      if (daily) asked.push(request.contract.symbol);
      return !daily || asked.length > 1;
    };
    world.prepareSession();
    await world.advance(SECOND);
    await world.takeLease(world.clock.now() + 20 * SECOND);
    await world.advance(2 * MINUTE);
    expect(world.bridge.state).toBe('READY');
    expect(world.events('DailyHistoryObserved')).toHaveLength(1);
    // On the first link, and on the one that came after it.
    expect(asked).toEqual(['AAPL', 'AAPL']);
    expect(world.queue.remaining()).toEqual([]);
  });

  it('declines the history of an instrument that the broker does not know, and of one that nobody knows', async () => {
    world = await World.start();
    world.prepareSession(['AAPL', 'SPX', 'NOPE']);
    await world.rest();
    expect(world.events('CommandDeclined').map(({ data }) => data.intentId)).toEqual([
      'history:NOPE',
      'history:SPX',
    ]);
    expect(world.events('DailyHistoryObserved')).toHaveLength(1);
    expect(world.queue.remaining()).toEqual([]);
  });

  it('journals each five-minute bar of the session once, in order, a second after its end', async () => {
    world = await World.start();
    world.prepareSession();
    await world.advanceTo(OPEN + 5 * MINUTE);
    expect(closes()).toEqual([]);
    await world.advance(SECOND);
    expect(closes()).toEqual(['2018-02-05T14:35:00.000Z']);
    const [first] = world.events('BarClosed');
    expect(first?.data).toMatchObject({
      open: '160',
      high: '160.06',
      low: '159.98',
      close: '160.05',
      volume: '500000',
      modelled: true,
      minutes: 5,
    });
    expect(first?.metadata.correlationId).toBe(`session:${SESSION}`);
    expect(first?.metadata.occurredAt).toBe(first?.data.closeTime);
    await world.advanceTo(OPEN + 31 * MINUTE);
    expect(closes()).toHaveLength(6);
    expect([...closes()].sort()).toEqual(closes());
  });

  it('brings the bars that a lost link hid, in order, and no bar twice', async () => {
    world = await World.start();
    world.prepareSession();
    await world.advanceTo(OPEN + 11 * MINUTE);
    world.gateway.faults.restart({ refuseMillis: 12 * MINUTE });
    await world.advanceTo(OPEN + 41 * MINUTE);
    expect(closes()).toHaveLength(8);
    expect(new Set(closes()).size).toBe(8);
    expect([...closes()].sort()).toEqual(closes());
  });

  it('begins in the middle of a session with what has closed, and a restart repeats nothing', async () => {
    world = await World.start();
    await world.advanceTo(OPEN + 12 * MINUTE);
    world.prepareSession();
    await world.rest();
    expect(closes()).toHaveLength(2);
    await world.bridge.stop('deploy');
    const before = world.store.all().length;
    world.startBridge();
    world.prepareSession();
    await world.rest();
    expect(closes()).toHaveLength(2);
    expect(world.events('DailyHistoryObserved')).toHaveLength(1);
    expect(world.store.all().length).toBeGreaterThan(before);
    await world.advanceTo(OPEN + 16 * MINUTE);
    expect(closes()).toHaveLength(3);
  });

  it('goes on with the session that was prepared when a new bridge takes over, without being told again', async () => {
    world = await World.start();
    world.prepareSession();
    await world.advanceTo(OPEN + 12 * MINUTE);
    expect(world.queue.remaining()).toEqual([]);
    await world.bridge.stop('deploy');
    world.startBridge();
    await world.advanceTo(OPEN + 31 * MINUTE);
    expect(closes()).toHaveLength(6);
    expect(new Set(closes()).size).toBe(6);
    expect(world.events('DailyHistoryObserved')).toHaveLength(1);
  });

  it('holds no order back behind a history that the broker is slow to send, and takes it from the next link', async () => {
    world = await World.start();
    world.wire.passes = (request) => request.kind !== 'history' || request.keepUpToDate;
    world.prepareSession();
    await world.advanceTo(OPEN + SECOND);
    const intentId = world.place();
    await world.advance(SECOND);
    expect((await world.record(intentId))?.status).toBe('working');
    expect(world.events('DailyHistoryObserved')).toHaveLength(0);
    world.wire.passes = () => true;
    world.gateway.faults.disconnect();
    await world.advance(MINUTE);
    expect(world.events('DailyHistoryObserved')).toHaveLength(1);
  });

  it('asks again for what the broker never answers: a history and a subscription', async () => {
    world = await World.start();
    world.wire.passes = (request) => request.kind !== 'history';
    world.prepareSession();
    await world.advance(30 * SECOND);
    world.wire.passes = () => true;
    await world.advanceTo(OPEN + 6 * MINUTE);
    expect(world.bridge.state).toBe('READY');
    expect(world.events('DailyHistoryObserved')).toHaveLength(1);
    expect(closes()).toHaveLength(1);
  });

  it('declines a history that the broker does not answer however often it is asked', async () => {
    world = await World.start();
    world.wire.passes = (request) => request.kind !== 'history' || request.keepUpToDate;
    world.prepareSession();
    await world.advanceTo(CLOSE);
    expect(world.events('CommandDeclined').map(({ data }) => [data.intentId, data.reason])).toEqual([
      ['history:AAPL', 'the broker gave no daily history of AAPL: no answer in time'],
    ]);
  });

  it('waits for a history service that is away for a quarter of an hour', async () => {
    world = await World.start();
    const back = world.clock.now() + 15 * MINUTE;
    world.wire.passes = (request) => {
      if (request.kind !== 'history' || world.clock.now() >= back) return true;
      const message = 'Historical Market Data Service error message:HMDS server disconnect occurred.';
      world.wire.hear({ kind: 'notice', id: request.requestId, code: 162, message });
      return false;
    };
    world.prepareSession();
    await world.advance(25 * MINUTE);
    expect(world.events('CommandDeclined')).toEqual([]);
    expect(world.events('DailyHistoryObserved')).toHaveLength(1);
    expect(closes()).toHaveLength(3);
  });

  it('keeps what the broker will not give from using up the requests of what it does', async () => {
    world = await World.start();
    const unknown = ['XLB', 'XLC', 'XLE', 'XLF', 'XLI', 'XLK', 'XLP', 'XLRE', 'XLU', 'XLV', 'XLY', 'SPY'];
    world.prepareSession([...unknown, 'AAPL']);
    await world.advanceTo(OPEN + 46 * MINUTE);
    const asked: string[] = [];
    world.wire.passes = (request) => {
      if (request.kind === 'history') asked.push(request.contract.symbol);
      return true;
    };
    world.gateway.faults.disconnect();
    await world.advance(30 * SECOND);
    expect(asked).toContain('AAPL');
  });

  it('subscribes anew what has gone silent in its session, though no other instrument is heard that would tell', async () => {
    world = await World.start();
    world.prepareSession();
    await world.advanceTo(OPEN + 17 * MINUTE);
    let forgotten: number | null = null;
    world.wire.says = (message) => {
      if (message.kind !== 'bar-update') return message;
      forgotten ??= message.requestId;
      return message.requestId === forgotten ? null : message;
    };
    await world.advanceTo(OPEN + 41 * MINUTE);
    expect(closes()).toHaveLength(8);
    expect(new Set(closes()).size).toBe(8);
    expect(world.metrics.filter(({ name }) => name === 'BrokerInstrumentStale')).toHaveLength(1);
  });

  it('takes no instrument for silent whose market is closed, while another market is open', async () => {
    world = await World.start();
    const asked: string[] = [];
    let bitcoin = 0;
    world.wire.passes = (request) => {
      if (request.kind !== 'history') return true;
      asked.push(`${request.contract.symbol} ${request.barSize}`);
      if (request.contract.symbol !== 'BTC') return true;
      if (request.keepUpToDate) bitcoin = request.requestId;
      world.wire.hear({ kind: 'bars-end', requestId: request.requestId });
      return false;
    };
    world.prepareSession(['AAPL', 'BTC-USD']);
    for (let at = OPEN; at < CLOSE + 2 * 60 * MINUTE; at += 5 * MINUTE) {
      await world.advanceTo(at + MINUTE);
      const bar = {
        time: String(at / SECOND),
        open: 7_000,
        high: 7_000,
        low: 7_000,
        close: 7_000,
        volume: 1,
      };
      world.wire.hear({ kind: 'bar-update', requestId: bitcoin, bar });
      await world.rest();
    }
    expect(asked.filter((what) => what.endsWith('5 mins'))).toEqual(['AAPL 5 mins', 'BTC 5 mins']);
    expect(world.metrics.filter(({ name }) => name === 'BrokerInstrumentStale')).toEqual([]);
  });

  it('takes no price that cannot be one for a price, and says so', async () => {
    world = await World.start();
    const none = { open: -1, high: -1, low: -1, close: -1, volume: null };
    world.wire.says = (message) => {
      if (message.kind === 'bar' && message.bar.time === '20180202')
        return { ...message, bar: { time: '20180202', open: 0, high: 0, low: 0, close: 0, volume: 0 } };
      const late = message.kind === 'bar-update' && world.clock.now() > OPEN + 6 * MINUTE;
      return late ? { ...message, bar: { ...none, time: message.bar.time } } : message;
    };
    world.prepareSession();
    await world.advanceTo(OPEN + 12 * MINUTE);
    expect(world.events('BarClosed').map(({ data }) => data.close)).toEqual(['160.05', '160.06']);
    expect(world.events('DailyHistoryObserved').map(({ data }) => data.last)).toEqual(['2018-02-01']);
    expect(world.logs.filter((line) => line.includes('cannot be believed')).length).toBeGreaterThan(1);
  });

  it('takes a remark on a request for no refusal of it', async () => {
    world = await World.start();
    const asked: string[] = [];
    world.wire.passes = (request) => {
      if (request.kind !== 'history') return true;
      asked.push(request.barSize);
      world.wire.hear({
        kind: 'notice',
        id: request.requestId,
        code: 2174,
        message: 'Warning: no time zone',
      });
      return true;
    };
    world.prepareSession();
    await world.advanceTo(OPEN + 6 * MINUTE);
    expect(asked.sort()).toEqual(['1 day', '5 mins']);
    expect(world.events('DailyHistoryObserved')).toHaveLength(1);
    expect(closes()).toHaveLength(1);
  });

  it('stays with its session when the command of an earlier one comes late', async () => {
    world = await World.start();
    world.prepareSession();
    await world.advanceTo(OPEN + 12 * MINUTE);
    world.prepareSession(['AAPL'], '2018-02-02');
    await world.advanceTo(OPEN + 31 * MINUTE);
    expect(closes()).toHaveLength(6);
    expect(world.events('DailyHistoryObserved').map(({ data }) => data.session)).toEqual([SESSION]);
    expect(world.queue.remaining()).toEqual([]);
  });

  it('goes on with prices after 1101 though the gateway takes no orders', async () => {
    world = await World.start();
    world.prepareSession();
    await world.advanceTo(OPEN + 7 * MINUTE);
    world.wire.hear({
      kind: 'notice',
      id: -1,
      code: 321,
      message: 'The API interface is in Read-Only mode.',
    });
    await world.rest();
    expect(world.bridge.state).toBe('FROZEN');
    world.gateway.faults.notice(1100);
    world.gateway.faults.notice(1101);
    await world.advanceTo(OPEN + 21 * MINUTE);
    expect(world.bridge.state).toBe('FROZEN');
    expect(closes()).toHaveLength(4);
  });

  it('asks again for a history that came without a single day', async () => {
    world = await World.start();
    let answers = 0;
    world.wire.passes = (request) => {
      if (request.kind === 'history' && !request.keepUpToDate) answers += 1;
      return true;
    };
    const isDay = (time: string) => time.length === '20180202'.length;
    world.wire.says = (message) =>
      message.kind === 'bar' && isDay(message.bar.time) && answers === 1 ? null : message;
    world.prepareSession();
    await world.advance(MINUTE);
    expect(answers).toBe(2);
    expect(world.events('DailyHistoryObserved').map(({ data }) => data.last)).toEqual(['2018-02-02']);
  });

  it('prepares a session that was asked for while the link was down', async () => {
    world = await World.start();
    world.gateway.faults.restart({ refuseMillis: MINUTE });
    await world.rest();
    world.prepareSession();
    await world.advanceTo(OPEN + 6 * MINUTE);
    expect(world.events('DailyHistoryObserved')).toHaveLength(1);
    expect(closes()).toHaveLength(1);
    expect(world.queue.remaining()).toEqual([]);
  });

  it('journals the last bar of the session at the close', async () => {
    world = await World.start({ BAR_MINUTES: '15', HEARTBEAT_SECONDS: '86400', RECONCILE_MINUTES: '1440' });
    world.prepareSession();
    await world.advanceTo(CLOSE + 2 * SECOND);
    expect(closes()).toHaveLength(26);
    expect(closes().at(-1)).toBe('2018-02-05T21:00:00.000Z');
  });
});
