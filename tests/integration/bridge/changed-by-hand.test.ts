import { afterEach, describe, expect, it } from 'vitest';
import type { EventData } from '#contracts/registry.ts';
import type { BrokerMessage } from '#core/broker/broker-port.ts';
import { outcomeWrite } from '#core/broker/entered-outcome.ts';
import type { OrderRecord } from '#core/broker/order-record.ts';
import { positionQuantity } from '#core/portfolio/position.ts';
import { Decimal } from '#core/values/decimal.ts';
import { expectedAccount } from '#ecs/ib-gateway/bridge.ts';
import { MINUTE, OPEN, SECOND, World } from './world.ts';

const POLL = 10 * MINUTE;
type Entered = EventData<'OrderOutcomeEntered'>['executions'][number];

describe('units of the desk’s that come or go without an order of the desk', () => {
  let world: World;
  afterEach(() => world.end());

  const book = () => world.keepBook();
  /** Ten units held for so long that their execution explains nothing any more, their stop resting. */
  const holding = async (): Promise<string> => {
    world = await World.start(
      { RECONCILE_MINUTES: '10', ACCOUNT_MINUTES: '10' },
      { expected: expectedAccount },
    );
    await world.advanceTo(OPEN + 30 * SECOND);
    book();
    const intentId = world.place();
    await world.advance(2 * MINUTE);
    book();
    await world.advance(13 * MINUTE);
    expect(book().foreign).toBeUndefined();
    return intentId;
  };
  const cancelStop = async (intentId: string) => {
    for (const { permId } of world.stopsAtBroker(intentId)) world.gateway.faults.cancelManually(permId);
    await world.advance(SECOND);
  };
  const byHand = (side: 'BUY' | 'SELL', quantity: number) =>
    world.gateway.faults.manualOrder({ instrument: 'AAPL', side, quantity });
  const executionsByHand = (): Entered[] =>
    [...world.gateway.state().executions.values()]
      .filter(({ orderRef }) => orderRef === '')
      .map(({ execId, quantity, price, at, commission }) => ({
        execId,
        quantity: String(quantity),
        price: String(price),
        executedAt: new Date(at).toISOString(),
        commission: String(commission),
        currency: 'USD',
      }));
  const enter = async (orderRef: string, executions: readonly Entered[]) => {
    const told = {
      requestId: `operator/${orderRef}`,
      orderRef,
      executions: [...executions],
      by: 'ana',
      reason: 'closed at the broker’s screen',
    };
    await world.store.commit({ entries: [], writes: [outcomeWrite(told)] });
    world.command('OrderOutcomeEntered', told.requestId, told, 'orders');
    await world.rest();
  };
  const about = (orderRef: string) =>
    world.events('BrokerDifferenceFound').flatMap(({ data }) => (data.key === orderRef ? [data] : []));
  const statusOfStop = async (intentId: string) => (await world.record(`${intentId}:stop`))?.status;
  const agrees = async () => {
    book();
    await world.advance(2 * POLL + MINUTE);
    const { foreign, cash, positions } = book();
    expect(foreign).toBeUndefined();
    expect(cash).toBe(world.events('AccountObserved').at(-1)?.data.cash);
    return positionQuantity(positions['AAPL']).toString();
  };

  it('a stop cancelled at the broker’s screen is placed anew while its layer is held', async () => {
    const intentId = await holding();
    await cancelStop(intentId);
    // Whatever ended it may be about to change the position.
    expect(await statusOfStop(intentId)).toBe('lapsed');
    await world.advance(10 * SECOND);
    expect(await statusOfStop(intentId)).toBe('working');
    expect(world.stopsAtBroker(intentId)).toHaveLength(1);
    expect(about(`${intentId}:stop`)).toEqual([]);
  });

  it('no stop is placed anew for a layer that was closed by hand; what became of it is entered', async () => {
    const intentId = await holding();
    byHand('SELL', 10);
    await world.advance(2 * MINUTE);
    await cancelStop(intentId);
    expect(await statusOfStop(intentId)).toBe('lapsed');
    await world.advance(30 * SECOND);
    expect(await statusOfStop(intentId)).toBe('unresolved');
    expect(world.stopsAtBroker(intentId)).toEqual([]);
    expect(about(`${intentId}:stop`)).toEqual([
      expect.objectContaining({
        expected: 'a resting stop for 10 AAPL',
        observed: 'the account holds 0, of which 10 would be the desk’s and 0 were known to be others’',
      }),
    ]);
    // Neither a comparison nor another bridge makes up its mind about it.
    await world.advance(3 * POLL);
    await world.bridge.stop('test');
    world.bridge = world.newBridge();
    await world.advance(2 * POLL);
    expect(await statusOfStop(intentId)).toBe('unresolved');
    expect(world.stopsAtBroker(intentId)).toEqual([]);

    await enter(`${intentId}:stop`, executionsByHand());
    expect(await statusOfStop(intentId)).toBe('filled');
    expect(await agrees()).toBe('0');
    expect(world.stopsAtBroker(intentId)).toEqual([]);
  });

  it('what is left of a layer that was partly closed by hand has its stop again once that is entered', async () => {
    const intentId = await holding();
    byHand('SELL', 4);
    await world.advance(2 * MINUTE);
    await cancelStop(intentId);
    await world.advance(30 * SECOND);
    expect(await statusOfStop(intentId)).toBe('unresolved');
    await world.advance(3 * POLL);
    expect(book().foreign?.positions).toMatchObject([{ instrument: 'AAPL', quantity: '-4' }]);
    await enter(`${intentId}:stop`, executionsByHand());
    await world.advance(SECOND);
    expect(world.stopsAtBroker(intentId).map(({ total }) => total)).toEqual([6]);
    expect(await statusOfStop(intentId)).toBe('working');
    expect(await agrees()).toBe('6');
  });

  it('nor is one placed anew that somebody cancels long after the layer was closed by hand', async () => {
    const intentId = await holding();
    byHand('SELL', 10);
    await world.advance(3 * POLL);
    expect(book().foreign?.positions).toMatchObject([{ instrument: 'AAPL', quantity: '-10' }]);
    await cancelStop(intentId);
    await world.advance(30 * SECOND);
    expect(await statusOfStop(intentId)).toBe('unresolved');
    expect(world.stopsAtBroker(intentId)).toEqual([]);
  });

  it('what is found out while a stop waits explains nothing', async () => {
    const intentId = await holding();
    const { orderId, clientId, permId } = (await world.record(`${intentId}:stop`)) as OrderRecord;
    const ids = { orderId, clientId, permId: permId as number };
    const aboutStop = (message: BrokerMessage) =>
      (message.kind === 'order-status' && message.permId === permId) ||
      (message.kind === 'open-order' && message.order.permId === permId) ||
      (message.kind === 'notice' && message.id === orderId);
    // The stop is heard of late. A look at the account in between confirms the thirty new units as somebody else's.
    world.wire.says = (message) => (aboutStop(message) ? null : message);
    world.gateway.faults.split('AAPL', 4);
    world.prepareSession();
    await world.advance(5 * SECOND);
    world.wire.hear({ kind: 'order-status', ...ids, status: 'Cancelled', filled: '0', remaining: '10' });
    await world.advance(6 * SECOND);
    expect(await statusOfStop(intentId)).toBe('lapsed');
    expect(book().foreign?.positions).toMatchObject([{ instrument: 'AAPL', quantity: '30' }]);
    await world.advance(30 * SECOND);
    expect(await statusOfStop(intentId)).toBe('unresolved');
  });

  it('a new link does not cut short the time in which positions may change', async () => {
    const intentId = await holding();
    await cancelStop(intentId);
    world.gateway.faults.disconnect();
    await world.advance(7 * SECOND);
    expect(world.bridge.state).toBe('READY');
    expect(await statusOfStop(intentId)).toBe('lapsed');
    await world.advance(10 * SECOND);
    expect(await statusOfStop(intentId)).toBe('working');
  });

  it('where the desk itself closed a part, the rest has its stop again at once', async () => {
    const intentId = await holding();
    world.place({ purpose: 'exit', side: 'SELL', quantity: '4', protectiveStop: null, closes: intentId });
    await world.advanceTo(Math.ceil(world.clock.now() / MINUTE) * MINUTE);
    for (let waited = 0; waited < 180 && world.stopsAtBroker(intentId)[0]?.total !== 6; waited += 1) {
      await world.advance(SECOND);
      const stop = await world.record(`${intentId}:stop`);
      expect(stop?.status === 'lapsed' && world.events('OrderFilled').length > 1).toBe(false);
    }
    expect(world.stopsAtBroker(intentId).map(({ total }) => total)).toEqual([6]);
  });

  it('a stop that was left standing is not touched, and no order of the desk opens the other way', async () => {
    const intentId = await holding();
    byHand('SELL', 10);
    await world.advance(POLL + MINUTE);
    expect(book().foreign?.positions).toMatchObject([{ instrument: 'AAPL', quantity: '-10' }]);
    expect(world.stopsAtBroker(intentId)).toHaveLength(1);
    const exit = world.place({
      purpose: 'exit',
      side: 'SELL',
      protectiveStop: null,
      closes: intentId,
    });
    await world.advance(MINUTE);
    expect((await world.record(exit))?.status).toBe('declined');
    expect(world.events('CommandDeclined').at(-1)?.data.reason).toBe(
      `the account no longer holds 10 AAPL of the desk’s, so an order against the layer ${intentId} would open a position the other way; cancel its stop at the broker and enter what became of it (abc outcome)`,
    );
    expect(Number(world.gateway.state().books.positions.get('AAPL')?.quantity ?? 0)).toBe(0);
  });

  it('a bridge that has just started, to which the order waited, knows it from the book', async () => {
    const intentId = await holding();
    byHand('SELL', 10);
    await world.advance(POLL + 2 * MINUTE);
    book();
    await world.bridge.stop('test');
    const exit = world.place({ purpose: 'exit', side: 'SELL', protectiveStop: null, closes: intentId });
    world.bridge = world.newBridge();
    await world.advance(MINUTE);
    expect((await world.record(exit))?.status).toBe('declined');
  });

  it('an order against a layer closes what the account still holds of it', async () => {
    const intentId = await holding();
    byHand('SELL', 4);
    await world.advance(POLL + MINUTE);
    const exit = world.place({ purpose: 'exit', side: 'SELL', protectiveStop: null, closes: intentId });
    await world.advance(2 * MINUTE);
    expect((await world.record(exit))?.quantity).toBe('6');
    expect(Number(world.gateway.state().books.positions.get('AAPL')?.quantity ?? 0)).toBe(0);
  });

  it('units that are known to be somebody else’s do not keep a stop away', async () => {
    const intentId = await holding();
    byHand('BUY', 50);
    await world.advance(POLL + MINUTE);
    expect(book().foreign?.positions).toMatchObject([{ instrument: 'AAPL', quantity: '50' }]);
    await world.advance(POLL);
    await world.bridge.stop('test');
    world.bridge = world.newBridge();
    await world.advance(MINUTE);
    await cancelStop(intentId);
    await world.advance(10 * SECOND);
    expect(await statusOfStop(intentId)).toBe('working');
  });

  it('units that somebody is buying just now do not keep a stop away', async () => {
    const intentId = await holding();
    byHand('BUY', 50);
    await world.advance(2 * MINUTE);
    await cancelStop(intentId);
    await world.advance(10 * SECOND);
    expect(await statusOfStop(intentId)).toBe('working');
  });

  for (const [name, ratio] of [
    ['split', 4],
    ['reverse split', 0.2],
  ] as const) {
    it(`after a ${name} no stop is placed at the old price, and the sale is entered in old units`, async () => {
      const intentId = await holding();
      world.gateway.faults.split('AAPL', ratio);
      await world.advance(30 * SECOND);
      expect(await statusOfStop(intentId)).toBe('unresolved');
      expect(world.stopsAtBroker(intentId)).toEqual([]);
      await world.advance(3 * POLL);
      expect(world.stopsAtBroker(intentId)).toEqual([]);
      byHand('SELL', 10 * ratio);
      await world.advance(2 * MINUTE);
      const [sale] = executionsByHand();
      await enter(`${intentId}:stop`, [
        {
          ...(sale as Entered),
          quantity: '10',
          price: new Decimal(sale?.price ?? 0).times(ratio).toString(),
        },
      ]);
      expect(await statusOfStop(intentId)).toBe('filled');
      expect(await agrees()).toBe('0');
    });
  }
});
