import { studentTCdf } from '../distributions/student-t.ts';
import { momentsOf, noSpread } from '../performance/moments.ts';
import { type Figure, undefinedBecause, value } from '../series.ts';
import { checkFinite, InvalidSampleError } from './errors.ts';
import { checkConfidence, type HypothesisTest, valueAtRiskExceptions } from './value-at-risk-backtest.ts';

/** What the losses beyond a value at risk say of the expected shortfall stated with it. */
export interface ExpectedShortfallBacktest {
  readonly observations: number;
  readonly exceptions: number;
  /**
   * Z₂ of Acerbi and Szekely (2014), (6): 0 is expected where both are right, below 0 the losses beyond were more or
   * larger than stated; −1 is twice what was stated.
   */
  readonly secondStatistic: Figure;
  /**
   * By the critical values −0.7 (5 %) and −1.8 (0.01 %), which Acerbi and Szekely (2014, table 5) find to hold from
   * normal to very heavy tails for 250 observations at 97.5 %; undefined for others.
   */
  readonly verdict: 'kept' | 'doubtful' | 'rejected' | undefined;
  /**
   * Whether losses beyond the value at risk are larger on average than the expected shortfall, whatever their number:
   * one-sided t-test of (loss − ES)/ES over the exceptions, after McNeil and Frey (2000).
   */
  readonly exceedance: HypothesisTest;
}

const TABLED_OBSERVATIONS = 250;
const TABLED_CONFIDENCE = 0.975;
const DOUBTFUL = -0.7;
const REJECTED = -1.8;

/**
 * Tests an expected shortfall stated for each period before it, with the value at risk of the same confidence.
 * @param returns of each period
 * @param valueAtRisk of each period as a positive fraction
 * @param expectedShortfall of each period as a positive fraction
 * @throws InvalidSampleError for columns of different length, numbers that are not finite, an expected shortfall that
 * is not above zero, or a confidence outside (0, 1)
 */
export function backtestExpectedShortfall(
  returns: Float64Array,
  valueAtRisk: Float64Array,
  expectedShortfall: Float64Array,
  confidence: number,
): ExpectedShortfallBacktest {
  const rate = 1 - checkConfidence(confidence);
  const exceptions = valueAtRiskExceptions(returns, valueAtRisk);
  checkShortfall(expectedShortfall, returns.length);
  const ratios: number[] = [];
  exceptions.forEach((mark, index) => {
    if (mark === 1) ratios.push(-returns[index]! / expectedShortfall[index]!);
  });
  const second = 1 - ratios.reduce((sum, ratio) => sum + ratio, 0) / (returns.length * rate);
  const tabled = returns.length === TABLED_OBSERVATIONS && confidence === TABLED_CONFIDENCE;
  return {
    observations: returns.length,
    exceptions: ratios.length,
    secondStatistic: returns.length === 0 ? undefinedBecause('there are no observations') : value(second),
    verdict: tabled ? (second > DOUBTFUL ? 'kept' : second > REJECTED ? 'doubtful' : 'rejected') : undefined,
    exceedance: exceedanceTest(Float64Array.from(ratios, (ratio) => ratio - 1)),
  };
}

function checkShortfall(expectedShortfall: Float64Array, count: number): void {
  if (expectedShortfall.length !== count)
    throw new InvalidSampleError(
      `there are ${count} returns for ${expectedShortfall.length} expected shortfalls; give one for each`,
    );
  checkFinite('expected shortfall', expectedShortfall);
  const bad = expectedShortfall.findIndex((item) => item <= 0);
  if (bad !== -1)
    throw new InvalidSampleError(
      `expected shortfall ${bad} is ${expectedShortfall[bad]}; expected a loss as a positive fraction`,
    );
}

function exceedanceTest(residuals: Float64Array): HypothesisTest {
  const moments = momentsOf(residuals);
  const reason = noSpread(moments);
  if (reason !== undefined) return { kind: 'undefined', reason: `of the exceptions: ${reason}` };
  const statistic = (moments.mean / moments.deviation) * Math.sqrt(moments.count);
  const degrees = moments.count - 1;
  return { kind: 'tested', statistic, degrees, probability: studentTCdf(-statistic, degrees) };
}
