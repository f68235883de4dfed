import * as z from 'zod';
import { newYorkDate, type Session, sessionOn } from '#core/market/calendar.ts';
import { parseInstant } from '#core/values/clock.ts';
import type { Desk } from '#functions/runtime/desk.ts';
import { closeSession } from './close-session.ts';
import { openCycle } from './open-cycle.ts';
import { prepareSession } from './prepare-session.ts';
import { prepareWeek } from './prepare-week.ts';

const scheduled = z.object({
  task: z.enum(['weekly', 'prepare', 'pre-market', 'decision', 'close']),
  scheduledTime: z.iso.datetime({ offset: true }),
  trigger: z.enum(['schedule', 'operator', 'market']).default('schedule'),
});

/**
 * The schedule fires on every weekday in New York; whether there is anything to do is the trading calendar's to say:
 * nothing on holidays, no decision outside the regular session, half days end early.
 */
export function scheduledTask(desk: Desk): (input: unknown) => Promise<{ readonly outcome: string }> {
  return async (input) => {
    const { task, scheduledTime, trigger } = scheduled.parse(input);
    const at = parseInstant(scheduledTime);
    if (task === 'weekly') return { outcome: await prepareWeek(desk, newYorkDate(at)) };
    const session = sessionOn('us-equity', newYorkDate(at));
    if (session === null) return skip(desk, task, scheduledTime, 'no session on this date');
    switch (task) {
      case 'prepare':
        return { outcome: await prepareSession(desk, session) };
      case 'pre-market':
        return { outcome: await openCycle(desk, session, { kind: 'pre-market', at, trigger }) };
      case 'decision':
        if (!decides(session, at)) return skip(desk, task, scheduledTime, 'outside the regular session');
        return { outcome: await openCycle(desk, session, { kind: 'decision', at, trigger }) };
      case 'close':
        return { outcome: await closeSession(desk, session) };
    }
  };
}

/** Strictly inside: at the open no bar of the session has closed yet, at the close nothing can be done any more. */
const decides = (session: Session, at: number) => at > session.open && at < session.close;

function skip(desk: Desk, task: string, scheduledTime: string, reason: string): { readonly outcome: string } {
  desk.log.info('scheduled task skipped', { task, scheduledTime, reason });
  return { outcome: `skipped: ${reason}` };
}
