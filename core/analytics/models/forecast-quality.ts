import { type Figure, undefinedBecause, value } from '../series.ts';
import { InvalidModelInputError } from './feature-table.ts';

/** Forecasts of nearly the same probability, and how often what they forecast happened. */
export interface ReliabilityBin {
  /** Probabilities from `from` (inclusive) to `to` (exclusive, but 1 belongs to the last). */
  readonly from: number;
  readonly to: number;
  readonly count: number;
  readonly meanProbability: number;
  readonly frequency: number;
}

export interface ForecastQuality {
  readonly count: number;
  /** Share of ones. */
  readonly baseRate: number;
  /** Mean squared error of the probabilities (Brier 1950). */
  readonly brier: number;
  /**
   * brier = reliability − resolution + uncertainty + withinBinVariance − withinBinCovariance, exactly: Murphy (1973),
   * with the two parts that binning leaves over (Stephenson, Coelho and Jolliffe 2008).
   */
  readonly decomposition: {
    readonly reliability: number;
    readonly resolution: number;
    readonly uncertainty: number;
    readonly withinBinVariance: number;
    readonly withinBinCovariance: number;
  };
  /** Mean −ln of the probability given to what happened, in nats; undefined where that was 0. */
  readonly logLoss: Figure;
  /** Mean distance of probability and frequency over the bins, by their counts (Naeini, Cooper and Hauskrecht 2015). */
  readonly expectedCalibrationError: number;
  /** Bins of equal width that have forecasts. */
  readonly reliabilityTable: readonly ReliabilityBin[];
}

/**
 * How good probabilities were.
 * @param labels 0 or 1; one class alone can be judged too, its uncertainty is 0
 * @throws InvalidModelInputError without forecasts, for probabilities outside 0 to 1 or labels other than 0 and 1
 */
export function forecastQuality(
  probabilities: Float64Array,
  labels: Float64Array,
  bins = 10,
): ForecastQuality {
  checkForecasts(probabilities, labels, bins);
  const count = labels.length;
  let ones = 0;
  let squares = 0;
  let loss = 0;
  let impossible = -1;
  const sums = Array.from({ length: bins }, () => ({ count: 0, probability: 0, label: 0 }));
  const binOf = (probability: number) => Math.min(bins - 1, Math.floor(probability * bins));
  for (let row = 0; row < count; row++) {
    const probability = probabilities[row]!;
    const label = labels[row]!;
    ones += label;
    squares += (probability - label) ** 2;
    const given = label === 1 ? probability : 1 - probability;
    if (given === 0) impossible = row;
    else loss -= Math.log(given);
    const bin = sums[binOf(probability)]!;
    bin.count++;
    bin.probability += probability;
    bin.label += label;
  }
  const baseRate = ones / count;
  let reliability = 0;
  let resolution = 0;
  let calibrationError = 0;
  const reliabilityTable: ReliabilityBin[] = [];
  sums.forEach((bin, at) => {
    if (bin.count === 0) return;
    const meanProbability = bin.probability / bin.count;
    const frequency = bin.label / bin.count;
    reliability += (bin.count / count) * (meanProbability - frequency) ** 2;
    resolution += (bin.count / count) * (frequency - baseRate) ** 2;
    calibrationError += (bin.count / count) * Math.abs(meanProbability - frequency);
    reliabilityTable.push({
      from: at / bins,
      to: (at + 1) / bins,
      count: bin.count,
      meanProbability,
      frequency,
    });
  });
  let withinBinVariance = 0;
  let withinBinCovariance = 0;
  for (let row = 0; row < count; row++) {
    const bin = sums[binOf(probabilities[row]!)]!;
    const apart = probabilities[row]! - bin.probability / bin.count;
    withinBinVariance += apart ** 2 / count;
    withinBinCovariance += (2 * apart * (labels[row]! - bin.label / bin.count)) / count;
  }
  return {
    count,
    baseRate,
    brier: squares / count,
    decomposition: {
      reliability,
      resolution,
      uncertainty: baseRate * (1 - baseRate),
      withinBinVariance,
      withinBinCovariance,
    },
    logLoss:
      impossible === -1
        ? value(loss / count)
        : undefinedBecause(`forecast ${impossible} gave probability 0 to what happened`),
    expectedCalibrationError: calibrationError,
    reliabilityTable,
  };
}

function checkForecasts(probabilities: Float64Array, labels: Float64Array, bins: number): void {
  if (!Number.isInteger(bins) || bins < 1)
    throw new InvalidModelInputError(`bins is ${bins}; give a whole number of at least 1`);
  if (labels.length !== probabilities.length || labels.length === 0)
    throw new InvalidModelInputError(
      `${labels.length} labels for ${probabilities.length} probabilities; give one for each, and at least one`,
    );
  for (let row = 0; row < labels.length; row++) {
    const [probability, label] = [probabilities[row]!, labels[row]!];
    if (!(probability >= 0 && probability <= 1))
      throw new InvalidModelInputError(
        `the probability of row ${row} is ${probability}; give one from 0 to 1`,
      );
    if (label !== 0 && label !== 1)
      throw new InvalidModelInputError(`the label of row ${row} is ${label}; give 0 or 1`);
  }
}
