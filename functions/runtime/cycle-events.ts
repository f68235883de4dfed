import type { Speaker } from '#core/cycle/cycle-events.ts';
import type { Desk } from './desk.ts';

/** The function as it speaks now. */
export const speaking = ({ name, clock }: Desk): Speaker => ({ name, now: clock.now() });
