import { type Random, seededRandom } from '#core/values/random.ts';
import { momentsOf, noSpread } from '../performance/moments.ts';
import { type Figure, undefinedBecause, value } from '../series.ts';
import { InvalidValidationError, requireFinite, requireWhole } from './errors.ts';
import { prefixSums, resampledSum, stationaryBootstrap } from './stationary-bootstrap.ts';

/** How the null distribution is drawn. */
export interface BootstrapSettings {
  readonly seed: number;
  readonly resamples?: number;
  /** Mean length of the blocks; about how long returns depend on each other. */
  readonly meanBlock?: number;
}

/** p-values of the hypothesis that no strategy is better than the benchmark. */
export interface RealityCheck {
  /** White's reality check (2000): least favourable to the strategies, and weak where many bad ones were tried. */
  readonly white: Figure;
  /** Hansen's test for superior predictive ability (2005): studentised, recentred consistently. */
  readonly superiorAbility: Figure;
}

const DEFAULTS = { resamples: 1_000, meanBlock: 10 } as const;
const LEAST_OBSERVATIONS = 20;

/**
 * Whether the best of some strategies beats a benchmark by more than the best of as many worthless ones would. The
 * statistic of White (2000) is max √n f̄ₖ, that of Hansen (2005) max(0, √n f̄ₖ/ω̂ₖ), f being excess returns over the
 * benchmark; their distributions without any skill come from the stationary bootstrap, the same resamples for all
 * strategies. ω̂² is the variance of the bootstrap itself (Hansen 2005, section 3.2); a strategy with
 * √n f̄ₖ/ω̂ₖ ≤ −√(2 ln ln n) is too bad to matter and is not recentred. p = (1 + number as high)/(1 + resamples), so that
 * it is never zero (Davison and Hinkley 1997, section 4.2).
 * @param excess for each strategy its returns less those of the benchmark, all over the same periods
 * @throws InvalidValidationError for no strategies, columns of different length, a value that is not finite or settings
 * that can't be used
 */
export function realityCheck(excess: readonly Float64Array[], settings: BootstrapSettings): RealityCheck {
  const { seed, resamples, meanBlock } = { ...DEFAULTS, ...settings };
  requireWhole('strategies', excess.length, 1);
  requireWhole('resamples', resamples, 1);
  const count = excess[0]!.length;
  for (const [strategy, column] of excess.entries()) {
    requireFinite(`excess return of strategy ${strategy}`, column);
    if (column.length !== count)
      throw new InvalidValidationError(
        `strategy ${strategy} has ${column.length} returns, the first ${count}; give the same periods for all`,
      );
  }
  const none = (reason: string) => ({
    white: undefinedBecause(reason),
    superiorAbility: undefinedBecause(reason),
  });
  if (count < LEAST_OBSERVATIONS) return none(`${count} returns; at least ${LEAST_OBSERVATIONS} are needed`);
  // What never differs from the benchmark is no candidate: it can be neither better nor worse.
  const candidates = excess.filter((column) => noSpread(momentsOf(column)) === undefined);
  if (candidates.length === 0) return none('no strategy differs from the benchmark by more than a constant');
  const root = Math.sqrt(count);
  const means = candidates.map((column) => momentsOf(column).mean);
  const spreads = candidates.map((column) => longRunDeviation(column, 1 / meanBlock));
  const ratio = (strategy: number) => (root * means[strategy]!) / spreads[strategy]!;
  const hopeless = -Math.sqrt(2 * Math.log(Math.log(count)));
  const centre = means.map((mean, strategy) => (ratio(strategy) > hopeless ? mean : 0));
  const white = Math.max(...means) * root;
  const hansen = Math.max(0, ...means.map((_, strategy) => ratio(strategy)));
  const sums = candidates.map(prefixSums);
  const random: Random = seededRandom(seed);
  let [asHigh, asAble] = [1, 1];
  for (let resample = 0; resample < resamples; resample++) {
    const runs = stationaryBootstrap(random, count, meanBlock);
    let highest = Number.NEGATIVE_INFINITY;
    let ablest = 0;
    for (let strategy = 0; strategy < sums.length; strategy++) {
      const mean = resampledSum(sums[strategy]!, runs) / count;
      highest = Math.max(highest, root * (mean - means[strategy]!));
      ablest = Math.max(ablest, (root * (mean - centre[strategy]!)) / spreads[strategy]!);
    }
    if (highest >= white) asHigh++;
    if (ablest >= hansen) asAble++;
  }
  return { white: value(asHigh / (1 + resamples)), superiorAbility: value(asAble / (1 + resamples)) };
}

/**
 * Square root of the variance of √n times the mean of stationary-bootstrap resamples:
 * γ₀ + 2 Σ κᵢ γᵢ with κᵢ = (n − i)/n (1 − q)ⁱ + i/n (1 − q)ⁿ⁻ⁱ (Politis and Romano 1994, lemma 1). Above zero for a column
 * with spread, as it is a variance.
 */
function longRunDeviation(column: Float64Array, q: number): number {
  const count = column.length;
  const { mean } = momentsOf(column);
  let variance = 0;
  for (let lag = 0; lag < count; lag++) {
    const weight = ((count - lag) / count) * (1 - q) ** lag + (lag / count) * (1 - q) ** (count - lag);
    // Weights fall to nothing in the middle and rise again where the circle closes.
    if (lag > 0 && weight < 1e-12) continue;
    let products = 0;
    for (let i = 0; i + lag < count; i++) products += (column[i]! - mean) * (column[i + lag]! - mean);
    variance += ((lag === 0 ? 1 : 2) * weight * products) / count;
  }
  return Math.sqrt(variance);
}
