import { EventName } from '@stoqey/ib';
import { afterEach, describe, expect, it } from 'vitest';
import { startControlServer } from '#local/paper-gateway/control-server.ts';
import { PortInUseError, startPaperGateway } from '#local/paper-gateway/gateway.ts';
import { SteppedClock } from '#local/paper-gateway/stepped-clock.ts';
import { closeAll, eventually, fillsOf, market } from './bench-of-clients.ts';
import { AAPL, order, TwsClient } from './client.ts';
import { calm, MINUTE, OPEN, tapeOf } from './market.ts';

afterEach(closeAll);

const rows = Array.from({ length: 20 }, () => calm(100));
const buy = (more = {}) => order('BUY', 10, 'MKT', more);

describe('a link that breaks around an order', () => {
  it.each([
    ['unreceived', 0],
    ['unacknowledged', 1],
    ['acknowledged', 1],
  ] as const)('%s leaves %i orders at the broker', async (when, expected) => {
    const { gateway, connect } = await market(rows);
    const { client, id } = await connect();
    gateway.faults.set({ disconnectOnOrder: { when, orders: 1 } });
    client.api.placeOrder(id, AAPL, buy({ orderRef: 'only-once' }));
    await client.next(EventName.disconnected);
    expect([...gateway.state().orders.values()].map(({ orderRef }) => orderRef)).toEqual(
      expected === 1 ? ['only-once'] : [],
    );
    expect(client.all(EventName.orderStatus).length > 0).toBe(when === 'acknowledged');
    const again = await connect();
    expect(again.id).toBe(id + expected);
  });

  it('at random odds breaks the same orders for the same seed', async () => {
    const broken = async (seed: number): Promise<boolean[]> => {
      const { gateway, connect } = await market(rows, { seed });
      gateway.faults.random({ unreceived: 0.2, unacknowledged: 0.2, acknowledged: 0.2, reject: 0 });
      const pattern: boolean[] = [];
      for (let attempt = 0; attempt < 12; attempt += 1) {
        const { client, id } = await connect();
        client.api.placeOrder(id, AAPL, buy());
        const dropped = () => client.all(EventName.disconnected).length > 0;
        await client.until(() => dropped() || client.status(id) !== undefined);
        if (!dropped()) client.api.reqCurrentTime();
        await client.until(() => dropped() || client.all(EventName.currentTime).length > 0);
        pattern.push(dropped());
        await client.disconnect();
      }
      return pattern;
    };
    const first = await broken(5);
    expect(first).toContain(true);
    expect(first).toContain(false);
    expect(await broken(5)).toEqual(first);
  });
});

describe('the handshake', () => {
  it('refuses a client id in use with 326, and for as long as a broken session holds it', async () => {
    const { gateway, connect, clock } = await market(rows);
    const { client } = await connect(7);
    const second = new TwsClient(gateway.port, 7);
    second.api.connect();
    await second.next(EventName.info, (_message, code) => code === 326);
    await second.next(EventName.disconnected);
    gateway.faults.set({ stuckClientMillis: 30_000 });
    await client.disconnect();
    const third = new TwsClient(gateway.port, 7);
    third.api.connect();
    await third.next(EventName.info, (_message, code) => code === 326);
    await third.next(EventName.disconnected);
    clock.advance(30_000);
    expect((await connect(7)).id).toBe(1);
  });

  it('can be left without nextValidId, or mute altogether', async () => {
    const { gateway } = await market(rows);
    gateway.faults.set({ withholdNextValidId: true });
    const client = new TwsClient(gateway.port, 1);
    client.api.connect();
    await client.next(EventName.info, (_message, code) => code === 2158);
    expect(client.all(EventName.nextValidId)).toEqual([]);
    gateway.faults.set({ mute: true });
    client.api.reqCurrentTime();
    const silent = new TwsClient(gateway.port, 2);
    silent.api.connect();
    await eventually(() =>
      gateway.sockets().some(({ clientId, bytesRead }) => clientId === null && bytesRead > 0),
    );
    expect(client.all(EventName.currentTime)).toEqual([]);
    expect(silent.all(EventName.server)).toEqual([]);
    gateway.faults.disconnect();
    await client.next(EventName.disconnected);
  });
});

