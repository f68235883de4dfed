import { afterEach, describe, expect, it, vi } from 'vitest';
import { encodeFrame, encodeHello } from '#local/paper-gateway/protocol/frames.ts';
import { encodeRequest } from '#local/paper-gateway/protocol/requests.ts';
import { SteppedClock } from '#local/paper-gateway/stepped-clock.ts';
import { closeAll, eventually, market } from './bench-of-clients.ts';
import { calm, MINUTE, OPEN, tapeOf } from './market.ts';
import { APPLE, RawClient } from './raw-client.ts';

afterEach(closeAll);

const open: RawClient[] = [];
afterEach(() => {
  for (const client of open.splice(0)) client.socket.destroy();
});

async function gatewayAndClient(version = 193) {
  const { gateway } = await market([calm(100), calm(100)]);
  const client = new RawClient(gateway.port, version);
  open.push(client);
  return { gateway, client };
}

describe('bytes that no honest client sends', () => {
  it.each([176, 178, 187, 193])(
    'a whole session byte by byte, at version %i, is understood',
    async (version) => {
      const { client } = await gatewayAndClient(version);
      const session = Buffer.concat([
        encodeHello({ minimumVersion: 100, maximumVersion: version, options: '' }),
        encodeFrame(encodeRequest('startApi', { clientId: 1 }, version)),
        encodeFrame(
          encodeRequest(
            'placeOrder',
            {
              orderId: 1,
              contract: APPLE,
              action: 'BUY',
              totalQuantity: 1,
              orderType: 'LMT',
              limitPrice: 90,
              transmit: true,
              orderRef: 'slow',
            },
            version,
          ),
        ),
      ]);
      for (const byte of session) client.bytes(Buffer.from([byte]));
      const status = await client.next((fields) => fields[0] === '3');
      expect(client.heard[0]?.[0]).toBe(String(version));
      expect(status.slice(0, 5)).toEqual(['3', '1', 'Submitted', '0', '1']);
      const openOrder = await client.next((fields) => fields[0] === '5');
      expect(openOrder).toContain('slow');
    },
  );

  it.each([
    ['zero', '00000000'],
    ['negative', 'ffffffff'],
    ['huge', '7fffffff'],
    ['just too long', '00040001'],
  ])('a frame of %s length ends that connection with 507 and no other', async (_what, hex) => {
    const { gateway, client } = await gatewayAndClient();
    await client.start(1);
    const other = new RawClient(gateway.port);
    open.push(other);
    await other.start(2);
    client.bytes(Buffer.from(hex, 'hex'));
    await client.error(507);
    await client.closed;
    other.send('reqCurrentTime', {});
    await other.next((fields) => fields[0] === '49');
    expect(gateway.sockets().map(({ clientId }) => clientId)).toEqual([2]);
  });

  it.each([
    ['another protocol', 'GET / HTTP/1.1\r\n\r\n'],
    ['a version text that is none', 'API\0\0\0\0\x05hello'],
    ['an endless version text', 'API\0\x7f\xff\xff\xff'],
  ])('%s is shown the door', async (_what, opening) => {
    const { client } = await gatewayAndClient();
    client.bytes(Buffer.from(opening, 'latin1'));
    await client.closed;
    expect(client.heard).toEqual([]);
  });

  it('a client too old for the oldest version is told so', async () => {
    const { client } = await gatewayAndClient(150);
    client.hello();
    await client.error(503);
    await client.closed;
  });

  it('a request before startApi ends the connection', async () => {
    const { client } = await gatewayAndClient();
    client.hello();
    client.send('reqCurrentTime', {});
    await client.closed;
    expect(client.heard.map(([id]) => id)).toEqual(['193']);
  });

  it('an unknown id, a field that cannot be parsed and an id beyond 32 bits are answered, and the link stays', async () => {
    const { gateway, client } = await gatewayAndClient();
    await client.start(1);
    client.fields('4711', 'x');
    await client.error(505);
    client.fields('20', 'not-a-number');
    expect((await client.error(320))[4]).toContain('not-a-number');
    client.send('placeOrder', {
      orderId: 3_000_000_000,
      contract: APPLE,
      action: 'BUY',
      totalQuantity: 1,
      orderType: 'MKT',
      transmit: true,
    });
    await client.next((fields) => fields[0] === '4' && fields[2] === '3000000000' && fields[3] === '320');
    client.fields();
    client.fields('3');
    client.send('reqCurrentTime', {});
    await client.next((fields) => fields[0] === '49');
    expect(gateway.state().orders.size).toBe(0);
  });

  it('extra trailing fields and a missing last NUL do not matter', async () => {
    const { client } = await gatewayAndClient();
    await client.start(1);
    client.fields('49', '1', 'extra', 'more');
    await client.next((fields) => fields[0] === '49');
    client.bytes(Buffer.from('\0\0\0\x0461\x001', 'latin1'));
    await client.next((fields) => fields[0] === '62');
  });

  it('a client that goes away in the middle of a frame leaves nothing behind', async () => {
    const { gateway, client } = await gatewayAndClient();
    await client.start(1);
    client.bytes(Buffer.from('000000ff33', 'hex'));
    client.socket.destroy();
    await eventually(() => gateway.sockets().length === 0);
    const again = new RawClient(gateway.port);
    open.push(again);
    expect(await again.start(1)).toBe(1);
  });
});

