import { ConfigurationError } from '#local/day/errors.ts';
import { namedNumbers, optionNumber, optionWord } from '#local/tables/named-numbers.ts';

export const PORTFOLIO_METHODS = [
  'min-variance',
  'max-sharpe',
  'mean-variance',
  'risk-parity',
  'inverse-volatility',
  'hrp',
  'black-litterman',
  'cvar',
] as const;
export type PortfolioMethod = (typeof PORTFOLIO_METHODS)[number];

export const COVARIANCES = ['sample', 'ewma', 'ledoit-wolf'] as const;
export type CovarianceEstimator = (typeof COVARIANCES)[number];

/** The words of the command line; each may be left out. */
export interface PortfolioWords {
  readonly method?: string;
  readonly covariance?: string;
  readonly returns?: boolean;
  readonly cap?: string;
  readonly floor?: string;
  readonly allowCash?: boolean;
  readonly expected?: string;
  readonly riskFree?: string;
  readonly riskAversion?: string;
  readonly market?: string;
  readonly views?: string;
  readonly confidence?: string;
  readonly ridge?: string;
}

/** A limit for every name, or for some by name. */
export type LimitWord = number | ReadonlyMap<string, number>;

/** A view in yearly terms: one name, or one against another. */
export interface ViewWord {
  readonly over: string;
  readonly under: string | null;
  readonly annualReturn: number;
}

/** What a portfolio is asked for; rates and returns are yearly fractions. */
export interface PortfolioRequest {
  readonly method: PortfolioMethod;
  readonly covariance: CovarianceEstimator;
  readonly content: 'prices' | 'returns';
  readonly cap: LimitWord | null;
  readonly floor: LimitWord | null;
  readonly allowCash: boolean;
  /** Null: the means of the file. */
  readonly expected: ReadonlyMap<string, number> | null;
  readonly riskFree: number;
  readonly riskAversion: number;
  /** Null: equal weights. */
  readonly market: ReadonlyMap<string, number> | null;
  readonly views: readonly ViewWord[];
  readonly confidence: number;
  readonly ridge: number;
}

/** Methods that an option means something to; options not listed mean something to all. */
const USED_BY = {
  covariance: PORTFOLIO_METHODS.filter((method) => method !== 'cvar'),
  expected: ['max-sharpe', 'mean-variance'],
  riskFree: ['max-sharpe', 'mean-variance', 'cvar'],
  riskAversion: ['mean-variance', 'black-litterman'],
  market: ['black-litterman'],
  views: ['black-litterman'],
  confidence: ['cvar'],
  ridge: ['min-variance', 'max-sharpe', 'mean-variance', 'black-litterman'],
} as const satisfies Partial<Record<keyof PortfolioWords, readonly PortfolioMethod[]>>;

const dashed = (name: string): string =>
  `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** @throws ConfigurationError naming the option, its value and the mend */
export function portfolioRequest(words: PortfolioWords): PortfolioRequest {
  const method = optionWord('--method', words.method ?? 'min-variance', PORTFOLIO_METHODS);
  for (const [name, methods] of Object.entries(USED_BY))
    if (words[name as keyof typeof USED_BY] !== undefined && !(methods as readonly string[]).includes(method))
      throw new ConfigurationError(
        `${dashed(name)} means nothing to --method ${method}; leave it out, or use one of ${methods.join(', ')}`,
      );
  const number = (
    name: keyof PortfolioWords,
    fallback: number,
    expected: string,
    accepts: (n: number) => boolean,
  ) => {
    const text = words[name];
    return typeof text === 'string' ? optionNumber(dashed(name), text, { expected, accepts }) : fallback;
  };
  const numbers = (name: 'expected' | 'market') => {
    const text = words[name];
    return text === undefined ? null : namedNumbers(dashed(name), text, 'AAPL=0.08,MSFT=0.1');
  };
  return {
    method,
    covariance: optionWord('--covariance', words.covariance ?? 'sample', COVARIANCES),
    content: words.returns === true ? 'returns' : 'prices',
    cap: limitWord('--cap', words.cap),
    floor: limitWord('--floor', words.floor),
    allowCash: words.allowCash === true,
    expected: numbers('expected'),
    riskFree: number('riskFree', 0, 'a yearly fraction above -1, such as 0.02', (rate) => rate > -1),
    riskAversion: number('riskAversion', 2.5, 'a number above 0, such as 2.5', (aversion) => aversion > 0),
    market: numbers('market'),
    views: words.views === undefined ? [] : viewWords(words.views),
    confidence: number(
      'confidence',
      0.95,
      'a number between 0 and 1, such as 0.95',
      (one) => one > 0 && one < 1,
    ),
    ridge: number(
      'ridge',
      0,
      'a share of the mean variance, 0 or more, such as 0.001',
      (share) => share >= 0,
    ),
  };
}

function limitWord(option: string, text: string | undefined): LimitWord | null {
  if (text === undefined) return null;
  if (text.includes('=')) return namedNumbers(option, text, '0.3, or AAPL=0.2,MSFT=0.4');
  return optionNumber(option, text, {
    expected: 'a fraction of equity such as 0.3, or AAPL=0.2,MSFT=0.4',
    accepts: () => true,
  });
}

const viewWords = (text: string): readonly ViewWord[] =>
  [...namedNumbers('--views', text, 'AAPL=0.08, or AAPL:MSFT=0.02 for AAPL above MSFT')].map(
    ([subject, annualReturn]) => {
      const [over = '', under = null, ...more] = subject.split(':').map((name) => name.trim());
      if (more.length > 0 || over === '' || under === '')
        throw new ConfigurationError(
          `--views: ${JSON.stringify(subject)} is not a view; write AAPL=0.08, or AAPL:MSFT=0.02 for AAPL above MSFT`,
        );
      return { over, under, annualReturn };
    },
  );
