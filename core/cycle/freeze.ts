import type { CycleKind } from '#contracts/events/cycle.ts';
import type { ContentReference } from '#contracts/primitives.ts';
import type { CycleSnapshot } from '#contracts/snapshot.ts';
import type { LearningRecord } from '#core/agents/learning/learning-record.ts';
import { type JournalEntry, journalEntry } from '#core/events/new-event.ts';
import type { HaltFlag } from '#core/events/state-keys.ts';
import type { Session } from '#core/market/calendar.ts';
import type { AccountBook } from '#core/portfolio/account-book.ts';
import type { DailyRecord, IntradayRecord } from '#core/portfolio/market-record.ts';
import { pendingEntries, recentExits } from '#core/portfolio/recent-exits.ts';
import { valuation } from '#core/portfolio/valuation.ts';
import type { RiskPolicy } from '#core/risk/policy.ts';
import { type EpochMillis, instantText } from '#core/values/clock.ts';
import { CYCLE_TTL_SECONDS, type Speaker } from './cycle-events.ts';

/** Everything that stands in state when a cycle is opened; null where it is not there. */
export interface DeskState {
  readonly book: AccountBook;
  readonly policy: RiskPolicy;
  readonly halt: HaltFlag | null;
  readonly learning: LearningRecord | null;
  readonly instruments: readonly {
    readonly instrument: string;
    readonly daily: DailyRecord | null;
    readonly intraday: IntradayRecord | null;
  }[];
}

/** Freezes everything that the cycle may look at. */
export function freeze(
  state: DeskState,
  cycle: {
    readonly cycleId: string;
    readonly kind: CycleKind;
    readonly session: Session;
    readonly seed: string;
    readonly now: EpochMillis;
  },
): CycleSnapshot {
  const { book, policy, halt, learning } = state;
  const { session } = cycle;
  return {
    version: 1,
    cycleId: cycle.cycleId,
    session: session.date,
    kind: cycle.kind,
    asOf: instantText(cycle.now),
    sessionOpen: instantText(session.open),
    sessionClose: instantText(session.close),
    seed: cycle.seed,
    instruments: state.instruments.map(({ instrument, daily, intraday }) => ({
      instrument,
      daily: daily?.history ?? null,
      intraday: intradayOf(intraday, session.date),
    })),
    account: valuation(book, 'bar', null),
    recentExits: [...recentExits(book)],
    pendingEntries: [...pendingEntries(book)],
    tradingState: book.trading.state,
    haltFlag: halt?.halted ?? false,
    policy,
    calibration: (learning?.lesson.calibration ?? []).map(({ agent, weight, observations, brier }) => ({
      agent,
      weight,
      observations,
      brier,
    })),
  };
}

/** The bars of this session; a record that still holds an earlier one has none. */
const intradayOf = (
  record: IntradayRecord | null,
  session: string,
): CycleSnapshot['instruments'][number]['intraday'] =>
  record === null || record.session !== session
    ? null
    : { minutes: record.minutes, modelled: record.modelled, bars: record.bars };

/** Asks for the cycle whose snapshot has been put away. */
export function requestCycle(
  { name, now }: Speaker,
  cycle: {
    readonly cycleId: string;
    readonly kind: CycleKind;
    readonly session: string;
    readonly trigger: 'schedule' | 'operator' | 'market';
    readonly at: EpochMillis;
  },
  snapshot: ContentReference,
): JournalEntry<'CycleRequested'> {
  const { cycleId, session, kind, trigger } = cycle;
  return journalEntry({
    type: 'CycleRequested',
    key: '1',
    correlationId: cycleId,
    causationId: null,
    sender: name,
    occurredAt: now,
    ttlSeconds: CYCLE_TTL_SECONDS,
    data: { cycleId, session, kind, snapshot, trigger, scheduledAt: instantText(cycle.at) },
  });
}
