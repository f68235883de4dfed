import { sentiment } from '#core/agents/sentiment/sentiment.ts';
import { analyzerFunction } from '../analyzer.ts';

export const handler = analyzerFunction(sentiment);
