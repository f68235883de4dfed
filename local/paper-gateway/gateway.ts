import { createServer, type Server } from 'node:net';
import { Decimal, money } from '#core/values/decimal.ts';
import { seededRandom, seedOf } from '#core/values/random.ts';
import type { TimerClock } from '#core/values/timer-clock.ts';
import { nextExpiry } from './broker/bar-pass.ts';
import type { BrokerInput } from './broker/broker.ts';
import type { BrokerState } from './broker/state.ts';
import { fileStore, StoreUnwritableError, volatileStore } from './broker/store.ts';
import { ACCOUNT_ZONE, zonedText } from './calendar-text.ts';
import { Connection } from './connection.ts';
import { Desk, type FillAssumptions } from './desk.ts';
import { FaultControl, type GatewayFaults } from './fault-control.ts';
import { type FaultSettings, NOTICES } from './faults.ts';
import { type FeedBar, MarketFeed } from './market-feed.ts';
import { OrderExpiry } from './order-expiry.ts';
import { HistoricalPacing, MAXIMUM_MESSAGES_PER_SECOND, SlidingWindow } from './pacing.ts';
import { MalformedFieldError } from './protocol/fields.ts';
import { type DecodedRequest, decodeRequest, type Request, type RequestFields } from './protocol/requests.ts';
import { respond } from './protocol/responses.ts';
import { Publisher } from './publisher.ts';
import { type BarUpdates, type RequestContext, resolve } from './requests/context.ts';
import { dispatch } from './requests/dispatch.ts';
import { failureOf } from './requests/failure.ts';
import { enterManually } from './requests/manual-orders.ts';
import { publishBar } from './requests/market-data.ts';
import { toOrderRequest } from './requests/orders.ts';
import { SessionBars } from './session-bars.ts';
import { type Tape, UnknownHoldingsError, UnplayableTapeError } from './tape.ts';

/** Clients at once, as a gateway allows. */
const MAXIMUM_CLIENTS = 32;

export type GatewayLog = (event: string, detail: Readonly<Record<string, unknown>>) => void;

export interface PaperGatewayOptions {
  /** 0 lets the system choose. */
  readonly port: number;
  readonly host?: '127.0.0.1';
  readonly clock: TimerClock;
  readonly tape: Tape;
  /** Where the broker's state lives; null forgets it at the end. */
  readonly directory: string | null;
  readonly account?: string;
  /** Decimal text, 1000000 by default. Ignored where the directory already holds an account. */
  readonly initialCash?: string;
  readonly seed: number;
  /** Client that also hears of everybody's orders. */
  readonly masterClientId?: number;
  readonly assumptions?: FillAssumptions;
  /**
   * How often subscribers to growing bars hear of them: with every minute of the tape (the default), or only when their
   * bar is complete, for replays of weeks in which nobody looks at bars that are still forming.
   */
  readonly barUpdates?: BarUpdates;
  readonly log?: GatewayLog;
}

/** What one socket has moved; a host reads it to know when the link is quiet. */
export interface SocketFigures {
  readonly remotePort: number;
  readonly clientId: number | null;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  readonly bufferedWrite: number;
}

export interface PaperGateway {
  readonly port: number;
  sockets(): readonly SocketFigures[];
  /** The broker's state, for inspection: not to be changed. */
  state(): Readonly<BrokerState>;
  readonly faults: GatewayFaults;
  close(): Promise<void>;
}

/** A port that another program holds. */
export class PortInUseError extends Error {
  readonly code = 'PortInUse';
  readonly retryable = false;
  constructor(port: number, cause: unknown) {
    super(
      `port ${port} is in use, perhaps by IB Gateway; stop that program or choose another port with --port`,
      { cause },
    );
    this.name = 'PortInUseError';
  }
}

/** Starts the paper gateway. @throws PortInUseError, UnplayableTapeError, UnknownHoldingsError, StoreUnreadableError */
export async function startPaperGateway(options: PaperGatewayOptions): Promise<PaperGateway> {
  const gateway = new Gateway(options);
  await gateway.listen(options.port, options.host ?? '127.0.0.1');
  return gateway;
}

class Gateway implements PaperGateway {
  readonly faults: FaultControl;
  readonly #clock: TimerClock;
  readonly #log: GatewayLog;
  readonly #desk: Desk;
  readonly #feed: MarketFeed;
  readonly #expiry: OrderExpiry;
  readonly #context: RequestContext;
  readonly #server: Server;
  readonly #connections = new Set<Connection>();
  readonly #messages = new SlidingWindow(1000);
  readonly #history = new HistoricalPacing();
  #closed = false;

