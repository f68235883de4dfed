import { optionsStrategist } from '#core/agents/options-strategy/options-strategy.ts';
import { strategistFunction } from '../strategist.ts';

export const handler = strategistFunction(optionsStrategist);
