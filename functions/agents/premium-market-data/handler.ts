import { premiumMarketData } from '#core/agents/premium-market-data/premium-market-data.ts';
import { analyzerFunction } from '../analyzer.ts';

export const handler = analyzerFunction(premiumMarketData);