describe('a request that cannot be answered', () => {
  /** A gateway whose tape breaks when a test says so. */
  async function brokenTape() {
    const tape = tapeOf([calm(100), calm(100)]);
    const log: [string, Readonly<Record<string, unknown>>][] = [];
    const { gateway } = await market([], {
      tape: {
        ...tape,
        sessions(instrument, from, to) {
          if (broken) throw new RangeError('the tape is torn');
          return tape.sessions(instrument, from, to);
        },
      },
      log: (event, detail) => log.push([event, detail]),
    });
    const client = new RawClient(gateway.port);
    open.push(client);
    await client.start(1);
    return { gateway, client, log };
  }
  let broken = false;
  afterEach(() => {
    broken = false;
  });

  it('is refused under its own id and logged, and the link and the gateway stay', async () => {
    const { client, log } = await brokenTape();
    broken = true;
    client.send('reqHistoricalData', {
      reqId: 31,
      contract: APPLE,
      barSize: '1 min',
      duration: '1 D',
      whatToShow: 'TRADES',
      endDateTime: '',
    });
    client.send('placeOrder', {
      orderId: 5,
      contract: APPLE,
      action: 'BUY',
      totalQuantity: 1,
      orderType: 'MKT',
    });
    client.send('reqCurrentTime', {});
    await client.next((fields) => fields[0] === '49');
    const errors = client.heard.filter((fields) => fields[0] === '4' && fields[2] !== '-1');
    expect(errors.map((fields) => fields.slice(2, 5))).toEqual([
      ['31', '162', 'Historical Market Data Service error message:the tape is torn'],
      ['5', '321', "Error validating request.-'bX' : cause - the tape is torn"],
    ]);
    expect(log.filter(([event]) => event === 'request-failed')).toEqual([
      ['request-failed', expect.objectContaining({ request: 'reqHistoricalData', clientId: 1 })],
      ['request-failed', expect.objectContaining({ request: 'placeOrder', clientId: 1 })],
    ]);
  });

  it.each([
    ['has more bars than one may have', 200_001, 100, 100],
    ['is longer than a frame may be', 195_000, 123_456.78, 1_000_000_000],
  ])('because its answer %s is refused with 162 and not sent', async (_what, count, price, volume) => {
    const { gateway } = await market(
      Array.from({ length: count }, () => calm(price, volume)),
      { clock: new SteppedClock(OPEN + count * MINUTE) },
    );
    const client = new RawClient(gateway.port);
    open.push(client);
    await client.start(1);
    client.send('reqHistoricalData', {
      reqId: 32,
      contract: APPLE,
      barSize: '1 min',
      duration: '1 D',
      whatToShow: 'TRADES',
      endDateTime: '',
      keepUpToDate: true,
    });
    client.send('cancelHistoricalData', { reqId: 32 });
    client.send('reqCurrentTime', {});
    await client.next((fields) => fields[0] === '49');
    expect(client.heard.filter((fields) => fields[2] === '32').map((fields) => fields[3])).toEqual([
      '162',
      '366',
    ]);
  });
});

describe('a socket that does not say who it is', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('gives its place back after thirty seconds of real time, and no client loses its own', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { gateway } = await market([calm(100), calm(100)]);
    const silent = Array.from({ length: 31 }, () => new RawClient(gateway.port));
    open.push(...silent);
    // Half a greeting, and a greeting without startApi, are no client either.
    silent[0]?.bytes(Buffer.from('API', 'latin1'));
    silent[1]?.hello();
    const client = new RawClient(gateway.port);
    open.push(client);
    await client.start(1);
    await eventually(() => gateway.sockets().length === 32);
    vi.advanceTimersByTime(29_999);
    expect(gateway.sockets().filter(({ clientId }) => clientId === null)).toHaveLength(31);
    vi.advanceTimersByTime(1);
    await Promise.all(silent.map(({ closed }) => closed));
    await eventually(() => gateway.sockets().length === 1);
    const next = new RawClient(gateway.port);
    open.push(next);
    await next.start(2);
    client.send('reqCurrentTime', {});
    await client.next((fields) => fields[0] === '49');
  });

  it('is waited for while it is the gateway that is silent', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { gateway } = await market([calm(100), calm(100)]);
    gateway.faults.set({ mute: true });
    const client = new RawClient(gateway.port);
    open.push(client);
    client.hello();
    await eventually(() => gateway.sockets().length === 1);
    const deadline = async () => {
      vi.advanceTimersByTime(30_000);
      await new Promise((resolve) => setImmediate(resolve));
    };
    await deadline();
    await deadline();
    expect(gateway.sockets()).toHaveLength(1);
    gateway.faults.reset();
    await deadline();
    await client.closed;
  });
});

it('serves 32 clients at once, each with its own orders and ids, and refuses the next', async () => {
  const { gateway } = await market([calm(100), calm(100)]);
  const clients = Array.from({ length: 32 }, () => new RawClient(gateway.port));
  open.push(...clients);
  await Promise.all(clients.map((client, index) => client.start(index)));
  for (const [index, client] of clients.entries()) {
    client.send('placeOrder', {
      orderId: index + 1,
      contract: APPLE,
      action: 'BUY',
      totalQuantity: 1,
      orderType: 'LMT',
      limitPrice: 90,
      transmit: true,
    });
  }
  await Promise.all(clients.map((client) => client.next((fields) => fields[0] === '3')));
  for (const [index, client] of clients.entries()) {
    const orders = client.heard.filter((fields) => fields[0] === '5').map((fields) => fields[1]);
    expect(orders).toEqual([String(index + 1)]);
  }
  const surplus = new RawClient(gateway.port);
  open.push(surplus);
  await surplus.closed;
});
