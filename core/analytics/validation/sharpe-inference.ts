import { normalCdf, normalQuantile } from '../distributions/normal.ts';
import { excessKurtosis, momentsOf, noSpread, skewness } from '../performance/moments.ts';
import { type Figure, undefinedBecause, value } from '../series.ts';
import { InvalidValidationError, requireFinite, requireWhole } from './errors.ts';

/** What inference on a Sharpe ratio needs to know of the returns behind it. */
export interface SharpeSample {
  /** Mean over standard deviation (ddof 1) of the returns, of one period: never annualised. */
  readonly sharpe: number;
  readonly observations: number;
  readonly skewness: number;
  /** Not excess: a normal distribution has 3. */
  readonly kurtosis: number;
}

/** The sample of some returns, or the reason why it has no Sharpe ratio. */
export type MeasuredSharpe =
  | { readonly kind: 'value'; readonly sample: SharpeSample }
  | { readonly kind: 'undefined'; readonly reason: string };

/** Measures returns above the risk-free rate. @throws InvalidValidationError for a return that is not finite */
export function sharpeSample(returns: Float64Array): MeasuredSharpe {
  requireFinite('return', returns);
  const moments = momentsOf(returns);
  const reason = noSpread(moments);
  if (reason !== undefined) return { kind: 'undefined', reason };
  const third = skewness(returns);
  const fourth = excessKurtosis(returns);
  if (third.kind === 'undefined') return third;
  if (fourth.kind === 'undefined') return fourth;
  return {
    kind: 'value',
    sample: {
      sharpe: moments.mean / moments.deviation,
      observations: moments.count,
      skewness: third.value,
      kurtosis: fourth.value + 3,
    },
  };
}

/**
 * 1 − γ₃ SR + (γ₄ − 1)/4 SR²: the variance of an estimated Sharpe ratio is this over n − 1 (Mertens 2002; Bailey and
 * López de Prado 2012, equation 4).
 */
function varianceFactor({ sharpe, skewness: third, kurtosis }: SharpeSample): number {
  return 1 - third * sharpe + ((kurtosis - 1) / 4) * sharpe ** 2;
}

function checkSample(sample: SharpeSample, benchmark: number): void {
  requireWhole('observations', sample.observations, 0);
  for (const [name, found] of [
    ['Sharpe ratio', sample.sharpe],
    ['skewness', sample.skewness],
    ['kurtosis', sample.kurtosis],
    ['benchmark Sharpe ratio', benchmark],
  ] as const)
    if (!Number.isFinite(found)) throw new InvalidValidationError(`${name} ${found} is not finite`);
}

/** No distribution has a kurtosis below 1 + skewness² (Pearson 1916); at the bound the variance may vanish. */
const impossible = ({ skewness: third, kurtosis }: SharpeSample): string =>
  `the variance of the estimate is not above zero with skewness ${third} and kurtosis ${kurtosis}`;

/**
 * Probabilistic Sharpe ratio: the probability that the true Sharpe ratio is above `benchmark` (of one period too), given
 * length, skewness and kurtosis of what was observed. Bailey and López de Prado (2012), equation 11.
 * @throws InvalidValidationError for a number that is not finite
 */
export function probabilisticSharpe(sample: SharpeSample, benchmark = 0): Figure {
  checkSample(sample, benchmark);
  if (sample.observations < 2)
    return undefinedBecause(`${sample.observations} returns; at least 2 are needed`);
  const factor = varianceFactor(sample);
  if (!(factor > 0)) return undefinedBecause(impossible(sample));
  return value(
    normalCdf(((sample.sharpe - benchmark) * Math.sqrt(sample.observations - 1)) / Math.sqrt(factor)),
  );
}

/**
 * Minimum track record length: how many returns like these are needed before the Sharpe ratio is above `benchmark` with
 * probability `confidence`. Bailey and López de Prado (2012), equation 13. In returns, not rounded.
 * @throws InvalidValidationError for a confidence outside (0, 1) or a number that is not finite
 */
export function minimumTrackRecord(sample: SharpeSample, benchmark = 0, confidence = 0.95): Figure {
  checkSample(sample, benchmark);
  if (!(confidence > 0 && confidence < 1))
    throw new InvalidValidationError(`confidence ${confidence} is not between 0 and 1; such as 0.95`);
  if (!(sample.sharpe > benchmark))
    return undefinedBecause('the Sharpe ratio is not above its benchmark: no length would show that it is');
  const factor = varianceFactor(sample);
  if (!(factor > 0)) return undefinedBecause(impossible(sample));
  return value(1 + factor * (normalQuantile(confidence) / (sample.sharpe - benchmark)) ** 2);
}

/** Euler–Mascheroni constant (Abramowitz and Stegun 1964, 6.1.3, more digits). */
const EULER_MASCHERONI = 0.5772156649015329;

/**
 * Sharpe ratio that the best of `trials` strategies without any skill is expected to show:
 * √V ((1 − γ) Φ⁻¹(1 − 1/N) + γ Φ⁻¹(1 − 1/(N e))). Bailey and López de Prado (2014), equation 1. Zero for one trial,
 * which nothing was chosen from.
 * @param trials independent trials; correlated ones count for fewer, so taking all of them is the stricter choice
 * @param variance variance of the Sharpe ratios across the trials, in the square of their unit
 * @throws InvalidValidationError for a number of trials or a variance that can't be used
 */
export function expectedMaximumSharpe(trials: number, variance: number): number {
  requireWhole('trials', trials, 1);
  if (!(variance >= 0 && Number.isFinite(variance)))
    throw new InvalidValidationError(
      `variance ${variance} of the Sharpe ratios is not finite and zero or more`,
    );
  if (trials === 1) return 0;
  return (
    Math.sqrt(variance) *
    ((1 - EULER_MASCHERONI) * normalQuantile(1 - 1 / trials) +
      EULER_MASCHERONI * normalQuantile(1 - 1 / (trials * Math.E)))
  );
}

/**
 * Deflated Sharpe ratio: the probability that the true Sharpe ratio of the best trial is above what the best of as many
 * trials without skill is expected to show. Bailey and López de Prado (2014), equation 2.
 * @param best the chosen trial
 * @param sharpes the Sharpe ratios of all trials, of one period, the chosen one among them
 * @throws InvalidValidationError for a number that is not finite, or no trials
 */
export function deflatedSharpe(best: SharpeSample, sharpes: Float64Array): Figure {
  requireWhole('trials', sharpes.length, 1);
  requireFinite('Sharpe ratio of trial', sharpes);
  const spread = sharpes.length === 1 ? 0 : momentsOf(sharpes).deviation ** 2;
  return probabilisticSharpe(best, expectedMaximumSharpe(sharpes.length, spread));
}
