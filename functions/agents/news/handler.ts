import { news } from '#core/agents/news/news.ts';
import { analyzerFunction } from '../analyzer.ts';

export const handler = analyzerFunction(news);
