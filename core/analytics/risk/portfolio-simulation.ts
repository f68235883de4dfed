import { seededRandom, seedOf } from '#core/values/random.ts';
import { checkFinite, InvalidSampleError } from './errors.ts';
import { pathDraw, type ReturnModel } from './return-paths.ts';
import { checkConfidence } from './value-at-risk-backtest.ts';

/** An estimate from simulated paths and how far chance of drawing may have put it off. */
export interface Estimate {
  readonly value: number;
  /** Of the estimate over all draws of so many paths from the same model; what the model gets wrong is not in it. */
  readonly standardError: number;
}

export interface SimulationOptions {
  /** Periods ahead, in the periods of the returns. */
  readonly horizon: number;
  readonly paths: number;
  /** Of value at risk and its mean beyond, such as 0.99. */
  readonly confidence: number;
  /** Same seed, same paths, on every machine. */
  readonly seed: readonly (string | number)[];
}

/** What a book may be worth after a horizon, as fractions of its equity now. */
export interface PortfolioSimulation {
  readonly paths: number;
  readonly horizon: number;
  /** Return over the horizon. */
  readonly meanReturn: Estimate;
  /** Share of paths that end below the start. */
  readonly probabilityOfLoss: Estimate;
  /** Loss that a share of `confidence` of the paths stays within; below 0 where even that is a gain. */
  readonly valueAtRisk: Estimate;
  /** Mean loss of the paths beyond it (expected shortfall). */
  readonly conditionalValueAtRisk: Estimate;
  /** Of the largest fall from a high within the horizon, the start included: its mean and quantiles. */
  readonly maximumDrawdown: {
    readonly mean: Estimate;
    readonly median: Estimate;
    readonly percentile95: Estimate;
    readonly percentile99: Estimate;
  };
  /** Share of paths on which equity reaches zero; what follows then is not played. */
  readonly probabilityOfRuin: Estimate;
}

/** Fewer paths beyond a quantile than this say nothing of it. */
const LEAST_BEYOND = 10;

/**
 * Plays a book over many paths. Positions are bought now and held: equity after t periods is
 * 1 + Σ wᵢ(exp(Σ rᵢ) − 1), rᵢ the log returns of asset i; what the weights leave is cash without interest. Weights may be
 * negative (shorts) and sum to more than 1.
 * @param weights value of each position over equity
 * @throws InvalidSampleError for no weight, one that is not finite, a horizon or number of paths that is not whole, fewer
 * than ten paths beyond a quantile, or a model that {@link pathDraw} refuses
 * @throws NotPositiveSemidefiniteError for a matrix that is no covariance
 */
export function simulatePortfolio(
  model: ReturnModel,
  weights: Float64Array,
  options: SimulationOptions,
): PortfolioSimulation {
  const { horizon, paths, confidence, seed } = checkOptions(weights, options);
  const draw = pathDraw(model, weights.length);
  const random = seededRandom(seedOf(...seed));
  const path = new Float64Array(horizon * weights.length);
  const ends = new Float64Array(paths);
  const drawdowns = new Float64Array(paths);
  let ruined = 0;
  for (let index = 0; index < paths; index++) {
    draw(random, horizon, path);
    const played = playPath(path, weights, horizon);
    ends[index] = played.end;
    drawdowns[index] = played.drawdown;
    if (played.end <= 0) ruined++;
  }
  const losses = ends.map((end) => 1 - end).toSorted();
  drawdowns.sort();
  const losing = losses.reduce((count, loss) => (loss > 0 ? count + 1 : count), 0);
  const mean = meanEstimate(losses);
  return {
    paths,
    horizon,
    meanReturn: { value: -mean.value, standardError: mean.standardError },
    probabilityOfLoss: shareEstimate(losing, paths),
    valueAtRisk: quantileEstimate(losses, confidence),
    conditionalValueAtRisk: tailMeanEstimate(losses, confidence),
    maximumDrawdown: {
      mean: meanEstimate(drawdowns),
      median: quantileEstimate(drawdowns, 0.5),
      percentile95: quantileEstimate(drawdowns, 0.95),
      percentile99: quantileEstimate(drawdowns, 0.99),
    },
    probabilityOfRuin: shareEstimate(ruined, paths),
  };
}

