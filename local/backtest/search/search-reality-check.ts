import { setImmediate as nextTurn } from 'node:timers/promises';
import { dailyCurve, simpleReturns } from '#core/analytics/performance/equity-curve.ts';
import type { EquityCurve } from '#core/analytics/series.ts';
import { type RealityCheck, realityCheck } from '#core/analytics/validation/reality-check.ts';
import { trainingBars } from '#core/simulation/validation/search-windows.ts';
import { seedOf } from '#core/values/random.ts';
import { strategyFactoryNamed } from '#local/backtest/named-strategy.ts';
import { buyAndHoldFactory, type PlannedSearch, played } from './search.ts';
import type { TrialResult } from './trial-thread.ts';

/** The reality check of one window: whether the best of its trials beats buying and holding by more than luck. */
export interface WindowRealityCheck extends RealityCheck {
  /** Trials that were measured; those that failed have no returns. */
  readonly trials: number;
  readonly benchmark: 'buy-and-hold';
  readonly resamples: number;
  readonly meanBlock: number;
}

const RESAMPLES = 1_000;
/** Two weeks of days: about how long daily returns depend on each other. */
const MEAN_BLOCK = 10;

/**
 * White's and Hansen's tests over all measured trials of each window, on the days that were chosen on, against
 * buy-and-hold at the same costs. The file of trials has no returns, so each trial is played once more.
 * @param told after each trial how many have been played, and of how many
 * @returns one for each window, or null where `signal` ended it before
 */
export async function searchRealityChecks(
  { request, data, windows }: PlannedSearch,
  results: readonly TrialResult[],
  told: (done: number, of: number) => void,
  signal: AbortSignal,
): Promise<readonly WindowRealityCheck[] | null> {
  const make = await strategyFactoryNamed(request.strategy);
  const measured = results.filter(({ outcome }) => outcome.kind === 'measured');
  const checks: WindowRealityCheck[] = [];
  let done = 0;
  for (const [index, window] of windows.entries()) {
    const bars = trainingBars(data.instruments, window);
    const held = dailyReturns(played(buyAndHoldFactory, {}, bars, request));
    const excess: Float64Array[] = [];
    for (const { parameters } of measured.filter((result) => result.window === index)) {
      const own = dailyReturns(played(make, parameters, bars, request));
      excess.push(own.map((one, day) => one - held[day]!));
      told(++done, measured.length);
      // An interrupt is heard between two trials.
      await nextTurn();
      if (signal.aborted) return null;
    }
    checks.push(checked(excess, seedOf(request.input.seed, 'reality-check', index)));
  }
  return checks;
}

const dailyReturns = (curve: EquityCurve): Float64Array => simpleReturns(dailyCurve(curve).equity);

function checked(excess: readonly Float64Array[], seed: number): WindowRealityCheck {
  const settings = { resamples: RESAMPLES, meanBlock: MEAN_BLOCK };
  const about = { trials: excess.length, benchmark: 'buy-and-hold', ...settings } as const;
  if (excess.length === 0) {
    const none = { kind: 'undefined', reason: 'no trial was measured' } as const;
    return { ...about, white: none, superiorAbility: none };
  }
  return { ...about, ...realityCheck(excess, { seed, ...settings }) };
}
