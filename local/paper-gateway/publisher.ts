import { type HeldPosition, marketValue } from '#core/simulation/account.ts';
import { Decimal } from '#core/values/decimal.ts';
import type { TimerClock } from '#core/values/timer-clock.ts';
import { dailyProfitOf, realisedOf, tradedToday } from './broker/day-result.ts';
import { dailyProfit } from './broker/standing.ts';
import type { BrokerEvent, BrokerOrder, Execution } from './broker/state.ts';
import { clockText } from './calendar-text.ts';
import type { Connection } from './connection.ts';
import type { Desk } from './desk.ts';
import type { FaultSettings } from './faults.ts';
import {
  accountValues,
  commissionMessage,
  executionMessage,
  openOrderMessage,
  orderStatusMessage,
  portfolioFields,
  positionMessage,
  realisedToday,
  totalUnrealised,
  unrealised,
} from './messages.ts';
import { type Response, respond } from './protocol/responses.ts';

const ACCOUNT_PUSH_INTERVAL = 180_000;

/** Tells clients what happened at the broker, through whatever faults are asked for. */
export class Publisher {
  readonly #desk: Desk;
  readonly #clock: TimerClock;
  readonly #connections: () => Iterable<Connection>;
  readonly #faults: () => FaultSettings;
  readonly #masterClientId: number | null;
  #accountPushedAt = Number.NEGATIVE_INFINITY;

  constructor(
    desk: Desk,
    clock: TimerClock,
    connections: () => Iterable<Connection>,
    faults: () => FaultSettings,
    masterClientId: number | null,
  ) {
    this.#desk = desk;
    this.#clock = clock;
    this.#connections = connections;
    this.#faults = faults;
    this.#masterClientId = masterClientId;
  }

