import { Cron } from 'croner';
import type { EpochMillis } from '#core/values/clock.ts';

/** When a schedule fires. */
export interface ScheduleExpression {
  /** The first firing after an instant, or undefined where there is none any more. `anchor` is where a rate counts from. */
  next(after: EpochMillis, anchor: EpochMillis): EpochMillis | undefined;
}

const UNIT_MILLIS: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/**
 * Parses `rate(5 minutes)`, `cron(0/5 14-20 ? * MON-FRI *)` and `at(2018-02-05T14:30:00)` with a time zone.
 * https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
 * @throws RangeError naming an expression that is not valid.
 */
export function parseScheduleExpression(text: string, timezone = 'UTC'): ScheduleExpression {
  const parts = /^(rate|cron|at)\((.+)\)$/.exec(text.trim());
  const body = parts?.[2] ?? '';
  switch (parts?.[1] ?? '') {
    case 'rate':
      return parseRate(body, text);
    case 'cron':
      return parseCron(body, text, timezone);
    case 'at':
      return parseAt(body, text, timezone);
    default:
      throw new RangeError(`schedule expression ${JSON.stringify(text)} must be rate(…), cron(…) or at(…)`);
  }
}

function parseRate(body: string, text: string): ScheduleExpression {
  const parts = /^(\d+)\s+(minute|hour|day)s?$/.exec(body);
  const every = Number(parts?.[1]) * (UNIT_MILLIS[parts?.[2] ?? ''] ?? Number.NaN);
  if (!(every > 0))
    throw new RangeError(
      `rate expression ${JSON.stringify(text)} must be a positive number of minutes, hours or days`,
    );
  return {
    next: (after, anchor) =>
      after < anchor ? anchor : anchor + (Math.floor((after - anchor) / every) + 1) * every,
  };
}

function parseCron(body: string, text: string, timezone: string): ScheduleExpression {
  if (body.trim().split(/\s+/).length !== 6)
    throw new RangeError(
      `cron expression ${JSON.stringify(text)} must have six fields: minutes hours day-of-month month day-of-week year`,
    );
  let cron: Cron;
  try {
    // AWS counts weekdays from Sunday = 1, and has no field for seconds.
    cron = new Cron(`0 ${body}`, { timezone, alternativeWeekdays: true, sloppyRanges: true, paused: true });
  } catch (cause) {
    throw new RangeError(
      `cron expression ${JSON.stringify(text)} is not valid: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
  return { next: (after) => cron.nextRun(new Date(after))?.getTime() };
}

function parseAt(body: string, text: string, timezone: string): ScheduleExpression {
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$/.test(body))
    throw new RangeError(`at expression ${JSON.stringify(text)} must be at(yyyy-mm-ddThh:mm:ss)`);
  const instant = new Cron(body, { timezone, paused: true }).nextRun(new Date(0))?.getTime();
  if (instant === undefined) throw new RangeError(`at expression ${JSON.stringify(text)} names no instant`);
  return { next: (after) => (instant > after ? instant : undefined) };
}
