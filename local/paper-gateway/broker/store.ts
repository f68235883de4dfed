import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import * as z from 'zod';
import type { HeldPosition } from '#core/simulation/account.ts';
import { Decimal, decimalText } from '#core/values/decimal.ts';
import { newBroker } from './broker.ts';
import {
  type BrokerChanges,
  type BrokerOrder,
  type BrokerState,
  type DayOpening,
  type Execution,
  isFinal,
  MANUAL_ORDER_ID,
  orderName,
} from './state.ts';

/** Where the broker's state lives. What `save` returned from survives the death of the process at any moment. */
export interface BrokerStore {
  /** The state as last saved, null where there is none. @throws StoreUnreadableError */
  load(): BrokerState | null;
  /** @throws StoreUnwritableError */
  save(state: BrokerState, changes: BrokerChanges): void;
  close(): void;
}

/** A state directory whose content is not this gateway's. */
export class StoreUnreadableError extends Error {
  readonly code = 'StoreUnreadable';
  readonly retryable = false;
  constructor(path: string, cause: unknown) {
    super(`the broker state in ${path} cannot be read; move the file away to start with a new account`, {
      cause,
    });
    this.name = 'StoreUnreadableError';
  }
}

/**
 * A step that could not be written down. What the broker holds in memory is then ahead of its file: the process must end,
 * and its next start goes on from what clients have heard of.
 */
export class StoreUnwritableError extends Error {
  readonly code = 'StoreUnwritable';
  readonly retryable = false;
  constructor(path: string, cause: unknown) {
    super(`the broker state in ${path} cannot be written; see to the disk and start again`, { cause });
    this.name = 'StoreUnwritableError';
  }
}

