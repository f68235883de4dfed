import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { SimulatedInstrument } from '#core/simulation/engine/options.ts';
import type { Strategy } from '#core/simulation/engine/strategy.ts';
import { ConfigurationError } from '#local/day/errors.ts';

/** What a strategy file exports, by name. */
export type StrategyModule = Readonly<Record<string, unknown>>;

/** Loads a module of the user's; it runs with the user's rights. @throws ConfigurationError where it can't be loaded */
export async function strategyModule(file: string): Promise<StrategyModule> {
  try {
    return (await import(pathToFileURL(resolve(file)).href)) as StrategyModule;
  } catch (cause) {
    throw new ConfigurationError(`the strategy file ${file} cannot be loaded`, cause);
  }
}

/**
 * Loads a strategy from a TypeScript or JavaScript module, once for any number of strategies with parameters of their own.
 * Its default export is a strategy, or a function that makes one from the parameters of the command line and the instruments
 * with their bars.
 * @throws ConfigurationError where the file can't be loaded; the factory where it makes no strategy
 */
export async function strategyFactory(
  file: string,
): Promise<
  (parameters: Readonly<Record<string, number>>, instruments: readonly SimulatedInstrument[]) => Strategy
> {
  const { default: exported } = await strategyModule(file);
  return (parameters, instruments) => {
    const made: unknown = typeof exported === 'function' ? exported(parameters, instruments) : exported;
    if (!isStrategy(made))
      throw new ConfigurationError(
        `the default export of ${file} is no strategy; export { name, parameters, start(setup) }, or a function that returns one`,
      );
    if (typeof exported !== 'function' && Object.keys(parameters).length > 0)
      throw new ConfigurationError(
        `${file} exports a finished strategy, which takes no --parameters; export a function of them`,
      );
    return made;
  };
}

const isStrategy = (value: unknown): value is Strategy =>
  typeof value === 'object' &&
  value !== null &&
  'name' in value &&
  typeof value.name === 'string' &&
  'parameters' in value &&
  typeof value.parameters === 'object' &&
  value.parameters !== null &&
  'start' in value &&
  typeof value.start === 'function';