  publish(events: readonly BrokerEvent[]): void {
    let accountMoved = false;
    for (const event of events) {
      switch (event.event) {
        case 'order':
          this.order(event.order);
          break;
        case 'bound':
          this.#to(
            event.order.clientId,
            respond('orderBound', {
              permId: event.order.permId,
              clientId: event.order.clientId,
              orderId: event.order.orderId,
            }),
          );
          break;
        case 'execution':
          this.execution(event.execution);
          accountMoved = true;
          break;
        case 'position':
          this.#position(event.instrument);
          break;
        case 'whatIf':
          this.#to(
            event.order.clientId,
            openOrderMessage(event.order, this.#desk.instrument(event.order.instrument), event.figures),
          );
          break;
        case 'error':
          this.#to(
            event.clientId,
            respond('error', { requestId: event.orderId, code: event.code, message: event.message }),
          );
          break;
      }
    }
    if (accountMoved) this.account(true);
  }

  /** Order status and open order, to the order's own client and the master client. */
  order(order: BrokerOrder): void {
    const faults = this.#faults();
    if (order.filled > 0 && order.status !== 'Cancelled' && faults.executionsWithoutStatus) return;
    this.#to(order.clientId, openOrderMessage(order, this.#desk.instrument(order.instrument)));
    for (let times = faults.duplicateStatus ? 2 : 1; times > 0; times -= 1) {
      this.#to(order.clientId, orderStatusMessage(order));
    }
  }

  execution(execution: Execution): void {
    const faults = this.#faults();
    const instrument = this.#desk.instrument(execution.instrument);
    const report = commissionMessage(execution, instrument);
    if (faults.commission === 'early') this.#to(execution.clientId, report);
    const message = executionMessage(execution, instrument, this.#desk.settings.account, -1);
    for (let times = faults.duplicateExecutions ? 2 : 1; times > 0; times -= 1)
      this.#to(execution.clientId, message);
    if (faults.commission === 'normal') this.#to(execution.clientId, report);
    if (typeof faults.commission === 'object') {
      this.#clock.schedule(this.#clock.now() + faults.commission.lateMillis, () =>
        this.#to(execution.clientId, report),
      );
    }
  }

  /** Account updates and profit: on every fill, otherwise every three minutes, as a gateway does. */
  account(force: boolean): void {
    const now = this.#clock.now();
    if (!force && now - this.#accountPushedAt < ACCOUNT_PUSH_INTERVAL) return;
    this.#accountPushedAt = now;
    for (const connection of this.#connections()) {
      for (const subscription of connection.subscriptions.values()) {
        if (subscription.kind === 'accountUpdates') this.accountUpdates(connection);
        else if (subscription.kind === 'accountSummary')
          this.accountSummary(connection, subscription.reqId, subscription.tags);
        else if (subscription.kind === 'accountUpdatesMulti') {
          this.accountUpdatesMulti(connection, subscription.reqId, subscription.model);
        }
      }
    }
  }

  /** Profit to everybody who subscribed to it. */
  profit(): void {
    for (const connection of this.#connections()) {
      for (const subscription of connection.subscriptions.values()) {
        if (subscription.kind === 'pnl') this.pnl(connection, subscription.reqId);
        else if (subscription.kind === 'pnlSingle')
          this.pnlSingle(connection, subscription.reqId, subscription.instrument?.instrument ?? null);
      }
    }
  }

  accountUpdates(connection: Connection): void {
    const { account } = this.#desk.settings;
    const { state } = this.#desk;
    for (const [key, value, currency] of accountValues(state, this.#desk.settings, 'USD')) {
      connection.send(respond('accountValue', { key, value, currency, account }));
    }
    // What was closed today stays in the portfolio, with its profit, until the day ends: else a client would keep it.
    for (const id of new Set([...state.books.positions.keys(), ...tradedToday(state)])) {
      const mark = state.marks.get(id);
      if (mark === undefined) continue;
      const held = state.books.positions.get(id);
      const instrument = this.#desk.instrument(id);
      connection.send(
        respond(
          'portfolioValue',
          portfolioFields(held, instrument, new Decimal(mark), realisedOf(state, id), account),
        ),
      );
    }
    connection.send(respond('accountUpdateTime', { time: clockText(this.#clock.now()) }));
    connection.send(respond('accountDownloadEnd', { account }));
  }

  accountSummary(connection: Connection, reqId: number, tags: readonly string[]): void {
    const { account } = this.#desk.settings;
    const ledger = tags.some((tag) => tag.startsWith('$LEDGER'));
    for (const [tag, value, currency] of accountValues(this.#desk.state, this.#desk.settings, 'USD')) {
      if (tags.includes(tag) || (ledger && LEDGER_TAGS.has(tag))) {
        connection.send(respond('accountSummary', { reqId, account, tag, value, currency }));
      }
    }
    connection.send(respond('accountSummaryEnd', { reqId }));
  }

  accountUpdatesMulti(connection: Connection, reqId: number, model: string): void {
    const { account } = this.#desk.settings;
    for (const [key, value, currency] of accountValues(this.#desk.state, this.#desk.settings, 'USD')) {
      connection.send(respond('accountUpdateMulti', { reqId, account, model, key, value, currency }));
    }
    connection.send(respond('accountUpdateMultiEnd', { reqId }));
  }

  pnl(connection: Connection, reqId: number): void {
    const { state } = this.#desk;
    connection.send(
      respond('pnl', {
        reqId,
        daily: dailyProfit(state)?.toNumber() ?? null,
        unrealized: totalUnrealised(state)?.toNumber() ?? null,
        realized: realisedToday(state).toNumber(),
      }),
    );
  }

  /** Profit of one instrument; unset where it is not on the tape, or neither held nor traded today. */
  pnlSingle(connection: Connection, reqId: number, id: string | null): void {
    const { state, settings } = this.#desk;
    const instrument = id === null ? undefined : settings.instruments.get(id);
    const held = id === null ? undefined : state.books.positions.get(id);
    const mark = id === null ? undefined : state.marks.get(id);
    const involved =
      instrument !== undefined && (held !== undefined || tradedToday(state).has(instrument.id));
    const valued = (of: (position: HeldPosition, price: Decimal) => Decimal): number | null => {
      if (!involved || mark === undefined) return null;
      return held === undefined ? 0 : of(held, new Decimal(mark)).toNumber();
    };
    connection.send(
      respond('pnlSingle', {
        reqId,
        position: held?.quantity.toNumber() ?? 0,
        daily: involved ? (dailyProfitOf(state, instrument)?.toNumber() ?? null) : null,
        unrealized: valued(unrealised),
        realized: involved ? realisedOf(state, instrument.id).toNumber() : null,
        value: valued(marketValue),
      }),
    );
  }

  #position(id: string): void {
    const message = positionMessage(
      this.#desk.state.books.positions.get(id),
      this.#desk.instrument(id),
      this.#desk.settings.account,
    );
    for (const connection of this.#connections()) {
      if (connection.subscriptions.has('positions:0')) connection.send(message);
    }
  }

  #to(clientId: number, message: Response): void {
    for (const connection of this.#connections()) {
      if (connection.clientId === clientId || connection.clientId === this.#masterClientId)
        connection.send(message);
    }
  }
}

const LEDGER_TAGS: ReadonlySet<string> = new Set([
  'CashBalance',
  'TotalCashBalance',
  'RealizedPnL',
  'UnrealizedPnL',
  'Currency',
]);
