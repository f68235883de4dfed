import { economic } from '#core/agents/economic/economic.ts';
import { analyzerFunction } from '../analyzer.ts';

export const handler = analyzerFunction(economic);
