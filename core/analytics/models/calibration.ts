import { checkBinaryLabels, InvalidModelInputError } from './feature-table.ts';
import { fitLogistic, sigmoid } from './logistic-regression.ts';

/**
 * A map from a model's score (log odds, or any number that rises with the odds) to a probability, fitted on rows the
 * model has not been trained on.
 */
export type Calibration =
  | { readonly kind: 'platt'; readonly slope: number; readonly intercept: number }
  | {
      readonly kind: 'isotonic';
      /** Knots, rising; between them probabilities are interpolated, outside they stay at the ends. */
      readonly scores: readonly number[];
      readonly probabilities: readonly number[];
    };

/** What a calibration needs: below, it would be fitted to chance. */
const PLATT_ROWS = 30;
const PLATT_CLASS = 5;
/** Isotonic regression has as many parameters as steps and overfits small samples (Niculescu-Mizil and Caruana 2005). */
const ISOTONIC_ROWS = 200;
const ISOTONIC_CLASS = 25;

/**
 * Platt scaling (Platt 1999): a logistic function of the score, fitted to the targets (n₁ + 1)/(n₁ + 2) and 1/(n₀ + 2)
 * instead of 1 and 0, so that it stays finite where a score separates the classes.
 * @throws InvalidModelInputError below 30 rows or 5 of a class, for labels other than 0 and 1, or a score not finite
 */
export function fitPlatt(scores: Float64Array, labels: Float64Array): Calibration {
  const ones = checkSample('Platt scaling', scores, labels, PLATT_ROWS, PLATT_CLASS);
  const high = (ones + 1) / (ones + 2);
  const low = 1 / (scores.length - ones + 2);
  const { means, deviations, weights } = fitLogistic(
    Array.from(scores, (score) => Float64Array.of(score)),
    labels.map((label) => (label === 1 ? high : low)),
    0,
  );
  const slope = deviations[0]! > 0 ? weights[1]! / deviations[0]! : 0;
  return { kind: 'platt', slope, intercept: weights[0]! - slope * means[0]! };
}

/**
 * Isotonic regression of the labels on the score by pooling adjacent violators (Ayer et al. 1955; Zadrozny and Elkan
 * 2002): the never falling step function of least squared error, rows of equal score pooled first.
 * @throws InvalidModelInputError below 200 rows or 25 of a class, for labels other than 0 and 1, or a score not finite
 */
export function fitIsotonic(scores: Float64Array, labels: Float64Array): Calibration {
  checkSample('isotonic regression', scores, labels, ISOTONIC_ROWS, ISOTONIC_CLASS);
  const order = Array.from(scores, (_, row) => row).sort(
    (left, right) => scores[left]! - scores[right]! || left - right,
  );
  const blocks: { first: number; last: number; sum: number; count: number }[] = [];
  for (const row of order) {
    const score = scores[row]!;
    const tied = blocks.at(-1);
    if (tied !== undefined && tied.last === score) {
      tied.sum += labels[row]!;
      tied.count++;
    } else {
      poolFalling(blocks);
      blocks.push({ first: score, last: score, sum: labels[row]!, count: 1 });
    }
  }
  poolFalling(blocks);
  const knots = blocks.flatMap(({ first, last, sum, count }) =>
    first === last
      ? [[first, sum / count] as const]
      : [[first, sum / count] as const, [last, sum / count] as const],
  );
  return {
    kind: 'isotonic',
    scores: knots.map(([score]) => score),
    probabilities: knots.map(([, probability]) => probability),
  };
}

/** Joins the last block to those before it for as long as its mean is not above theirs. */
function poolFalling(blocks: { first: number; last: number; sum: number; count: number }[]): void {
  for (;;) {
    const last = blocks.at(-1);
    const before = blocks.at(-2);
    if (last === undefined || before === undefined) return;
    if (before.sum * last.count < last.sum * before.count) return;
    before.last = last.last;
    before.sum += last.sum;
    before.count += last.count;
    blocks.pop();
  }
}

/** Probabilities of scores. @throws InvalidModelInputError for a score that is not finite */
export function calibrated(calibration: Calibration, scores: Float64Array): Float64Array {
  checkScores(scores);
  switch (calibration.kind) {
    case 'platt':
      return scores.map((score) => sigmoid(calibration.slope * score + calibration.intercept));
    case 'isotonic':
      return scores.map((score) => interpolated(calibration.scores, calibration.probabilities, score));
  }
}

function interpolated(knots: readonly number[], values: readonly number[], score: number): number {
  let low = 0;
  let high = knots.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (knots[middle]! <= score) low = middle + 1;
    else high = middle;
  }
  if (low === 0) return values[0]!;
  if (low === knots.length) return values[low - 1]!;
  const share = (score - knots[low - 1]!) / (knots[low]! - knots[low - 1]!);
  return values[low - 1]! + share * (values[low]! - values[low - 1]!);
}

function checkSample(
  method: string,
  scores: Float64Array,
  labels: Float64Array,
  leastRows: number,
  leastOfClass: number,
): number {
  if (scores.length < leastRows)
    throw new InvalidModelInputError(
      `${scores.length} rows are too few for ${method}; give at least ${leastRows}`,
    );
  checkBinaryLabels(labels, scores.length);
  checkScores(scores);
  const ones = labels.reduce((sum, label) => sum + label, 0);
  const fewer = Math.min(ones, labels.length - ones);
  if (fewer < leastOfClass)
    throw new InvalidModelInputError(
      `${fewer} rows of one class are too few for ${method}; give at least ${leastOfClass} of each`,
    );
  return ones;
}

function checkScores(scores: Float64Array): void {
  const row = scores.findIndex((score) => !Number.isFinite(score));
  if (row !== -1)
    throw new InvalidModelInputError(`the score of row ${row} is ${scores[row]}; give finite scores`);
}
