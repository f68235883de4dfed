import { microstructure } from '#core/agents/microstructure/microstructure.ts';
import { analyzerFunction } from '../analyzer.ts';

export const handler = analyzerFunction(microstructure);
