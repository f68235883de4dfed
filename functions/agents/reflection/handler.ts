import { composeDesk } from '#functions/runtime/desk.ts';
import { deskHandler } from '#functions/runtime/handler.ts';
import { reflectionAgent } from './reflection-agent.ts';

export const handler = deskHandler(
  composeDesk('reflection'),
  { accepts: ['RiskAssessed'], mode: 'each' },
  reflectionAgent,
);
