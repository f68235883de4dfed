import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { ibGateway, UnsendableRequestError } from '#adapters/ibkr/ib-gateway-link.ts';
import { standInFront, UnexpectedLibraryError } from '#adapters/ibkr/library-internals.ts';
import type { BrokerLink, BrokerMessage, BrokerRequest, OrderTicket } from '#core/broker/broker-port.ts';

const frame = (...fields: readonly string[]): Buffer => {
  const body = Buffer.from(`${fields.join('\0')}\0`);
  const prefix = Buffer.alloc(4);
  prefix.writeInt32BE(body.length, 0);
  return Buffer.concat([prefix, body]);
};

/** A gateway that says what the test tells it to and remembers what it heard. */
class Script {
  readonly heard: string[][] = [];
  readonly messages: BrokerMessage[] = [];
  link!: BrokerLink;
  #server!: Server;
  #socket: Socket | null = null;
  #rest = Buffer.alloc(0);
  #greeted = false;

  static async open(version = '193', connectionTime = '20180205 10:00:00 UTC'): Promise<Script> {
    const script = new Script();
    script.#server = createServer((socket) => {
      script.#socket = socket;
      socket.on('data', (data) => script.#read(data, version, connectionTime));
      socket.on('error', () => {});
    });
    await new Promise<void>((resolve) => script.#server.listen(0, '127.0.0.1', resolve));
    const address = script.#server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    script.link = ibGateway({ host: '127.0.0.1', port }).open(17, (message) => script.messages.push(message));
    return script;
  }

  say(...frames: readonly Buffer[]): void {
    this.#socket?.write(Buffer.concat(frames));
  }

  async until(condition: () => boolean): Promise<void> {
    await expect.poll(condition, { interval: 2, timeout: 5_000 }).toBe(true);
  }

  async ready(): Promise<void> {
    await this.until(() => this.heard.length > 0);
    this.say(frame('15', '1', 'DU1,DU2'), frame('9', '1', '7'));
    await this.until(() => this.messages.some(({ kind }) => kind === 'next-order-id'));
  }

