import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CommissionReport, type Contract, EventName, type Order, type OrderState } from '@stoqey/ib';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { imbalance } from '#core/simulation/account.ts';
import { SteppedClock } from '#local/paper-gateway/stepped-clock.ts';
import { memoryTape } from '#local/paper-gateway/tape.ts';
import { closeAll, fillsOf, market } from './bench-of-clients.ts';
import { AAPL, order } from './client.ts';
import { calm, MINUTE, OPEN, stock, tapeOf } from './market.ts';

const directories: string[] = [];
const directory = (): string => {
  const made = mkdtempSync(join(tmpdir(), 'paper-gateway-'));
  directories.push(made);
  return made;
};
afterEach(closeAll);
afterAll(() => {
  for (const made of directories) rmSync(made, { recursive: true });
});

const rows = Array.from({ length: 10 }, () => calm(100));

describe('what a client finds after it was away', () => {
  it('is every execution with its commission, the open and the completed orders, and the position', async () => {
    const { clock, connect } = await market(rows);
    const first = await connect();
    first.client.api.placeOrder(first.id, AAPL, order('BUY', 10, 'MKT', { orderRef: 'a' }));
    first.client.api.placeOrder(first.id + 1, AAPL, order('BUY', 10, 'LMT', { lmtPrice: 50, orderRef: 'b' }));
    await first.client.next(EventName.orderStatus, (orderId) => orderId === first.id + 1);
    await first.client.disconnect();
    clock.advance(2 * MINUTE);
    const { client, id } = await connect();
    expect(id).toBe(first.id + 2);
    client.api.reqExecutions(1, {});
    client.api.reqCompletedOrders(false);
    client.api.reqAllOpenOrders();
    client.api.reqPositions();
    await client.next(EventName.positionEnd);
    expect(fillsOf(client)).toHaveLength(1);
    expect(fillsOf(client)[0]).toMatchObject({ orderId: first.id, orderRef: 'a', shares: 10 });
    const [report] = client.all(EventName.commissionReport)[0] as [CommissionReport];
    expect(report).toMatchObject({
      execId: fillsOf(client)[0]?.execId,
      commission: 1,
      realizedPNL: undefined,
    });
    const [, completed, state] = client.all(EventName.completedOrder)[0] as [Contract, Order, OrderState];
    expect(completed).toMatchObject({ orderRef: 'a', filledQuantity: 10, totalQuantity: 10 });
    expect(state).toMatchObject({ status: 'Filled', completedStatus: 'Filled Size: 10' });
    expect(client.all(EventName.openOrder).map(([orderId]) => orderId)).toEqual([first.id + 1]);
    const [account, contract, held] = client.all(EventName.position)[0] as [string, Contract, number];
    expect([account, contract.symbol, held]).toEqual(['DU0000001', 'AAPL', 10]);
  });

  it('leaves yesterday behind: executions since midnight only', async () => {
    const { clock, connect } = await market([], { tape: tapeOf(rows, rows) });
    const { client, id } = await connect();
    client.api.placeOrder(id, AAPL, order('BUY', 10, 'MKT'));
    await client.next(EventName.orderStatus);
    clock.advance(MINUTE);
    await client.until(() => fillsOf(client).length === 1);
    clock.advanceTo(OPEN + 86_400_000 + MINUTE);
    client.api.reqExecutions(1, {});
    client.api.reqCompletedOrders(false);
    await client.next(EventName.execDetailsEnd);
    await client.next(EventName.completedOrdersEnd);
    expect(client.all(EventName.execDetails).filter(([reqId]) => reqId === 1)).toEqual([]);
    expect(client.all(EventName.completedOrder)).toEqual([]);
  });
});

