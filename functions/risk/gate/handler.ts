import { composeDesk } from '#functions/runtime/desk.ts';
import { deskHandler } from '#functions/runtime/handler.ts';
import { GATE_TYPES, passGate } from './gate.ts';

export const handler = deskHandler(composeDesk('gate'), { accepts: GATE_TYPES, mode: 'each' }, passGate);
