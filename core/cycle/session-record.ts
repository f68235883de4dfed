import * as z from 'zod';

/** The cycles of one session, in the order they were opened. */
export const sessionRecord = z.object({ session: z.string(), cycles: z.array(z.string()) });
export type SessionRecord = z.infer<typeof sessionRecord>;

/** `cycle:2018-02-05:1445`: session and New York time of the request. */
export function cycleIdOf(session: string, hour: number, minute: number): string {
  return `cycle:${session}:${String(hour).padStart(2, '0')}${String(minute).padStart(2, '0')}`;
}
