import { composeDesk } from '#functions/runtime/desk.ts';
import { deskHandler } from '#functions/runtime/handler.ts';
import { BREAKER_TYPES, followBreaker } from './break.ts';

export const handler = deskHandler(
  composeDesk('breakers'),
  { accepts: BREAKER_TYPES, mode: 'each' },
  followBreaker,
);
