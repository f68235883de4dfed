import type { Strategy } from '#core/simulation/engine/strategy.ts';
import {
  BUILT_IN_STRATEGIES,
  type BuiltInStrategy,
  builtInStrategy,
} from '#core/simulation/strategies/catalog.ts';
import { strategyFactory } from './strategy-file.ts';

/** Makes a strategy from parameters, any number of times; throws for parameters that it can't use. */
export type StrategyFactory = (parameters: Readonly<Record<string, number>>) => Strategy;

export const isBuiltIn = (name: string): name is BuiltInStrategy =>
  (BUILT_IN_STRATEGIES as readonly string[]).includes(name);

/** A built-in strategy, or that of a file. @throws ConfigurationError for a file that can't be loaded */
export const strategyFactoryNamed = async (name: string): Promise<StrategyFactory> =>
  isBuiltIn(name) ? (parameters) => builtInStrategy(name, parameters) : strategyFactory(name);
