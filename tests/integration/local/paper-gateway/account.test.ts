import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventName } from '@stoqey/ib';
import { afterEach, describe, expect, it } from 'vitest';
import { closeAll, fillsOf, market } from './bench-of-clients.ts';
import { AAPL, order } from './client.ts';
import { calm, MINUTE, OPEN, tapeOf } from './market.ts';

afterEach(closeAll);

const rows = [calm(100), calm(110), calm(110), calm(110)];

describe('the account', () => {
  it('is pushed after a fill: position, values, profit', async () => {
    const { clock, connect } = await market(rows);
    const { client, id } = await connect();
    client.api.reqPositions();
    client.api.reqAccountUpdates(true, 'DU0000001');
    client.api.reqPnL(5, 'DU0000001', '');
    client.api.reqPnLSingle(6, 'DU0000001', '', 265598);
    await client.next(EventName.pnlSingle);
    expect(client.all(EventName.positionEnd)).toHaveLength(1);
    client.api.placeOrder(id, AAPL, order('BUY', 1_000, 'MKT'));
    await client.next(EventName.orderStatus);
    clock.advance(MINUTE);
    await client.until(() => fillsOf(client).length === 1);
    clock.advance(MINUTE);
    await client.settled();
    const price = fillsOf(client)[0]?.price as number;
    const [, , held, cost] = client.all(EventName.position).at(-1) as [string, unknown, number, number];
    expect(held).toBe(1_000);
    expect(cost).toBeCloseTo(price + 5.07 / 1_000, 9);
    const [, daily, unrealised, realised] = client.all(EventName.pnl).at(-1) as number[];
    expect(daily).toBeCloseTo((110 - price) * 1_000 - 5.07, 6);
    expect(unrealised).toBeCloseTo((110 - price) * 1_000 - 5.07, 6);
    expect(realised).toBeCloseTo(0, 9);
    expect(client.all(EventName.pnlSingle).at(-1)?.slice(1, 2)).toEqual([1_000]);
    expect(client.all(EventName.pnlSingle).at(-1)?.at(-1)).toBe(110_000);
    const value = (key: string) =>
      client
        .all(EventName.updateAccountValue)
        .filter(([name]) => name === key)
        .at(-1)?.[1];
    expect(Number(value('NetLiquidation'))).toBeCloseTo(1_000_000 + (100 - price) * 1_000 - 5.07, 2);
    expect(client.all(EventName.updatePortfolio).at(-1)?.slice(1, 4)).toEqual([1_000, 100, 100_000]);
  });

  it('shows what was closed today with its profit, a restart included, and forgets it with the day', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'paper-gateway-closed-'));
    try {
      const tape = tapeOf(rows, rows);
      const before = await market([], { tape, directory });
      const { client, id } = await before.connect();
      client.api.reqAccountUpdates(true, 'DU0000001');
      client.api.reqPnLSingle(6, 'DU0000001', '', 265598);
      await client.next(EventName.pnlSingle);
      expect(client.all(EventName.pnlSingle).at(-1)).toEqual([
        6,
        0,
        undefined,
        undefined,
        undefined,
        undefined,
      ]);
      client.api.placeOrder(id, AAPL, order('BUY', 1_000, 'MKT'));
      await client.next(EventName.orderStatus);
      before.clock.advance(MINUTE);
      await client.until(() => fillsOf(client).length === 1);
      client.api.placeOrder(id + 1, AAPL, order('SELL', 1_000, 'MKT'));
      await client.next(EventName.orderStatus, (orderId) => orderId === id + 1);
      before.clock.advance(MINUTE);
      await client.until(() => client.all(EventName.commissionReport).length === 2);
      await client.settled();
      const realised = client
        .all(EventName.commissionReport)
        .map(([report]) => (report as { realizedPNL?: number }).realizedPNL)[1] as number;
      expect(realised).toBeGreaterThan(9_000);
      const closed = [0, 110, 0, 0, 0, realised, 'DU0000001'];
      expect(client.all(EventName.updatePortfolio).at(-1)?.slice(1)).toEqual(closed);
      expect(client.all(EventName.pnlSingle).at(-1)?.slice(1)).toEqual([
        0,
        expect.closeTo(realised, 6),
        0,
        realised,
        0,
      ]);
      await before.gateway.close();

      const after = await market([], { tape, directory, clock: before.clock });
      const again = await after.connect();
      const portfolio = async () => {
        const heard = again.client.all(EventName.updatePortfolio).length;
        const ends = again.client.all(EventName.accountDownloadEnd).length;
        again.client.api.reqAccountUpdates(true, 'DU0000001');
        await again.client.until(() => again.client.all(EventName.accountDownloadEnd).length > ends);
        return again.client.all(EventName.updatePortfolio).slice(heard);
      };
      expect((await portfolio()).map((line) => line.slice(1))).toEqual([closed]);
      before.clock.advanceTo(OPEN + 86_400_000 - 1);
      await again.client.settled();
      expect(await portfolio()).toEqual([]);
    } finally {
      await closeAll();
      rmSync(directory, { recursive: true });
    }
  });

  it('of somebody else is refused with 321 and not subscribed to', async () => {
    const { connect } = await market(rows);
    const { client } = await connect();
    client.api.reqAccountUpdates(true, 'DU9999999');
    client.api.reqAccountUpdatesMulti(4, 'DU9999999', '', false);
    client.api.reqPnL(5, 'DU9999999', '');
    client.api.reqPnLSingle(6, 'DU9999999', '', 265598);
    await client.settled();
    const refusals = [...client.all(EventName.info), ...client.all(EventName.error)]
      .map(([, code, reqId]) => [code, reqId])
      .filter(([code]) => code === 321);
    expect(refusals.map(([, reqId]) => reqId ?? -1).sort()).toEqual([-1, 4, 5, 6]);
    expect([...client.all(EventName.pnl), ...client.all(EventName.updateAccountValue)]).toEqual([]);
  });

  it('summarises the tags asked for, for two requests at a time', async () => {
    const { connect } = await market(rows);
    const { client } = await connect();
    client.api.reqAccountSummary(1, 'All', 'NetLiquidation,BuyingPower');
    client.api.reqAccountSummary(2, 'All', 'TotalCashValue');
    client.api.reqAccountSummary(3, 'All', 'TotalCashValue');
    await client.next(EventName.error, (_error, code, reqId) => code === 322 && reqId === 3);
    expect(client.all(EventName.accountSummary)).toEqual([
      [1, 'DU0000001', 'NetLiquidation', '1000000.00', 'USD'],
      [1, 'DU0000001', 'BuyingPower', '2000000.00', 'USD'],
      [2, 'DU0000001', 'TotalCashValue', '1000000.00', 'USD'],
    ]);
  });

  it('sells short, pays the margin for it, and realises the profit net of commissions when it covers', async () => {
    const falling = [calm(100), calm(90), calm(90)];
    const { clock, gateway, connect } = await market(falling);
    const { client, id } = await connect();
    client.api.placeOrder(id, AAPL, order('SELL', 100, 'MKT'));
    await client.next(EventName.orderStatus);
    clock.advance(MINUTE);
    await client.until(() => fillsOf(client).length === 1);
    expect(gateway.state().books.positions.get('AAPL')?.quantity.toString()).toBe('-100');
    client.api.placeOrder(id + 1, AAPL, order('BUY', 100, 'MKT'));
    await client.next(EventName.orderStatus, (orderId) => orderId === id + 1);
    clock.advance(MINUTE);
    await client.until(() => client.all(EventName.commissionReport).length === 2);
    const [sold, bought] = fillsOf(client).map(({ price }) => price as number) as [number, number];
    const reports = client
      .all(EventName.commissionReport)
      .map(([report]) => report as { commission: number; realizedPNL?: number });
    const fees = reports.reduce((sum, { commission }) => sum + commission, 0);
    expect(reports[1]?.realizedPNL).toBeCloseTo((sold - bought) * 100 - fees, 6);
    expect(gateway.state().books.cash.toNumber()).toBeCloseTo(1_000_000 + (reports[1]?.realizedPNL ?? 0), 6);
  });

  it('lets the master client hear of other clients, and nobody else', async () => {
    const { connect } = await market(rows, { masterClientId: 99 });
    const owner = await connect(1);
    const master = await connect(99);
    const stranger = await connect(3);
    owner.client.api.placeOrder(owner.id, AAPL, order('BUY', 1, 'MKT'));
    await master.client.next(EventName.orderStatus);
    await stranger.client.settled();
    expect(stranger.client.all(EventName.orderStatus)).toEqual([]);
    stranger.client.api.cancelOrder(owner.id);
    await stranger.client.next(EventName.error, (_error, code) => code === 10147);
    stranger.client.api.reqAllOpenOrders();
    await stranger.client.next(EventName.openOrderEnd);
    expect(stranger.client.all(EventName.openOrder)).toHaveLength(1);
    stranger.client.api.reqGlobalCancel({} as never);
    await owner.client.until(() => owner.client.status(owner.id) === 'Cancelled');
  });

  it('shows orders entered by hand to all who ask, and binds them for client 0 alone, a restart included', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'paper-gateway-manual-'));
    try {
      const { gateway, connect } = await market(rows, { directory });
      const enter = (instrument: string, limitPrice: number) =>
        gateway.faults.manualOrder({ instrument, side: 'BUY', quantity: 5, orderType: 'LMT', limitPrice });
      enter('AAPL', 1);
      enter('AAPL', 2);
      expect(() => enter('NOPE', 1)).toThrow('NOPE');
      expect(() => enter('AAPL', 1.005)).toThrow('110');

      const stranger = await connect(3);
      stranger.client.api.reqAutoOpenOrders(true);
      await stranger.client.next(EventName.info, (_text, code) => code === 321);
      stranger.client.api.reqAllOpenOrders();
      await stranger.client.next(EventName.openOrderEnd);
      expect(stranger.client.all(EventName.openOrder).map(([id]) => id)).toEqual([0, 0]);
      await gateway.close();

      const again = await market(rows, { directory });
      const zero = await again.connect(0);
      zero.client.api.reqAutoOpenOrders(true);
      await zero.client.until(() => zero.client.all(EventName.orderBound).length === 2);
      expect(zero.client.all(EventName.orderBound).map(([, clientId, id]) => [clientId, id])).toEqual([
        [0, -1],
        [0, -2],
      ]);
      await zero.client.next(EventName.openOrder, (id) => id === -2);
      again.gateway.faults.manualOrder({
        instrument: 'AAPL',
        side: 'BUY',
        quantity: 5,
        orderType: 'LMT',
        limitPrice: 3,
      });
      await zero.client.until(() => zero.client.all(EventName.orderBound).length === 3);
      // Once it binds by itself, client 0 hears of an order under its own id alone.
      const third = zero.client
        .all(EventName.openOrder)
        .filter(([, , shown]) => (shown as { lmtPrice: number }).lmtPrice === 3);
      expect(new Set(third.map(([id]) => id))).toEqual(new Set([-3]));
      zero.client.api.placeOrder(-1, AAPL, { ...order('BUY', 5, 'LMT'), lmtPrice: 4 });
      await zero.client.next(
        EventName.openOrder,
        (id, _contract, changed) => id === -1 && (changed as { lmtPrice: number }).lmtPrice === 4,
      );
      zero.client.api.cancelOrder(-2);
      await zero.client.until(() => zero.client.status(-2) === 'Cancelled');
      expect(
        [...again.gateway.state().orders.values()].map(({ orderId, status }) => [orderId, status]),
      ).toEqual([
        [-1, 'Submitted'],
        [-2, 'Cancelled'],
        [-3, 'Submitted'],
      ]);
    } finally {
      await closeAll();
      rmSync(directory, { recursive: true });
    }
  });
});
