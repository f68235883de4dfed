import type { OptionRight } from '#core/analytics/options/option.ts';
import { ConfigurationError } from '#local/day/errors.ts';
import { optionNumber, optionWord } from '#local/tables/named-numbers.ts';

export const OPTION_MODELS = ['bsm', 'black-76', 'american'] as const;
export type OptionModel = (typeof OPTION_MODELS)[number];

/** The market an option is in, in the words of the command line. */
export interface MarketWords {
  readonly spot?: string;
  readonly days?: string;
  readonly rate?: string;
  readonly dividendYield?: string;
}

/** Rates continuous and per year. */
export interface Market {
  /** Of the underlying, or its futures price. */
  readonly spot: number;
  /** To expiry, of 365 days each. */
  readonly years: number;
  readonly rate: number;
  readonly dividendYield: number;
}

export interface OptionWords extends MarketWords {
  readonly model?: string;
  readonly right?: string;
  readonly strike?: string;
  readonly volatility?: string;
  readonly price?: string;
}

/** An option, by its volatility or by its price. */
export interface OptionRequest {
  readonly model: OptionModel;
  readonly right: OptionRight;
  readonly strike: number;
  readonly market: Market;
  readonly given:
    | { readonly kind: 'volatility'; readonly volatility: number }
    | { readonly kind: 'price'; readonly price: number };
}

const DAYS_PER_YEAR = 365;
const NOT_NEGATIVE = { expected: 'a number, 0 or more', accepts: (number: number) => number >= 0 };
const ANY = { expected: 'a yearly fraction such as 0.05', accepts: () => true };

function required(option: string, text: string | undefined): string {
  if (text === undefined)
    throw new ConfigurationError(`${option} is missing; give it, such as ${option} 100`);
  return text;
}

export const yearsOfDays = (days: number): number => days / DAYS_PER_YEAR;

/** @throws ConfigurationError naming the option, its value and the mend */
export const marketOf = (words: MarketWords): Market => ({
  spot: optionNumber('--spot', required('--spot', words.spot), NOT_NEGATIVE),
  years: yearsOfDays(optionNumber('--days', required('--days', words.days), NOT_NEGATIVE)),
  rate: optionNumber('--rate', words.rate ?? '0', ANY),
  dividendYield: optionNumber('--dividend-yield', words.dividendYield ?? '0', ANY),
});

/** @throws ConfigurationError naming the option, its value and the mend */
export function optionRequest(words: OptionWords): OptionRequest {
  const model = optionWord('--model', words.model ?? 'bsm', OPTION_MODELS);
  if (model === 'black-76' && words.dividendYield !== undefined)
    throw new ConfigurationError(
      '--dividend-yield means nothing to --model black-76, as a futures price has it in it; leave it out',
    );
  const { volatility, price } = words;
  if ((volatility === undefined) === (price === undefined))
    throw new ConfigurationError(
      'give either --volatility, for the price, or --price, for the implied volatility',
    );
  return {
    model,
    right: optionWord('--right', words.right ?? 'call', ['call', 'put']),
    strike: optionNumber('--strike', required('--strike', words.strike), NOT_NEGATIVE),
    market: marketOf(words),
    given:
      price === undefined
        ? {
            kind: 'volatility',
            volatility: optionNumber('--volatility', volatility ?? '', {
              expected: 'a yearly fraction, 0 or more, such as 0.2',
              accepts: (one) => one >= 0,
            }),
          }
        : { kind: 'price', price: optionNumber('--price', price, NOT_NEGATIVE) },
  };
}
