import {
  type CommissionReport,
  type Contract,
  EventName,
  type Execution,
  type Order,
  type OrderState,
} from '@stoqey/ib';
import { afterEach, describe, expect, it } from 'vitest';
import { type PaperGateway, startPaperGateway } from '#local/paper-gateway/gateway.ts';
import { AAPL, order, TwsClient } from './client.ts';
import { calm, MINUTE, type Minute, OPEN, SteppedClock, tapeOf } from './market.ts';

const opened: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

async function market(rows: readonly Minute[], options: { readonly clientId?: number } = {}) {
  const clock = new SteppedClock(OPEN);
  const gateway = await startPaperGateway({ port: 0, clock, tape: tapeOf(rows), directory: null, seed: 1 });
  opened.push(() => gateway.close());
  const client = await connected(gateway, options.clientId ?? 7);
  return { clock, gateway, ...client };
}

async function connected(gateway: PaperGateway, clientId: number) {
  const client = new TwsClient(gateway.port, clientId);
  const id = await client.connect();
  opened.push(() => client.disconnect());
  return { client, id };
}

const fills = (client: TwsClient) =>
  client.all(EventName.execDetails).map(([, , execution]) => execution as Execution);

describe('an unmodified TWS client at the paper gateway', () => {
  it('connects at server version 193 and gets its account, its first order id and the farm notices', async () => {
    const { client, id } = await market([calm(100)]);
    expect(id).toBe(1);
    expect(client.api.serverVersion).toBe(193);
    expect(client.all(EventName.managedAccounts)).toEqual([['DU0000001']]);
    await client.settled();
    expect(client.all(EventName.info).map(([, code]) => code)).toEqual([2104, 2106, 2158]);
  });

  it('fills a market order from the open of the next bar, with costs, and reports the whole life', async () => {
    const { clock, client, id } = await market([calm(100), calm(101)]);
    clock.advance(MINUTE / 2);
    client.api.placeOrder(id, AAPL, order('BUY', 100, 'MKT', { orderRef: 'intent-1' }));
    await client.next(EventName.orderStatus, (orderId, status) => orderId === id && status === 'Submitted');
    clock.advanceTo(OPEN + MINUTE);
    await client.settled();
    expect(fills(client)).toEqual([]);
    clock.advanceTo(OPEN + 2 * MINUTE);
    await client.next(EventName.commissionReport);
    const [execution] = fills(client) as [Execution];
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
    const { clock, client, id } = await market([calm(100), calm(100), [99.5, 99.5, 98.9, 99, 1e5], calm(99)]);
    client.api.placeOrder(id, AAPL, order('BUY', 10, 'LMT', { lmtPrice: 99 }));
    client.api.placeOrder(id + 1, AAPL, order('BUY', 10, 'LMT', { lmtPrice: 50 }));
    await client.next(EventName.orderStatus, (orderId) => orderId === id + 1);
    clock.advanceTo(OPEN + 2 * MINUTE);
    await client.settled();
    expect(fills(client)).toEqual([]);
    clock.advanceTo(OPEN + 3 * MINUTE);
    await client.next(EventName.execDetails);
    expect(fills(client).map(({ price, orderId }) => [orderId, price])).toEqual([[id, 99]]);
    client.api.cancelOrder(id + 1);
    await client.next(EventName.error, (_error, code, orderId) => code === 202 && orderId === id + 1);
    expect(client.status(id + 1)).toBe('Cancelled');
  });

  it('protects a bracket: the stop rests inactive, then sells at the worse of its price and the open', async () => {
    const { clock, client, id, gateway } = await market([
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
    await client.until(() => fills(client).length === 2);
    expect(fills(client)[1]).toMatchObject({ orderId: id + 2, side: 'SLD', shares: 100 });
    expect(fills(client)[1]?.price).toBeLessThan(95);
    await client.until(() => client.status(id + 1) === 'Cancelled');
    expect(gateway.state().books.positions.size).toBe(0);
  });
});
