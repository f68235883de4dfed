import type { CycleKind } from '#contracts/events/cycle.ts';
import type { CycleSnapshot } from '#contracts/snapshot.ts';
import type { StoredState } from '#core/events/desk-store.ts';
import { journalEntry } from '#core/events/new-event.ts';
import { type HaltFlag, stateKeys } from '#core/events/state-keys.ts';
import { newYorkTime, type Session } from '#core/market/calendar.ts';
import type { AccountBook } from '#core/portfolio/account-book.ts';
import { EMPTY_BOOK } from '#core/portfolio/account-book.ts';
import { pendingEntries, recentExits } from '#core/portfolio/recent-exits.ts';
import { valuation } from '#core/portfolio/valuation.ts';
import { parseRiskPolicy } from '#core/risk/policy.ts';
import { type EpochMillis, instantText } from '#core/values/clock.ts';
import type { LearningRecord } from '#functions/agents/learning/learning-record.ts';
import type { DailyRecord, IntradayRecord } from '#functions/portfolio/market-record.ts';
import { putContent } from '#functions/runtime/content.ts';
import { CYCLE_TTL_SECONDS } from '#functions/runtime/cycle-events.ts';
import type { Desk } from '#functions/runtime/desk.ts';
import { cycleIdOf, type SessionRecord } from './session-record.ts';

const ATTEMPTS = 5;

/** Opening a cycle lost every race for the session's record. The schedule's retry tries again. */
export class SessionContendedError extends Error {
  readonly code = 'SessionContended';
  readonly retryable = true;
  constructor(session: string) {
    super(`the record of session ${session} changed ${ATTEMPTS} times while a cycle was being opened`);
    this.name = 'SessionContendedError';
  }
}

/** Freezes everything the cycle may look at, then asks for the cycle. Doing it twice opens it once. */
export async function openCycle(
  desk: Desk,
  session: Session,
  request: {
    readonly kind: CycleKind;
    readonly at: EpochMillis;
    readonly trigger: 'schedule' | 'operator' | 'market';
  },
): Promise<string> {
  const time = newYorkTime(request.at);
  const cycleId = cycleIdOf(session.date, time.hour, time.minute);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const [record, snapshot] = await Promise.all([
      desk.store.read([stateKeys.session(session.date)]).then(([stored]) => stored ?? null),
      freeze(desk, session, cycleId, request.kind),
    ]);
    const cycles = (record?.value as SessionRecord | undefined)?.cycles ?? [];
    if (cycles.includes(cycleId)) return 'opened before';
    const reference = await putContent(desk.objects, 'snapshots', snapshot);
    const result = await desk.store.commit({
      entries: [
        journalEntry({
          type: 'CycleRequested',
          key: '1',
          correlationId: cycleId,
          causationId: null,
          sender: desk.name,
          occurredAt: desk.clock.now(),
          ttlSeconds: CYCLE_TTL_SECONDS,
          data: {
            cycleId,
            session: session.date,
            kind: request.kind,
            snapshot: reference,
            trigger: request.trigger,
            scheduledAt: instantText(request.at),
          },
        }),
      ],
      writes: [
        {
          key: stateKeys.session(session.date),
          value: { session: session.date, cycles: [...cycles, cycleId] },
          expectedVersion: record?.version ?? 0,
        },
      ],
    });
    if (result.kind === 'committed') return cycleId;
    if (result.kind === 'duplicate') return 'opened before';
  }
  throw new SessionContendedError(session.date);
}

async function freeze(
  desk: Desk,
  session: Session,
  cycleId: string,
  kind: CycleKind,
): Promise<CycleSnapshot> {
  const instruments = desk.environment.INSTRUMENTS;
  const now = desk.clock.now();
  const fixed = [stateKeys.book, stateKeys.policy, stateKeys.halt, stateKeys.learning];
  const states = await desk.store.read([
    ...fixed,
    ...instruments.map(stateKeys.intraday),
    ...instruments.map(stateKeys.daily),
  ]);
  const [book, policy, halt, learning] = states;
  const intraday = states.slice(fixed.length, fixed.length + instruments.length);
  const daily = states.slice(fixed.length + instruments.length);
  const account = (book?.value as AccountBook | undefined) ?? EMPTY_BOOK;
  return {
    version: 1,
    cycleId,
    session: session.date,
    kind,
    asOf: instantText(now),
    sessionOpen: instantText(session.open),
    sessionClose: instantText(session.close),
    seed: desk.environment.DESK_SEED,
    instruments: instruments.map((instrument, index) => ({
      instrument,
      daily: (daily[index]?.value as DailyRecord | undefined)?.history ?? null,
      intraday: intradayOf(intraday[index], session.date),
    })),
    account: valuation(account, 'bar', null),
    recentExits: [...recentExits(account)],
    pendingEntries: [...pendingEntries(account)],
    tradingState: account.trading.state,
    haltFlag: (halt?.value as HaltFlag | undefined)?.halted ?? false,
    policy: parseRiskPolicy(policy?.value),
    calibration: calibrationOf(learning),
  };
}

function intradayOf(
  stored: StoredState | null | undefined,
  session: string,
): CycleSnapshot['instruments'][number]['intraday'] {
  const record = stored?.value as IntradayRecord | undefined;
  if (record === undefined || record.session !== session) return null;
  return { minutes: record.minutes, modelled: record.modelled, bars: record.bars };
}

function calibrationOf(stored: StoredState | null | undefined): CycleSnapshot['calibration'] {
  const record = stored?.value as LearningRecord | undefined;
  return (record?.lesson.calibration ?? []).map(({ agent, weight, observations, brier }) => ({
    agent,
    weight,
    observations,
    brier,
  }));
}
