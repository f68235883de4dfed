import { predictionMarket } from '#core/agents/prediction-market/prediction-market.ts';
import { analyzerFunction } from '../analyzer.ts';

export const handler = analyzerFunction(predictionMarket);
