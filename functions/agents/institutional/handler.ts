import { institutional } from '#core/agents/institutional/institutional.ts';
import { analyzerFunction } from '../analyzer.ts';

export const handler = analyzerFunction(institutional);
