import type { DeskEvent, EventType } from '#contracts/registry.ts';
import type { CycleEventType } from '#core/cycle/cycle-events.ts';
import type { Desk } from '#functions/runtime/desk.ts';
import type { Arrival } from '#functions/runtime/handler.ts';
import { eventsOf, isThere } from '#functions/runtime/journal-reading.ts';

/**
 * A fan-in keeps no state of its own: the journal of the cycle says who has answered. Each answer, and the stage's opening
 * event coming back from the delay queue as the deadline, makes the collector look; it closes the stage when all expected
 * have answered or the deadline has passed. Closing twice appends the same event, which the journal takes once.
 */
export async function collect<A extends EventType, O extends CycleEventType>(
  desk: Desk,
  arrivals: readonly Arrival<A | O>[],
  stage: {
    readonly answers: readonly A[];
    readonly opening: O;
    readonly expected: readonly string[];
    readonly answererOf: (answer: DeskEvent<A>) => string;
    /** The event that closes the stage, where its key is known: a deadline that comes after it has nothing to do. */
    readonly closing: { readonly type: CycleEventType; readonly key: string };
    readonly close: (
      correlationId: string,
      answers: readonly DeskEvent<A>[],
      missing: readonly string[],
    ) => Promise<void>;
  },
): Promise<void> {
  const due = new Map<string, boolean>();
  for (const { event } of arrivals) {
    const { correlationId, type } = event.metadata;
    const isDeadline = (type as string) === stage.opening;
    due.set(correlationId, (due.get(correlationId) ?? false) || isDeadline);
  }
  for (const [correlationId, deadlinePassed] of due) {
    if (deadlinePassed && (await isThere(desk, [{ correlationId, ...stage.closing }]))) continue;
    const answers = await eventsOf(desk, correlationId, stage.answers);
    const answered = new Set(answers.map(stage.answererOf));
    const missing = stage.expected.filter((agent) => !answered.has(agent));
    if (missing.length === 0 || deadlinePassed) await stage.close(correlationId, answers, missing);
  }
}
