import {
  type CommissionReport,
  type Contract,
  EventName,
  type Execution,
  type Order,
  type OrderState,
} from '@stoqey/ib';
import { afterEach, describe, expect, it } from 'vitest';
import { closeAll, fillsOf, market } from './bench-of-clients.ts';
import { AAPL, order } from './client.ts';
import { calm, MINUTE, type Minute, OPEN } from './market.ts';

afterEach(closeAll);

describe('a good-till-date order', () => {
  const till = (goodTillDate: string) =>
    order('BUY', 10, 'LMT', { lmtPrice: 90, tif: 'GTD' as never, goodTillDate });

  it('ends at its instant, inside a minute and where no bar comes any more', async () => {
    const { clock, connect } = await market([calm(100), calm(100)]);
    const { client, id } = await connect();
    client.api.placeOrder(id, AAPL, till('20180205-14:30:30'));
    client.api.placeOrder(id + 1, AAPL, till('20180205-15:30:00'));
    await client.until(() => client.status(id + 1) === 'Submitted');
    clock.advance(30_000);
    await client.settled();
    expect(client.status(id)).toBe('Submitted');
    clock.advance(1);
    await client.until(() => client.status(id) === 'Cancelled');
    expect(client.status(id + 1)).toBe('Submitted');
    clock.advance(2 * 3_600_000);
    await client.until(() => client.status(id + 1) === 'Cancelled');
    await client.next(EventName.error, (_error, code, orderId) => code === 202 && orderId === id + 1);
  });

  it('takes part in the bar that closes at its instant', async () => {
    const { clock, connect } = await market([[100, 100, 80, 100, 100_000], calm(100)]);
    const { client, id } = await connect();
    client.api.placeOrder(id, AAPL, till('20180205-14:31:00'));
    await client.until(() => client.status(id) === 'Submitted');
    clock.advance(MINUTE);
    await client.until(() => client.status(id) === 'Filled');
  });
});

async function trading(rows: readonly Minute[]) {
  const { clock, gateway, connect } = await market(rows);
  return { clock, gateway, ...(await connect()) };
}

