import { checkFinite, InvalidSampleError } from './errors.ts';
import { persistenceOf } from './garch-coordinates.ts';
import { type GarchParameters, garchLogLikelihood } from './garch-likelihood.ts';

/** Variances of returns under a model whose parameters are known. */
export interface GarchVariances {
  /** Variance of each return by what was known before it. */
  readonly variance: Float64Array;
  /** Variance of the return after the last. */
  readonly nextVariance: number;
}

/**
 * Filters returns through parameters fitted before, so that a model can be kept for some time: the recursion of
 * {@link garchLogLikelihood}.
 * @throws InvalidSampleError for no return, one that is not finite, or parameters outside the model's domain
 */
export function garchVariances(returns: Float64Array, parameters: GarchParameters): GarchVariances {
  checkParameters(parameters);
  checkFinite('return', returns);
  if (returns.length === 0) throw new InvalidSampleError('there are no returns; give at least one');
  const variance = new Float64Array(returns.length + 1);
  garchLogLikelihood(returns, parameters, { variance });
  return {
    variance: variance.subarray(0, returns.length),
    nextVariance: variance[returns.length]!,
  };
}

/**
 * Expected variance of each of the next returns: item k of the result is that of return k + 1 from now,
 * hₖ₊₁ = ω + (α + γ/2 + β)hₖ from h₁ = `nextVariance`, the innovations symmetric. Their sum is the variance over the
 * horizon. With a persistence below 1 they tend to the long-run variance. Engle and Bollerslev (1986), (22).
 * @param horizon returns ahead, 1 or more
 * @throws InvalidSampleError for a horizon or variance that is none, or parameters outside the model's domain
 */
export function forecastGarchVariance(
  parameters: GarchParameters,
  nextVariance: number,
  horizon: number,
): Float64Array {
  checkParameters(parameters);
  if (!Number.isInteger(horizon) || horizon < 1)
    throw new InvalidSampleError(`the horizon is ${horizon}; expected a whole number of returns, 1 or more`);
  if (!(nextVariance > 0 && Number.isFinite(nextVariance)))
    throw new InvalidSampleError(`the next variance is ${nextVariance}; expected a finite number above 0`);
  const persistence = persistenceOf(parameters);
  const forecast = new Float64Array(horizon);
  let expected = nextVariance;
  for (let step = 0; step < horizon; step++) {
    forecast[step] = expected;
    expected = parameters.omega + persistence * expected;
  }
  return forecast;
}

/** What the parts of a persistence at its bound may sum to beyond 1. */
const ROUNDING = 1e-12;

function checkParameters(parameters: GarchParameters): void {
  const { mean, omega, alpha, gamma, beta, degrees = Number.POSITIVE_INFINITY } = parameters;
  const persistence = persistenceOf(parameters);
  const inside =
    omega > 0 && alpha >= 0 && alpha + gamma >= 0 && beta >= 0 && persistence <= 1 + ROUNDING && degrees > 2;
  if (!inside || !Number.isFinite(mean) || !Number.isFinite(omega))
    throw new InvalidSampleError(
      `mean ${mean}, ω ${omega}, α ${alpha}, γ ${gamma}, β ${beta}, ν ${degrees} are no GARCH model; expected ω > 0, α ≥ 0, α + γ ≥ 0, β ≥ 0, α + γ/2 + β ≤ 1 and ν > 2`,
    );
}
