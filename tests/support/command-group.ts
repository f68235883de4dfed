import type { EventType } from '#contracts/registry.ts';
import { COMMAND_GROUPS } from '#core/broker/command-queue.ts';

/** The group of the command queue that an event is put into, as the rules between bus and queue do. */
export function commandGroup(type: EventType): string {
  const groups: readonly (readonly [string, readonly EventType[]])[] = Object.entries(COMMAND_GROUPS);
  const group = groups.find(([, types]) => types.includes(type))?.[0];
  if (group === undefined) throw new RangeError(`${type} is no command`);
  return group;
}
