import { composeDesk } from '#functions/runtime/desk.ts';
import { riskReport } from './report.ts';

export const handler = riskReport(composeDesk('risk-report'));
