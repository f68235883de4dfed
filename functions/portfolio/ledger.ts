import type { DeskEvent } from '#contracts/registry.ts';
import type { StateKey, StoredState } from '#core/events/desk-store.ts';
import { type JournalEntry, journalEntry } from '#core/events/new-event.ts';
import { type HaltFlag, stateKeys } from '#core/events/state-keys.ts';
import { type AccountBook, EMPTY_BOOK } from '#core/portfolio/account-book.ts';
import {
  type Folded,
  fold,
  LEDGER_EVENTS,
  type LedgerEventType,
  UnknownIntentError,
} from '#core/portfolio/ledger.ts';
import { valuation } from '#core/portfolio/valuation.ts';
import { reduceOnly, trip } from '#core/risk/breakers.ts';
import { parseRiskPolicy, type RiskPolicy } from '#core/risk/policy.ts';
import { instantText } from '#core/values/clock.ts';
import type { Desk } from '#functions/runtime/desk.ts';
import type { Arrival } from '#functions/runtime/handler.ts';
import { type DailyRecord, type IntradayRecord, withBar } from './market-record.ts';

export const LEDGER_TYPES = [...LEDGER_EVENTS, 'DailyHistoryObserved'] as const;
type LedgerInput = LedgerEventType | 'DailyHistoryObserved';

const ATTEMPTS = 8;

/** The book changed under the ledger again and again. The queue delivers the batch once more. */
export class BookContendedError extends Error {
  readonly code = 'BookContended';
  readonly retryable = true;
  constructor() {
    super(`the account book changed ${ATTEMPTS} times while it was being written`);
    this.name = 'BookContendedError';
  }
}

/**
 * Folds broker and session events into the account book, in the order of the FIFO queue. Book, bars, valuation and
 * breaker are one transaction: there is no moment in which a fill is booked and the limit not yet measured on it.
 */
export async function keepLedger(desk: Desk, arrivals: readonly Arrival<LedgerInput>[]): Promise<void> {
  // A queue may deliver an event twice in one batch; one transaction can mark it as dealt with only once.
  let pending = [...new Map(arrivals.map(({ event }) => [event.metadata.id, event])).values()];
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (pending.length === 0) return;
    const state = await load(desk, pending);
    const outcome = apply(desk, state, pending);
    const result = await desk.store.commit({
      entries: outcome.entries,
      writes: outcome.writes,
      checks: outcome.checks,
      processed: { consumer: desk.name, eventIds: pending.map(({ metadata }) => metadata.id) },
    });
    switch (result.kind) {
      case 'committed':
        return;
      case 'duplicate': {
        // An announcement that stands in the journal proves its cause booked, though the mark of it has been forgotten.
        const done = new Set(
          result.of === 'cause' ? result.ids : causesOf(outcome.entries, new Set(result.ids)),
        );
        pending = pending.filter(({ metadata }) => !done.has(metadata.id));
        break;
      }
      case 'conflict':
        break;
    }
  }
  throw new BookContendedError();
}

const causesOf = (entries: readonly JournalEntry[], ids: ReadonlySet<string>): readonly string[] =>
  entries.flatMap(({ event: { metadata } }) => (ids.has(metadata.id) ? (metadata.causationId ?? []) : []));

interface LedgerState {
  readonly keys: readonly StateKey[];
  readonly stored: ReadonlyMap<string, StoredState | null>;
}

const address = (key: StateKey) => `${key.partition}\u0000${key.sort}`;

async function load(desk: Desk, events: readonly DeskEvent<LedgerInput>[]): Promise<LedgerState> {
  const market = new Map<string, StateKey>();
  for (const { metadata, data } of events) {
    if (metadata.type === 'BarClosed' || metadata.type === 'DailyHistoryObserved') {
      const { instrument } = data as { readonly instrument: string };
      const key =
        metadata.type === 'BarClosed' ? stateKeys.intraday(instrument) : stateKeys.daily(instrument);
      market.set(address(key), key);
    }
  }
  const keys = [stateKeys.book, stateKeys.policy, stateKeys.halt, ...market.values()];
  const values = await desk.store.read(keys);
  return { keys, stored: new Map(keys.map((key, index) => [address(key), values[index] ?? null])) };
}

interface Outcome {
  readonly entries: readonly JournalEntry[];
  readonly writes: readonly {
    readonly key: StateKey;
    readonly value: unknown;
    readonly expectedVersion: number;
  }[];
  readonly checks: readonly { readonly key: StateKey; readonly expectedVersion: number }[];
}

type Announcement =
  | 'PortfolioRevalued'
  | 'DrawdownWarned'
  | 'TradingReducing'
  | 'TradingHalted'
  | 'BrokerDifferenceFound';

