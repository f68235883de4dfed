import { RISK_FACTORS, type RiskFactor } from '#core/analytics/risk/stress-scenarios.ts';
import type { Sensitivities } from '#core/analytics/risk/stress-test.ts';
import { ConfigurationError } from '#local/day/errors.ts';
import { namedNumbers, optionNumber, optionWord } from '#local/tables/named-numbers.ts';

/** The words of the command line; each may be left out. */
export interface RiskWords {
  readonly confidence?: string;
  readonly window?: string;
  readonly horizon?: string;
  readonly innovations?: string;
  readonly sensitivities?: string;
}

export interface RiskRequest {
  /** Of the values at risk that are tested. */
  readonly confidence: number;
  /** Days that a value at risk looks back on in its test. */
  readonly window: number;
  /** Days that variance is forecast for. */
  readonly horizon: number;
  readonly innovations: 'normal' | 'student-t';
  /** Null: by the beta to the benchmark of the file, or 1. */
  readonly sensitivities: Sensitivities | null;
}

/** @throws ConfigurationError naming the option, its value and the mend */
export function riskRequest(words: RiskWords): RiskRequest {
  const whole = (option: string, text: string, least: number, most: number) =>
    optionNumber(option, text, {
      expected: `a whole number of days from ${least} to ${most}`,
      accepts: (days) => Number.isInteger(days) && days >= least && days <= most,
    });
  return {
    confidence: optionNumber('--confidence', words.confidence ?? '0.99', {
      expected: 'a number from 0.5 to below 1, such as 0.99',
      accepts: (one) => one >= 0.5 && one < 1,
    }),
    window: whole('--window', words.window ?? '250', 20, 10_000),
    horizon: whole('--horizon', words.horizon ?? '10', 1, 2_520),
    innovations: optionWord('--innovations', words.innovations ?? 'normal', ['normal', 'student-t']),
    sensitivities: words.sensitivities === undefined ? null : sensitivitiesOf(words.sensitivities),
  };
}

function sensitivitiesOf(text: string): Sensitivities {
  const given = namedNumbers('--sensitivities', text, 'equity=1.2,treasuryYield=-5');
  const unknown = [...given.keys()].find((name) => !(RISK_FACTORS as readonly string[]).includes(name));
  if (unknown !== undefined)
    throw new ConfigurationError(
      `--sensitivities gives ${unknown}, which is no factor; use ${RISK_FACTORS.join(', ')}`,
    );
  return Object.fromEntries(given) as Partial<Record<RiskFactor, number>>;
}
