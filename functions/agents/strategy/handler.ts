import { composeDesk } from '#functions/runtime/desk.ts';
import { deskHandler } from '#functions/runtime/handler.ts';
import { STRATEGY_TYPES, strategyAgent } from './strategy-agent.ts';

export const handler = deskHandler(
  composeDesk('strategy'),
  { accepts: STRATEGY_TYPES, mode: 'batch' },
  strategyAgent,
);