const unknownExecution = (
  { execId, intentId, side, quantity, instrument, price }: DeskEvent<'OrderFilled'>['data'],
  error: UnknownIntentError,
): DeskEvent<'BrokerDifferenceFound'>['data'] => ({
  subject: 'execution',
  key: execId,
  expected: `an authorization of ${intentId} in the book`,
  observed: `${side} ${quantity} ${instrument} at ${price}`,
  explanation: error.message,
});

function apply(desk: Desk, state: LedgerState, events: readonly DeskEvent<LedgerInput>[]): Outcome {
  const storedOf = (key: StateKey) => state.stored.get(address(key)) ?? null;
  const policy: RiskPolicy | null =
    storedOf(stateKeys.policy) === null ? null : parseRiskPolicy(storedOf(stateKeys.policy)?.value);
  const now = desk.clock.now();
  let book = (storedOf(stateKeys.book)?.value as AccountBook | undefined) ?? EMPTY_BOOK;
  let halt: HaltFlag | null = null;
  const market = new Map<string, { readonly key: StateKey; readonly value: unknown }>();
  const entries: JournalEntry[] = [];

  for (const event of events) {
    const { metadata } = event;
    // Counted for each cause, so that what is said does not depend on how a queue cut its batches.
    let said = 0;
    const say = <T extends Announcement>(
      type: T,
      data: DeskEvent<T>['data'],
      urgency: 'normal' | 'critical',
    ) =>
      entries.push(
        journalEntry(
          {
            type,
            key: metadata.id,
            correlationId: metadata.correlationId,
            causationId: metadata.id,
            sender: desk.name,
            occurredAt: now,
            urgency,
            data: data as never,
          },
          said++,
        ),
      );
    if (metadata.type === 'DailyHistoryObserved') {
      const { data } = event as DeskEvent<'DailyHistoryObserved'>;
      const key = stateKeys.daily(data.instrument);
      const record: DailyRecord = { session: data.session, history: data.history };
      market.set(address(key), { key, value: record });
      continue;
    }
    if (metadata.type === 'BarClosed') {
      const { data } = event as DeskEvent<'BarClosed'>;
      const key = stateKeys.intraday(data.instrument);
      const before = (market.get(address(key))?.value ??
        storedOf(key)?.value ??
        null) as IntradayRecord | null;
      market.set(address(key), { key, value: withBar(before, data) });
    }
    let folded: Folded;
    try {
      folded = fold(book, event as DeskEvent<LedgerEventType>);
    } catch (error) {
      if (!(error instanceof UnknownIntentError)) throw error;
      // Trying again would never help, and would keep every later event from the book: say it, and open nothing more.
      const fill = event as DeskEvent<'OrderFilled'>;
      desk.log.error('an execution belongs to no order of the book', {
        correlationId: metadata.correlationId,
        causationId: metadata.id,
        intentId: fill.data.intentId,
      });
      desk.log.metric('BrokerDifferenceFound', 1, 'Count');
      say('BrokerDifferenceFound', unknownExecution(fill.data, error), 'critical');
      const reducing = reduceOnly(book, error, now);
      book = reducing.book;
      if (reducing.data !== null) say('TradingReducing', reducing.data, 'critical');
      continue;
    }
    book = folded.book;
    if (folded.revalue === null) continue;
    const instrument = (event.data as { readonly instrument?: string }).instrument ?? null;
    const value = valuation(book, folded.revalue, instrument);
    if (value === null) continue;
    if (policy === null) {
      book = { ...book, highWater: value.highWater };
      say('PortfolioRevalued', value, 'normal');
      continue;
    }
    const tripped = trip(book, value, policy, now);
    book = tripped.book;
    say('PortfolioRevalued', { ...value, tradingState: book.trading.state }, 'normal');
    for (const breaker of tripped.events) {
      say(breaker.type, breaker.data, 'critical');
      if (breaker.type === 'TradingHalted')
        halt = { halted: true, by: breaker.data.by, reason: breaker.data.reason, at: instantText(now) };
      desk.log.metric(breaker.type, 1, 'Count');
    }
  }

  const versionOf = (key: StateKey) => storedOf(key)?.version ?? 0;
  return {
    entries,
    writes: [
      { key: stateKeys.book, value: book, expectedVersion: versionOf(stateKeys.book) },
      ...[...market.values()].map(({ key, value }) => ({ key, value, expectedVersion: versionOf(key) })),
      ...(halt === null
        ? []
        : [{ key: stateKeys.halt, value: halt, expectedVersion: versionOf(stateKeys.halt) }]),
    ],
    checks: policy === null ? [] : [{ key: stateKeys.policy, expectedVersion: versionOf(stateKeys.policy) }],
  };
}
