import { composeDesk } from '#functions/runtime/desk.ts';
import { deskHandler } from '#functions/runtime/handler.ts';
import { DATA_TYPES, dataAgent } from './data-agent.ts';

export const handler = deskHandler(composeDesk('data'), { accepts: DATA_TYPES, mode: 'batch' }, dataAgent);
