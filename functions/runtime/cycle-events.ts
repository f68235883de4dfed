import type { DeskEvent } from '#contracts/registry.ts';
import type { CycleBody } from '#core/agents/context.ts';
import { type CycleEventType, cycleEvent } from '#core/cycle/cycle-events.ts';
import type { JournalEntry } from '#core/events/new-event.ts';
import type { Desk } from './desk.ts';

/** {@link cycleEvent} as a function of the desk says it, now. */
export const cycleEntry = <T extends CycleEventType>(
  desk: Desk,
  cause: DeskEvent<CycleEventType>,
  type: T,
  key: string,
  body: CycleBody<T>,
  sequence = 0,
): JournalEntry<T> =>
  cycleEvent({ name: desk.name, now: desk.clock.now() }, cause, type, key, body, sequence);
