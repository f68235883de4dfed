import { composeDesk } from '#functions/runtime/desk.ts';
import { deskHandler } from '#functions/runtime/handler.ts';
import { LEARNING_TYPES, learningAgent } from './learning-agent.ts';

export const handler = deskHandler(
  composeDesk('learning'),
  { accepts: LEARNING_TYPES, mode: 'each' },
  learningAgent,
);
