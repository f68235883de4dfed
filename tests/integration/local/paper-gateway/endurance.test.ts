import fc from 'fast-check';
import { afterEach, expect, it } from 'vitest';
import { encodeFrame, encodeHello } from '#local/paper-gateway/protocol/frames.ts';
import { closeAll, eventually, market } from './bench-of-clients.ts';
import { calm, MINUTE } from './market.ts';
import { APPLE, RawClient } from './raw-client.ts';

afterEach(closeAll);

const rows = Array.from({ length: 30 }, () => calm(100));
const MEGABYTE = 1024 * 1024;

it('drops a client that asks and never reads, at a bounded backlog, and serves the others on', async () => {
  const { gateway } = await market(rows);
  const owner = new RawClient(gateway.port);
  await owner.start(1);
  for (let orderId = 1; orderId <= 200; orderId += 1) {
    owner.send('placeOrder', {
      orderId,
      contract: APPLE,
      action: 'BUY',
      totalQuantity: 1,
      orderType: 'LMT',
      limitPrice: 1,
      orderRef: 'x'.repeat(2_000),
      transmit: true,
    });
  }
  await eventually(() => gateway.state().orders.size === 200);
  const slow = new RawClient(gateway.port);
  await slow.start(2);
  slow.socket.pause();
  let most = 0;
  for (let asked = 0; gateway.sockets().length === 2 && asked < 1_000; asked += 1) {
    slow.send('reqAllOpenOrders', {});
    await new Promise((resolve) => setImmediate(resolve));
    most = Math.max(most, ...gateway.sockets().map(({ bufferedWrite }) => bufferedWrite));
  }
  await eventually(() => gateway.sockets().length === 1);
  expect(most).toBeGreaterThan(MEGABYTE);
  expect(most).toBeLessThan(33 * MEGABYTE);
  owner.send('reqCurrentTime', {});
  await owner.next((fields) => fields[0] === '49');
  slow.socket.destroy();
  owner.socket.destroy();
});

it('forgets all of clients that come, subscribe and go, and lets their ids be used again at once', async () => {
  const { gateway, clock } = await market(rows);
  for (let round = 0; round < 60; round += 1) {
    const clients = [new RawClient(gateway.port), new RawClient(gateway.port)];
    await Promise.all(clients.map((client, clientId) => client.start(clientId)));
    for (const client of clients) {
      client.send('reqMktData', { reqId: 1, contract: APPLE });
      client.send('reqRealTimeBars', { reqId: 2, contract: APPLE, barSize: 5, whatToShow: 'TRADES' });
      client.send('reqPositions', {});
    }
    await Promise.all(clients.map((client) => client.next((fields) => fields[0] === '62')));
    for (const client of clients) client.socket.destroy();
    await eventually(() => gateway.sockets().length === 0);
  }
  const last = new RawClient(gateway.port);
  await last.start(0);
  clock.advance(MINUTE);
  last.send('reqPositions', {});
  await last.next((fields) => fields[0] === '62');
  expect(last.heard.filter(([id]) => id === '1' || id === '50')).toEqual([]);
  last.socket.destroy();
});

it('lives through any bytes, before, in and after the handshake, and serves the next client', async () => {
  const { gateway } = await market(rows);
  const hello = encodeHello({ minimumVersion: 100, maximumVersion: 193, options: '' });
  const start = encodeFrame(['71', '2', '5', '']);
  const noise = fc.uint8Array({ minLength: 1, maxLength: 200 }).map((bytes) => Buffer.from(bytes));
  const framed = fc
    .array(fc.oneof(fc.integer({ min: -1, max: 110 }).map(String), fc.string({ maxLength: 5 })), {
      minLength: 1,
      maxLength: 20,
    })
    .map(encodeFrame);
  const stream = fc
    .tuple(
      fc.constantFrom([], [hello], [hello, start]),
      fc.array(fc.oneof(noise, framed), { maxLength: 6 }),
      fc.nat(20),
    )
    .map(([opening, rest, lost]) => {
      const bytes = Buffer.concat([...opening, ...rest]);
      return bytes.subarray(0, Math.max(0, bytes.length - lost));
    });
  await fc.assert(
    fc.asyncProperty(stream, fc.integer({ min: 1, max: 60 }), async (bytes, piece) => {
      const client = new RawClient(gateway.port);
      for (let at = 0; at < bytes.length; at += piece) client.bytes(bytes.subarray(at, at + piece));
      await new Promise<void>((sent) => client.socket.write('', () => sent()));
      client.socket.destroy();
      await client.closed;
      await eventually(() => gateway.sockets().length === 0);
    }),
    { numRuns: 120, seed: 16 },
  );
  const honest = new RawClient(gateway.port);
  await honest.start(5);
  honest.socket.destroy();
});