describe('a link that is there and not there', () => {
  it('half open neither answers nor closes, and takes up what waited when it comes back', async () => {
    const { gateway, connect } = await market(rows);
    const { client, id } = await connect();
    gateway.faults.set({ halfOpen: true });
    client.api.placeOrder(id, AAPL, buy());
    const other = new TwsClient(gateway.port, 8);
    other.api.connect();
    await eventually(() => gateway.sockets().length === 2);
    expect([gateway.state().orders.size, client.api.isConnected]).toEqual([0, true]);
    gateway.faults.reset();
    await client.until(() => client.status(id) === 'Submitted');
    await other.next(EventName.nextValidId);
    await other.disconnect();
  });

  it('slow delivers late by its own clock, and in pieces of a few bytes what it delivers', async () => {
    const { gateway, connect, clock } = await market(rows);
    const { client } = await connect();
    await client.settled();
    const heard = client.all(EventName.currentTime).length;
    const read = gateway.sockets()[0]?.bytesRead ?? 0;
    gateway.faults.set({ delayMillis: 2_000, pieceBytes: 3 });
    client.api.reqCurrentTime();
    await eventually(() => (gateway.sockets()[0]?.bytesRead ?? 0) > read);
    expect(client.all(EventName.currentTime)).toHaveLength(heard);
    clock.advance(2_000);
    await client.until(() => client.all(EventName.currentTime).length > heard);
  });

  it('no longer slow, still lets nothing overtake what it holds back', async () => {
    const { gateway, connect, clock } = await market(rows);
    const { client, id } = await connect();
    gateway.faults.set({ delayMillis: 30_000 });
    client.api.placeOrder(id, AAPL, order('BUY', 10, 'LMT', { lmtPrice: 90 }));
    await eventually(() => gateway.state().orders.size === 1);
    gateway.faults.set({ delayMillis: 0 });
    client.api.cancelOrder(id);
    await eventually(() => [...gateway.state().orders.values()][0]?.status === 'Cancelled');
    clock.advance(30_000);
    await client.until(() => client.all(EventName.orderStatus).length === 2);
    expect(client.all(EventName.orderStatus).map(([, status]) => status)).toEqual(['Submitted', 'Cancelled']);
    await client.settled();
  });
});

describe('reports', () => {
  it('can come as executions alone, twice, with the commission early, late or never', async () => {
    const { gateway, connect, clock } = await market(rows);
    const { client, id } = await connect();
    const trade = async (orderId: number): Promise<string[]> => {
      client.api.placeOrder(orderId, AAPL, buy());
      await client.until(() => client.status(orderId) === 'Submitted');
      const before = client.heard.length;
      clock.advance(MINUTE);
      await client.settled();
      const names: string[] = [EventName.execDetails, EventName.commissionReport, EventName.orderStatus];
      return client.heard
        .slice(before)
        .map(({ event }) => event)
        .filter((event) => names.includes(event));
    };
    expect(await trade(id)).toEqual(['execDetails', 'commissionReport', 'orderStatus']);
    gateway.faults.set({ executionsWithoutStatus: true, commission: 'never' });
    expect(await trade(id + 1)).toEqual(['execDetails']);
    gateway.faults.set({
      executionsWithoutStatus: false,
      duplicateStatus: true,
      duplicateExecutions: true,
      commission: 'early',
    });
    expect(await trade(id + 2)).toEqual([
      'commissionReport',
      'execDetails',
      'execDetails',
      'orderStatus',
      'orderStatus',
    ]);
    gateway.faults.reset();
    gateway.faults.set({ commission: { lateMillis: 5_000 } });
    expect(await trade(id + 3)).toEqual(['execDetails', 'orderStatus']);
    const reports = client.all(EventName.commissionReport).length;
    clock.advance(5_000);
    await client.until(() => client.all(EventName.commissionReport).length === reports + 1);
  });

  it('can correct an execution: same id but for its last group, books and all', async () => {
    const { gateway, connect, clock } = await market(rows);
    const { client, id } = await connect();
    client.api.placeOrder(id, AAPL, buy());
    await client.next(EventName.orderStatus);
    clock.advance(MINUTE);
    await client.until(() => fillsOf(client).length === 1);
    const [original] = fillsOf(client);
    const cash = gateway.state().books.cash;
    gateway.faults.correctExecution(original?.execId ?? '', 99);
    await client.until(() => fillsOf(client).length === 2);
    const [, corrected] = fillsOf(client);
    expect(corrected?.execId).toBe(original?.execId?.replace(/\.01$/, '.02'));
    expect(corrected?.price).toBe(99);
    const difference = ((original?.price ?? 0) - 99) * 10;
    expect(gateway.state().books.cash.minus(cash).toNumber()).toBeCloseTo(difference, 9);
  });
});

