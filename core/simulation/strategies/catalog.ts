import { InvalidSimulationError } from '../engine/errors.ts';
import type { Strategy } from '../engine/strategy.ts';
import { buyAndHold } from './buy-and-hold.ts';
import { momentumRotation } from './momentum-rotation.ts';
import { smaCross } from './sma-cross.ts';

export const BUILT_IN_STRATEGIES = ['sma-cross', 'buy-and-hold', 'momentum-rotation'] as const;
export type BuiltInStrategy = (typeof BUILT_IN_STRATEGIES)[number];

const KNOWN: Readonly<Record<BuiltInStrategy, readonly string[]>> = {
  'sma-cross': ['fast', 'slow', 'fraction'],
  'buy-and-hold': ['fraction'],
  'momentum-rotation': ['lookback', 'every', 'top', 'fraction'],
};

/**
 * A built-in strategy with parameters; those not given have their defaults.
 * @throws InvalidSimulationError for a parameter that the strategy does not have or can't use
 */
export function builtInStrategy(
  name: BuiltInStrategy,
  given: Readonly<Record<string, number>> = {},
): Strategy {
  const unknown = Object.keys(given).find((key) => !KNOWN[name].includes(key));
  if (unknown !== undefined)
    throw new InvalidSimulationError(
      `${name} has no parameter ${JSON.stringify(unknown)}; it has ${KNOWN[name].join(', ')}`,
    );
  const fraction = given['fraction'];
  if (fraction !== undefined && !(fraction > 0 && fraction <= 1))
    throw new InvalidSimulationError(`fraction ${fraction} is not above zero and at most one`);
  switch (name) {
    case 'sma-cross':
      return smaCross(given['fast'], given['slow'], fraction);
    case 'buy-and-hold':
      return buyAndHold(fraction);
    case 'momentum-rotation':
      return momentumRotation(given['lookback'], given['every'], given['top'], fraction);
  }
}