describe('a gateway started again on its directory', () => {
  it('has its orders, executions and position, and does not match a bar twice', async () => {
    const home = directory();
    const clock = new SteppedClock(OPEN);
    const before = await market(rows, { directory: home, clock });
    const { client, id } = await before.connect();
    client.api.placeOrder(id, AAPL, order('BUY', 10, 'MKT', { orderRef: 'kept' }));
    client.api.placeOrder(id + 1, AAPL, order('SELL', 10, 'STP', { auxPrice: 90, tif: 'GTC' as never }));
    await client.next(EventName.orderStatus, (orderId) => orderId === id + 1);
    clock.advance(2 * MINUTE);
    await client.until(() => client.status(id) === 'Filled');
    const cash = before.gateway.state().books.cash.toString();
    await before.gateway.close();

    const after = await market(rows, { directory: home, clock });
    expect(after.gateway.state().books.cash.toString()).toBe(cash);
    expect(imbalance(after.gateway.state().books).isZero()).toBe(true);
    const second = await after.connect();
    expect(second.id).toBe(id + 2);
    second.client.api.reqExecutions(1, {});
    second.client.api.reqOpenOrders();
    await second.client.next(EventName.openOrderEnd);
    expect(fillsOf(second.client)).toHaveLength(1);
    expect(second.client.all(EventName.openOrder).map(([orderId]) => orderId)).toEqual([id + 1]);
    clock.advance(MINUTE);
    await second.client.settled();
    expect(after.gateway.state().executions.size).toBe(1);
  });

  it('catches up with the bars it missed, as the exchange did not wait', async () => {
    const home = directory();
    const clock = new SteppedClock(OPEN);
    const falling = [calm(100), calm(100), calm(80), calm(80)];
    const before = await market(falling, { directory: home, clock });
    const { client, id } = await before.connect();
    client.api.placeOrder(id, AAPL, order('BUY', 10, 'LMT', { lmtPrice: 90 }));
    await client.next(EventName.orderStatus);
    clock.advance(MINUTE);
    await before.gateway.close();
    clock.advance(3 * MINUTE);
    const after = await market(falling, { directory: home, clock });
    expect(
      [...after.gateway.state().executions.values()].map(({ quantity, price }) => [quantity, price]),
    ).toEqual([[10, 80.02]]);
  });

  it('is not played on a tape that lacks what it holds, and says what to do', async () => {
    const home = directory();
    const clock = new SteppedClock(OPEN);
    const before = await market(rows, { directory: home, clock });
    const { client, id } = await before.connect();
    client.api.placeOrder(id, AAPL, order('BUY', 10, 'MKT'));
    await client.next(EventName.orderStatus);
    clock.advance(MINUTE);
    await before.gateway.close();
    const other = memoryTape([stock({ instrument: 'MSFT', conId: 272093, sessions: [rows] })]);
    await expect(market(rows, { directory: home, clock, tape: other })).rejects.toThrow(
      'holds or trades AAPL, which the tape does not have; play them too (--symbols MSFT,AAPL)',
    );
  });

  it('is played on a tape without what it traded yesterday and no longer has', async () => {
    const home = directory();
    const clock = new SteppedClock(OPEN);
    const before = await market(rows, { directory: home, clock });
    const { client, id } = await before.connect();
    client.api.placeOrder(id, AAPL, order('BUY', 10, 'MKT'));
    client.api.placeOrder(id + 1, AAPL, order('SELL', 10, 'MKT'));
    await client.next(EventName.orderStatus, (orderId) => orderId === id + 1);
    clock.advance(MINUTE);
    await before.gateway.close();
    clock.advance(86_400_000);
    const other = memoryTape([stock({ instrument: 'MSFT', conId: 272093, sessions: [rows, rows] })]);
    const after = await market(rows, { directory: home, clock, tape: other });
    const again = await after.connect();
    again.client.api.reqExecutions(1, {});
    again.client.api.reqCompletedOrders(false);
    await again.client.next(EventName.completedOrdersEnd);
    expect(fillsOf(again.client)).toEqual([]);
  });
});
