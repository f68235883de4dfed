import { afterEach, describe, expect, it } from 'vitest';
import type { ObservedOrder } from '#core/broker/broker-port.ts';
import type { OrderRecord } from '#core/broker/order-record.ts';
import { stateKeys } from '#core/events/state-keys.ts';
import { expectedAccount } from '#ecs/ib-gateway/bridge.ts';
import { lostAnswer } from './lost-answer.ts';
import { MINUTE, SECOND, World } from './world.ts';

describe('what crosses, is swallowed or altered on the way', () => {
  let world: World;
  afterEach(() => world.end());

  const atTheOpen = async (...settings: Parameters<typeof World.start>) => {
    world = await World.atTheOpen(...settings);
  };
  const waiting = async (): Promise<string> => {
    const entry = world.place({ orderType: 'LMT', limitPrice: '155' });
    await world.rest();
    return entry;
  };
  const record = async (orderRef: string) => (await world.record(orderRef)) as OrderRecord;
  const differences = () => world.events('BrokerDifferenceFound').map(({ data }) => data);
  const shows = (orderRef: string, changes: Partial<ObservedOrder>) => {
    world.wire.says = (message) =>
      message.kind === 'open-order' && message.order.orderRef === orderRef
        ? { ...message, order: { ...message.order, ...changes } }
        : message;
  };

  it('an entry whose cancel the broker was not ready for is called back when the kill switch is thrown', async () => {
    await atTheOpen({ HALT_POLL_SECONDS: '1' });
    const entry = await waiting();
    world.wire.passes = (request) => {
      if (request.kind !== 'cancel') return true;
      world.wire.hear({
        kind: 'notice',
        id: request.orderId,
        code: 161,
        message: 'Cancel attempted when order is not in a cancellable state. Order permId = 1',
      });
      return false;
    };
    world.cancel(entry);
    await world.advance(SECOND);
    expect((await record(entry)).status).toBe('working');
    const value = { halted: true, by: 'operator', reason: 'enough', at: new Date().toISOString() };
    await world.store.commit({
      entries: [],
      writes: [{ key: stateKeys.halt, value, expectedVersion: 0 }],
    });
    await world.advance(MINUTE);
    expect((await record(entry)).status).toBe('working');
    world.wire.passes = () => true;
    await world.advance(MINUTE);
    expect((await record(entry)).status).toBe('cancelled');
  });

  it.each([
    [404, 'Shares for this order are not immediately available for short sale. The order will be held'],
    [481, 'Order size was reduced warning'],
    [136, 'This order cannot be cancelled.'],
  ])('an order that the broker remarks on (%i) before it takes it in is not dead', async (code, message) => {
    await atTheOpen();
    world.wire.passes = (request) => {
      if (request.kind === 'place')
        world.wire.hear({ kind: 'notice', id: request.ticket.orderId, code, message });
      return true;
    };
    const entry = world.place({ side: 'SELL', protectiveStop: '170' });
    await world.advance(2 * MINUTE);
    expect(world.events('OrderRejected')).toEqual([]);
    expect((await record(entry)).status).toBe('filled');
    expect((await record(`${entry}:stop`)).status).toBe('working');
  });

  it('an order that the broker refuses with a code nobody here knows is refused, once it is not there', async () => {
    await atTheOpen();
    const cancelled: number[] = [];
    world.wire.passes = (request) => {
      if (request.kind === 'cancel') cancelled.push(request.orderId);
      if (request.kind !== 'place') return true;
      const message = 'You must set Cash Quantity for this order.';
      world.wire.hear({ kind: 'notice', id: request.ticket.orderId, code: 10_289, message });
      return false;
    };
    const entry = world.place();
    await world.advance(5 * MINUTE);
    expect(world.events('OrderSubmitted')).toHaveLength(2);
    expect(world.events('OrderRejected').map(({ data }) => [data.orderRef, data.code])).toEqual([
      [entry, 10_289],
      [`${entry}:stop`, 10_289],
    ]);
    expect(world.bridge.state).toBe('READY');
    // Where the gateway held it back after all, it is cancelled there.
    expect(cancelled).toEqual([(await record(entry)).orderId, (await record(`${entry}:stop`)).orderId]);
    expect((await record(entry)).triedOrderIds).toEqual([]);
    world.wire.passes = () => true;
    const next = world.place();
    await world.advance(2 * MINUTE);
    expect((await record(next)).status).toBe('filled');
  });

  it('sends an order again of which the broker only remarked on something before the link took it', async () => {
    await atTheOpen();
    let swallowed = 0;
    world.wire.passes = (request) => {
      if (request.kind !== 'place' || swallowed === 2) return true;
      swallowed += 1;
      const message = 'Order Message: your order will not be placed at the exchange until 09:30:00';
      world.wire.hear({ kind: 'notice', id: request.ticket.orderId, code: 399, message });
      return false;
    };
    const entry = world.place();
    await world.advance(5 * MINUTE);
    expect((await record(entry)).status).toBe('filled');
    expect(world.events('OrderSubmitted')).toHaveLength(4);
  });

  it('a cancel that came to nothing is asked for again at the next comparison', async () => {
    await atTheOpen({ RECONCILE_MINUTES: '10' });
    const entry = await waiting();
    world.wire.passes = ({ kind }) => kind !== 'cancel';
    world.cancel(entry);
    await world.rest();
    world.wire.passes = () => true;
    await world.advance(11 * MINUTE);
    expect((await record(entry)).status).toBe('cancelled');
  });

  it('an entry whose stop the broker refused while the link was down is called back', async () => {
    await atTheOpen();
    const entry = await waiting();
    const stop = await record(`${entry}:stop`);
    world.wire.says = (message) => {
      if (message.kind === 'open-order' && message.order.orderRef === stop.orderRef) return null;
      if (message.kind === 'order-status' && message.permId === stop.permId) return null;
      if (message.kind === 'completed-orders-end')
        world.wire.hear({
          kind: 'completed-order',
          order: {
            permId: stop.permId as number,
            orderRef: stop.orderRef,
            status: 'Inactive',
            completedStatus: 'Rejected: no such stop',
            filled: '0',
          },
        });
      return message;
    };
    // The first cancel is lost with the link: the wish is not.
    world.wire.passes = ({ kind }) => kind !== 'cancel';
    world.gateway.faults.disconnect();
    await world.advance(MINUTE);
    expect((await record(stop.orderRef)).status).toBe('rejected');
    expect((await record(entry)).status).toBe('working');
    world.wire.passes = () => true;
    world.gateway.faults.disconnect();
    await world.advance(MINUTE);
    expect((await record(entry)).status).toBe('cancelled');
    expect(differences().map(({ observed }) => observed)).toEqual(['the broker rejected the stop']);
  });

  it('a cancel that crosses a partial fill is journaled with exactly what had filled', async () => {
    await atTheOpen();
    const entry = await waiting();
    const { orderId, clientId, permId } = await record(entry);
    const ids = { orderId, clientId, permId: permId as number };
    world.wire.hear({ kind: 'notice', id: orderId, code: 202, message: 'Order Canceled - reason:' });
    await world.advance(SECOND);
    world.wire.hear({
      kind: 'execution',
      execution: {
        ...ids,
        execId: '0000e0d5.ffff.01.01',
        orderRef: entry,
        account: 'DU0000001',
        symbol: 'AAPL',
        side: 'BUY',
        quantity: '4',
        price: '155',
        executedAt: world.clock.now(),
      },
    });
    world.wire.hear({ kind: 'order-status', ...ids, status: 'Cancelled', filled: '4', remaining: '6' });
    await world.advance(10 * SECOND);
    expect(world.events('OrderCancelled').map(({ data }) => data.filledQuantity)).toEqual(['4']);
  });

  it('a notice of a cancel counts by itself where no status comes with it', async () => {
    await atTheOpen();
    const entry = await waiting();
    const { orderId } = await record(entry);
    world.wire.hear({ kind: 'notice', id: orderId, code: 202, message: 'Order Canceled - reason:' });
    await world.advance(3 * SECOND);
    expect((await record(entry)).status).toBe('cancelled');
  });

  it('a cancel whose commit was taken and its answer lost costs no lease', async () => {
    await atTheOpen({ LEASE_SECONDS: '30' });
    const entry = await waiting();
    world.store.commit = lostAnswer(world.store.commit, ({ processed }) => processed !== undefined);
    world.cancel(entry);
    await world.advance(2 * MINUTE);
    expect((await record(entry)).status).toBe('cancelled');
    expect(world.metrics.filter(({ name }) => name === 'BrokerLeaseLost')).toEqual([]);
  });

  it('a cancel that comes with an order whose commit was taken and its answer lost is carried out', async () => {
    await atTheOpen();
    const entry = await waiting();
    world.store.commit = lostAnswer(world.store.commit, ({ entries }) =>
      entries.some(({ event }) => event.metadata.type === 'OrderSubmitted'),
    );
    // Both are taken off the queue together: the cancel has its turn before the link is replaced.
    world.place({ orderType: 'LMT', limitPrice: '141', protectiveStop: '130' });
    const wish = { requestId: 'c', intentId: entry, includeStops: false, reason: 'the view changed' };
    world.command('CancelAuthorized', 'c', wish, 'cancels');
    await world.advance(2 * MINUTE);
    expect(world.events('CommandDeclined')).toEqual([]);
    expect((await record(entry)).status).toBe('cancelled');
  });

  it.each([
    [
      'a stop that the broker holds without working it',
      ':stop',
      { status: 'Inactive' },
      'it is Inactive there',
    ],
    ['a stop whose price somebody has changed', ':stop', { triggerPrice: '100' }, 'trigger price 100'],
    ['an entry that the broker holds without working it', '', { status: 'Inactive' }, 'it is Inactive there'],
    ['an entry whose limit somebody has changed', '', { limitPrice: '154' }, 'limit price 154'],
    ['an entry whose size somebody has changed', '', { quantity: '12' }, '12 units'],
  ])('%s is said to differ, once, and left alone', async (_, suffix, changes, observed) => {
    await atTheOpen({ RECONCILE_MINUTES: '10' });
    const entry = await waiting();
    const ref = `${entry}${suffix}`;
    shows(ref, changes);
    const sent: string[] = [];
    world.wire.passes = ({ kind }) => sent.push(kind) > 0;
    await world.advance(35 * MINUTE);
    expect(differences()).toMatchObject([{ subject: 'order', key: ref, observed }]);
    expect((await record(ref)).status).toBe('working');
    expect(sent).not.toContain('place');
    expect(sent).not.toContain('cancel');
  });

  it('an order that never arrived is not counted as tried where it could not go out', async () => {
    await atTheOpen();
    world.gateway.faults.set({ disconnectOnOrder: { when: 'unreceived', orders: 1 } });
    const entry = await waiting();
    // The broker is lost to the gateway just when the second comparison says that the order is missing.
    let ends = 0;
    world.wire.says = (message) => {
      if (message.kind === 'completed-orders-end' && ++ends === 2)
        world.wire.hear({ kind: 'notice', id: -1, code: 1100, message: 'Connectivity has been lost' });
      return message;
    };
    await world.advance(MINUTE);
    expect(world.bridge.state).toBe('FROZEN');
    expect((await record(entry)).attempts).toBe(1);
    world.wire.hear({ kind: 'notice', id: -1, code: 1102, message: 'Connectivity is restored' });
    await world.advance(MINUTE);
    expect((await record(entry)).status).toBe('working');
    expect((await record(entry)).attempts).toBe(2);
  });

  it('one question about the account that the gateway swallowed is asked again', async () => {
    await atTheOpen({ RECONCILE_MINUTES: '10', ACCOUNT_MINUTES: '10' });
    world.wire.passes = ({ kind }) => kind !== 'account-summary';
    await world.advance(11 * MINUTE);
    world.wire.passes = () => true;
    const before = world.events('AccountObserved').length;
    await world.advance(2 * MINUTE);
    expect(world.events('AccountObserved').length).toBeGreaterThan(before);
    expect(world.bridge.state).toBe('READY');
  });

  it('an account that the gateway has not told for hours is journaled once when it does', async () => {
    await atTheOpen({ RECONCILE_MINUTES: '10', ACCOUNT_MINUTES: '10' });
    world.wire.passes = ({ kind }) => kind !== 'account-summary';
    await world.advance(180 * MINUTE);
    world.wire.passes = () => true;
    const before = world.events('AccountObserved').length;
    await world.advance(MINUTE);
    expect(world.events('AccountObserved')).toHaveLength(before + 1);
  });

  it('two looks at the account within a second confirm no difference', async () => {
    await atTheOpen({ RECONCILE_MINUTES: '10', ACCOUNT_MINUTES: '10' }, { expected: expectedAccount });
    world.keepBook();
    world.place();
    while (world.events('OrderFilled').length === 0) await world.advance(SECOND);
    for (const requestId of ['look-1', 'look-2']) {
      world.command('ReconciliationRequested', requestId, { requestId, by: 'operator', reason: 'look' });
      await world.advance(100);
    }
    world.keepBook();
    await world.advance(MINUTE);
    expect(differences()).toEqual([]);
  });

  it('an order that waits for its turn is not missed before it has gone out', async () => {
    await atTheOpen({ MESSAGES_PER_SECOND: '2', MESSAGES_FOR_CANCELS: '1' });
    for (let n = 0; n < 8; n += 1) world.place({ orderType: 'LMT', limitPrice: '155' });
    await world.advance(5 * MINUTE);
    expect(world.events('OrderAccepted')).toHaveLength(16);
    expect(world.events('BrokerStateChanged').filter(({ data }) => data.to === 'DISCONNECTED')).toEqual([]);
  });
});
