import { multiInstrumentStrategist } from '#core/agents/multi-instrument/multi-instrument.ts';
import { strategistFunction } from '../strategist.ts';

export const handler = strategistFunction(multiInstrumentStrategist);
