import { composeDesk } from '#functions/runtime/desk.ts';
import { deskHandler } from '#functions/runtime/handler.ts';
import { MACRO_TYPES, macroAgent } from './macro-agent.ts';

export const handler = deskHandler(composeDesk('macro'), { accepts: MACRO_TYPES, mode: 'each' }, macroAgent);
