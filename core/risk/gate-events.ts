import type { DeskEvent } from '#contracts/registry.ts';
import { type JournalEntry, journalEntry } from '#core/events/new-event.ts';
import type { HaltFlag } from '#core/events/state-keys.ts';
import type { BarSeries } from '#core/market/bars.ts';
import { sessionAt } from '#core/market/calendar.ts';
import { findInstrument } from '#core/market/catalog.ts';
import type { AccountBook } from '#core/portfolio/account-book.ts';
import type { EpochMillis } from '#core/values/clock.ts';
import { decide, decideStopMove, type GateDecision, refuseUnreadable } from './gate.ts';
import type { RiskPolicy } from './policy.ts';
import { correlationsOf } from './return-correlation.ts';

export type GateType = 'OrderPlanned' | 'CancelPlanned' | 'StopMovePlanned';
type Verdict =
  | 'OrderAuthorized'
  | 'OrderRefused'
  | 'CancelAuthorized'
  | 'StopMoveAuthorized'
  | 'StopMoveRefused';

/** What the gate measures an intent against, beside the intent's own instrument and session. */
export interface GateState {
  readonly book: AccountBook;
  readonly policy: RiskPolicy;
  readonly halt: HaltFlag | null;
  readonly barMinutes: number;
  /** Histories of the instrument and of all that is exposed, as far as there are any. */
  readonly histories: ReadonlyMap<string, BarSeries>;
}

/** One intent before the gate, with the event that says what came of it. */
export function judgeOrder(
  state: GateState,
  event: DeskEvent<'OrderPlanned'>,
  now: EpochMillis,
): { readonly decision: GateDecision; readonly entry: JournalEntry<'OrderAuthorized' | 'OrderRefused'> } {
  const { intent } = event.data;
  const instrument = findInstrument(intent.instrument) ?? null;
  const decision = decide(
    {
      book: state.book,
      intent,
      policy: state.policy,
      instrument,
      now,
      session: sessionAt(instrument?.sessionTemplate ?? 'us-equity', now),
      haltFlag: state.halt,
      barMinutes: state.barMinutes,
      instruments: (id) => findInstrument(id) ?? null,
      correlation: correlationsOf(state.histories),
    },
    event.metadata.correlationId,
  );
  const entry =
    decision.kind === 'authorized'
      ? verdict(event, 'OrderAuthorized', intent.intentId, decision.data, now)
      : verdict(event, 'OrderRefused', intent.intentId, decision.data, now);
  return { decision, entry };
}

/** A refusal where the policy cannot be read. */
export const unreadablePolicy = (
  event: DeskEvent<'OrderPlanned'>,
  detail: string,
  now: EpochMillis,
): JournalEntry<'OrderRefused'> => {
  const { intent } = event.data;
  return verdict(event, 'OrderRefused', intent.intentId, refuseUnreadable(intent, 'policy', detail), now);
};

/** Cancels always pass. */
export const authorizeCancel = (
  event: DeskEvent<'CancelPlanned'>,
  now: EpochMillis,
): JournalEntry<'CancelAuthorized'> =>
  verdict(event, 'CancelAuthorized', event.data.requestId, event.data, now);

/** One stop move before the gate. */
export function judgeStopMove(
  book: AccountBook,
  event: DeskEvent<'StopMovePlanned'>,
  now: EpochMillis,
): JournalEntry<'StopMoveAuthorized' | 'StopMoveRefused'> {
  const decision = decideStopMove(book, event.data);
  return decision.kind === 'authorized'
    ? verdict(event, 'StopMoveAuthorized', event.data.requestId, decision.data, now)
    : verdict(event, 'StopMoveRefused', event.data.requestId, decision.data, now);
}

const verdict = <T extends Verdict>(
  cause: DeskEvent<GateType>,
  type: T,
  key: string,
  data: DeskEvent<T>['data'],
  now: EpochMillis,
): JournalEntry<T> =>
  journalEntry({
    type,
    key,
    correlationId: cause.metadata.correlationId,
    causationId: cause.metadata.id,
    sender: 'gate',
    occurredAt: now,
    urgency: 'high',
    data: data as never,
  });
