import { marketData } from '#core/agents/market-data/market-data.ts';
import { analyzerFunction } from '../analyzer.ts';

export const handler = analyzerFunction(marketData);