describe('an unmodified TWS client at the paper gateway', () => {
  it('connects at server version 193 and gets its account, its first order id and the farm notices', async () => {
    const { client, id } = await trading([calm(100)]);
    expect(id).toBe(1);
    expect(client.api.serverVersion).toBe(193);
    expect(client.all(EventName.managedAccounts)).toEqual([['DU0000001']]);
    await client.settled();
    expect(client.all(EventName.info).map(([, code]) => code)).toEqual([2104, 2106, 2158]);
  });

  it('fills a market order from the open of the next bar, with costs, and reports the whole life', async () => {
    const { clock, client, id } = await trading([calm(100), calm(101)]);
    clock.advance(MINUTE / 2);
    client.api.placeOrder(id, AAPL, order('BUY', 100, 'MKT', { orderRef: 'intent-1' }));
    await client.next(EventName.orderStatus, (orderId, status) => orderId === id && status === 'Submitted');
    clock.advanceTo(OPEN + MINUTE);
    await client.settled();
    expect(fillsOf(client)).toEqual([]);
    clock.advanceTo(OPEN + 2 * MINUTE);
    await client.next(EventName.commissionReport);
    const [execution] = fillsOf(client) as [Execution];
    expect(execution).toMatchObject({
      orderId: id,
      clientId: 7,
      shares: 100,
      side: 'BOT',
      cumQty: 100,
      orderRef: 'intent-1',
    });
    expect(execution.price).toBeGreaterThan(101);
    expect(execution.price).toBeLessThan(101.1);
    expect(execution.execId).toMatch(/^[0-9a-f]+\.[0-9a-f]+\.\d\d\.01$/);
    const [report] = client.all(EventName.commissionReport)[0] as [CommissionReport];
    expect(report).toMatchObject({ execId: execution.execId, commission: 1.01, currency: 'USD' });
    expect(client.status(id)).toBe('Filled');
    const [, contract, placed, state] = client.all(EventName.openOrder).at(-1) as [
      number,
      Contract,
      Order,
      OrderState,
    ];
    expect(contract).toMatchObject({ conId: 265598, symbol: 'AAPL', exchange: 'SMART', currency: 'USD' });
    expect(placed).toMatchObject({
      action: 'BUY',
      totalQuantity: 100,
      orderType: 'MKT',
      orderRef: 'intent-1',
      clientId: 7,
    });
    expect(state.status).toBe('Filled');
  });

  it('rests a limit order until the market trades through it, and cancels it on request', async () => {
    const { clock, client, id } = await trading([
      calm(100),
      calm(100),
      [99.5, 99.5, 98.9, 99, 1e5],
      calm(99),
    ]);
    client.api.placeOrder(id, AAPL, order('BUY', 10, 'LMT', { lmtPrice: 99 }));
    client.api.placeOrder(id + 1, AAPL, order('BUY', 10, 'LMT', { lmtPrice: 50 }));
    await client.next(EventName.orderStatus, (orderId) => orderId === id + 1);
    clock.advanceTo(OPEN + 2 * MINUTE);
    await client.settled();
    expect(fillsOf(client)).toEqual([]);
    clock.advanceTo(OPEN + 3 * MINUTE);
    await client.next(EventName.execDetails);
    expect(fillsOf(client).map(({ price, orderId }) => [orderId, price])).toEqual([[id, 99]]);
    client.api.cancelOrder(id + 1);
    await client.next(EventName.error, (_error, code, orderId) => code === 202 && orderId === id + 1);
    expect(client.status(id + 1)).toBe('Cancelled');
  });

  it('shows where a trailing stop stands, while it works and when it is over', async () => {
    const { clock, client, id } = await trading([calm(100), calm(100), calm(100)]);
    client.api.placeOrder(
      id,
      AAPL,
      order('BUY', 10, 'TRAIL', { trailStopPrice: 130, auxPrice: 5, tif: 'GTC' as never }),
    );
    const stands = (shown: unknown) => (shown as Order).trailStopPrice === 130;
    await client.next(EventName.openOrder, (_id, _contract, shown) => stands(shown));
    client.api.cancelOrder(id);
    await client.until(() => client.status(id) === 'Cancelled');
    client.api.reqCompletedOrders(false);
    await client.next(EventName.completedOrder, (_contract, shown) => stands(shown));
    expect(clock.now()).toBe(OPEN);
  });

  it('protects a bracket: the stop rests inactive, then sells at the worse of its price and the open', async () => {
    const { clock, client, id, gateway } = await trading([
      calm(100),
      calm(100),
      [95, 95.5, 94.5, 95, 1e5],
      calm(95),
    ]);
    client.api.placeOrder(id, AAPL, order('BUY', 100, 'MKT', { transmit: false }));
    client.api.placeOrder(
      id + 1,
      AAPL,
      order('SELL', 100, 'LMT', { lmtPrice: 110, parentId: id, transmit: false, tif: 'GTC' as never }),
    );
    await client.settled();
    expect(client.all(EventName.openOrder)).toEqual([]);
    client.api.placeOrder(
      id + 2,
      AAPL,
      order('SELL', 100, 'STP', { auxPrice: 98, parentId: id, tif: 'GTC' as never }),
    );
    await client.next(EventName.orderStatus, (orderId) => orderId === id + 2);
    expect([client.status(id + 1), client.status(id + 2)]).toEqual(['PreSubmitted', 'PreSubmitted']);
    clock.advanceTo(OPEN + 2 * MINUTE);
    await client.next(EventName.execDetails);
    clock.advanceTo(OPEN + 3 * MINUTE);
    await client.until(() => fillsOf(client).length === 2);
    expect(fillsOf(client)[1]).toMatchObject({ orderId: id + 2, side: 'SLD', shares: 100 });
    expect(fillsOf(client)[1]?.price).toBeLessThan(95);
    await client.until(() => client.status(id + 1) === 'Cancelled');
    expect(gateway.state().books.positions.size).toBe(0);
  });

  it('fills in parts of a tenth of each bar, exact in quantity and average, and cancels the rest', async () => {
    const { clock, client, id } = await trading([calm(100, 30), calm(100, 40), calm(100, 30), calm(100, 5)]);
    client.api.placeOrder(id, AAPL, order('BUY', 20, 'MKT', { tif: 'GTC' as never }));
    await client.next(EventName.orderStatus);
    for (const parts of [1, 2, 3]) {
      clock.advance(MINUTE);
      await client.until(() => fillsOf(client).length === parts);
    }
    expect(fillsOf(client).map(({ shares, cumQty }) => [shares, cumQty])).toEqual([
      [3, 3],
      [4, 7],
      [3, 10],
    ]);
    await client.until(() => client.all(EventName.orderStatus).at(-1)?.[2] === 10);
    const [, status, filled, remaining, average] = client.all(EventName.orderStatus).at(-1) as [
      number,
      string,
      number,
      number,
      number,
    ];
    expect([status, filled, remaining]).toEqual(['Submitted', 10, 10]);
    const value = fillsOf(client).reduce((sum, { shares, price }) => sum + (shares ?? 0) * (price ?? 0), 0);
    expect(average).toBeCloseTo(value / 10, 9);
    client.api.cancelOrder(id);
    await client.until(() => client.status(id) === 'Cancelled');
    expect(client.all(EventName.orderStatus).at(-1)?.slice(1, 4)).toEqual(['Cancelled', 10, 10]);
    const commissions = client
      .all(EventName.commissionReport)
      .map(([report]) => (report as { commission: number }).commission);
    expect(commissions).toEqual([1, 0, 0]);
  });

  it('changes the price and size of a working order under the same id, and refuses what cannot be changed', async () => {
    const { clock, client, id } = await trading([calm(100), calm(100), calm(100)]);
    client.api.placeOrder(id, AAPL, order('BUY', 10, 'LMT', { lmtPrice: 90 }));
    await client.next(EventName.orderStatus);
    client.api.placeOrder(id, AAPL, order('SELL', 10, 'LMT', { lmtPrice: 90 }));
    await client.next(EventName.error, (_error, code) => code === 105);
    client.api.placeOrder(id, AAPL, order('BUY', 15, 'LMT', { lmtPrice: 101 }));
    clock.advanceTo(OPEN);
    await client.settled();
    clock.advance(MINUTE);
    await client.until(() => client.status(id) === 'Filled');
    expect(fillsOf(client).map(({ shares }) => shares)).toEqual([15]);
    client.api.placeOrder(id, AAPL, order('BUY', 20, 'LMT', { lmtPrice: 101 }));
    await client.next(EventName.error, (_error, code) => code === 104);
    client.api.cancelOrder(id);
    await client.next(EventName.error, (_error, code) => code === 10148);
    client.api.cancelOrder(id + 77);
    await client.next(EventName.error, (_error, code) => code === 10147);
  });

  it.each([
    [1, [0, 'Cancelled']],
    [2, [70, 'PreSubmitted']],
    [3, [70, 'PreSubmitted']],
  ])('keeps a one-cancels-all group of type %i together over a partial fill', async (ocaType, expected) => {
    const { clock, client, id, gateway } = await trading([calm(100, 300), calm(100)]);
    const group = { ocaGroup: 'pair', ocaType };
    client.api.placeOrder(id, AAPL, order('BUY', 100, 'STP', { auxPrice: 150, ...group }));
    client.api.placeOrder(id + 1, AAPL, order('BUY', 100, 'LMT', { lmtPrice: 105, ...group }));
    await client.next(EventName.orderStatus, (orderId) => orderId === id + 1);
    clock.advance(MINUTE);
    await client.until(() => fillsOf(client).length === 1);
    await client.settled();
    const [stop] = [...gateway.state().orders.values()];
    expect([stop?.status === 'Cancelled' ? 0 : stop?.total, stop?.status]).toEqual(expected);
  });

  it('answers a what-if with margin and commission and never executes it', async () => {
    const { clock, client, id, gateway } = await trading([calm(100), calm(100)]);
    client.api.placeOrder(id, AAPL, order('BUY', 1_000, 'MKT', { whatIf: true }));
    const [, , , state] = (await client.next(EventName.openOrder)) as [number, Contract, Order, OrderState];
    expect(state).toMatchObject({
      initMarginBefore: 0,
      initMarginAfter: 50_000,
      maintMarginAfter: 25_000,
      equityWithLoanBefore: 1_000_000,
      commission: 5.07,
    });
    clock.advance(2 * MINUTE);
    await client.settled();
    expect(gateway.state().orders.size).toBe(0);
    expect(fillsOf(client)).toEqual([]);
  });

  it.each([
    ['a size of zero', order('BUY', 0, 'MKT'), 434],
    ['a price off the tick', order('BUY', 1, 'LMT', { lmtPrice: 100.005 }), 110],
    ['a fraction of a share', order('BUY', 0.5, 'MKT'), 10318],
    ['an unknown order type', order('BUY', 1, 'PEG MID'), 387],
    ['more than the margin carries', order('BUY', 50_000, 'MKT'), 201],
    ['an unknown parent', order('SELL', 1, 'STP', { auxPrice: 90, parentId: 999 }), 135],
    ['another account', order('BUY', 1, 'MKT', { account: 'U7' }), 435],
    [
      'an algorithm',
      order('BUY', 1, 'MKT', { algoStrategy: 'Vwap', algoParams: [{ tag: 'maxPctVol', value: '0.1' }] }),
      201,
    ],
  ])('refuses %s and keeps working', async (_what, refused, code) => {
    const { client, id } = await trading([calm(100), calm(100)]);
    client.api.placeOrder(id, AAPL, refused);
    await client.next(EventName.error, (_error, heard, orderId) => heard === code && orderId === id);
    client.api.placeOrder(id + 1, AAPL, order('BUY', 1, 'MKT'));
    await client.until(() => client.status(id + 1) === 'Submitted');
  });
});