function checkOptions(weights: Float64Array, options: SimulationOptions): SimulationOptions {
  const { horizon, paths, confidence } = options;
  if (weights.length === 0) throw new InvalidSampleError('there are no weights; give one for each asset');
  checkFinite('weight', weights);
  if (!Number.isInteger(horizon) || horizon < 1)
    throw new InvalidSampleError(`the horizon is ${horizon}; expected a whole number of periods, 1 or more`);
  // The 99 % quantile of drawdowns is always among the results.
  const extreme = Math.max(0.99, checkConfidence(confidence));
  const least = Math.ceil(LEAST_BEYOND / (1 - extreme) - 1e-6);
  if (!Number.isInteger(paths) || paths < least)
    throw new InvalidSampleError(
      `there are ${paths} paths; at least ${least} are needed for ${LEAST_BEYOND} beyond ${extreme * 100} %`,
    );
  return options;
}

/** Plays one path to its end, or to where equity is gone. */
function playPath(path: Float64Array, weights: Float64Array, horizon: number) {
  const assets = weights.length;
  const sums = new Float64Array(assets);
  let [equity, high, drawdown] = [1, 1, 0];
  for (let period = 0; period < horizon; period++) {
    equity = 1;
    for (let asset = 0; asset < assets; asset++) {
      sums[asset]! += path[period * assets + asset]!;
      equity += weights[asset]! * Math.expm1(sums[asset]!);
    }
    high = Math.max(high, equity);
    drawdown = Math.max(drawdown, (high - equity) / high);
    if (equity <= 0) break;
  }
  return { end: equity, drawdown };
}

function meanEstimate(sample: Float64Array): Estimate {
  const mean = sample.reduce((sum, item) => sum + item, 0) / sample.length;
  const squares = sample.reduce((sum, item) => sum + (item - mean) ** 2, 0);
  return { value: mean, standardError: Math.sqrt(squares / (sample.length - 1) / sample.length) };
}

function shareEstimate(count: number, of: number): Estimate {
  const share = count / of;
  return { value: share, standardError: Math.sqrt((share * (1 - share)) / of) };
}

/** Linear between order statistics (type 7 of Hyndman and Fan 1996) at a rank from 0, which may be broken. */
function atRank(sorted: Float64Array, rank: number): number {
  const inside = Math.min(Math.max(rank, 0), sorted.length - 1);
  const below = Math.floor(inside);
  const low = sorted[below]!;
  return low + (inside - below) * (sorted[Math.min(below + 1, sorted.length - 1)]! - low);
}

/**
 * A quantile of a sorted sample. Its standard error is half the distance between the order statistics one binomial
 * deviation √(np(1 − p)) of ranks to both sides: no density has to be estimated.
 */
function quantileEstimate(sorted: Float64Array, probability: number): Estimate {
  const rank = (sorted.length - 1) * probability;
  const ranks = Math.sqrt(sorted.length * probability * (1 - probability));
  return {
    value: atRank(sorted, rank),
    standardError: (atRank(sorted, rank + ranks) - atRank(sorted, rank - ranks)) / 2,
  };
}

/**
 * Mean beyond a quantile q of a sorted sample as q + Σ(x − q)⁺/(n(1 − p)) (Rockafellar and Uryasev 2000); its asymptotic
 * variance is that of (x − q)⁺/(1 − p) over n (Hong and Liu 2009).
 */
function tailMeanEstimate(sorted: Float64Array, probability: number): Estimate {
  const quantile = atRank(sorted, (sorted.length - 1) * probability);
  const beyond = meanEstimate(sorted.map((item) => Math.max(0, item - quantile)));
  return {
    value: quantile + beyond.value / (1 - probability),
    standardError: beyond.standardError / (1 - probability),
  };
}
