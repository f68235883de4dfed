import { afterEach, describe, expect, it } from 'vitest';
import type { EventData } from '#contracts/registry.ts';
import { outcomeWrite } from '#core/broker/entered-outcome.ts';
import { positionQuantity } from '#core/portfolio/position.ts';
import { expectedAccount } from '#ecs/ib-gateway/bridge.ts';
import { lostAnswer } from './lost-answer.ts';
import { CLOSE, MINUTE, OPEN, SECOND, World } from './world.ts';

type Outcome = EventData<'OrderOutcomeEntered'>;
const HOUR = 60 * MINUTE;

describe('an order that may have ended while the bridge was away over midnight', () => {
  let world: World;
  afterEach(() => world.end());

  /** Leaves in the day and comes back in the night, when the broker no longer tells the day's executions. */
  const away = async (meanwhile: () => void) => {
    await world.bridge.stop('away for the night');
    meanwhile();
    await world.advanceTo(CLOSE - MINUTE);
    const told = [...world.gateway.state().executions.values()];
    await world.advanceTo(CLOSE + 9 * HOUR);
    world.bridge = world.newBridge();
    await world.advance(5 * MINUTE);
    return told;
  };
  /** A limit order that was filled while the bridge was away, and the broker's execution of it. */
  const filledUnseen = async (...start: Parameters<typeof World.start>) => {
    world = await World.start(...start);
    await world.advanceTo(OPEN + 30 * SECOND);
    world.gateway.faults.halt('AAPL', true);
    const intentId = world.place({ orderType: 'LMT', limitPrice: '161', timeInForce: 'GTC' });
    await world.rest();
    const told = await away(() => world.gateway.faults.halt('AAPL', false));
    expect((await world.record(intentId))?.status).toBe('unresolved');
    return { intentId, execution: told[0] as (typeof told)[number] };
  };
  const outcome = (
    orderRef: string,
    executions: Outcome['executions'],
    requestId = 'operator/1',
  ): Outcome => ({
    requestId,
    orderRef,
    executions,
    by: 'ana',
    reason: 'from the activity statement',
  });
  const entered = async (told: Outcome, withWord = true) => {
    if (withWord) await world.store.commit({ entries: [], writes: [outcomeWrite(told)] });
    world.command('OrderOutcomeEntered', told.requestId, told, 'orders');
    await world.advance(SECOND);
    expect(world.queue.remaining()).toEqual([]);
  };
  const statementOf = (execution: {
    readonly execId: string;
    readonly quantity: number;
    readonly price: number;
    readonly at: number;
  }): Outcome['executions'][number] => ({
    execId: execution.execId,
    quantity: String(execution.quantity),
    price: String(execution.price),
    executedAt: new Date(execution.at).toISOString(),
    commission: '1',
    currency: 'USD',
  });
  const declined = () => world.events('CommandDeclined').map(({ data }) => data.reason);

  it('is filled as a person says, with its commission, and its stop goes on', async () => {
    const { intentId, execution } = await filledUnseen();
    await entered(outcome(intentId, [statementOf(execution)]));
    expect(declined()).toEqual([]);
    expect((await world.record(intentId))?.status).toBe('filled');
    expect((await world.record(`${intentId}:stop`))?.status).toBe('working');
    expect(world.events('OrderFilled').map(({ data }) => data)).toEqual([
      expect.objectContaining({
        intentId,
        execId: execution.execId,
        quantity: '10',
        price: String(execution.price),
        executedAt: new Date(execution.at).toISOString(),
      }),
    ]);
    expect(world.events('CommissionReported').map(({ data }) => data.commission)).toEqual(['1']);
  });

  it('makes book and broker agree again', async () => {
    const { intentId, execution } = await filledUnseen(
      { RECONCILE_MINUTES: '10', ACCOUNT_MINUTES: '10' },
      { expected: expectedAccount },
    );
    world.keepBook();
    await world.advance(25 * MINUTE);
    // What the desk bought and does not know of counts as somebody else's.
    expect(world.keepBook().foreign?.positions).toMatchObject([{ instrument: 'AAPL', quantity: '10' }]);
    const { commission } = execution;
    await entered(outcome(intentId, [{ ...statementOf(execution), commission: String(commission) }]));
    expect(positionQuantity(world.keepBook().positions['AAPL']).toString()).toBe('10');
    await world.advance(25 * MINUTE);
    const book = world.keepBook();
    expect(book.foreign).toBeUndefined();
    expect(book.cash).toBe(world.events('AccountObserved').at(-1)?.data.cash);
  });

  it('is not changed by an outcome on which no operator has left a word', async () => {
    const { intentId, execution } = await filledUnseen();
    await entered(outcome(intentId, [statementOf(execution)]), false);
    expect(declined()).toEqual(['no operator has left a word on this outcome in the desk’s state']);
    expect((await world.record(intentId))?.status).toBe('unresolved');
    expect(world.events('OrderFilled')).toEqual([]);
    expect(world.bridge.state).toBe('READY');
  });

  it('is not changed by a word on another outcome', async () => {
    const { intentId, execution } = await filledUnseen();
    const told = outcome(intentId, [statementOf(execution)]);
    await world.store.commit({ entries: [], writes: [outcomeWrite({ ...told, executions: [] })] });
    await entered(told, false);
    expect((await world.record(intentId))?.status).toBe('unresolved');
  });

  it('sees to what hangs on the order, though the answer to the commit was lost', async () => {
    const { intentId, execution } = await filledUnseen();
    world.gateway.faults.halt('AAPL', true);
    for (const order of world.brokerOrders())
      if (order.orderRef.endsWith(':stop')) world.gateway.faults.cancelManually(order.permId);
    await world.advance(SECOND);
    world.store.commit = lostAnswer(world.store.commit, ({ processed }) => processed !== undefined);
    const part = { ...statementOf(execution), quantity: '4' };
    await entered(outcome(intentId, [part]));
    expect(declined()).toEqual([]);
    expect((await world.record(intentId))?.status).toBe('cancelled');
    await world.advance(SECOND);
    expect((await world.record(`${intentId}:stop`))?.quantity).toBe('4');
  });

  it('takes an outcome once', async () => {
    const { intentId, execution } = await filledUnseen();
    await entered(outcome(intentId, [statementOf(execution)]));
    await entered(outcome(intentId, [statementOf(execution)], 'operator/2'));
    expect(declined()).toEqual([expect.stringContaining(`the order ${intentId} is filled`)]);
    expect(world.events('OrderFilled')).toHaveLength(1);
    expect(world.events('CommissionReported')).toHaveLength(1);
  });

  it('is closed again where its stop was filled unseen as well', async () => {
    world = await World.start();
    await world.advanceTo(OPEN + 30 * SECOND);
    world.gateway.faults.halt('AAPL', true);
    const intentId = world.place({
      orderType: 'LMT',
      limitPrice: '161',
      protectiveStop: '160.9',
      timeInForce: 'GTC',
    });
    const stop = `${intentId}:stop`;
    await world.rest();
    const told = await away(() => world.gateway.faults.halt('AAPL', false));
    const of = (orderRef: string) =>
      told.filter((execution) => execution.orderRef === orderRef).map(statementOf);
    await entered(outcome(intentId, of(intentId)));
    await entered(outcome(stop, of(stop), 'operator/2'));
    expect(declined()).toEqual([]);
    expect((await world.record(intentId))?.status).toBe('filled');
    expect((await world.record(stop))?.status).toBe('filled');
    expect(world.events('OrderFilled').map(({ data }) => [data.orderRef, data.side, data.quantity])).toEqual([
      [intentId, 'BUY', '10'],
      [stop, 'SELL', '10'],
    ]);
    await world.advance(30 * MINUTE);
    expect(world.brokerOrders().filter(({ status }) => status === 'Submitted')).toEqual([]);
  });

  it('is over with its stop where it expired without an execution', async () => {
    world = await World.start();
    await world.advanceTo(OPEN + 30 * SECOND);
    const intentId = world.place({ orderType: 'LMT', limitPrice: '155', timeInForce: 'DAY' });
    await world.advance(MINUTE);
    await away(() => {});
    const stop = `${intentId}:stop`;
    expect((await world.record(intentId))?.status).toBe('unresolved');
    await entered(outcome(intentId, []));
    expect((await world.record(stop))?.status).toBe('unresolved');
    await entered(outcome(stop, [], 'operator/2'));
    expect(declined()).toEqual([]);
    expect((await world.record(intentId))?.status).toBe('cancelled');
    expect((await world.record(stop))?.status).toBe('cancelled');
    expect(world.events('OrderCancelled').map(({ data }) => [data.orderRef, data.reason])).toContainEqual([
      intentId,
      'as entered by ana: from the activity statement',
    ]);
  });

  it('says nothing of an order that the broker still tells of', async () => {
    world = await World.start();
    await world.advanceTo(OPEN + 30 * SECOND);
    const intentId = world.place();
    await world.advance(2 * MINUTE);
    const stop = `${intentId}:stop`;
    await entered(outcome(stop, []));
    expect(declined()).toEqual([expect.stringContaining(`the order ${stop} is working`)]);
    expect((await world.record(stop))?.status).toBe('working');
  });

  it('is left to the next holder of the lease by a bridge that has lost it', async () => {
    const { intentId, execution } = await filledUnseen();
    await world.takeLease(world.clock.now() + MINUTE);
    const told = outcome(intentId, [statementOf(execution)]);
    await world.store.commit({ entries: [], writes: [outcomeWrite(told)] });
    world.command('OrderOutcomeEntered', told.requestId, told, 'orders');
    await world.rest();
    expect((await world.record(intentId))?.status).toBe('unresolved');
    expect(world.queue.remaining()).toHaveLength(1);
    await world.advance(9 * HOUR);
    expect((await world.record(intentId))?.status).toBe('filled');
    expect(declined()).toEqual([]);
  });
});
