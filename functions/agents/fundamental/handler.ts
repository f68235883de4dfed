import { fundamental } from '#core/agents/fundamental/fundamental.ts';
import { analyzerFunction } from '../analyzer.ts';

export const handler = analyzerFunction(fundamental);
