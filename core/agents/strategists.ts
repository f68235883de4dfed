import type { Strategist } from './context.ts';
import { flowStrategist } from './flow/flow.ts';
import { mlStrategist } from './ml/ml.ts';
import { multiInstrumentStrategist } from './multi-instrument/multi-instrument.ts';
import { optionsStrategist } from './options-strategy/options-strategy.ts';

/** The four strategy analyzers, in the order of the contract's list of agents. */
export const STRATEGISTS: readonly Strategist[] = [
  flowStrategist,
  mlStrategist,
  optionsStrategist,
  multiInstrumentStrategist,
];
