import type { CycleKind } from '#contracts/events/cycle.ts';
import type { LearningRecord } from '#core/agents/learning/learning-record.ts';
import { type DeskState, freeze, requestCycle } from '#core/cycle/freeze.ts';
import { cycleIdOf, type SessionRecord } from '#core/cycle/session-record.ts';
import { type HaltFlag, stateKeys } from '#core/events/state-keys.ts';
import { newYorkTime, type Session } from '#core/market/calendar.ts';
import { type AccountBook, EMPTY_BOOK } from '#core/portfolio/account-book.ts';
import type { DailyRecord, IntradayRecord } from '#core/portfolio/market-record.ts';
import { parseRiskPolicy } from '#core/risk/policy.ts';
import type { EpochMillis } from '#core/values/clock.ts';
import { putContent } from '#functions/runtime/content.ts';
import { type Desk, speaking } from '#functions/runtime/desk.ts';

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
    const [record, state] = await Promise.all([
      desk.store.read([stateKeys.session(session.date)]).then(([stored]) => stored ?? null),
      deskState(desk),
    ]);
    const cycles = (record?.value as SessionRecord | undefined)?.cycles ?? [];
    if (cycles.includes(cycleId)) return 'opened before';
    const snapshot = freeze(state, {
      cycleId,
      kind: request.kind,
      session,
      seed: desk.environment.DESK_SEED,
      now: desk.clock.now(),
    });
    const reference = await putContent(desk.objects, 'snapshots', snapshot);
    const result = await desk.store.commit({
      entries: [requestCycle(speaking(desk), { ...request, cycleId, session: session.date }, reference)],
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

/** What stands in state now, for the instruments of the desk. */
async function deskState(desk: Desk): Promise<DeskState> {
  const instruments = desk.environment.INSTRUMENTS;
  const fixed = [stateKeys.book, stateKeys.policy, stateKeys.halt, stateKeys.learning];
  const states = await desk.store.read([
    ...fixed,
    ...instruments.map(stateKeys.intraday),
    ...instruments.map(stateKeys.daily),
  ]);
  const [book, policy, halt, learning] = states;
  const intraday = states.slice(fixed.length, fixed.length + instruments.length);
  const daily = states.slice(fixed.length + instruments.length);
  return {
    book: (book?.value as AccountBook | undefined) ?? EMPTY_BOOK,
    policy: parseRiskPolicy(policy?.value),
    halt: (halt?.value as HaltFlag | undefined) ?? null,
    learning: (learning?.value as LearningRecord | undefined) ?? null,
    instruments: instruments.map((instrument, index) => ({
      instrument,
      daily: (daily[index]?.value as DailyRecord | undefined) ?? null,
      intraday: (intraday[index]?.value as IntradayRecord | undefined) ?? null,
    })),
  };
}
