import { mlStrategist } from '#core/agents/ml/ml.ts';
import { strategistFunction } from '../strategist.ts';

export const handler = strategistFunction(mlStrategist);
