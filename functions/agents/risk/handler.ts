import { composeDesk } from '#functions/runtime/desk.ts';
import { deskHandler } from '#functions/runtime/handler.ts';
import { RISK_TYPES, riskAgent } from './risk-agent.ts';

export const handler = deskHandler(composeDesk('risk'), { accepts: RISK_TYPES, mode: 'each' }, riskAgent);