/** A store that forgets: for runs that need no restart. */
export const volatileStore: BrokerStore = { load: () => null, save: () => {}, close: () => {} };

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS orders (permId INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS executions (execId TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS account (id INTEGER PRIMARY KEY CHECK (id = 1), body TEXT NOT NULL) STRICT;
`;

const pairs = <V extends z.ZodType>(value: V) => z.array(z.tuple([z.string(), value]));
const heldPosition = z.object({
  quantity: z.string(),
  basis: z.string(),
  openingFees: z.string(),
  multiplier: z.string(),
});
const dayOpening = z.object({
  held: heldPosition.nullable(),
  firstExecution: z.number(),
  value: z.string().nullable(),
});
const accountRow = z.object({
  initialCash: z.string(),
  flows: z.string(),
  cash: z.string(),
  realised: z.string(),
  fees: z.string(),
  positions: pairs(heldPosition),
  nextPermId: z.number(),
  nextExecution: z.number(),
  highestOrderId: z.array(z.tuple([z.number(), z.number()])),
  marks: pairs(z.string()),
  matchedUntil: pairs(z.number()),
  dayStartEquity: z.string().nullable(),
  dayStartRealised: z.string(),
  dayStart: z.number(),
  // States of before it was written down have none.
  dayOpening: pairs(dayOpening).nullable().default(null),
  monthlyQuantity: z.string(),
  month: z.string(),
});
type AccountRow = z.infer<typeof accountRow>;

/** The file of the state, in its directory. */
export const STORE_FILE = 'paper-gateway.sqlite';

/**
 * A store in one SQLite file. Each step is one transaction in a write-ahead log: written to the operating system
 * before `save` returns, so that killing the process loses nothing. It does not force the disk: a power cut may lose
 * the last moments, never consistency.
 */
export function fileStore(directory: string): BrokerStore {
  mkdirSync(directory, { recursive: true });
  const path = join(directory, STORE_FILE);
  let database: DatabaseSync;
  try {
    database = new DatabaseSync(path);
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;');
    database.exec(SCHEMA);
  } catch (cause) {
    throw new StoreUnreadableError(path, cause);
  }
  const statements = {
    order: database.prepare('INSERT OR REPLACE INTO orders VALUES (?, ?)'),
    forgetOrder: database.prepare('DELETE FROM orders WHERE permId = ?'),
    execution: database.prepare('INSERT OR REPLACE INTO executions VALUES (?, ?)'),
    forgetExecution: database.prepare('DELETE FROM executions WHERE execId = ?'),
    account: database.prepare('INSERT OR REPLACE INTO account VALUES (1, ?)'),
  };
  return {
    load() {
      try {
        return read(database);
      } catch (cause) {
        throw new StoreUnreadableError(path, cause);
      }
    },
    save(state, changes) {
      if (changes.orders.size === 0 && changes.executions.size === 0 && !changes.account) return;
      try {
        database.exec('BEGIN');
        write(statements, state, changes);
        database.exec('COMMIT');
      } catch (cause) {
        if (database.isTransaction) database.exec('ROLLBACK');
        throw new StoreUnwritableError(path, cause);
      }
    },
    close: () => database.close(),
  };
}

function write(
  statements: Readonly<Record<string, StatementSync>>,
  state: BrokerState,
  changes: BrokerChanges,
): void {
  for (const permId of changes.orders) {
    const order = state.orders.get(permId);
    if (order === undefined) statements['forgetOrder']?.run(permId);
    else statements['order']?.run(permId, JSON.stringify(order));
  }
  for (const execId of changes.executions) {
    const execution = state.executions.get(execId);
    if (execution === undefined) statements['forgetExecution']?.run(execId);
    else statements['execution']?.run(execId, JSON.stringify(execution));
  }
  statements['account']?.run(JSON.stringify(accountOf(state)));
}

const heldRow = (held: HeldPosition): z.infer<typeof heldPosition> => ({
  quantity: decimalText(held.quantity),
  basis: decimalText(held.basis),
  openingFees: decimalText(held.openingFees),
  multiplier: decimalText(held.multiplier),
});

const heldOf = (row: z.infer<typeof heldPosition>): HeldPosition => ({
  quantity: new Decimal(row.quantity),
  basis: new Decimal(row.basis),
  openingFees: new Decimal(row.openingFees),
  multiplier: new Decimal(row.multiplier),
});

function accountOf(state: BrokerState): AccountRow {
  const { books } = state;
  return {
    initialCash: decimalText(books.initialCash),
    flows: decimalText(books.flows),
    cash: decimalText(books.cash),
    realised: decimalText(books.realised),
    fees: decimalText(books.fees),
    positions: [...books.positions].map(([instrument, held]) => [instrument, heldRow(held)]),
    nextPermId: state.nextPermId,
    nextExecution: state.nextExecution,
    highestOrderId: [...state.highestOrderId],
    marks: [...state.marks],
    matchedUntil: [...state.matchedUntil],
    dayStartEquity: state.dayStartEquity,
    dayStartRealised: state.dayStartRealised,
    dayStart: state.dayStart,
    dayOpening:
      state.dayOpening === null
        ? null
        : [...state.dayOpening].map(([instrument, opening]) => [
            instrument,
            { ...opening, held: opening.held === null ? null : heldRow(opening.held) },
          ]),
    monthlyQuantity: state.monthlyQuantity,
    month: state.month,
  };
}

/** Prices that an order does not have are NaN; JSON writes them as null. */
function orderOf(body: string): BrokerOrder {
  const order = JSON.parse(body) as BrokerOrder;
  return {
    ...order,
    limitPrice: order.limitPrice ?? Number.NaN,
    stopPrice: order.stopPrice ?? Number.NaN,
    trailAmount: order.trailAmount ?? Number.NaN,
    trailPercent: order.trailPercent ?? Number.NaN,
  };
}

function read(database: DatabaseSync): BrokerState | null {
  const row = database.prepare('SELECT body FROM account').get() as { body: string } | undefined;
  if (row === undefined) return null;
  const account = accountRow.parse(JSON.parse(row.body));
  const state = newBroker(new Decimal(account.initialCash));
  restoreAccount(state, account);
  for (const { body } of database.prepare('SELECT body FROM orders ORDER BY permId').iterate() as Iterable<{
    body: string;
  }>) {
    const order = orderOf(body);
    state.orders.set(order.permId, order);
    if (isFinal(order)) state.index.addChild(order);
    else state.index.add(order);
    // A later order of the same name (ids rolled back) hides the earlier one.
    if (order.orderId !== MANUAL_ORDER_ID && !order.nameFreed)
      state.byName.set(orderName(order.clientId, order.orderId), order.permId);
  }
  for (const { body } of database
    .prepare('SELECT body FROM executions ORDER BY execId')
    .iterate() as Iterable<{ body: string }>) {
    const execution = JSON.parse(body) as Execution;
    state.executions.set(execution.execId, execution);
  }
  return state;
}

function restoreAccount(state: BrokerState, account: AccountRow): void {
  state.books = {
    initialCash: new Decimal(account.initialCash),
    flows: new Decimal(account.flows),
    cash: new Decimal(account.cash),
    realised: new Decimal(account.realised),
    fees: new Decimal(account.fees),
    positions: new Map(
      account.positions.map(([instrument, held]): [string, HeldPosition] => [instrument, heldOf(held)]),
    ),
  };
  state.nextPermId = account.nextPermId;
  state.nextExecution = account.nextExecution;
  for (const [clientId, highest] of account.highestOrderId) state.highestOrderId.set(clientId, highest);
  for (const [instrument, mark] of account.marks) state.marks.set(instrument, mark);
  for (const [instrument, until] of account.matchedUntil) state.matchedUntil.set(instrument, until);
  state.dayStartEquity = account.dayStartEquity;
  state.dayStartRealised = account.dayStartRealised;
  state.dayStart = account.dayStart;
  state.dayOpening =
    account.dayOpening === null
      ? null
      : new Map(
          account.dayOpening.map(([instrument, opening]): [string, DayOpening] => [
            instrument,
            { ...opening, held: opening.held === null ? null : heldOf(opening.held) },
          ]),
        );
  state.monthlyQuantity = account.monthlyQuantity;
  state.month = account.month;
}
