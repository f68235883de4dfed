import { composeDesk } from '#functions/runtime/desk.ts';
import { deskHandler } from '#functions/runtime/handler.ts';
import { DELIBERATION_TYPES, deliberate } from './deliberate.ts';

export const handler = deskHandler(
  composeDesk('deliberation'),
  { accepts: DELIBERATION_TYPES, mode: 'batch' },
  deliberate,
);
