import { chiSquaredSurvival } from '../distributions/chi-squared.ts';
import { checkFinite, InvalidSampleError } from './errors.ts';

/** A test of a hypothesis, or why the observations cannot test it. */
export type HypothesisTest =
  | {
      readonly kind: 'tested';
      readonly statistic: number;
      /** Degrees of freedom of the statistic's distribution where the hypothesis holds. */
      readonly degrees: number;
      /** Probability of a statistic as large or larger where the hypothesis holds: the p-value. */
      readonly probability: number;
    }
  | { readonly kind: 'undefined'; readonly reason: string };

/** What the exceptions of a value at risk say of it. */
export interface ValueAtRiskBacktest {
  readonly observations: number;
  readonly exceptions: number;
  /** Exceptions that the confidence leads to expect. */
  readonly expected: number;
  /** Proportion of failures: whether there are as many exceptions as stated. Kupiec (1995). */
  readonly unconditional: HypothesisTest;
  /** Whether an exception says nothing of the next. Christoffersen (1998). */
  readonly independence: HypothesisTest;
  /** Both together, on the observations after the first. Christoffersen (1998). */
  readonly conditional: HypothesisTest;
}

/**
 * Marks each period whose loss was above the value at risk stated for it before: 1 for an exception, 0 for none.
 * @param returns of each period
 * @param valueAtRisk of each period as a positive fraction
 * @throws InvalidSampleError for columns of different length or a number that is not finite
 */
export function valueAtRiskExceptions(returns: Float64Array, valueAtRisk: Float64Array): Uint8Array {
  if (returns.length !== valueAtRisk.length)
    throw new InvalidSampleError(
      `there are ${returns.length} returns for ${valueAtRisk.length} values at risk; give one for each`,
    );
  checkFinite('return', returns);
  checkFinite('value at risk', valueAtRisk);
  return Uint8Array.from(returns, (item, index) => (item < -valueAtRisk[index]! ? 1 : 0));
}

/** @throws InvalidSampleError for a confidence outside (0, 1) */
export function checkConfidence(confidence: number): number {
  if (!(confidence > 0 && confidence < 1))
    throw new InvalidSampleError(`the confidence is ${confidence}; expected a number between 0 and 1`);
  return confidence;
}

/**
 * Likelihood-ratio tests of a value at risk by its exceptions. The statistics are asymptotically chi-squared; with few
 * expected exceptions the tests have little power, and the count is the better judge.
 * @param exceptions 1 or 0 for each period in order, of {@link valueAtRiskExceptions}
 * @param confidence of the value at risk, such as 0.99
 * @throws InvalidSampleError for a confidence outside (0, 1) or a mark that is not 0 or 1
 */
export function backtestValueAtRisk(exceptions: Uint8Array, confidence: number): ValueAtRiskBacktest {
  const rate = 1 - checkConfidence(confidence);
  exceptions.forEach((mark, index) => {
    if (mark > 1) throw new InvalidSampleError(`exception ${index} is ${mark}; expected 0 or 1`);
  });
  const count = exceptions.reduce((sum, mark) => sum + mark, 0);
  return {
    observations: exceptions.length,
    exceptions: count,
    expected: rate * exceptions.length,
    unconditional: proportionOfFailures(exceptions.length, count, rate),
    ...transitionTests(exceptions, rate),
  };
}

/** (total − hits)·ln(1 − rate) + hits·ln(rate), with 0·ln 0 = 0. */
function logLikelihood(hits: number, total: number, rate: number): number {
  const misses = total - hits;
  return (misses === 0 ? 0 : misses * Math.log1p(-rate)) + (hits === 0 ? 0 : hits * Math.log(rate));
}
/** The same at the rate that makes it largest. */
const largestLogLikelihood = (hits: number, total: number): number =>
  total === 0 ? 0 : logLikelihood(hits, total, hits / total);

function ratioTest(restricted: number, free: number, degrees: number): HypothesisTest {
  // Rounding may leave a ratio of equal likelihoods a shade below zero.
  const statistic = Math.max(0, 2 * (free - restricted));
  return { kind: 'tested', statistic, degrees, probability: chiSquaredSurvival(statistic, degrees) };
}

function proportionOfFailures(observations: number, exceptions: number, rate: number): HypothesisTest {
  if (observations === 0) return { kind: 'undefined', reason: 'there are no observations' };
  return ratioTest(
    logLikelihood(exceptions, observations, rate),
    largestLogLikelihood(exceptions, observations),
    1,
  );
}

/** The tests of a first-order Markov chain of exceptions. */
function transitionTests(
  exceptions: Uint8Array,
  rate: number,
): Pick<ValueAtRiskBacktest, 'independence' | 'conditional'> {
  let [after, afterHit, hitAfterMiss, hitAfterHit] = [0, 0, 0, 0];
  for (let index = 1; index < exceptions.length; index++) {
    after++;
    if (exceptions[index - 1] === 1) {
      afterHit++;
      hitAfterHit += exceptions[index]!;
    } else hitAfterMiss += exceptions[index]!;
  }
  const never: HypothesisTest = {
    kind: 'undefined',
    reason: 'no observation follows an exception, so that nothing is known of what follows one',
  };
  if (afterHit === 0) return { independence: never, conditional: never };
  const hits = hitAfterMiss + hitAfterHit;
  const chain =
    largestLogLikelihood(hitAfterMiss, after - afterHit) + largestLogLikelihood(hitAfterHit, afterHit);
  return {
    independence: ratioTest(largestLogLikelihood(hits, after), chain, 1),
    conditional: ratioTest(logLikelihood(hits, after, rate), chain, 2),
  };
}
