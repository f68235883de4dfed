import { composeDesk } from '#functions/runtime/desk.ts';
import { deskHandler } from '#functions/runtime/handler.ts';
import { PYRAMIDING_TYPES, pyramid } from './pyramid.ts';

export const handler = deskHandler(
  composeDesk('pyramiding'),
  { accepts: PYRAMIDING_TYPES, mode: 'each' },
  pyramid,
);
