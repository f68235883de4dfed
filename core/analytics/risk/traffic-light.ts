import { InvalidSampleError } from './errors.ts';
import { checkConfidence } from './value-at-risk-backtest.ts';

/** Green: nothing against the model. Yellow: in doubt. Red: presumed wrong. */
export type TrafficLightZone = 'green' | 'yellow' | 'red';

export interface TrafficLight {
  readonly zone: TrafficLightZone;
  /** Probability of this many exceptions or fewer where the model is right. */
  readonly cumulativeProbability: number;
  /** The most exceptions that are green, and the fewest that are red. */
  readonly mostGreen: number;
  readonly fewestRed: number;
  /** Multiplier on capital of MAR32 table 1; the table is one of 250 observations at 99 %, undefined elsewhere. */
  readonly multiplier: number | undefined;
}

/** Cumulative probabilities at which yellow and red begin. */
const YELLOW = 0.95;
const RED = 0.9999;
const MULTIPLIERS = [1.5, 1.5, 1.5, 1.5, 1.5, 1.7, 1.76, 1.83, 1.88, 1.92];
const RED_MULTIPLIER = 2;

/**
 * The traffic light of the Basel Committee: yellow begins with the count of exceptions that is not exceeded with 95 %
 * probability where the model is right, red with that of 99.99 %. Basel Committee on Banking Supervision, Supervisory
 * framework for the use of "backtesting" (1996), table 2, now MAR32: for 250 observations at 99 % green to 4, yellow 5
 * to 9, red from 10 on. No exception is green even where 95 % would make it yellow, with fewer than six observations.
 * @throws InvalidSampleError for counts that are not whole, more exceptions than observations, or no confidence
 */
export function trafficLight(exceptions: number, observations: number, confidence = 0.99): TrafficLight {
  const rate = 1 - checkConfidence(confidence);
  const counted = Number.isInteger(exceptions) && Number.isInteger(observations);
  if (!counted || exceptions < 0 || observations < 1 || exceptions > observations)
    throw new InvalidSampleError(
      `${exceptions} exceptions of ${observations} observations; expected whole counts, not more of the first`,
    );
  let cumulative = 0;
  let atCount = Number.NaN;
  // No exception at all is green however few the observations, and never red.
  let mostGreen = 0;
  let fewestRed = observations + 1;
  // In logarithms, as the first term is below the smallest double for many observations.
  let logarithm = observations * Math.log1p(-rate);
  for (let count = 0; count <= observations; count++) {
    if (count > 0) logarithm += Math.log(((observations - count + 1) / count) * (rate / (1 - rate)));
    cumulative = Math.min(1, cumulative + Math.exp(logarithm));
    if (count === exceptions) atCount = cumulative;
    if (cumulative < YELLOW) mostGreen = count;
    if (count > 0 && cumulative >= RED && fewestRed > observations) fewestRed = count;
    if (count >= exceptions && fewestRed <= observations) break;
  }
  const zone = exceptions >= fewestRed ? 'red' : exceptions > mostGreen ? 'yellow' : 'green';
  const tabled = observations === 250 && confidence === 0.99;
  return {
    zone,
    cumulativeProbability: atCount,
    mostGreen,
    fewestRed,
    multiplier: tabled ? (MULTIPLIERS[exceptions] ?? RED_MULTIPLIER) : undefined,
  };
}
