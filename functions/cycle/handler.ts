import { composeDesk } from '#functions/runtime/desk.ts';
import { scheduledTask } from './schedule.ts';

/** Takes the scheduler's `{task, scheduledTime}` and does what the trading calendar says of that moment. */
export const handler = scheduledTask(composeDesk('cycle'));
