import { ibGateway } from '#adapters/ibkr/ib-gateway-link.ts';
import { inMemoryCommandQueue } from '#adapters/memory/in-memory-command-queue.ts';
import { inMemoryDeskStore } from '#adapters/memory/in-memory-desk-store.ts';
import { inMemoryObjectStore } from '#adapters/memory/in-memory-object-store.ts';
import type { Intent } from '#contracts/events/orders.ts';
import { type DeskEvent, type EventData, type EventType, parseEventOf } from '#contracts/registry.ts';
import { authorizationWrite } from '#core/broker/authorization.ts';
import { type OrderRecord, orderRecord, readLifeRef } from '#core/broker/order-record.ts';
import type { DeskStore } from '#core/events/desk-store.ts';
import { journalEntry } from '#core/events/new-event.ts';
import { correlations, stateKeys } from '#core/events/state-keys.ts';
import { type Bar, barSeries } from '#core/market/bars.ts';
import { sessionsBetween } from '#core/market/calendar.ts';
import { CATALOG } from '#core/market/catalog.ts';
import { type AccountBook, EMPTY_BOOK } from '#core/portfolio/account-book.ts';
import { fold } from '#core/portfolio/ledger.ts';
import { startBridge } from '#ecs/ib-gateway/bridge.ts';
import type { BridgeDependencies } from '#ecs/ib-gateway/bridge-context.ts';
import type { RunningBridge } from '#ecs/ib-gateway/running-bridge.ts';
import { type PaperGateway, startPaperGateway } from '#local/paper-gateway/gateway.ts';
import { memoryTape, type Tape } from '#local/paper-gateway/tape.ts';
import { commandGroup } from '../../support/command-group.ts';
import { bytesAreAllRead } from './client-sockets.ts';
import { SteppedClock } from './stepped-clock.ts';
import { Wire } from './wire.ts';

export const SESSION = '2018-02-05';
export const MORNING = Date.parse('2018-02-05T14:25:00.000Z');
export const OPEN = Date.parse('2018-02-05T14:30:00.000Z');
export const CLOSE = Date.parse('2018-02-05T21:00:00.000Z');
export const SECOND = 1_000;
export const MINUTE = 60_000;

/** A day that rises by a cent a minute from `start`, with plenty of volume. */
function minuteBars(open: number, close: number, start: number): Bar[] {
  const bars: Bar[] = [];
  for (let at = open; at < close; at += MINUTE) {
    const price = Math.round((start + ((at - open) / MINUTE) * 0.01) * 100) / 100;
    bars.push({
      openTime: at,
      closeTime: at + MINUTE,
      open: price,
      high: Math.round((price + 0.02) * 100) / 100,
      low: Math.round((price - 0.02) * 100) / 100,
      close: Math.round((price + 0.01) * 100) / 100,
      volume: 100_000,
    });
  }
  return bars;
}

export function tape(): Tape {
  const sessions = sessionsBetween('us-equity', '2018-01-29', '2018-02-07');
  const history = sessionsBetween('us-equity', '2017-01-03', '2018-02-07');
  return memoryTape([
    {
      instrument: 'AAPL',
      assetClass: 'equity',
      contract: {
        conId: 265598,
        symbol: 'AAPL',
        secType: 'STK',
        exchange: 'SMART',
        primaryExchange: 'NASDAQ',
        currency: 'USD',
        localSymbol: 'AAPL',
        tradingClass: 'NMS',
        multiplier: '1',
        longName: 'APPLE INC',
        industry: 'Technology',
      },
      tick: '0.01',
      lot: '1',
      tradable: true,
      timeZone: 'America/New_York',
      sessions: sessions.map((session) => ({
        date: session.date,
        openTime: session.open,
        closeTime: session.close,
        bars: barSeries('AAPL', { unit: 'minute', count: 1 }, minuteBars(session.open, session.close, 160)),
      })),
      daily: barSeries(
        'AAPL',
        { unit: 'session' },
        history.map((session, index) => ({
          openTime: session.open,
          closeTime: session.close,
          open: 150 + index * 0.01,
          high: 152 + index * 0.01,
          low: 149 + index * 0.01,
          close: 151 + index * 0.01,
          volume: 1_000_000 + index,
        })),
      ),
    },
  ]);
}

