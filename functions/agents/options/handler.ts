import { options } from '#core/agents/options/options.ts';
import { analyzerFunction } from '../analyzer.ts';

export const handler = analyzerFunction(options);
