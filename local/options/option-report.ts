import { americanOption } from '#core/analytics/options/american.ts';
import {
  type AmericanImpliedVolatility,
  americanImpliedVolatility,
} from '#core/analytics/options/american-implied-volatility.ts';
import { black76 } from '#core/analytics/options/black-76.ts';
import { blackScholes } from '#core/analytics/options/black-scholes.ts';
import { impliedVolatility, impliedVolatility76 } from '#core/analytics/options/implied-volatility.ts';
import type { OptionRequest } from './option-request.ts';

/** What an option is worth and how that moves; or why no volatility gives its price. */
export type OptionReport = ReturnType<typeof optionReport>;

/** The volatility that gives the price in the model asked for. */
export function solvedVolatility(
  { model, right, strike, market }: Pick<OptionRequest, 'model' | 'right' | 'strike' | 'market'>,
  price: number,
): AmericanImpliedVolatility {
  const { spot, years, rate, dividendYield } = market;
  const terms = { right, strike, years, rate };
  switch (model) {
    case 'bsm':
      return impliedVolatility(price, { ...terms, spot, dividendYield });
    case 'black-76':
      return impliedVolatility76(price, { ...terms, forward: spot });
    case 'american':
      return americanImpliedVolatility(price, { ...terms, spot, dividendYield });
  }
}

function valuationOf({ model, right, strike, market }: OptionRequest, volatility: number) {
  const { spot, years, rate, dividendYield } = market;
  const terms = { right, strike, years, rate, volatility };
  switch (model) {
    case 'bsm':
      return blackScholes({ ...terms, spot, dividendYield });
    case 'black-76':
      return black76({ ...terms, forward: spot });
    case 'american':
      return americanOption({ ...terms, spot, dividendYield });
  }
}

/** @throws InvalidOptionError naming the term that is wrong */
export function optionReport(request: OptionRequest) {
  const { given, ...terms } = request;
  if (given.kind === 'volatility')
    return {
      ...terms,
      volatility: given.volatility,
      impliedVolatility: null,
      valuation: valuationOf(request, given.volatility),
    };
  const implied = solvedVolatility(request, given.price);
  if (implied.kind === 'undefined')
    return { ...terms, volatility: null, impliedVolatility: implied, valuation: null };
  return {
    ...terms,
    volatility: implied.volatility,
    impliedVolatility: implied,
    valuation: valuationOf(request, implied.volatility),
  };
}