export const ENVIRONMENT: Readonly<Record<string, string>> = {
  DESK_ENVIRONMENT: 'test',
  BROKER_MODE: 'paper',
  BROKER_PORT: '4002',
  BROKER_COMMAND_QUEUE_URL: 'http://127.0.0.1:4566/000000000000/commands.fifo',
  JOURNAL_TABLE: 'journal',
  STATE_TABLE: 'state',
  IDEMPOTENCY_TABLE: 'idempotency',
  OBJECT_BUCKET: 'objects',
  LEASE_OWNER: 'bridge-1',
  LEASE_SECONDS: '86400',
  HEARTBEAT_SECONDS: '600',
  DAILY_RESTART: 'off',
  SUNDAY_LOGIN: 'off',
  MARKET_DATA_SOURCE: 'paper-gateway',
  MARKET_DATA_MODELLED: 'true',
};

const NEVER_READ_MS = 100;

let intents = 0;

/** An entry of 10 AAPL at the market with a stop at 150, unless told otherwise. */
export function intentOf(changes: Partial<Intent> = {}): Intent {
  intents += 1;
  const intentId = changes.intentId ?? `intent-${intents}`;
  return {
    intentId,
    purpose: 'entry',
    instrument: 'AAPL',
    side: 'BUY',
    quantity: '10',
    orderType: 'MKT',
    limitPrice: null,
    triggerPrice: null,
    timeInForce: 'DAY',
    protectiveStop: '150',
    closes: null,
    positionId: intentId,
    strategy: 'flow',
    proposalId: null,
    plan: null,
    initialRisk: null,
    target: null,
    horizonSessions: null,
    referencePrice: '160',
    referenceAt: '2018-02-05T14:29:00.000Z',
    expectedSlippage: null,
    expectedVolume: null,
    probabilityOfProfit: null,
    plannedAt: '2018-02-05T14:29:00.000Z',
    expiresAt: '2018-02-05T21:00:00.000Z',
    session: SESSION,
    ...changes,
  };
}

/** The bridge, the paper gateway, a journal and a queue, in one process and in stepped time. */
export class World {
  #book: AccountBook = EMPTY_BOOK;
  #bookVersion = 0;
  readonly #booked = new Set<string>();
  readonly clock: SteppedClock;
  readonly store: ReturnType<typeof inMemoryDeskStore>;
  readonly objects = inMemoryObjectStore();
  readonly queue = inMemoryCommandQueue();
  readonly logs: string[] = [];
  readonly metrics: { readonly name: string; readonly value: number }[] = [];
  gateway!: PaperGateway;
  /** The link of the bridge that was started first, or last anew. */
  wire!: Wire;
  bridge!: RunningBridge;
  #environment: Readonly<Record<string, string>> = ENVIRONMENT;
  #overrides: Partial<BridgeDependencies> = {};

  private constructor(start: number) {
    this.clock = new SteppedClock(start);
    this.store = inMemoryDeskStore();
  }

  static async start(
    environment: Readonly<Record<string, string>> = {},
    overrides: Partial<BridgeDependencies> = {},
    start = MORNING,
  ): Promise<World> {
    const world = await World.withoutBridge(start);
    world.startBridge(environment, overrides);
    await world.rest();
    return world;
  }

  /** Half a minute into the session. */
  static async atTheOpen(...settings: Parameters<typeof World.start>): Promise<World> {
    const world = await World.start(...settings);
    await world.advanceTo(OPEN + 30 * SECOND);
    return world;
  }

  static async withoutBridge(start = MORNING): Promise<World> {
    const world = new World(start);
    world.gateway = await startPaperGateway({
      port: 0,
      clock: world.clock,
      tape: tape(),
      directory: null,
      seed: 1,
    });
    return world;
  }

