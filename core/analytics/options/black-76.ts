import { blackScholes, type OptionValuation } from './black-scholes.ts';
import { type FuturesOption, requireUnderlying } from './option.ts';

/**
 * A European option on a futures price by F. Black (1976). It is Black–Scholes–Merton with the futures price for the
 * spot and the rate for the dividend yield (a futures position costs no carry); delta, gamma, vanna and charm are by
 * the futures price, and rho, with that price held, is −years × price.
 * @throws InvalidOptionError naming the term that is wrong
 */
export function black76({ forward, ...terms }: FuturesOption): OptionValuation {
  requireUnderlying('forward', forward);
  const valuation = blackScholes({ ...terms, spot: forward, dividendYield: terms.rate });
  return valuation.kind === 'kink' ? valuation : { ...valuation, rho: -terms.years * valuation.price };
}
