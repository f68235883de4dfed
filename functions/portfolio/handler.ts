import { composeDesk } from '#functions/runtime/desk.ts';
import { deskHandler } from '#functions/runtime/handler.ts';
import { keepLedger, LEDGER_TYPES } from './ledger.ts';

export const handler = deskHandler(
  composeDesk('portfolio'),
  { accepts: LEDGER_TYPES, mode: 'batch' },
  keepLedger,
);
