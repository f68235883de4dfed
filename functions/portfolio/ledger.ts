import type { DeskEvent } from '#contracts/registry.ts';
import type { StateKey, StoredState } from '#core/events/desk-store.ts';
import type { JournalEntry } from '#core/events/new-event.ts';
import { type HaltFlag, isHaltLifted, stateKeys } from '#core/events/state-keys.ts';
import { type AccountBook, EMPTY_BOOK } from '#core/portfolio/account-book.ts';
import type { CashEntered } from '#core/portfolio/entered-cash.ts';
import { keepBook, type LedgerInput } from '#core/portfolio/keep-book.ts';
import { LEDGER_EVENTS } from '#core/portfolio/ledger.ts';
import type { IntradayRecord } from '#core/portfolio/market-record.ts';
import { DEFAULT_RISK_POLICY, type RiskPolicy, readRiskPolicy } from '#core/risk/policy.ts';
import { type Desk, speaking } from '#functions/runtime/desk.ts';
import type { Arrival } from '#functions/runtime/handler.ts';

export const LEDGER_TYPES = [...LEDGER_EVENTS, 'DailyHistoryObserved'] as const;

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
  const cash: StateKey[] = [];
  for (const { metadata, data } of events) {
    if (metadata.type === 'CashEntered') cash.push(stateKeys.cash((data as CashEntered).reference));
    if (metadata.type === 'BarClosed' || metadata.type === 'DailyHistoryObserved') {
      const { instrument } = data as { readonly instrument: string };
      const key =
        metadata.type === 'BarClosed' ? stateKeys.intraday(instrument) : stateKeys.daily(instrument);
      market.set(address(key), key);
    }
  }
  const keys = [stateKeys.book, stateKeys.policy, stateKeys.halt, ...market.values(), ...cash];
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

/**
 * The policy in force. By one that cannot be read nothing is authorized, but what has been authorized goes on filling: it is
 * booked and measured by the default, whose drawdown steps end at the hard ceiling. A policy may only be tighter than that.
 */
function policyToMeasureBy(desk: Desk, stored: unknown): RiskPolicy {
  const reading = readRiskPolicy(stored);
  if (reading.kind === 'policy') return reading.policy;
  desk.log.error('the drawdown is measured by the default policy', { reason: reading.detail });
  return DEFAULT_RISK_POLICY;
}

function apply(desk: Desk, state: LedgerState, events: readonly DeskEvent<LedgerInput>[]): Outcome {
  const storedOf = (key: StateKey) => state.stored.get(address(key)) ?? null;
  const policy = storedOf(stateKeys.policy);
  const isLifted = isHaltLifted((storedOf(stateKeys.halt)?.value as HaltFlag | undefined) ?? null);
  const { book, halt, market, entries, trips, refused } = keepBook(
    {
      book: (storedOf(stateKeys.book)?.value as AccountBook | undefined) ?? EMPTY_BOOK,
      policy: policy === null ? null : policyToMeasureBy(desk, policy.value),
      intraday: (instrument) =>
        (storedOf(stateKeys.intraday(instrument))?.value ?? null) as IntradayRecord | null,
      cashWord: (reference) => storedOf(stateKeys.cash(reference))?.value,
    },
    events.filter(({ metadata }) => metadata.type !== 'TradingHalted' || !isLifted),
    speaking(desk),
  );
  for (const { metadata } of refused) {
    desk.log.error('the book cannot take what it was told', {
      type: metadata.type,
      correlationId: metadata.correlationId,
      causationId: metadata.id,
    });
    desk.log.metric('BrokerDifferenceFound', 1, 'Count');
  }
  for (const type of trips) desk.log.metric(type, 1, 'Count');

  const versionOf = (key: StateKey) => storedOf(key)?.version ?? 0;
  return {
    entries,
    writes: [
      { key: stateKeys.book, value: book, expectedVersion: versionOf(stateKeys.book) },
      ...market.map(({ key, value }) => ({ key, value, expectedVersion: versionOf(key) })),
      ...(halt === null
        ? []
        : [{ key: stateKeys.halt, value: halt, expectedVersion: versionOf(stateKeys.halt) }]),
    ],
    checks: policy === null ? [] : [{ key: stateKeys.policy, expectedVersion: policy.version }],
  };
}
