import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  encodeFrame,
  encodeHello,
  FrameReader,
  fieldsOf,
  MAXIMUM_RESPONSE_BYTES,
} from '#local/paper-gateway/protocol/frames.ts';
import {
  encodeRequest,
  type RequestFields,
  type RequestName,
} from '#local/paper-gateway/protocol/requests.ts';

/**
 * What the paper gateway serves, measured over real sockets with its state on disk:
 * order round trips (placeOrder sent → its orderStatus read) with one and with many in flight, full lives
 * (placed → filled), and updates to market data lines. Run: npm run bench:broker
 * Wanted: at least 2,000 order round trips a second; 100 lines at 10 updates a second to 8 clients within 300 MB.
 */
const VERSION = 193;
const MINUTE = 60_000;
const LINES = 100;
const CLIENTS = 8;
const UPDATES_PER_SECOND = 10;

/** A bare client: counts messages by id, so that the gateway is measured and not a library. */
class BareClient {
  readonly socket: Socket;
  readonly counts = new Map<string, number>();
  onMessage: (fields: readonly string[]) => void = () => {};
  readonly #frames = new FrameReader(MAXIMUM_RESPONSE_BYTES);

  constructor(port: number, clientId: number) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.setNoDelay(true);
    this.socket.write(encodeHello({ minimumVersion: 100, maximumVersion: VERSION, options: '' }));
    this.send('startApi', { clientId });
    this.socket.on('data', (chunk) =>
      this.#frames.push(chunk, (body) => {
        const fields = fieldsOf(body);
        const id = fields[0] ?? '';
        this.counts.set(id, (this.counts.get(id) ?? 0) + 1);
        this.onMessage(fields);
      }),
    );
  }

  send<K extends RequestName>(name: K, fields: Partial<RequestFields<K>>): void {
    this.socket.write(encodeFrame(encodeRequest(name, fields, VERSION)));
  }

  until(id: string, count: number): Promise<void> {
    return new Promise((resolve) => {
      const check = () => {
        if ((this.counts.get(id) ?? 0) < count) return false;
        this.onMessage = () => {};
        resolve();
        return true;
      };
      if (!check()) this.onMessage = () => void check();
    });
  }
}

const contract = (index: number) => ({
  conId: index + 1,
  symbol: '',
  secType: 'STK',
  lastTradeDateOrContractMonth: '',
  strike: 0,
  right: '',
  multiplier: '',
  exchange: 'SMART',
  primaryExchange: '',
  currency: 'USD',
  localSymbol: '',
  tradingClass: '',
});

function report(what: string, count: number, begun: number): void {
  const seconds = (performance.now() - begun) / 1000;
  console.log(`${what}: ${count} in ${seconds.toFixed(2)} s = ${Math.round(count / seconds)}/s`);
}

console.log(
  `load of the machine: ${loadavg()
    .map((load) => load.toFixed(2))
    .join(' ')}`,
);
const directory = mkdtempSync(join(tmpdir(), 'paper-gateway-bench-'));
const server = fork(join(import.meta.dirname, 'broker', 'gateway-server.ts'), [directory, String(LINES)]);
const answer = async (message: object | null): Promise<Readonly<Record<string, number>>> => {
  const answered = once(server, 'message');
  if (message !== null) server.send(message);
  const [first] = (await answered) as [Readonly<Record<string, number>>];
  return first;
};
const { port = 0 } = await answer(null);
const advance = (): Promise<unknown> => answer({ advance: MINUTE });
try {
  const client = new BareClient(port, 1);
  await client.until('9', 1);
  const limit = (orderId: number) =>
    client.send('placeOrder', {
      orderId,
      contract: contract(0),
      action: 'BUY',
      totalQuantity: 1,
      orderType: 'LMT',
      limitPrice: 1,
      timeInForce: 'GTC',
      transmit: true,
    });

  const pipelined = 10_000;
  let begun = performance.now();
  for (let orderId = 1; orderId <= pipelined; orderId += 1) limit(orderId);
  await client.until('3', pipelined);
  report('order round trips, pipelined', pipelined, begun);

  const single = 2_000;
  const waits: number[] = [];
  for (let orderId = pipelined + 1; orderId <= pipelined + single; orderId += 1) {
    const sent = performance.now();
    limit(orderId);
    await client.until('3', orderId);
    waits.push(performance.now() - sent);
  }
  waits.sort((left, right) => left - right);
  const at = (share: number) => (waits[Math.floor(share * waits.length)] as number).toFixed(3);
  console.log(`order round trip, one in flight: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`);

  begun = performance.now();
  client.send('reqGlobalCancel', {});
  await client.until('3', 2 * (pipelined + single));
  report('cancels', pipelined + single, begun);

  const lives = 5_000;
  const statuses = client.counts.get('3') ?? 0;
  begun = performance.now();
  for (let orderId = pipelined + single + 1; orderId <= pipelined + single + lives; orderId += 1) {
    client.send('placeOrder', {
      orderId,
      contract: contract(0),
      action: orderId % 2 === 0 ? 'SELL' : 'BUY',
      totalQuantity: 1,
      orderType: 'MKT',
      timeInForce: 'DAY',
      transmit: true,
    });
  }
  await client.until('3', statuses + lives);
  await advance();
  await client.until('59', lives);
  report('market orders placed, filled and reported', lives, begun);

  const watchers = Array.from({ length: CLIENTS }, (_, index) => new BareClient(port, 10 + index));
  await Promise.all(watchers.map((watcher) => watcher.until('9', 1)));
  for (const [index, watcher] of watchers.entries()) {
    for (let line = index; line < LINES; line += CLIENTS)
      watcher.send('reqMktData', { reqId: line + 1, contract: contract(line) });
  }
  await Promise.all(
    watchers.map((watcher, index) => watcher.until('81', Math.ceil((LINES - index) / CLIENTS))),
  );
  const lastTicks = () => watchers.reduce((sum, watcher) => sum + (watcher.counts.get('45') ?? 0), 0);
  const seconds = 5;
  const updates = seconds * UPDATES_PER_SECOND * LINES;
  const before = lastTicks();
  begun = performance.now();
  for (let update = 0; update < seconds * UPDATES_PER_SECOND; update += 1) {
    await advance();
  }
  while (lastTicks() < before + updates) await new Promise((resolve) => setImmediate(resolve));
  report(`updates to ${LINES} market data lines of ${CLIENTS} clients`, updates, begun);
  const share = (performance.now() - begun) / (seconds * 1000);
  console.log(
    `  so ${UPDATES_PER_SECOND} updates/s a line take ${(100 * share).toFixed(0)} % of the time of one core`,
  );
  const { rss = Number.NaN } = await answer({ memory: true });
  console.log(`resident memory of the gateway, at most: ${Math.round(rss / 1_048_576)} MB`);
  for (const each of [client, ...watchers]) each.socket.destroy();
} finally {
  server.send({ end: true });
  await once(server, 'exit');
  rmSync(directory, { recursive: true });
}