  constructor(options: PaperGatewayOptions) {
    if (options.tape.instruments.length === 0) throw new UnplayableTapeError('it has no instruments');
    this.#clock = options.clock;
    this.#log = options.log ?? (() => {});
    this.#desk = new Desk({
      tape: options.tape,
      store: options.directory === null ? volatileStore : fileStore(options.directory),
      account: options.account ?? 'DU0000001',
      initialCash: new Decimal(money(options.initialCash ?? '1000000')),
      ...(options.assumptions === undefined ? {} : { assumptions: options.assumptions }),
    });
    const missing = this.#desk.missingInstruments(this.#clock.now());
    if (missing.length > 0) {
      this.#desk.close();
      throw new UnknownHoldingsError(
        missing,
        options.tape.instruments.map(({ instrument }) => instrument),
      );
    }
    const sessions = new SessionBars(options.tape);
    this.#feed = new MarketFeed(options.tape, sessions, options.clock, (bar) => this.#onBar(bar));
    this.#expiry = new OrderExpiry(
      this.#clock,
      () => nextExpiry(this.#desk.state),
      () => this.#act({ input: 'expire' }),
    );
    const connections = (): Iterable<Connection> =>
      [...this.#connections].filter((connection) => connection.ready);
    this.faults = new FaultControl({
      clock: this.#clock,
      desk: this.#desk,
      random: seededRandom(seedOf(options.seed, 'paper-gateway')),
      connections: this.#connections,
      publisher: () => this.#context.publisher,
      enterManually: (order) => enterManually(this.#context, order),
    });
    const faults = (): FaultSettings => this.faults.settings();
    const publisher = new Publisher(
      this.#desk,
      this.#clock,
      connections,
      faults,
      options.masterClientId ?? null,
    );
    this.#context = {
      clock: this.#clock,
      tape: options.tape,
      desk: this.#desk,
      feed: this.#feed,
      barUpdates: options.barUpdates ?? 'minute',
      sessions,
      publisher,
      faults,
      connections,
      act: (input) => this.#act(input),
      placeOrder: (connection, order) => this.#placeOrder(connection, order),
      historyPacing: (request, instrument) =>
        this.faults.settings().historicalPacing
          ? this.#history.note(this.#clock.now(), {
              identity: JSON.stringify({ ...request, reqId: 0 }),
              contract: `${instrument.instrument}:${request.whatToShow}`,
              whatToShow: request.whatToShow,
            })
          : null,
    };
    this.#server = createServer((socket) => {
      if (this.#closed || this.faults.refuses() || this.#connections.size >= MAXIMUM_CLIENTS) {
        socket.destroy();
        return;
      }
      this.#connections.add(
        new Connection(socket, {
          clock: this.#clock,
          faults,
          connectionTime: (at) => zonedText(at, ACCOUNT_ZONE),
          onMessage: (connection, fields) => this.#onMessage(connection, fields),
          backlog: () => this.#backlog(),
          onClosed: (connection) => this.#onClosed(connection),
          log: this.#log,
        }),
      );
    });
    this.#begin();
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  async listen(port: number, host: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (error: NodeJS.ErrnoException) => {
        this.#feed.stop();
        this.#expiry.stop();
        this.#desk.close();
        reject(error.code === 'EADDRINUSE' ? new PortInUseError(port, error) : error);
      });
      this.#server.listen(port, host, () => resolve());
    });
  }

  sockets(): readonly SocketFigures[] {
    return [...this.#connections].map(({ remotePort, clientId, bytesRead, socket }) => ({
      remotePort,
      clientId,
      bytesRead,
      bytesWritten: socket.bytesWritten,
      bufferedWrite: socket.writableLength,
    }));
  }

  state(): Readonly<BrokerState> {
    return this.#desk.state;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#feed.stop();
    this.#expiry.stop();
    for (const connection of this.#connections) connection.drop();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#desk.close();
  }

  /** Gives every instrument a price and catches up with what the exchange did while the gateway was down. */
  #begin(): void {
    const { state } = this.#desk;
    const now = this.#clock.now();
    this.#feed.start((instrument) =>
      state.index.ofInstrument(instrument).length === 0 ? null : (state.matchedUntil.get(instrument) ?? null),
    );
    for (const { instrument } of this.#context.tape.instruments) {
      const price = this.#feed.day(instrument)?.last.close ?? this.#feed.previousClose(instrument);
      if (price !== null) this.#desk.apply(now, { input: 'mark', instrument, price });
    }
    this.#desk.keepDay(now);
    this.#desk.apply(now, { input: 'expire' });
    this.#expiry.arm();
  }

  #onBar(bar: FeedBar): void {
    const at = Math.max(bar.closeTime, this.#clock.now());
    this.#desk.keepDay(bar.closeTime);
    const events = this.#desk.apply(at, {
      input: 'bar',
      bar: {
        instrument: bar.instrument.instrument,
        openTime: bar.openTime,
        closeTime: bar.closeTime,
        open: bar.open,
        high: bar.high,
        low: bar.low,
        close: bar.close,
        volume: bar.volume,
        sessionStart: bar.sessionStart,
        sessionEnd: bar.sessionEnd,
      },
    });
    const { publisher } = this.#context;
    publisher.publish(events);
    publishBar(this.#context, bar);
    publisher.account(false);
    publisher.profit();
  }

  #act(input: BrokerInput): void {
    const now = this.#clock.now();
    this.#desk.keepDay(now);
    this.#context.publisher.publish(this.#desk.apply(now, input));
    this.#expiry.arm();
  }

  #placeOrder(connection: Connection, order: RequestFields<'placeOrder'>): void {
    if (this.faults.settings().readOnly) {
      connection.error(
        order.orderId,
        321,
        "Error validating request.-'bG' : cause - The API interface is currently in Read-Only mode.",
      );
      return;
    }
    const breaks = this.faults.nextLinkBreak();
    if (breaks === 'unreceived') {
      connection.drop();
      return;
    }
    const instrument = resolve(this.#context.tape, order.contract);
    const request = toOrderRequest(this.#context, connection.clientId ?? -1, order, instrument);
    if (breaks === 'unacknowledged') connection.drop();
    this.#act({ input: 'place', request });
    if (breaks === 'acknowledged') connection.finish();
  }

  #onMessage(connection: Connection, fields: readonly string[]): void {
    if (!this.#withinPace(connection)) return;
    let decoded: DecodedRequest;
    try {
      decoded = decodeRequest(fields, connection.serverVersion);
    } catch (error) {
      if (!(error instanceof MalformedFieldError)) throw error;
      connection.error(-1, 320, `Error reading request. ${error.message}`);
      return;
    }
    if (decoded.kind === 'unknown')
      connection.error(-1, 505, `Fatal Error: Unknown message id.${decoded.id.slice(0, 16)}`);
    else if (decoded.request.request === 'startApi') this.#startApi(connection, decoded.request.clientId);
    else if (!connection.ready) connection.finish();
    else this.#answer(connection, decoded.request as Exclude<Request, { request: 'startApi' }>);
  }

  /** Does what a client asks. A request that fails is its own client's misfortune: the others and the link go on. */
  #answer(connection: Connection, request: Exclude<Request, { request: 'startApi' }>): void {
    try {
      // A night passes without a bar or an order: what is told of the day must still be the new day's.
      this.#desk.keepDay(this.#clock.now());
      dispatch(this.#context, connection, request);
    } catch (error) {
      // Memory is ahead of the disk: only a new start agrees with what clients were told.
      if (error instanceof StoreUnwritableError) throw error;
      this.#log('request-failed', {
        request: request.request,
        clientId: connection.clientId,
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
      const { requestId, code, message } = failureOf(request, error);
      connection.error(requestId, code, message);
    }
  }

  #withinPace(connection: Connection): boolean {
    const { pacing } = this.faults.settings();
    if (pacing === 'smooth') return true;
    const count = this.#messages.add(this.#clock.now());
    if (count <= MAXIMUM_MESSAGES_PER_SECOND) return true;
    connection.error(
      -1,
      100,
      `Max rate of messages per second has been exceeded:max=${MAXIMUM_MESSAGES_PER_SECOND} rec=${count} (1)`,
    );
    if (pacing === 'drop') connection.finish();
    return false;
  }

  #startApi(connection: Connection, clientId: number): void {
    if (connection.ready) return;
    const taken = [...this.#connections].some(
      (other) => other !== connection && other.open && other.clientId === clientId,
    );
    if (taken || this.faults.holds(clientId)) {
      connection.error(
        -1,
        326,
        'Unable to connect as the client id is already in use. Retry with a unique client id.',
      );
      connection.finish();
      return;
    }
    connection.clientId = clientId;
    connection.ready = true;
    connection.send(respond('managedAccounts', { accounts: this.#desk.settings.account }));
    if (!this.faults.settings().withholdNextValidId) {
      const highest = this.#desk.state.highestOrderId.get(clientId) ?? 0;
      connection.send(respond('nextValidId', { orderId: highest + 1 }));
    }
    for (const code of [2104, 2106, 2158]) connection.error(-1, code, NOTICES[code] as string);
    this.#log('client-ready', { clientId, serverVersion: connection.serverVersion });
  }

  #backlog(): number {
    let waiting = 0;
    for (const { socket } of this.#connections) waiting += socket.writableLength;
    return waiting;
  }

  #onClosed(connection: Connection): void {
    this.#connections.delete(connection);
    if (!connection.ready || connection.clientId === null) return;
    this.faults.clientGone(connection.clientId);
    this.#log('client-gone', { clientId: connection.clientId });
  }
}
