import { afterEach, describe, expect, it } from 'vitest';
import type { BrokerMessage, ObservedOrder } from '#core/broker/broker-port.ts';
import type { OrderRecord } from '#core/broker/order-record.ts';
import { expectedAccount } from '#ecs/ib-gateway/bridge.ts';
import { lostAnswer } from './lost-answer.ts';
import { MINUTE, SECOND, World } from './world.ts';

describe('a resting stop', () => {
  let world: World;
  afterEach(() => world.end());

  const atTheOpen = async (...settings: Parameters<typeof World.start>) => {
    world = await World.atTheOpen(...settings);
  };
  /** A layer that was entered at the open. */
  const entered = async (changes: Parameters<World['place']>[0] = {}): Promise<string> => {
    await atTheOpen();
    const entry = world.place(changes);
    await world.advance(2 * MINUTE);
    return entry;
  };
  const held = () => Number(world.gateway.state().books.positions.get('AAPL')?.quantity ?? 0);
  const stopOf = async (intentId: string) => (await world.record(`${intentId}:stop`)) as OrderRecord;
  /** Units held, units that stops stand for, and what was found to differ. */
  const picture = (intentId: string) => ({
    held: held(),
    stop: world.stopsAtBroker(intentId).reduce((sum, { total, filled }) => sum + total - filled, 0),
    differences: world.events('BrokerDifferenceFound').length,
  });
  const move = (intentId: string, to: string, from = '150') =>
    world.command(
      'StopMoveAuthorized',
      `move-${to}-${from}`,
      { requestId: `move-${to}-${from}`, intentId, instrument: 'AAPL', from, to, reason: 'trailing' },
      `stops of ${intentId}`,
    );
  const close = (intentId: string, quantity: string, side: 'BUY' | 'SELL' = 'SELL') =>
    world.place({ purpose: 'reduce', side, quantity, closes: intentId, protectiveStop: null });
  const until = async (done: () => boolean, step = SECOND) => {
    for (let n = 0; n < 3600 && !done(); n += 1) await world.advance(step);
    expect(done()).toBe(true);
  };
  const moves = () => [
    ...world.events('StopMoved').map(({ data }) => `moved to ${data.stopPrice}`),
    ...world.events('CommandDeclined').map(({ data }) => `declined: ${data.reason}`),
  ];
  const execution = (record: OrderRecord, changes: { execId: string; quantity: string }): BrokerMessage => ({
    kind: 'execution',
    execution: {
      orderId: record.orderId,
      clientId: record.clientId,
      permId: record.permId as number,
      orderRef: record.orderRef,
      account: 'DU0000001',
      symbol: 'AAPL',
      side: record.side,
      price: '160',
      executedAt: world.clock.now(),
      ...changes,
    },
  });

  describe('stands for the units that are held', () => {
    it('when an order that closes them fills in part and is cancelled', async () => {
      const entry = await entered();
      world.gateway.faults.partialFills(4);
      const reduce = close(entry, '5');
      await until(() => held() === 6);
      world.cancel(reduce);
      await world.advance(5 * SECOND);
      expect((await world.record(reduce))?.status).toBe('cancelled');
      expect(picture(entry)).toEqual({ held: 6, stop: 6, differences: 0 });
    });

    it('while an order that closes them is filled in part and works on', async () => {
      const entry = await entered();
      world.gateway.faults.partialFills(4);
      close(entry, '5');
      await until(() => held() === 6);
      await world.advance(2 * SECOND);
      expect(picture(entry)).toEqual({ held: 6, stop: 6, differences: 0 });
      await until(() => held() === 5);
      await world.advance(2 * SECOND);
      expect(picture(entry)).toEqual({ held: 5, stop: 5, differences: 0 });
    });

    it('when its entry fills on after a part of the layer was closed', async () => {
      await atTheOpen();
      world.gateway.faults.partialFills(4);
      const entry = world.place();
      await until(() => held() === 4);
      close(entry, '2');
      await world.advance(30 * MINUTE);
      expect((await world.record(entry))?.status).toBe('filled');
      expect(picture(entry)).toEqual({ held: 8, stop: 8, differences: 0 });
    });

    it('when its entry fills on after all of the layer was closed', async () => {
      await atTheOpen();
      world.gateway.faults.partialFills(4);
      const entry = world.place({ quantity: '100' });
      await until(() => held() === 4);
      close(entry, '4');
      await world.advance(5 * MINUTE);
      const { held: units, stop } = picture(entry);
      expect((await world.record(entry))?.status).toBe('working');
      expect(units).toBeGreaterThan(0);
      expect(stop).toBe(units);
    });

    it('when its entry is cancelled with a part filled', async () => {
      await atTheOpen();
      world.gateway.faults.partialFills(6);
      const entry = world.place();
      await until(() => held() === 6);
      world.gateway.faults.partialFills(1);
      world.cancel(entry);
      await world.advance(5 * MINUTE);
      expect(picture(entry)).toEqual({ held: held(), stop: held(), differences: 0 });
    });

    it('when the layer is closed in many parts', async () => {
      const entry = await entered({ quantity: '20' });
      for (let n = 0; n < 11; n += 1) {
        close(entry, '1');
        await world.advance(3 * MINUTE);
      }
      expect(picture(entry)).toEqual({ held: 9, stop: 9, differences: 0 });
    });

    it('when a fill crosses the cancel of its entry', async () => {
      await atTheOpen();
      const entry = world.place({ orderType: 'LMT', limitPrice: '155' });
      await world.rest();
      const record = (await world.record(entry)) as OrderRecord;
      world.cancel(entry);
      await world.advance(SECOND);
      expect((await world.record(entry))?.status).toBe('cancelled');
      expect((await stopOf(entry)).status).toBe('cancelled');
      world.wire.hear(execution(record, { execId: '0000e0d5.ffff.01.01', quantity: '10' }));
      world.wire.hear({
        kind: 'position',
        account: 'DU0000001',
        contract: { symbol: 'AAPL', secType: 'STK', currency: 'USD', localSymbol: 'AAPL' },
        quantity: '10',
        averageCost: '155',
      });
      await world.rest();
      expect(world.stopsAtBroker(entry).map(({ total }) => total)).toEqual([10]);
    });

    it('when an execution is corrected to fewer units, and when its entry was made larger by hand', async () => {
      const entry = await entered();
      const record = (await world.record(entry)) as OrderRecord;
      const corrected = record.fills[0]?.execId.replace(/\.01$/, '.02') as string;
      world.wire.hear(execution(record, { execId: corrected, quantity: '6' }));
      await world.rest();
      expect(world.stopsAtBroker(entry).map(({ total }) => total)).toEqual([6]);
      world.wire.hear(execution(record, { execId: '0000e0d5.ffff.01.01', quantity: '9' }));
      await world.rest();
      expect(world.stopsAtBroker(entry).map(({ total }) => total)).toEqual([15]);
    });

    it('when a part of its entry is taken back before the rest of it fills', async () => {
      await atTheOpen();
      const entry = world.place({ orderType: 'LMT', limitPrice: '155' });
      await world.rest();
      const record = (await world.record(entry)) as OrderRecord;
      for (const [execId, quantity] of [
        ['0000e0d5.aaaa.01.01', '6'],
        ['0000e0d5.aaaa.01.02', '4'],
        ['0000e0d5.bbbb.01.01', '4'],
      ] as const)
        world.wire.hear(execution(record, { execId, quantity }));
      await world.rest();
      expect((await world.record(entry))?.status).toBe('filled');
      expect(world.stopsAtBroker(entry).map(({ total }) => total)).toEqual([8]);
    });

    it('which is none where its layer was closed, though the broker let it stand', async () => {
      const entry = await entered();
      const terms = { purpose: 'reduce', side: 'SELL', closes: entry, protectiveStop: null } as const;
      const closing = world.place({ ...terms, orderType: 'LMT', limitPrice: '200' });
      await world.rest();
      world.wire.hear(
        execution((await world.record(closing)) as OrderRecord, {
          execId: '0000e0d5.ffff.01.01',
          quantity: '10',
        }),
      );
      await world.rest();
      expect(world.stopsAtBroker(entry)).toHaveLength(1);
      await world.advance(2 * SECOND);
      expect(world.stopsAtBroker(entry)).toEqual([]);
      expect((await stopOf(entry)).status).toBe('cancelled');
    });

    it('in its next life too, which is sent again where the link swallowed it', async () => {
      const entry = await entered({ side: 'SELL', protectiveStop: '160.2' });
      world.gateway.faults.partialFills(4);
      await until(() => held() === -6);
      world.gateway.faults.halt('AAPL', true);
      world.gateway.faults.set({ disconnectOnOrder: { when: 'unreceived', orders: 1 } });
      for (const { permId } of world.stopsAtBroker(entry)) world.gateway.faults.cancelManually(permId);
      await world.advance(5 * MINUTE);
      expect((await stopOf(entry)).status).toBe('working');
      expect(world.stopsAtBroker(entry).map(({ total }) => total)).toEqual([6]);
    });
  });

  describe('that is to be moved', () => {
    it('is moved in its next life where an order that closes a part of the layer ends it first', async () => {
      const entry = await entered();
      close(entry, '7');
      await world.rest();
      world.gateway.faults.set({ delayMillis: 2 * SECOND });
      await until(() => held() === 3, SECOND / 2);
      expect((await stopOf(entry)).status).toBe('working');
      move(entry, '155');
      await world.rest();
      world.gateway.faults.set({ delayMillis: 0 });
      await world.advance(MINUTE);
      expect(world.stopsAtBroker(entry).map(({ total, stopPrice }) => [total, stopPrice])).toEqual([
        [3, 155],
      ]);
      expect(moves()).toEqual(['moved to 155']);
      expect(world.queue.remaining()).toEqual([]);
    });

    it('keeps its new price when it shrinks with its entry meanwhile', async () => {
      await atTheOpen();
      world.gateway.faults.partialFills(4);
      const entry = world.place();
      await until(() => held() === 4);
      world.gateway.faults.partialFills(1);
      const permId = world.brokerOrders().find(({ orderRef }) => orderRef === entry)?.permId as number;
      world.gateway.faults.set({ delayMillis: 2 * SECOND });
      world.gateway.faults.cancelManually(permId);
      await world.rest();
      move(entry, '155');
      await world.advance(MINUTE);
      expect(world.stopsAtBroker(entry).map(({ total, stopPrice }) => [total, stopPrice])).toEqual([
        [4, 155],
      ]);
      expect((await stopOf(entry)).triggerPrice).toBe('155');
      expect(moves()).toEqual(['moved to 155']);
    });

    it('turns no position round with units that its group has taken off it meanwhile', async () => {
      const entry = await entered({ side: 'SELL', protectiveStop: '162' });
      world.gateway.faults.partialFills(4);
      const reduce = close(entry, '5', 'BUY');
      await world.rest();
      world.gateway.faults.set({ delayMillis: SECOND / 2 });
      await until(() => held() === -6, SECOND / 5);
      move(entry, '161', '162');
      world.cancel(reduce);
      await world.advance(MINUTE);
      world.gateway.faults.set({ delayMillis: 0 });
      world.gateway.faults.partialFills(null);
      await world.advance(180 * MINUTE);
      const fills = world
        .events('OrderFilled')
        .map(({ data }) => `${data.role} ${data.side} ${data.quantity}`);
      expect(fills).toEqual(['order SELL 10', 'order BUY 4', 'stop BUY 6']);
      expect(picture(entry)).toEqual({ held: 0, stop: 0, differences: 0 });
    });

    it('is moved where the commit of the move was taken and its answer lost', async () => {
      const entry = await entered();
      world.store.commit = lostAnswer(world.store.commit, ({ processed }) => processed !== undefined);
      move(entry, '155');
      await world.advance(SECOND);
      expect(moves()).toEqual(['moved to 155']);
      expect(world.stopsAtBroker(entry).map(({ stopPrice }) => stopPrice)).toEqual([155]);
    });

    it('has its move declined where it ends before it is moved, and where nobody knows what became of it', async () => {
      await atTheOpen({ RECONCILE_MINUTES: '10', ACCOUNT_MINUTES: '10' }, { expected: expectedAccount });
      world.keepBook();
      const entry = world.place();
      await world.advance(2 * MINUTE);
      close(entry, '10');
      await world.rest();
      world.gateway.faults.set({ delayMillis: 2 * SECOND });
      await until(() => held() === 0, SECOND / 2);
      move(entry, '155');
      await world.rest();
      world.gateway.faults.set({ delayMillis: 0 });
      await world.advance(10 * SECOND);
      expect(moves()).toEqual(['declined: the resting stop was cancelled before it was moved']);

      const other = world.place();
      await world.advance(2 * MINUTE);
      world.keepBook();
      await world.advance(13 * MINUTE);
      world.gateway.faults.manualOrder({ instrument: 'AAPL', side: 'SELL', quantity: 10 });
      await world.advance(2 * MINUTE);
      for (const { permId } of world.stopsAtBroker(other)) world.gateway.faults.cancelManually(permId);
      await world.advance(30 * SECOND);
      expect((await stopOf(other)).status).toBe('unresolved');
      move(other, '156');
      await world.rest();
      expect(moves().at(-1)).toMatch(/^declined: what became of the resting stop .* is not known/);
    });

    it('is moved with the units that were asked for before and are not shown yet', async () => {
      const entry = await entered();
      world.gateway.faults.partialFills(4);
      close(entry, '5');
      await until(() => held() === 6);
      const { orderId, permId } = await stopOf(entry);
      const asked: string[] = [];
      world.wire.passes = (request) => {
        if (request.kind === 'place' && request.ticket.orderId === orderId)
          asked.push(`${request.ticket.quantity} at ${request.ticket.triggerPrice}`);
        return true;
      };
      world.wire.says = (message) =>
        message.kind === 'open-order' && message.order.permId === permId ? null : message;
      await world.advance(2 * SECOND);
      move(entry, '155');
      await world.advance(2 * SECOND);
      expect(asked).toEqual(['6 at 150', '6 at 155']);
    });

    it('takes its move along where the change was refused because it had ended', async () => {
      await atTheOpen();
      const entry = world.place();
      await world.advance(13 * MINUTE);
      const { orderId } = await stopOf(entry);
      for (const { permId } of world.stopsAtBroker(entry)) world.gateway.faults.cancelManually(permId);
      await world.rest();
      expect((await stopOf(entry)).status).toBe('lapsed');
      move(entry, '155');
      await world.rest();
      world.wire.hear({ kind: 'notice', id: orderId, code: 104, message: 'Cannot modify a filled order.' });
      await world.advance(15 * SECOND);
      expect(moves()).toEqual(['moved to 155']);
      expect(world.events('OrderSubmitted').map(({ data }) => data.triggerPrice)).toEqual([
        null,
        '150',
        '155',
      ]);
    });

    it('is not loosened by a move that was authorized before another, and comes after it', async () => {
      const entry = await entered();
      move(entry, '153.5');
      await world.rest();
      move(entry, '152');
      await world.rest();
      expect(world.stopsAtBroker(entry).map(({ stopPrice }) => stopPrice)).toEqual([153.5]);
      world.gateway.faults.set({ delayMillis: 2 * SECOND });
      move(entry, '156');
      await world.rest();
      move(entry, '155');
      await world.advance(10 * SECOND);
      expect(world.stopsAtBroker(entry).map(({ stopPrice }) => stopPrice)).toEqual([156]);
      expect(moves()).toEqual([
        'moved to 153.5',
        'moved to 156',
        'declined: the resting stop stands at 153.5 or is on its way there; at 152 it would protect less',
        'declined: the resting stop stands at 156 or is on its way there; at 155 it would protect less',
      ]);
    });

    it('stands where it was when the broker rejects a change of it, and is not taken for rejected itself', async () => {
      await atTheOpen();
      world.gateway.faults.partialFills(6);
      const entry = world.place();
      await until(() => held() === 6);
      const { orderId } = await stopOf(entry);
      world.wire.passes = (request) => {
        if (request.kind !== 'place' || request.ticket.orderId !== orderId) return true;
        world.wire.hear({ kind: 'notice', id: orderId, code: 201, message: 'Order rejected - reason: no' });
        return false;
      };
      world.cancel(entry);
      await world.advance(5 * SECOND);
      expect((await stopOf(entry)).status).toBe('working');
      expect(world.events('OrderRejected')).toEqual([]);
    });

    it('is asked again on the next link', async () => {
      await atTheOpen({ RECONCILE_MINUTES: '60' });
      const entry = world.place();
      await world.advance(2 * MINUTE);
      world.wire.passes = (request) => request.kind !== 'place';
      move(entry, '155');
      await world.rest();
      world.wire.passes = () => true;
      world.gateway.faults.disconnect();
      await world.advance(MINUTE);
      expect(moves()).toEqual(['moved to 155']);
    });

    it('is not moved by a bridge under another client id, which would place a second one', async () => {
      const entry = await entered();
      await world.bridge.stop('another client id');
      world.startBridge({ BROKER_CLIENT_ID: '18' });
      await world.advance(MINUTE);
      move(entry, '155');
      await world.rest();
      expect(moves()).toEqual([
        'declined: the resting stop was placed under the client id 17, and this bridge has 18: only that one can change it',
      ]);
      const record = (await world.record(entry)) as OrderRecord;
      const corrected = record.fills[0]?.execId.replace(/\.01$/, '.02') as string;
      world.wire.hear(execution(record, { execId: corrected, quantity: '6' }));
      await world.advance(5 * SECOND);
      expect(world.stopsAtBroker(entry).map(({ total }) => total)).toEqual([10]);
      expect(world.brokerOrders()).toHaveLength(2);
    });

    it('is not moved any more when its turn comes after its cancel', async () => {
      await atTheOpen({ MESSAGES_PER_SECOND: '2', MESSAGES_FOR_CANCELS: '1' });
      const entry = world.place();
      await world.advance(5 * MINUTE);
      const { orderId } = await stopOf(entry);
      const sent: string[] = [];
      world.wire.passes = (request) => {
        if (request.kind === 'cancel' && request.orderId === orderId) sent.push('cancel');
        if (request.kind === 'place' && request.ticket.orderId === orderId) sent.push('move');
        return true;
      };
      for (let n = 0; n < 3; n += 1) world.place({ orderType: 'LMT', limitPrice: '155' });
      move(entry, '155');
      const wish = { requestId: 'c-1', intentId: entry, includeStops: true, reason: 'all of it' };
      world.command('CancelAuthorized', 'c-1', wish, 'cancels');
      await world.advance(MINUTE);
      expect(sent).toEqual(['cancel']);
      expect(world.stopsAtBroker(entry)).toEqual([]);
    });

    it('is asked again where the gateway has swallowed that, and it is said', async () => {
      await atTheOpen({ RECONCILE_MINUTES: '10' });
      const entry = world.place();
      await world.advance(2 * MINUTE);
      world.wire.passes = (request) => request.kind !== 'place';
      move(entry, '155');
      await world.rest();
      world.wire.passes = () => true;
      expect(moves()).toEqual([]);
      await world.advance(11 * MINUTE);
      expect(moves()).toEqual(['moved to 155']);
      expect(world.events('BrokerDifferenceFound').map(({ data }) => data.explanation)).toEqual([
        'the broker has not changed the resting stop of a layer; it is asked again',
      ]);
    });
  });

  it('that somebody makes smaller at the screen is said to differ, and is made whole again', async () => {
    const entry = await entered();
    const asked: string[] = [];
    let shown: ObservedOrder | null = null;
    world.wire.passes = (request) => {
      if (request.kind === 'place') asked.push(request.ticket.quantity);
      return true;
    };
    world.wire.says = (message) => {
      if (message.kind === 'open-order' && message.order.orderRef === `${entry}:stop`) shown = message.order;
      return message;
    };
    await until(() => shown !== null);
    world.wire.hear({ kind: 'open-order', order: { ...(shown as unknown as ObservedOrder), quantity: '2' } });
    await world.rest();
    expect(world.events('BrokerDifferenceFound').map(({ data }) => data.observed)).toEqual(['one for 2']);
    expect(asked).toEqual(['10']);
  });
});
