import * as z from 'zod';

const report = z.object({ healthyUntil: z.number() });

/** The bridge's report: until when it counts as healthy unless it says something newer. */
export function healthReport(healthyUntil: number): string {
  return `${JSON.stringify({ healthyUntil })}\n`;
}

/**
 * Why the container is unhealthy, or null. The bridge moves the deadline on when the gateway has shaken hands, told its next
 * order id and answered the time, never for an open port alone.
 */
export function healthProblem(text: string | null, now: number): string | null {
  if (text === null) return 'the bridge has not reported yet';
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'the report of the bridge cannot be read';
  }
  const parsed = report.safeParse(value);
  if (!parsed.success) return 'the report of the bridge cannot be read';
  const late = now - parsed.data.healthyUntil;
  return late <= 0
    ? null
    : `the gateway has not answered for ${Math.round(late / 1_000)} s longer than it may`;
}
