import type { DataAnalyzer } from '#contracts/agents.ts';
import type { Analyzer } from './context.ts';
import { economic } from './economic/economic.ts';
import { fundamental } from './fundamental/fundamental.ts';
import { institutional } from './institutional/institutional.ts';
import { marketData } from './market-data/market-data.ts';
import { microstructure } from './microstructure/microstructure.ts';
import { news } from './news/news.ts';
import { options } from './options/options.ts';
import { predictionMarket } from './prediction-market/prediction-market.ts';
import { premiumMarketData } from './premium-market-data/premium-market-data.ts';
import { sentiment } from './sentiment/sentiment.ts';

/** The ten data analyzers by name; complete by its type. */
export const ANALYZERS: Readonly<Record<DataAnalyzer, Analyzer>> = {
  'market-data': marketData,
  'premium-market-data': premiumMarketData,
  microstructure,
  economic,
  fundamental,
  institutional,
  sentiment,
  news,
  options,
  'prediction-market': predictionMarket,
};
