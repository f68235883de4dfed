import { composeDesk } from '#functions/runtime/desk.ts';
import { deskHandler } from '#functions/runtime/handler.ts';
import { EXECUTION_TYPES, executionAgent } from './execution-agent.ts';

export const handler = deskHandler(
  composeDesk('execution'),
  { accepts: EXECUTION_TYPES, mode: 'each' },
  executionAgent,
);