  async close(): Promise<void> {
    this.link.close();
    this.#socket?.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #read(data: Buffer, version: string, connectionTime: string): void {
    this.#rest = Buffer.concat([this.#rest, data]);
    if (!this.#greeted) {
      if (this.#rest.length < 8 || this.#rest.length < 8 + this.#rest.readUInt32BE(4)) return;
      this.#rest = this.#rest.subarray(8 + this.#rest.readUInt32BE(4));
      this.#greeted = true;
      this.say(frame(version, connectionTime));
    }
    while (this.#rest.length >= 4 && this.#rest.length >= 4 + this.#rest.readUInt32BE(0)) {
      const length = this.#rest.readUInt32BE(0);
      this.heard.push(this.#rest.toString('utf8', 4, 4 + length - 1).split('\0'));
      this.#rest = this.#rest.subarray(4 + length);
    }
  }
}

/** An open order at version 193 with these fields, by their number; all others are empty. */
const openOrder = (fields: Readonly<Record<number, string>>): Buffer =>
  frame('5', ...Array.from({ length: 132 }, (_, index) => fields[index + 1] ?? ''));

/** An execution at version 193 with these fields, by their number; all others are as of one by hand. */
const execution = (fields: Readonly<Record<number, string>>): Buffer => {
  const usual: Readonly<Record<number, string>> = {
    1: '-1',
    4: 'AAPL',
    5: 'STK',
    11: 'USD',
    14: 'x.1.01',
    15: '20180205-15:31:00',
    16: 'DU1',
    18: 'BOT',
    19: '100',
    20: '160.5',
    21: '900',
    22: '0',
  };
  return frame('11', ...Array.from({ length: 31 }, (_, index) => ({ ...usual, ...fields })[index + 1] ?? ''));
};

const TICKET: OrderTicket = {
  orderId: 7,
  contract: { symbol: 'AAPL', secType: 'STK', exchange: 'SMART', currency: 'USD' },
  account: 'DU1',
  orderRef: 'i-1',
  side: 'BUY',
  quantity: '10',
  orderType: 'LMT',
  limitPrice: '160.25',
  triggerPrice: null,
  timeInForce: 'GTD',
  goodTillDate: '20180205-15:31:00',
  parentId: null,
  ocaGroup: 'g',
  transmit: false,
};

describe('the link to the gateway', () => {
  let script: Script;
  afterEach(() => script?.close());

  it('opens as the given client, says who and what, and passes messages on in order', async () => {
    script = await Script.open();
    await script.ready();
    expect(script.heard[0]).toEqual(['71', '2', '17', '']);
    script.say(
      frame('4', '2', '-1', '2104', 'farm is OK', ''),
      frame('4', '2', '7', '201', 'refused', '{"broken'),
      frame('49', '1', '1517842800'),
      frame('3', '7', 'Submitted', '0', '10', '0', '900', '0', '0', '17', '', '0'),
      frame('59', '1', 'x.1.01', '1.25', 'USD', '1.7976931348623157E308', '', ''),
    );
    await script.until(() => script.messages.at(-1)?.kind === 'commission');
    expect(script.messages).toEqual([
      { kind: 'connected', serverVersion: 193 },
      { kind: 'accounts', accounts: ['DU1', 'DU2'] },
      { kind: 'next-order-id', orderId: 7 },
      { kind: 'notice', id: -1, code: 2104, message: 'farm is OK' },
      { kind: 'notice', id: 7, code: 201, message: 'refused' },
      { kind: 'current-time', at: 1_517_842_800_000 },
      {
        kind: 'order-status',
        orderId: 7,
        clientId: 17,
        permId: 900,
        status: 'Submitted',
        filled: '0',
        remaining: '10',
      },
      { kind: 'commission', execId: 'x.1.01', commission: '1.25', currency: 'USD', realizedPnl: null },
    ]);
  });

  it('hears a refusal whose machine-readable part the library cannot read once it has unescaped it', async () => {
    script = await Script.open();
    await script.ready();
    script.say(frame('4', '2', '7', '201', 'no', '{"text":"the \\u0022margin\\u0022"}'));
    await script.until(() => script.messages.length > 3);
    expect(script.messages.slice(3)).toEqual([{ kind: 'notice', id: 7, code: 201, message: 'no' }]);
  });

  it.each(['', '-1', '2147483647', '9223372036854775807', '-9223372036854775808', '1.7976931348623157E308'])(
    'takes the volume "%s" for unknown, in a history and in an update',
    async (volume) => {
      script = await Script.open();
      await script.ready();
      script.say(
        frame('17', '8', 'from', 'to', '1', '1517841000', '160', '162', '159', '161', volume, '', '3'),
        frame('90', '8', '-1', '1517841000', '160', '161', '162', '159', '', volume),
      );
      await script.until(() => script.messages.at(-1)?.kind === 'bar-update');
      const bar = { time: '1517841000', open: 160, high: 162, low: 159, close: 161, volume: null };
      expect(script.messages.slice(-3)).toEqual([
        { kind: 'bar', requestId: 8, bar },
        { kind: 'bars-end', requestId: 8 },
        { kind: 'bar-update', requestId: 8, bar },
      ]);
    },
  );

  it.each([
    ['SSHORT', '300', '0.0', { side: 'SELL', quantity: '300', cashQuantity: null }],
    ['SSHORTX', '300', '', { side: 'SELL', quantity: '300', cashQuantity: null }],
    ['SLONG', '300', '', { side: 'SELL', quantity: '300', cashQuantity: null }],
    ['BUY', '0', '25000.5', { side: 'BUY', quantity: '0', cashQuantity: '25000.5' }],
    ['BUY', '', '25000.5', { side: 'BUY', quantity: '0', cashQuantity: '25000.5' }],
    ['BUY', '155', '25000', { side: 'BUY', quantity: '155', cashQuantity: null }],
    ['EXERCISE', '3', '', { side: 'EXERCISE', quantity: '3', cashQuantity: null }],
  ])('reads an order to %s %s units or %s in money', async (action, units, money, read) => {
    script = await Script.open();
    await script.ready();
    script.say(openOrder({ 1: '0', 3: 'AAPL', 13: action, 14: units, 15: 'MKT', 25: '900', 114: money }));
    await script.until(() => script.messages.length > 3);
    expect(script.messages.slice(3)).toMatchObject([{ kind: 'open-order', order: { permId: 900, ...read } }]);
  });

  const unreadable = (names: Readonly<Record<string, unknown>>, problem: string) => ({
    kind: 'unreadable',
    unreadable: { ...names, problem: expect.stringContaining(problem) },
  });

  it.each([
    [
      'an open order without units',
      openOrder({ 1: '0', 23: 'r', 24: '0', 25: '900' }),
      'open-order',
      'quantity',
    ],
    ['an execution without units', execution({ 19: '', 26: 'r' }), 'execution', 'quantity'],
    [
      'an execution without a price',
      execution({ 20: '1.7976931348623157E308', 26: 'r' }),
      'execution',
      'price',
    ],
    ['an execution on no side', execution({ 18: 'EXP', 26: 'r' }), 'execution', 'side'],
    [
      'a status without what remains',
      frame('3', '0', 'Submitted', '0', '9223372036854775807', '0', '900', '0', '0', '0', '', '0'),
      'order-status',
      'remaining',
    ],
    [
      'an open order that ends too soon',
      frame('5', ...Array.from({ length: 80 }, (_, i) => ({ 22: 'r', 23: '0', 24: '900' })[i] ?? '')),
      'open-order',
      'Underrun',
    ],
    [
      'a completed order that ends too soon',
      frame('101', ...Array.from({ length: 40 }, (_, i) => ({ 21: 'r', 22: '900' })[i] ?? '')),
      'completed-order',
      'Underrun',
    ],
  ])('names whose order %s is about, and reads on', async (_what, bytes, of, problem) => {
    script = await Script.open();
    await script.ready();
    script.say(bytes, frame('49', '1', '1517842800'));
    await script.until(() => script.messages.at(-1)?.kind === 'current-time');
    expect(script.messages.slice(3, -1)).toMatchObject([
      unreadable({ of, permId: 900, orderRef: of === 'order-status' ? '' : 'r' }, problem),
    ]);
  });

  it('dates executions where the gateway stands, in summer and winter, and leaves open what it cannot know', async () => {
    script = await Script.open('193', '20180705 16:00:00 Central European Standard Time');
    await script.ready();
    const times = [
      '20180705 16:31:00',
      '20180705  16:31:00 Central European Standard Time',
      '20180705 10:31:00 US/Eastern',
      '20180705-14:31:00',
      '20180705 09:31:00 CST',
    ];
    script.say(
      // The gateway is a few seconds off.
      frame('49', '1', String(Date.parse('2018-07-05T14:00:07.000Z') / 1_000)),
      ...times.map((time) => execution({ 15: time })),
    );
    await script.until(() => script.messages.length === 9);
    const read = script.messages.flatMap((message) =>
      message.kind === 'execution' ? [message.execution.executedAt] : [],
    );
    const at = Date.parse('2018-07-05T14:31:00.000Z');
    expect(read).toEqual([at, at, at, at, null]);
  });

  it('puts an order on the wire with everything set, at once and without a rate limiter of its own', async () => {
    script = await Script.open();
    await script.ready();
    script.heard.length = 0;
    for (let index = 0; index < 60; index++)
      script.link.send({ kind: 'place', ticket: { ...TICKET, orderId: 7 + index } });
    await script.until(() => script.heard.length === 60);
    const [order] = script.heard as [string[]];
    expect(order.slice(0, 4)).toEqual(['3', '7', '', 'AAPL']);
    const action = order.indexOf('BUY');
    expect(order.slice(action, action + 12)).toEqual([
      'BUY',
      '10',
      'LMT',
      '160.25',
      '',
      'GTD',
      'g',
      'DU1',
      '',
      '',
      'i-1',
      '0',
    ]);
    expect(order).toContain('20180205-15:31:00');
  });

  it('sends every other request', async () => {
    script = await Script.open();
    await script.ready();
    script.heard.length = 0;
    const { contract } = TICKET;
    const requests: readonly BrokerRequest[] = [
      { kind: 'cancel', orderId: 7 },
      { kind: 'current-time' },
      { kind: 'all-open-orders' },
      { kind: 'executions', requestId: 1 },
      { kind: 'completed-orders' },
      { kind: 'positions' },
      { kind: 'account-summary', requestId: 2 },
      { kind: 'cancel-account-summary', requestId: 2 },
      { kind: 'history', requestId: 3, contract, barSize: '1 day', duration: '5 Y', keepUpToDate: false },
      {
        kind: 'history',
        requestId: 4,
        contract: { ...contract, secType: 'CASH' },
        barSize: '5 mins',
        duration: '1 D',
        keepUpToDate: true,
      },
      {
        kind: 'history',
        requestId: 5,
        contract: { ...contract, secType: 'CRYPTO' },
        barSize: '5 mins',
        duration: '1 D',
        keepUpToDate: true,
      },
      { kind: 'cancel-history', requestId: 3 },
    ];
    for (const request of requests) script.link.send(request);
    await script.until(() => script.heard.length === requests.length);
    expect(script.heard.map(([id]) => id)).toEqual([
      '4',
      '49',
      '16',
      '7',
      '99',
      '61',
      '62',
      '63',
      '20',
      '20',
      '20',
      '25',
    ]);
    expect(script.heard[8]).toContain('TRADES');
    expect(script.heard[9]).toContain('MIDPOINT');
    expect(script.heard[10]).toContain('AGGTRADES');
  });

  it('refuses what would wedge the connection, and goes on', async () => {
    script = await Script.open();
    await script.ready();
    const wrong: readonly Partial<OrderTicket>[] = [
      { orderId: 0 },
      { orderId: 2 ** 31 },
      { quantity: 'NaN' },
      { quantity: '0' },
      { limitPrice: '' },
      { orderRef: 'a\0b' },
      { contract: { ...TICKET.contract, symbol: '' } },
      { limitPrice: '0.1234567890123456789' },
    ];
    for (const changes of wrong)
      expect(() => script.link.send({ kind: 'place', ticket: { ...TICKET, ...changes } })).toThrow(
        UnsendableRequestError,
      );
    script.heard.length = 0;
    script.link.send({ kind: 'current-time' });
    await script.until(() => script.heard.length === 1);
    expect(script.messages.some(({ kind }) => kind === 'closed')).toBe(false);
  });

  it('ends once, with the reason, on bytes that are no frames and on a message that cannot be read', async () => {
    script = await Script.open();
    await script.ready();
    script.say(Buffer.from([0xff, 0xff, 0xff, 0xff]));
    await script.until(() => script.messages.at(-1)?.kind === 'closed');
    expect(script.messages.at(-1)).toMatchObject({ reason: expect.stringContaining('malformed') });
    expect(() => script.link.send({ kind: 'current-time' })).toThrow(/link is closed/);
    await script.close();
    script = await Script.open();
    await script.ready();
    script.say(frame('59', '1', 'x', 'rubbish', 'USD', '', '', ''));
    await script.until(() => script.messages.at(-1)?.kind === 'closed');
    expect(script.messages.filter(({ kind }) => kind === 'closed')).toHaveLength(1);
    await script.close();
  });

  it('waits on where a commission is not known yet: the broker tells it again', async () => {
    script = await Script.open();
    await script.ready();
    const commission = (amount: string) => frame('59', '1', 'x.1.01', amount, 'USD', '', '', '');
    script.say(commission('1.7976931348623157E308'), commission('-0.25'));
    await script.until(() => script.messages.length > 3);
    expect(script.messages.slice(3)).toMatchObject([{ kind: 'commission', commission: '-0.25' }]);
  });

  it('refuses a gateway that is too old to be read rightly', async () => {
    script = await Script.open('176');
    await script.until(() => script.messages.length > 0);
    expect(script.messages).toEqual([
      { kind: 'closed', reason: 'the gateway speaks version 176; at least 177 is needed' },
    ]);
  });

  it('says why there is no link', async () => {
    script = await Script.open();
    await script.close();
    const messages: BrokerMessage[] = [];
    ibGateway({ host: '127.0.0.1', port: 1 }).open(17, (message) => messages.push(message));
    await expect.poll(() => messages.at(-1)?.kind, { interval: 2 }).toBe('closed');
    expect(messages[0]).toMatchObject({ kind: 'notice', code: 502 });
  });
});

describe('the library', () => {
  it('will not run on a library that is built otherwise', () => {
    const strange = { controller: { rateLimiter: () => {}, socket: {} } };
    expect(() => standInFront(strange as never, () => {})).toThrow(UnexpectedLibraryError);
    expect(() => standInFront({} as never, () => {})).toThrow(/controller.rateLimiter/);
  });
});