describe('the broker on demand', () => {
  it('cancels by hand, moves cash, and splits what is held, at the same cost', async () => {
    const { gateway, connect, clock } = await market(rows);
    const { client, id } = await connect();
    client.api.placeOrder(id, AAPL, buy());
    await client.next(EventName.orderStatus);
    clock.advance(MINUTE);
    await client.until(() => fillsOf(client).length === 1);
    const { cash, positions } = gateway.state().books;
    gateway.faults.cash('-12.50');
    expect(gateway.state().books.cash.minus(cash).toString()).toBe('-12.5');
    expect(() => gateway.faults.cash('a lot')).toThrow('"a lot" is no amount');

    const resting = order('BUY', 10, 'LMT', { lmtPrice: 50 });
    for (const offset of [1, 2]) client.api.placeOrder(id + offset, AAPL, resting);
    await client.until(() => client.status(id + 2) === 'Submitted');
    const permIdOf = (orderId: number) =>
      [...gateway.state().orders.values()].find((order) => order.orderId === orderId)?.permId ?? 0;
    gateway.faults.cancelManually(permIdOf(id + 1));
    await client.until(() => client.status(id + 1) === 'Cancelled');
    expect(client.status(id + 2)).toBe('Submitted');
    expect(() => gateway.faults.cancelManually(permIdOf(id + 1))).toThrow('is working');

    gateway.faults.split('AAPL', 4);
    await client.until(() => client.status(id + 2) === 'Cancelled');
    const before = positions.get('AAPL');
    const after = gateway.state().books.positions.get('AAPL');
    expect(after?.quantity.toString()).toBe(before?.quantity.times(4).toString());
    expect(after?.basis.toString()).toBe(before?.basis.toString());
  });

  it('rejects orders with 201, fills in small parts, stands still while halted', async () => {
    const { gateway, connect, clock } = await market(rows);
    const { client, id } = await connect();
    gateway.faults.rejectOrders(1, 'not today');
    client.api.placeOrder(id, AAPL, buy());
    const [error] = (await client.next(
      EventName.error,
      (_error, code, orderId) => code === 201 && orderId === id,
    )) as [Error];
    expect(error.message).toBe('Order rejected - reason:not today');
    expect(client.status(id)).toBe('Inactive');
    gateway.faults.partialFills(4);
    client.api.placeOrder(id + 1, AAPL, buy());
    await client.until(() => client.status(id + 1) === 'Submitted');
    gateway.faults.halt('AAPL', true);
    clock.advance(MINUTE);
    await client.settled();
    expect(fillsOf(client)).toEqual([]);
    gateway.faults.halt('AAPL', false);
    clock.advance(3 * MINUTE);
    await client.until(() => client.status(id + 1) === 'Filled');
    expect(fillsOf(client).map(({ shares }) => shares)).toEqual([4, 4, 2]);
  });

  it('in read-only mode refuses with 321', async () => {
    const { gateway, connect } = await market(rows);
    const { client, id } = await connect();
    gateway.faults.set({ readOnly: true });
    client.api.placeOrder(id, AAPL, buy());
    await client.next(EventName.error, (_error, code, orderId) => code === 321 && orderId === id);
    expect(gateway.state().orders.size).toBe(0);
  });

  it('after a restart that rolls ids back hands them out again, and keeps old and new order apart', async () => {
    const { gateway, connect, clock } = await market(rows);
    const first = await connect();
    first.client.api.placeOrder(first.id, AAPL, buy({ orderRef: 'old' }));
    await first.client.next(EventName.orderStatus);
    clock.advance(MINUTE);
    await first.client.until(() => first.client.status(first.id) === 'Filled');
    gateway.faults.restart({ refuseMillis: 10_000, rollBackIds: 1 });
    await first.client.next(EventName.disconnected);
    const refused = new TwsClient(gateway.port, 7);
    refused.api.connect();
    await refused.until(
      () => refused.all(EventName.disconnected).length > 0 || refused.all(EventName.error).length > 0,
    );
    expect(refused.all(EventName.nextValidId)).toEqual([]);
    clock.advance(10_000);
    const { client, id } = await connect();
    expect(id).toBe(first.id);
    client.api.placeOrder(id, AAPL, buy({ orderRef: 'new' }));
    await client.until(() => client.status(id) === 'Submitted');
    const orders = [...gateway.state().orders.values()];
    expect(orders.map(({ orderRef, status }) => [orderRef, status])).toEqual([
      ['old', 'Filled'],
      ['new', 'Submitted'],
    ]);
    expect(new Set(orders.map(({ permId }) => permId)).size).toBe(2);
  });

  it('speaks link notices, forgets subscriptions on 1101 and keeps them on 1102', async () => {
    const { gateway, connect, clock } = await market(rows);
    const { client } = await connect();
    client.api.reqMktData(9, AAPL, '', false, false);
    await client.settled();
    const ticks = () => client.all(EventName.tickPrice).length;
    for (const [code, flows] of [
      [1102, true],
      [1100, true],
      [1101, false],
    ] as const) {
      gateway.faults.notice(code);
      const before = ticks();
      clock.advance(MINUTE);
      await client.settled();
      expect([code, ticks() > before]).toEqual([code, flows]);
    }
    expect(
      client
        .all(EventName.info)
        .map(([, code]) => code)
        .slice(-3),
    ).toEqual([1102, 1100, 1101]);
  });

  it('paces: 100 above fifty messages in a second, 162 on a repeated historical request', async () => {
    const { gateway, connect, clock } = await market(rows);
    const { client } = await connect();
    gateway.faults.set({ pacing: 'error' });
    for (let message = 0; message < 51; message += 1) client.api.reqCurrentTime();
    await client.next(EventName.info, (_message, code) => code === 100);
    expect(client.all(EventName.currentTime)).toHaveLength(50);
    gateway.faults.reset();
    gateway.faults.set({ historicalPacing: true });
    const ask = (reqId: number) =>
      client.api.reqHistoricalData(reqId, AAPL, '', '2 D', '1 day' as never, 'TRADES' as never, 1, 1, false);
    clock.advance(MINUTE);
    ask(1);
    await client.next(EventName.historicalData);
    ask(2);
    await client.next(EventName.error, (_error, code, reqId) => code === 162 && reqId === 2);
  });
});

