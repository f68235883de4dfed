import type { DeskEvent } from '#contracts/registry.ts';
import type { StateKey } from '#core/events/desk-store.ts';
import { type JournalEntry, journalEntry, trustedEntry } from '#core/events/new-event.ts';
import { type HaltFlag, stateKeys } from '#core/events/state-keys.ts';
import { type BreakerEvent, reduceOnly, trip } from '#core/risk/breakers.ts';
import type { RiskPolicy } from '#core/risk/policy.ts';
import { type EpochMillis, instantText } from '#core/values/clock.ts';
import type { AccountBook } from './account-book.ts';
import { type CashEntered, cashProblem, isEntered } from './entered-cash.ts';
import { commissionProblem, UnknownIntentError } from './executions.ts';
import { type Folded, fold, type LedgerEventType } from './ledger.ts';
import { type DailyRecord, type IntradayRecord, withBar } from './market-record.ts';
import { valuation } from './valuation.ts';

export type LedgerInput = LedgerEventType | 'DailyHistoryObserved';

/** What the ledger starts from. */
export interface BookState {
  readonly book: AccountBook;
  /** The policy in force; null where there is none, and then no breaker can trip. */
  readonly policy: RiskPolicy | null;
  readonly intraday: (instrument: string) => IntradayRecord | null;
  /** What an operator has left under the reference of a movement of cash; nothing where nobody enters any. */
  readonly cashWord?: (reference: string) => unknown;
}

/** What the ledger leaves: one transaction of book, market records, kill switch and announcements. */
export interface KeptBook {
  readonly book: AccountBook;
  /** The kill switch, where a drawdown halt threw it. */
  readonly halt: HaltFlag | null;
  readonly market: readonly { readonly key: StateKey; readonly value: IntradayRecord | DailyRecord }[];
  readonly entries: readonly JournalEntry[];
  readonly trips: readonly BreakerEvent['type'][];
  /**
   * What the book cannot take: executions of intents that it never authorized, commissions in another currency, cash on
   * which no operator has left a word.
   */
  readonly refused: readonly DeskEvent<'OrderFilled' | 'CommissionReported' | 'CashEntered'>[];
}

type Announcement =
  | 'PortfolioRevalued'
  | 'DrawdownWarned'
  | 'TradingReducing'
  | 'TradingHalted'
  | 'BrokerDifferenceFound';

const address = (key: StateKey) => `${key.partition}\u0000${key.sort}`;

/**
 * Folds events into the book in the order given, values it after each that may have changed its value, and trips what must
 * trip: there is no moment in which a fill is booked and the limit not yet measured on it.
 */
export function keepBook(
  state: BookState,
  events: readonly DeskEvent<LedgerInput>[],
  speaker: { readonly name: string; readonly now: EpochMillis; readonly trusted?: boolean },
): KeptBook {
  const { policy } = state;
  const { now } = speaker;
  const entryOf = speaker.trusted === true ? trustedEntry : journalEntry;
  let { book } = state;
  let halt: HaltFlag | null = null;
  const market = new Map<string, KeptBook['market'][number]>();
  const intraday = new Map<string, IntradayRecord>();
  const keep = (key: StateKey, value: IntradayRecord | DailyRecord) =>
    market.set(address(key), { key, value });
  const entries: JournalEntry[] = [];
  const trips: BreakerEvent['type'][] = [];
  const refused: KeptBook['refused'][number][] = [];

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
        entryOf(
          {
            type,
            key: metadata.id,
            correlationId: metadata.correlationId,
            causationId: metadata.id,
            sender: speaker.name,
            occurredAt: now,
            urgency,
            data: data as never,
          },
          said++,
        ),
      );
    if (metadata.type === 'DailyHistoryObserved') {
      const { data } = event as DeskEvent<'DailyHistoryObserved'>;
      keep(stateKeys.daily(data.instrument), { session: data.session, history: data.history });
      continue;
    }
    if (metadata.type === 'BarClosed') {
      const { data } = event as DeskEvent<'BarClosed'>;
      const before = intraday.get(data.instrument) ?? state.intraday(data.instrument);
      const after = withBar(before, data);
      intraday.set(data.instrument, after);
      keep(stateKeys.intraday(data.instrument), after);
    }
    if (metadata.type === 'CashEntered') {
      const entered = event as DeskEvent<'CashEntered'>;
      const problem = isEntered(entered, state.cashWord?.(entered.data.reference))
        ? cashProblem(book, entered.data)
        : 'no operator has left a word on this movement in the desk’s state';
      if (problem !== null) {
        refused.push(entered);
        say('BrokerDifferenceFound', refusedCash(entered.data, problem), 'critical');
        continue;
      }
    }
    if (metadata.type === 'CommissionReported') {
      const charged = event as DeskEvent<'CommissionReported'>;
      const problem = commissionProblem(book, charged.data);
      if (problem !== null) {
        refused.push(charged);
        say('BrokerDifferenceFound', refusedCommission(charged.data, book, problem), 'critical');
        continue;
      }
    }
    let folded: Folded;
    try {
      folded = fold(book, event as DeskEvent<LedgerEventType>);
    } catch (error) {
      if (!(error instanceof UnknownIntentError)) throw error;
      // Trying again would never help, and would keep every later event from the book: say it, and open nothing more.
      const fill = event as DeskEvent<'OrderFilled'>;
      refused.push(fill);
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
      trips.push(breaker.type);
      if (breaker.type === 'TradingHalted')
        halt = { halted: true, by: breaker.data.by, reason: breaker.data.reason, at: instantText(now) };
    }
  }
  return { book, halt, market: [...market.values()], entries, trips, refused };
}

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

const refusedCommission = (
  { execId, commission, currency }: DeskEvent<'CommissionReported'>['data'],
  book: AccountBook,
  problem: string,
): DeskEvent<'BrokerDifferenceFound'>['data'] => ({
  subject: 'execution',
  key: execId,
  expected: `a commission in ${book.currency}`,
  observed: `${commission} ${currency}`,
  explanation: `it was not charged: ${problem}`,
});

const refusedCash = (
  { reference, kind, amount, currency, by }: CashEntered,
  problem: string,
): DeskEvent<'BrokerDifferenceFound'>['data'] => ({
  subject: 'account',
  key: reference,
  expected: 'a movement of cash that can be booked',
  observed: `${kind} of ${amount} ${currency} by ${by}`,
  explanation: `it was not booked: ${problem}`,
});
