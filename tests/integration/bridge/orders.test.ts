import { afterEach, describe, expect, it } from 'vitest';
import type { DeskStore } from '#core/events/desk-store.ts';
import { journalEntry } from '#core/events/new-event.ts';
import { stateKeys } from '#core/events/state-keys.ts';
import { CLOSE, MINUTE, OPEN, SECOND, World } from './world.ts';

describe('commands', () => {
  let world: World;
  afterEach(() => world.end());

  const atTheOpen = async (environment: Readonly<Record<string, string>> = {}): Promise<void> => {
    world = await World.atTheOpen(environment);
  };
  const atTheOpenOn = async (change: (store: DeskStore) => Partial<DeskStore>): Promise<void> => {
    world = await World.withoutBridge();
    world.startBridge({}, { store: { ...world.store, ...change(world.store) } });
    await world.advanceTo(OPEN + 30 * SECOND);
  };
  const throwSwitch = (expectedVersion = 0, reason = 'enough for today') => {
    const flag = { halted: true, by: 'operator', reason, at: new Date().toISOString() };
    return world.store.commit({
      entries: [],
      writes: [{ key: stateKeys.halt, value: flag, expectedVersion }],
    });
  };
  const declined = () => world.events('CommandDeclined').map(({ data }) => data.reason);
  const brokerOrders = () => world.brokerOrders();

  it('declines an intent under the name of an order that is over, so that nothing stays reserved for it', async () => {
    await atTheOpen();
    const terms = { intentId: 'P-L2', orderType: 'LMT', limitPrice: '155' } as const;
    world.place(terms);
    await world.rest();
    world.cancel('P-L2');
    await world.advance(2 * SECOND);
    const intent = world.intent({ ...terms, expiresAt: '2018-02-05T20:00:00.000Z' });
    world.authorize(intent);
    const { event } = journalEntry<'OrderAuthorized'>({
      type: 'OrderAuthorized',
      key: intent.intentId,
      correlationId: 'session:2018-02-06',
      causationId: null,
      sender: 'gate',
      occurredAt: world.clock.now(),
      data: { intent, policyVersion: 1, reserved: '1550', checks: [] },
    });
    for (const again of ['once', 'once more']) {
      world.queue.put(JSON.stringify(event), again);
      await world.rest();
    }
    expect(world.events('CommandDeclined').map(({ data }) => data)).toEqual([
      {
        intentId: 'P-L2',
        command: 'OrderAuthorized',
        reason:
          'an order of an earlier authorization has the name P-L2, and is cancelled; it can be asked for under another name',
      },
    ]);
    expect(world.brokerOrders()).toHaveLength(2);
    expect(world.queue.remaining()).toEqual([]);
  });

  it('places one order for an intent that comes twice, by the same message and by another', async () => {
    await atTheOpen();
    const intentId = world.place({ intentId: 'twice' });
    await world.rest();
    world.place({ intentId });
    world.queue.redeliver('message-1');
    await world.advance(2 * MINUTE);
    expect(brokerOrders()).toHaveLength(2);
    expect(world.events('OrderSubmitted')).toHaveLength(2);
    expect(world.queue.remaining()).toEqual([]);
  });

  it('takes nothing back that has gone out when the repeat of its command waits and a cancel comes', async () => {
    world = await World.start({ MAXIMUM_UNACKNOWLEDGED: '2' });
    await world.advanceTo(OPEN + 30 * SECOND);
    world.gateway.faults.set({ mute: true });
    const intentId = world.place({ orderType: 'LMT', limitPrice: '155', timeInForce: 'GTC' });
    await world.rest();
    // Entry and stop are unacknowledged: the repeat has to wait.
    world.place({ intentId, orderType: 'LMT', limitPrice: '155', timeInForce: 'GTC' });
    await world.rest();
    const cancel = { requestId: 'c-1', intentId, includeStops: false, reason: 'changed its mind' };
    world.command('CancelAuthorized', 'c-1', cancel, 'another group of the queue');
    await world.rest();
    expect((await world.record(intentId))?.status).toBe('submitted');
    world.gateway.faults.set({ mute: false });
    await world.advance(4 * MINUTE);
    expect(declined()).toEqual([]);
    expect((await world.record(intentId))?.status).toBe('cancelled');
    expect(brokerOrders().filter(({ status }) => status !== 'Cancelled')).toEqual([]);
    expect(world.queue.remaining()).toEqual([]);
  });

  it('sends nothing that the account book does not authorize on the very same terms', async () => {
    await atTheOpen();
    world.forge({ intentId: 'forged' });
    world.authorize(world.intent({ intentId: 'altered' }));
    world.forge({ intentId: 'altered', quantity: '1000' });
    await world.advance(2 * MINUTE);
    expect(declined()).toEqual([
      'the account book holds no authorization of this intent',
      'the account book authorizes this intent on other terms',
    ]);
    expect(brokerOrders()).toHaveLength(0);
  });

  it('counts partial fills exactly and ends with the order filled', async () => {
    await atTheOpen();
    world.gateway.faults.partialFills(4);
    const intentId = world.place();
    await world.advance(4 * MINUTE);
    const fills = world.events('OrderFilled').map(({ data }) => data);
    expect(fills.map(({ quantity }) => quantity)).toEqual(['4', '4', '2']);
    expect(fills.map(({ cumulativeQuantity }) => cumulativeQuantity)).toEqual(['4', '8', '10']);
    expect((await world.record(intentId))?.status).toBe('filled');
    const position = world.gateway.state().books.positions.get('AAPL');
    expect(Number(position?.quantity)).toBe(10);
  });

  it('keeps an entry that the kill switch came before from the broker, and lets an exit pass', async () => {
    await atTheOpen();
    const entry = world.place();
    await world.advance(2 * MINUTE);
    await throwSwitch();
    world.place();
    await world.rest();
    expect(declined()).toEqual(['trading is halted: enough for today']);
    const exit = world.place({ purpose: 'exit', side: 'SELL', closes: entry, protectiveStop: null });
    await world.advance(2 * MINUTE);
    expect((await world.record(exit))?.status).toBe('filled');
    expect(world.events('OrderCancelled').map(({ data }) => data.orderRef)).toEqual([`${entry}:stop`]);
  });

  it('asks the store one thing for an order that is as expected: to record it', async () => {
    let reads = 0;
    await atTheOpenOn((store) => ({
      read: (keys) => {
        reads += keys.some(({ partition }) => partition !== 'HALT') ? 1 : 0;
        return store.read(keys);
      },
    }));
    reads = 0;
    world.place();
    await world.rest();
    expect(brokerOrders()).toHaveLength(2);
    expect(reads).toBe(0);
  });

  it('places what the book authorizes where the gate has left no word, as before it did', async () => {
    await atTheOpen();
    const intent = world.intent({ intentId: 'booked' });
    world.reserve(intent);
    world.forge(intent);
    await world.advance(2 * MINUTE);
    expect(declined()).toEqual([]);
    expect((await world.record('booked'))?.status).toBe('filled');
  });

  it.each([
    ['the first try', 1],
    ['having read the book', 2],
  ])('sends no entry when the kill switch is thrown between decision and record, at %s', async (_, at) => {
    let records = 0;
    await atTheOpenOn((store) => ({
      commit: async (change) => {
        const places = change.entries.some(({ event }) => event.metadata.type === 'OrderSubmitted');
        if (places && ++records === at) await throwSwitch();
        return store.commit(change);
      },
    }));
    const intent = world.intent();
    if (at === 1) world.authorize(intent);
    else world.reserve(intent);
    world.forge(intent);
    await world.rest();
    expect(declined()).toEqual(['trading is halted: enough for today']);
    expect(brokerOrders()).toHaveLength(0);
    expect(world.bridge.state).toBe('READY');
  });

  it('closes part of a layer and protects the rest with a stop placed anew', async () => {
    await atTheOpen();
    const entry = world.place();
    await world.advance(2 * MINUTE);
    world.place({ purpose: 'reduce', side: 'SELL', quantity: '7', closes: entry, protectiveStop: null });
    await world.advance(2 * MINUTE);
    const stops = brokerOrders().filter(
      ({ orderRef, status }) => orderRef === `${entry}:stop` && status === 'PreSubmitted',
    );
    expect(stops.map(({ total }) => total)).toEqual([3]);
    expect((await world.record(`${entry}:stop`))?.status).toBe('working');
    const submissions = world.events('OrderSubmitted').filter(({ data }) => data.role === 'stop');
    expect(submissions.map(({ data }) => data.quantity)).toEqual(['10', '3']);
    world.place({ purpose: 'exit', side: 'SELL', quantity: '10', closes: entry, protectiveStop: null });
    await world.advance(2 * MINUTE);
    expect(Number(world.gateway.state().books.positions.get('AAPL')?.quantity ?? 0)).toBe(0);
    expect((await world.record(`${entry}:stop`))?.status).toBe('cancelled');
  });

  it('closes a layer in one group with its stop and never more of it than is left', async () => {
    await atTheOpen();
    const entry = world.place();
    await world.advance(2 * MINUTE);
    world.place({
      intentId: 'exit-1',
      purpose: 'exit',
      side: 'SELL',
      quantity: '25',
      closes: entry,
      protectiveStop: null,
    });
    world.place({ intentId: 'exit-2', purpose: 'exit', side: 'SELL', closes: entry, protectiveStop: null });
    await world.advance(2 * MINUTE);
    const exit = brokerOrders().find(({ orderRef }) => orderRef === 'exit-1');
    expect(exit).toMatchObject({ ocaGroup: entry, ocaType: 2, total: 10, status: 'Filled' });
    const ended = world.events('OrderCancelled').filter(({ data }) => data.orderRef === 'exit-1');
    expect(ended.map(({ data }) => data.filledQuantity)).toEqual(['10']);
    expect(declined()).toEqual([`nothing is left to close of the layer ${entry}`]);
    world.place({ purpose: 'flatten', side: 'SELL', closes: entry, protectiveStop: null });
    await world.rest();
    expect(declined()).toHaveLength(2);
    expect(Number(world.gateway.state().books.positions.get('AAPL')?.quantity ?? 0)).toBe(0);
  });

  it('journals layers that are closed by one bar, and the end of their stops, in one commit', async () => {
    const commits: string[][] = [];
    await atTheOpenOn((store) => ({
      commit: (change) => {
        commits.push(change.entries.map(({ event }) => event.metadata.type));
        return store.commit(change);
      },
    }));
    const entries = [world.place(), world.place(), world.place()];
    await world.advance(2 * MINUTE);
    for (const closes of entries)
      world.place({ purpose: 'exit', side: 'SELL', closes, protectiveStop: null });
    await world.rest();
    const before = commits.length;
    await world.advance(2 * MINUTE);
    const closed = ['OrderFilled', 'CommissionReported', 'OrderCancelled'];
    expect(commits.slice(before)).toEqual([[...closed, ...closed, ...closed]]);
    for (const entry of entries) expect((await world.record(`${entry}:stop`))?.status).toBe('cancelled');
  });

  it('declines what has expired, and an order that waits past its expiry while the link is down', async () => {
    await atTheOpen();
    world.place({ expiresAt: new Date(OPEN).toISOString() });
    await world.rest();
    expect(declined()[0]).toMatch(/^it expired at 2018-02-05T14:30:00.000Z/);
    world.gateway.faults.restart({ refuseMillis: 10 * MINUTE });
    await world.rest();
    expect(world.bridge.state).toBe('DISCONNECTED');
    world.place({ expiresAt: new Date(world.clock.now() + MINUTE).toISOString() });
    await world.advance(30 * SECOND);
    expect(world.queue.remaining()).toHaveLength(1);
    await world.advance(31 * SECOND);
    expect(declined()).toHaveLength(2);
    expect(world.queue.remaining()).toEqual([]);
    await world.advance(12 * MINUTE);
    expect(brokerOrders()).toEqual([]);
  });

  it('sends an order that waited for the link once it is back', async () => {
    await atTheOpen();
    world.gateway.faults.restart({ refuseMillis: 20 * SECOND });
    await world.rest();
    const intentId = world.place();
    await world.rest();
    expect(brokerOrders()).toEqual([]);
    await world.advance(3 * MINUTE);
    expect(world.bridge.state).toBe('READY');
    expect((await world.record(intentId))?.status).toBe('filled');
    expect(brokerOrders()).toHaveLength(2);
  });

  it('sends nothing of an order that waited for the link with its cancel', async () => {
    await atTheOpen();
    world.gateway.faults.restart({ refuseMillis: 20 * SECOND });
    await world.rest();
    const intentId = world.place();
    await world.rest();
    world.cancel(intentId);
    await world.advance(3 * MINUTE);
    expect(world.bridge.state).toBe('READY');
    expect(brokerOrders()).toEqual([]);
    expect(declined()[0]).toBe('it was cancelled before it was sent: the view changed');
    expect(world.queue.remaining()).toEqual([]);
  });

  it('sends nothing of an order that comes after its cancel, to another bridge', async () => {
    await atTheOpen();
    const intent = world.intent();
    const authorized = { intent, policyVersion: 1, reserved: '1600', checks: [] };
    world.authorize(intent);
    const event = world.event('OrderAuthorized', intent.intentId, authorized);
    await world.store.commit({ entries: [{ key: intent.intentId, event }] });
    world.cancel(intent.intentId);
    await world.rest();
    await world.bridge.stop('replaced');
    world.startBridge();
    await world.advance(MINUTE);
    expect(world.bridge.state).toBe('READY');
    world.queue.put(JSON.stringify(event), 'orders');
    await world.advance(3 * MINUTE);
    expect(brokerOrders()).toEqual([]);
    expect(declined()).toContain('it was cancelled before it was sent: the view changed');
    expect(world.queue.remaining()).toEqual([]);
  });

  it('sends nothing that would open and was authorized before a cancel of everything, though it comes after', async () => {
    await atTheOpen();
    const authorized = async (intent = world.intent()) => {
      world.authorize(intent);
      const data = { intent, policyVersion: 1, reserved: '1600', checks: [] };
      const event = world.event('OrderAuthorized', intent.intentId, data);
      await world.store.commit({ entries: [{ key: intent.intentId, event }] });
      return JSON.stringify(event);
    };
    world.gateway.faults.restart({ refuseMillis: 20 * SECOND });
    await world.rest();
    // The queue gives out no second order while the bridge has the first in hand.
    world.queue.put(await authorized(), 'orders');
    await world.rest();
    world.queue.put(await authorized(), 'orders');
    world.command('CancelAuthorized', 'all', {
      requestId: 'all',
      intentId: null,
      includeStops: false,
      reason: 'reduce-only from 4 %',
    });
    await world.advance(MINUTE);
    expect(world.bridge.state).toBe('READY');
    expect(brokerOrders()).toEqual([]);
    expect(declined().slice(0, 2)).toEqual(
      Array.from({ length: 2 }, () => 'it was cancelled before it was sent: reduce-only from 4 %'),
    );
    world.queue.put(await authorized(), 'orders');
    await world.rest();
    expect(brokerOrders()).toHaveLength(2);
    expect(world.queue.remaining()).toEqual([]);
  });

  it('carries a cancel out while an order waits for its turn', async () => {
    await atTheOpen({ MAXIMUM_UNACKNOWLEDGED: '2', ACKNOWLEDGE_DEADLINE_MS: '60000' });
    const working = world.place({ orderType: 'LMT', limitPrice: '155' });
    await world.rest();
    world.gateway.faults.set({ mute: true });
    world.place();
    await world.rest();
    world.place();
    await world.rest();
    world.cancel(working);
    await world.rest();
    expect((await world.record(working))?.cancel?.reason).toBe('the view changed');
    world.gateway.faults.set({ mute: false });
    await world.advance(3 * MINUTE);
    expect((await world.record(working))?.status).toBe('cancelled');
  });

  it('refuses a price off the tick, a size off the lot, an unknown instrument, an unprotected entry', async () => {
    await atTheOpen();
    world.place({ orderType: 'LMT', limitPrice: '160.005' });
    world.place({ quantity: '1.5' });
    world.place({ instrument: 'NOPE' });
    world.place({ protectiveStop: null });
    world.place({ instrument: 'SPX' });
    await world.rest();
    expect(declined()).toEqual([
      'the limit price 160.005 is off the tick 0.01',
      'the quantity 1.5 is not a multiple of the lot 1',
      'the instrument NOPE is not in the catalog',
      'an order that opens needs a protective stop: nothing is held unprotected',
      'SPX cannot be traded: S&P 500 index (price return)',
    ]);
    expect(brokerOrders()).toEqual([]);
  });

  it('journals a message that is no command, and goes on', async () => {
    await atTheOpen();
    world.queue.put('{"metadata":', 'AAPL');
    const intentId = world.place();
    await world.advance(2 * MINUTE);
    expect(world.events('CommandDeclined').map(({ data }) => data.command)).toEqual(['unreadable']);
    expect((await world.record(intentId))?.status).toBe('filled');
  });

  it('cancels one intent’s order and its stop goes with it; all others stay', async () => {
    await atTheOpen();
    const first = world.place({ orderType: 'LMT', limitPrice: '155' });
    const second = world.place({ orderType: 'LMT', limitPrice: '155' });
    await world.advance(MINUTE);
    world.command('CancelAuthorized', 'c-1', {
      requestId: 'c-1',
      intentId: first,
      includeStops: false,
      reason: 'the view changed',
    });
    await world.rest();
    const cancelled = world.events('OrderCancelled');
    expect(cancelled.map(({ data }) => [data.orderRef, data.reason])).toEqual([
      [first, 'the view changed'],
      [`${first}:stop`, expect.stringMatching(/^cancelled at the broker/)],
    ]);
    expect((await world.record(second))?.status).toBe('working');
    world.command('CancelAuthorized', 'c-2', {
      requestId: 'c-2',
      intentId: first,
      includeStops: false,
      reason: 'again',
    });
    await world.rest();
    expect(declined()).toEqual(['no such order is working']);
    // The cancel of the stop found nothing any more: that is told, and is nobody's trouble.
    const remarks = world.logs.filter((line) => line.includes('the broker remarks on an order'));
    expect(remarks.filter((line) => line.startsWith('warn'))).toEqual([]);
  });

  it('keeps resting stops on a cancel of everything, and takes them too when asked', async () => {
    await atTheOpen();
    const held = world.place();
    await world.advance(2 * MINUTE);
    const working = world.place({ orderType: 'LMT', limitPrice: '155' });
    await world.rest();
    world.command('CancelAuthorized', 'all', {
      requestId: 'all',
      intentId: null,
      includeStops: false,
      reason: 'halt',
    });
    await world.rest();
    expect((await world.record(working))?.status).toBe('cancelled');
    expect((await world.record(`${held}:stop`))?.status).toBe('working');
    world.command('CancelAuthorized', 'stops', {
      requestId: 'stops',
      intentId: null,
      includeStops: true,
      reason: 'flatten',
    });
    await world.rest();
    expect((await world.record(`${held}:stop`))?.status).toBe('cancelled');
  });

  it('moves the resting stop of a layer and says so when the broker shows it', async () => {
    await atTheOpen();
    const layer = world.place();
    await world.advance(2 * MINUTE);
    world.command('StopMoveAuthorized', 'm-1', {
      requestId: 'm-1',
      intentId: layer,
      instrument: 'AAPL',
      from: '150',
      to: '155',
      reason: 'trail',
    });
    await world.rest();
    expect(world.events('StopMoved').map(({ data }) => data)).toEqual([
      { intentId: layer, orderRef: `${layer}:stop`, role: 'stop', instrument: 'AAPL', stopPrice: '155' },
    ]);
    expect(brokerOrders().find(({ orderRef }) => orderRef === `${layer}:stop`)?.stopPrice).toBe(155);
    world.command('StopMoveAuthorized', 'm-2', {
      requestId: 'm-2',
      intentId: layer,
      instrument: 'AAPL',
      from: '155',
      to: '155.001',
      reason: 'trail',
    });
    world.command('StopMoveAuthorized', 'm-3', {
      requestId: 'm-3',
      intentId: 'none',
      instrument: 'AAPL',
      from: '155',
      to: '156',
      reason: 'trail',
    });
    await world.rest();
    expect(declined()).toEqual([
      'the new stop 155.001 is off the tick 0.01',
      'the layer none has no resting stop at the broker',
    ]);
  });

  it('journals a rejection of the entry and of the stop that hung on it', async () => {
    await atTheOpen();
    world.gateway.faults.rejectOrders(1, 'not today');
    const intentId = world.place();
    await world.advance(MINUTE);
    const rejected = world.events('OrderRejected').map(({ data }) => [data.orderRef, data.code]);
    expect(rejected).toEqual([
      [intentId, 201],
      [`${intentId}:stop`, 201],
    ]);
    expect(world.events('OrderRejected')[0]?.data.message).toContain('not today');
  });

  it('journals the end of a day order at the close', async () => {
    await atTheOpen();
    const intentId = world.place({ orderType: 'LMT', limitPrice: '155' });
    await world.advanceTo(CLOSE + MINUTE);
    expect((await world.record(intentId))?.status).toBe('cancelled');
    expect(world.events('OrderCancelled').map(({ data }) => data.filledQuantity)).toEqual(['0', '0']);
  });

  it('holds new orders back while too many are unacknowledged', async () => {
    await atTheOpen({ MAXIMUM_UNACKNOWLEDGED: '2', ACKNOWLEDGE_DEADLINE_MS: '60000' });
    world.gateway.faults.set({ delayMillis: 5_000 });
    const intents = [world.place(), world.place()];
    await world.rest();
    expect(world.events('OrderSubmitted')).toHaveLength(2);
    await world.advance(5_001);
    expect(world.events('OrderSubmitted')).toHaveLength(4);
    await world.advance(3 * MINUTE);
    for (const intentId of intents) expect((await world.record(intentId))?.status).toBe('filled');
  });

  it('calls working entries back when the kill switch is thrown, and leaves stops alone', async () => {
    await atTheOpen({ HEARTBEAT_SECONDS: '60' });
    const held = world.place();
    await world.advance(2 * MINUTE);
    const working = world.place({ orderType: 'LMT', limitPrice: '155' });
    await world.rest();
    await throwSwitch();
    await world.advance(SECOND);
    expect((await world.record(working))?.status).toBe('cancelled');
    expect((await world.record(`${held}:stop`))?.status).toBe('working');
  });

  it('calls them back however much the one who throws it has to say', async () => {
    await atTheOpen({ HEARTBEAT_SECONDS: '60' });
    const working = world.place({ orderType: 'LMT', limitPrice: '155' });
    await world.rest();
    await throwSwitch(0, 'why '.repeat(500));
    await world.advance(SECOND);
    expect((await world.record(working))?.status).toBe('cancelled');
    expect(world.events('OrderCancelled').map(({ data }) => data.reason.slice(0, 30))).toContain(
      'the kill switch is thrown: why',
    );
  });
});