describe('the control port', () => {
  const post = async (port: number, body: unknown, headers: Record<string, string> = {}) => {
    const response = await fetch(`http://127.0.0.1:${port}/`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers,
    });
    return [response.status, (await response.json()) as Record<string, unknown>] as const;
  };

  it('does what it is told, shows the state, and names what it does not understand', async () => {
    const { gateway } = await market(rows);
    const control = await startControlServer(gateway, 0);
    try {
      expect(await post(control.port, { action: 'set', settings: { readOnly: true } })).toEqual([
        200,
        { done: 'set' },
      ]);
      expect(gateway.faults.settings().readOnly).toBe(true);
      expect((await post(control.port, { action: 'set', settings: { readOnIy: true } }))[0]).toBe(400);
      expect((await post(control.port, { action: 'explode' }))[0]).toBe(400);
      expect((await post(control.port, { action: 'reset' }, { origin: 'https://example.org' }))[0]).toBe(403);
      const state = (await (await fetch(`http://127.0.0.1:${control.port}/`)).json()) as { cash: string };
      expect(state.cash).toBe('1000000');
    } finally {
      await control.close();
    }
  });
});

it('says in one line what to do about a port in use', async () => {
  const { gateway } = await market(rows);
  const second = startPaperGateway({
    port: gateway.port,
    clock: new SteppedClock(OPEN),
    tape: tapeOf(rows),
    directory: null,
    seed: 1,
  });
  await expect(second).rejects.toThrow(PortInUseError);
  await expect(second).rejects.toThrow(
    `port ${gateway.port} is in use, perhaps by IB Gateway; stop that program or choose another port with --port`,
  );
});