  startBridge(
    environment: Readonly<Record<string, string>> = {},
    overrides: Partial<BridgeDependencies> = {},
  ): void {
    this.#environment = { ...ENVIRONMENT, ...environment };
    this.#overrides = overrides;
    this.wire = new Wire(ibGateway({ host: '127.0.0.1', port: this.gateway.port }));
    this.bridge = this.newBridge({}, { gateway: this.wire, ...overrides });
  }

  /** One more bridge like the first, or with other settings. */
  newBridge(
    environment: Readonly<Record<string, string>> = {},
    overrides: Partial<BridgeDependencies> = {},
  ): RunningBridge {
    const bridge = startBridge(
      { ...this.#environment, ...environment },
      {
        clock: this.clock,
        store: this.store,
        objects: this.objects,
        queue: this.queue,
        gateway: ibGateway({ host: '127.0.0.1', port: this.gateway.port }),
        catalog: CATALOG,
        expected: () => null,
        health: () => {},
        metric: (name, value) => this.metrics.push({ name, value }),
        log: (level, message, details) =>
          this.logs.push(`${level} ${message} ${JSON.stringify(details ?? {})}`),
        ...this.#overrides,
        ...overrides,
      },
    );
    bridge.finished.catch(() => {});
    return bridge;
  }

  /**
   * Waits until the bridge does nothing and every byte sent has been read, a few turns of the event loop in a row. Bytes
   * that nobody ever reads (a mute or half-open gateway) count as read once nothing has moved for a while of real time.
   */
  async rest(): Promise<void> {
    let calm = 0;
    let last = '';
    let lastMove = performance.now();
    while (calm < 4) {
      await new Promise((resolve) => setImmediate(resolve));
      const sockets = this.gateway.sockets();
      const now = JSON.stringify([sockets, this.bridge?.state, this.store.all().length]);
      const idle = this.bridge?.idle ?? true;
      if (!idle || now !== last) lastMove = performance.now();
      const settled =
        bytesAreAllRead(this.gateway.port, sockets) || performance.now() - lastMove > NEVER_READ_MS;
      calm = idle && settled && now === last ? calm + 1 : 0;
      last = now;
    }
  }

  advanceTo(instant: number): Promise<void> {
    return this.clock.advanceTo(instant, () => this.rest());
  }

  advance(millis: number): Promise<void> {
    return this.advanceTo(this.clock.now() + millis);
  }

  /** Puts a command on the queue and returns its message id. */
  command<T extends EventType>(type: T, key: string, data: EventData<T>, group = commandGroup(type)): string {
    return this.queue.put(JSON.stringify(this.event(type, key, data)), group);
  }

  event<T extends EventType>(type: T, key: string, data: EventData<T>): DeskEvent<T> {
    return journalEntry<T>({
      type,
      key,
      correlationId: `cycle:${SESSION}:10:00`,
      causationId: null,
      sender: 'risk-gate',
      occurredAt: this.clock.now(),
      data,
    }).event;
  }

  /** The gate's word that an order is called back; its stop stays. */
  cancel(intentId: string, requestId = `cancel-${intentId}`): void {
    const wish = { requestId, intentId, includeStops: false, reason: 'the view changed' };
    this.command('CancelAuthorized', requestId, wish);
  }

  place(changes: Partial<Intent> = {}): string {
    const intent = intentOf(changes);
    this.authorize(intent);
    return this.forge(intent);
  }

  /** The command without the gate's reservation behind it, as anybody who may append to the journal could write it. */
  forge(changes: Partial<Intent> = {}): string {
    const intent = intentOf(changes);
    this.command('OrderAuthorized', intent.intentId, {
      intent,
      policyVersion: 1,
      reserved: '1600',
      checks: [],
    });
    return intent.intentId;
  }

  intent(changes: Partial<Intent> = {}): Intent {
    return intentOf(changes);
  }

  /** What the gate does before anything is commanded: the reservation in the account book, and its word on the terms. */
  authorize(intent: Intent): void {
    this.reserve(intent);
    void this.store.commit({
      entries: [],
      writes: [authorizationWrite(intent)],
    });
  }

  /** The reservation alone. */
  reserve(intent: Intent): void {
    const order: AccountBook['orders'][string] = {
      intent,
      correlationId: `cycle:${SESSION}:10:00`,
      status: 'authorized',
      filled: '0',
      told: '0',
      fillable: intent.quantity,
      worstPrice: '160',
    };
    this.changeBook((book) => ({ ...book, orders: { ...book.orders, [intent.intentId]: order } }));
  }

  /** What gate and ledger do to the account book. */
  changeBook(change: (book: AccountBook) => AccountBook): AccountBook {
    this.#book = change(this.#book);
    void this.store.commit({
      entries: [],
      writes: [{ key: stateKeys.book, value: this.#book, expectedVersion: this.#bookVersion++ }],
    });
    return this.#book;
  }

  /** The ledger's part: the book takes what the journal has and it has not, once. */
  keepBook(): AccountBook {
    return this.changeBook((before) =>
      [
        ...this.events('AccountObserved').slice(0, 1),
        ...this.events('OrderFilled'),
        ...this.events('CommissionReported'),
        ...this.events('ForeignHoldingsObserved'),
        ...this.events('CashEntered'),
      ]
        .filter(({ metadata }) => !this.#booked.has(metadata.id) && this.#booked.add(metadata.id))
        .reduce((book: AccountBook, event) => fold(book, event).book, before),
    );
  }

  /** Another bridge takes the lease until an instant, as it may once it sees it run out. */
  async takeLease(until: number): Promise<void> {
    const [lease] = await this.store.read([stateKeys.lease]);
    await this.store.commit({
      entries: [],
      writes: [
        {
          key: stateKeys.lease,
          value: { owner: 'bridge-2', token: 2, expiresAt: new Date(until).toISOString() },
          expectedVersion: lease?.version ?? 0,
        },
      ],
    });
  }

  /** What the desk does in the morning: the event stands in the journal, and is a command. */
  prepareSession(instruments: readonly string[] = ['AAPL'], session = SESSION): void {
    const prepared = journalEntry<'SessionPrepared'>({
      type: 'SessionPrepared',
      key: session,
      correlationId: correlations.session(session),
      causationId: null,
      sender: 'session-preparation',
      occurredAt: this.clock.now(),
      data: {
        session,
        open: new Date(OPEN).toISOString(),
        close: new Date(CLOSE).toISOString(),
        instruments: [...instruments],
      },
    });
    void this.store.commit({ entries: [prepared] });
    this.queue.put(JSON.stringify(prepared.event), 'AAPL');
  }

  /** The journal's events of one type, in the order in which they were appended. */
  events<T extends EventType>(type: T): readonly DeskEvent<T>[] {
    return this.store
      .all()
      .filter(({ sortKey }) => sortKey.startsWith(`${type}#`))
      .map(({ canonical }) => parseEventOf([type], JSON.parse(canonical)));
  }

  types(): readonly string[] {
    return this.store.all().map(({ sortKey }) => sortKey.split('#', 1)[0] as string);
  }

  /** The broker's orders, under the desk's names: which try of an order one is, is left off. */
  brokerOrders() {
    return [...this.gateway.state().orders.values()].map((order) => ({
      ...order,
      orderRef: readLifeRef(order.orderRef).orderRef,
    }));
  }

  /** The resting stops of a layer that work at the broker. */
  stopsAtBroker(intentId: string) {
    return this.brokerOrders().filter(
      ({ orderRef, status }) =>
        orderRef === `${intentId}:stop` && ['PreSubmitted', 'Submitted'].includes(status),
    );
  }

  async record(orderRef: string): Promise<OrderRecord | null> {
    const [item] = await (this.store as DeskStore).read([stateKeys.brokerOrder(orderRef)]);
    return item === null || item === undefined ? null : orderRecord.parse(item.value);
  }

  async end(): Promise<void> {
    if (this.bridge !== undefined && this.bridge.state !== 'STOPPED')
      await this.bridge.stop('end of test').catch(() => {});
    await this.gateway.close();
  }
}
