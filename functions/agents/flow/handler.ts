import { flowStrategist } from '#core/agents/flow/flow.ts';
import { strategistFunction } from '../strategist.ts';

export const handler = strategistFunction(flowStrategist);
