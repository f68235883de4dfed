import type { SimulatedInstrument } from '#core/simulation/engine/options.ts';
import type { Strategy } from '#core/simulation/engine/strategy.ts';
import {
  BUILT_IN_STRATEGIES,
  type BuiltInStrategy,
  builtInStrategy,
} from '#core/simulation/strategies/catalog.ts';
import { strategyFactory } from './strategy-file.ts';

/**
 * Makes a strategy from parameters for the instruments of a run, any number of times; throws for parameters that it can't
 * use. Whoever computes signals over whole columns beforehand does it from these instruments, where looking ahead can be
 * found.
 */
export type StrategyFactory = (
  parameters: Readonly<Record<string, number>>,
  instruments: readonly SimulatedInstrument[],
) => Strategy;

export const isBuiltIn = (name: string): name is BuiltInStrategy =>
  (BUILT_IN_STRATEGIES as readonly string[]).includes(name);

/** A built-in strategy, or that of a file. @throws ConfigurationError for a file that can't be loaded */
export const strategyFactoryNamed = async (name: string): Promise<StrategyFactory> =>
  isBuiltIn(name) ? (parameters) => builtInStrategy(name, parameters) : strategyFactory(name);
