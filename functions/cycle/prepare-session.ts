import { journalEntry } from '#core/events/new-event.ts';
import { correlations, stateKeys } from '#core/events/state-keys.ts';
import type { Session } from '#core/market/calendar.ts';
import { policyChanged } from '#core/risk/change-policy.ts';
import { DEFAULT_RISK_POLICY } from '#core/risk/policy.ts';
import { instantText } from '#core/values/clock.ts';
import type { Desk } from '#functions/runtime/desk.ts';
import { say } from '#functions/runtime/handler.ts';

/** Announces the session, so that the bridge loads history and subscribes, and the ledger turns the day. */
export async function prepareSession(desk: Desk, session: Session): Promise<string> {
  await ensurePolicy(desk);
  return say(desk, [
    journalEntry({
      type: 'SessionPrepared',
      key: session.date,
      correlationId: correlations.session(session.date),
      causationId: null,
      sender: desk.name,
      occurredAt: desk.clock.now(),
      data: {
        session: session.date,
        open: instantText(session.open),
        close: instantText(session.close),
        instruments: desk.environment.INSTRUMENTS,
      },
    }),
  ]);
}

/** The first preparation of a new desk puts the default policy in force, journaled like any later change. */
async function ensurePolicy(desk: Desk): Promise<void> {
  const [stored] = await desk.store.read([stateKeys.policy]);
  if (stored !== null) return;
  const policy = DEFAULT_RISK_POLICY;
  await desk.store.commit({
    entries: [
      policyChanged(
        policy,
        { by: 'deployment', reason: 'the default policy, put in force because the desk had none' },
        desk.name,
        desk.clock.now(),
      ),
    ],
    writes: [{ key: stateKeys.policy, value: policy, expectedVersion: 0 }],
  });
}
