import { afterEach, describe, expect, it } from 'vitest';
import type { Lease } from '#core/broker/lease.ts';
import { stateKeys } from '#core/events/state-keys.ts';
import { newYorkInstant } from '#core/market/calendar.ts';
import { parseInstant } from '#core/values/clock.ts';
import { CLOSE, MINUTE, OPEN, SECOND, World } from './world.ts';

const HOUR = 60 * MINUTE;

describe('what the bridge has to be told of, and what it may not exceed', () => {
  let world: World;
  afterEach(() => world.end());

  const atTheOpen = async (environment: Readonly<Record<string, string>> = {}): Promise<void> => {
    world = await World.atTheOpen(environment);
  };
  const counted = (name: string) =>
    world.metrics.filter((metric) => metric.name === name).map(({ value }) => value);
  const differences = () => world.events('BrokerDifferenceFound').map(({ data }) => data);

  it('counts a read-only gateway, so that its alarm rings, and no order is at the broker', async () => {
    await atTheOpen();
    world.gateway.faults.set({ readOnly: true });
    const refused = world.place();
    await world.advance(MINUTE);
    expect(world.bridge.state).toBe('FROZEN');
    expect(counted('BrokerTradingDisabled')).toEqual([1]);
    expect((await world.record(refused))?.status).toBe('rejected');
    world.place();
    await world.advance(MINUTE);
    expect([...world.gateway.state().orders.values()]).toEqual([]);
    expect(counted('BrokerTradingDisabled')).toEqual([1]);
  });

  it('says for how long it cannot trade, and counts a link that ended', async () => {
    await atTheOpen({ LEASE_SECONDS: '60', HEARTBEAT_SECONDS: '15' });
    expect(counted('BrokerNotReadySeconds')).toEqual([]);
    world.gateway.faults.restart({ refuseMillis: 8 * MINUTE });
    await world.advance(7 * MINUTE);
    expect(Math.max(...counted('BrokerNotReadySeconds'))).toBeGreaterThan(300);
    expect(counted('BrokerLinkEnded')).toEqual([1]);
    await world.advance(3 * MINUTE);
    expect(world.bridge.state).toBe('READY');
    const said = counted('BrokerNotReadySeconds').length;
    await world.advance(5 * MINUTE);
    expect(counted('BrokerNotReadySeconds')).toHaveLength(said);
  });

  it('counts no link before the gateway greets: a start takes its time', async () => {
    world = await World.withoutBridge();
    world.gateway.faults.restart({ refuseMillis: 40 * SECOND });
    world.startBridge({ HEARTBEAT_SECONDS: '15' });
    await world.advance(2 * MINUTE);
    expect(world.bridge.state).toBe('READY');
    expect(counted('BrokerLinkEnded')).toEqual([]);
    expect(counted('BrokerReady').at(-1)).toBe(1);

    for (let time = 0; time < 5; time++) {
      world.gateway.faults.disconnect();
      await world.advance(MINUTE);
    }
    expect(counted('BrokerLinkEnded')).toHaveLength(5);
  });

  it('says every minute that it is not ready where a gateway never comes, and that it is in a planned window', async () => {
    world = await World.withoutBridge(newYorkInstant('2018-02-05', 23, 40) - 10 * SECOND);
    world.gateway.faults.restart({ refuseMillis: HOUR });
    world.startBridge({ HEARTBEAT_SECONDS: '15', DAILY_RESTART: '23:45+15' });
    await world.advance(5 * MINUTE);
    expect(counted('BrokerReady')).toEqual([0, 0, 0, 0, 0]);
    await world.advance(15 * MINUTE);
    expect(counted('BrokerReady').slice(5)).toEqual(Array(15).fill(1));
    await world.advance(2 * MINUTE);
    expect(counted('BrokerReady').slice(20)).toEqual([0, 0]);
  });

  it('says that it is not ready while a piece of work does not end, and again when it is', async () => {
    await atTheOpen({ HEARTBEAT_SECONDS: '15' });
    const { read } = world.store;
    let answer: () => void = () => {};
    const hanging = new Promise<void>((resolve) => {
      answer = resolve;
    });
    Object.assign(world.store, { read: (keys: never) => hanging.then(() => read.call(world.store, keys)) });
    // The mailbox never rests meanwhile: time passes without waiting for it.
    await world.clock.advanceTo(world.clock.now() + 3 * MINUTE, async () => {
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    });
    const meanwhile = { state: world.bridge.state, said: counted('BrokerReady').slice(-2) };
    Object.assign(world.store, { read });
    answer();
    expect(meanwhile).toEqual({ state: 'READY', said: [0, 0] });
    await world.advance(3 * MINUTE);
    expect(counted('BrokerReady').at(-1)).toBe(1);
  });

  it('counts a lease that somebody took', async () => {
    await atTheOpen({ LEASE_SECONDS: '60' });
    const [item] = await world.store.read([stateKeys.lease]);
    await world.store.commit({
      entries: [],
      writes: [
        {
          key: stateKeys.lease,
          value: { ...(item?.value as object), owner: 'somebody', token: 99 },
          expectedVersion: item?.version ?? 0,
        },
      ],
    });
    await world.advance(MINUTE);
    expect(counted('BrokerLeaseLost')).toEqual([1]);
  });

  it('holds still when the broker says that messages come too fast, and then goes on', async () => {
    await atTheOpen();
    world.gateway.faults.notice(100, 'Max rate of messages per second has been exceeded');
    await world.rest();
    const intentId = world.place();
    await world.rest();
    expect([...world.gateway.state().orders.values()]).toEqual([]);
    await world.advance(3 * MINUTE);
    expect((await world.record(intentId))?.status).toBe('filled');
  });

  it('asks again for bars that the broker refused for pacing (162), and misses none', async () => {
    world = await World.start();
    world.gateway.faults.set({ historicalPacing: true });
    await world.advanceTo(OPEN + 6 * MINUTE);
    world.prepareSession();
    await world.rest();
    // A new process knows nothing of what was asked a moment ago: its questions are identical and come too soon.
    await world.bridge.stop('deployed anew');
    world.bridge = world.newBridge();
    world.prepareSession();
    await world.advance(20 * MINUTE);
    expect(world.logs.some((line) => line.includes('a bar subscription was refused'))).toBe(true);
    const closes = world.events('BarClosed').map(({ data }) => data.closeTime);
    expect(closes).toEqual([...new Set(closes)]);
    expect(closes.slice(0, 4)).toEqual([35, 40, 45, 50].map((minute) => `2018-02-05T14:${minute}:00.000Z`));
  });

  it('subscribes to no more than the account may, and declines the rest by name', async () => {
    world = await World.start({ MARKET_DATA_LINES: '1' });
    world.prepareSession(['AAPL', 'SPX']);
    await world.rest();
    expect(world.events('CommandDeclined').map(({ data }) => [data.intentId, data.reason])).toEqual([
      ['history:SPX', expect.stringContaining('all 1 market data lines are taken')],
    ]);
  });

  it('each of a hundred queued orders has an end that is known when the link drops among them, and none is doubled', async () => {
    await atTheOpen();
    world.gateway.faults.set({ disconnectOnOrder: { when: 'acknowledged', orders: 60 } });
    const intents = Array.from({ length: 100 }, () => world.place({ quantity: '1' }));
    await world.advance(20 * MINUTE);
    const statuses = await Promise.all(intents.map(async (id) => (await world.record(id))?.status));
    expect(
      statuses.filter((status) => status !== 'filled' && status !== 'rejected' && status !== 'declined'),
    ).toEqual([]);
    const entries = world.brokerOrders().filter(({ orderRef }) => !orderRef.endsWith(':stop'));
    // What was held back when the link dropped has been withdrawn: nothing is left that somebody could still send.
    expect(entries.filter(({ status }) => status !== 'Filled' && status !== 'Cancelled')).toEqual([]);
    const refs = entries.filter(({ status }) => status === 'Filled').map(({ orderRef }) => orderRef);
    expect(refs).toEqual([...new Set(refs)]);
    const filled = statuses.filter((status) => status === 'filled').length;
    expect(filled).toBeGreaterThan(50);
    expect(Number(world.gateway.state().books.positions.get('AAPL')?.quantity)).toBe(filled);
  }, 60_000);

  it('stays right over midnight, when the broker forgets the day’s executions and the link is new', async () => {
    await atTheOpen();
    const held = world.place();
    await world.advance(2 * MINUTE);
    expect((await world.record(held))?.status).toBe('filled');
    await world.advanceTo(CLOSE + 9 * HOUR);
    world.gateway.faults.disconnect();
    await world.advance(5 * MINUTE);
    expect(world.gateway.state().executions.size).toBe(0);
    expect(world.bridge.state).toBe('READY');
    expect((await world.record(held))?.status).toBe('filled');
    expect((await world.record(`${held}:stop`))?.status).toBe('working');
    expect(world.events('OrderFilled')).toHaveLength(1);
    expect(differences()).toEqual([]);
  });

  it('guesses nothing of an order that ended while it was away over midnight', async () => {
    await atTheOpen();
    world.gateway.faults.halt('AAPL', true);
    const resting = world.place({ orderType: 'LMT', limitPrice: '161', timeInForce: 'GTC' });
    await world.rest();
    expect((await world.record(resting))?.status).toBe('working');
    await world.bridge.stop('away for the night');
    world.gateway.faults.halt('AAPL', false);
    await world.advanceTo(CLOSE + 9 * HOUR);
    world.bridge = world.newBridge();
    await world.advance(5 * MINUTE);
    expect(world.bridge.state).toBe('READY');
    // It was filled, but the broker no longer tells the executions of yesterday: no fill is made up, a person has to look.
    expect((await world.record(resting))?.status).toBe('unresolved');
    expect(world.events('OrderFilled')).toEqual([]);
    expect(differences()).toContainEqual(expect.objectContaining({ subject: 'order', key: resting }));
  });

  it('journals why there is no link to a gateway that it does not understand, and tries on', async () => {
    let opened = 0;
    world = await World.withoutBridge();
    world.startBridge(
      {},
      {
        gateway: {
          open(_, listener) {
            opened += 1;
            listener({ kind: 'closed', reason: 'the gateway speaks server version 150; 177 is needed' });
            return { send() {}, close() {} };
          },
        },
      },
    );
    await world.advance(5 * MINUTE);
    expect(opened).toBeGreaterThan(5);
    expect(world.events('BrokerStateChanged').map(({ data }) => data.reason)).toContain(
      'the gateway speaks server version 150; 177 is needed',
    );
  });

  describe('stops within its time', () => {
    /** Whether the bridge has stopped after so many seconds, however much of its work never comes to rest. */
    const stopsWithin = async (seconds: number): Promise<boolean> => {
      let stopped = false;
      void world.bridge.stop('the task is being stopped').then(() => {
        stopped = true;
      });
      const turns = async () => {
        for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
      };
      for (let second = 0; second < seconds && !stopped; second++) {
        await turns();
        await world.clock.advanceTo(world.clock.now() + SECOND, turns);
      }
      return stopped;
    };
    const lease = async () => (await world.store.read([stateKeys.lease]))[0]?.value as Lease | undefined;

    it.each([
      ['is down', () => Promise.reject(new Error('no connection to the store'))],
      ['does not even refuse', () => new Promise<never>(() => {})],
    ])('though the store %s', async (_, answer) => {
      await atTheOpen({ STOP_WITHIN_SECONDS: '20' });
      const { store } = world;
      const healthy = { ...store };
      // One commit is in hand, others wait behind it.
      for (let orders = 0; orders < 5; orders++) world.place();
      Object.assign(store, { read: answer, commit: answer, journal: answer, entries: answer });
      const stopped = await stopsWithin(25);
      Object.assign(store, healthy);
      expect(stopped).toBe(true);
      expect(world.bridge.state).toBe('STOPPED');
      // Whoever comes next waits for the lease to run out, and reconciles.
      expect(parseInstant((await lease())?.expiresAt ?? '')).toBeGreaterThan(world.clock.now());
    });

    it('though the queue does not answer, and frees the lease at once', async () => {
      await atTheOpen({ STOP_WITHIN_SECONDS: '20' });
      world.gateway.faults.restart({ refuseMillis: 10 * MINUTE });
      await world.rest();
      world.place();
      await world.rest();
      world.queue.extend = () => new Promise(() => {});
      expect(await stopsWithin(25)).toBe(true);
      expect(parseInstant((await lease())?.expiresAt ?? '')).toBeLessThan(world.clock.now());
    });
  });
});
