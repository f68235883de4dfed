import type { BarSeries } from '#core/market/bars.ts';

/** A move of the whole market in one session or less, as a fraction. */
export interface StressScenario {
  readonly scenario: string;
  readonly shock: number;
}

/**
 * Days everybody remembers, as moves of the S&P 500 (close to close; for the flash crash the fall of the Dow Jones from
 * its close to the low inside the day, for 2015 the fall to the low of the open). Sources: S&P Dow Jones Indices;
 * SEC and CFTC, Findings Regarding the Market Events of May 6, 2010; SEC, Research Note on August 24, 2015.
 */
export const MARKET_STRESS: readonly StressScenario[] = [
  { scenario: '1987-10-19', shock: -0.205 },
  { scenario: '2008-10-15', shock: -0.09 },
  { scenario: '2010-05-06 flash crash', shock: -0.092 },
  { scenario: '2015-08-24', shock: -0.053 },
  { scenario: '2020-03-16', shock: -0.12 },
];

/** The worst of {@link MARKET_STRESS}, as a positive fraction. */
export const WORST_MARKET_FALL = Math.max(...MARKET_STRESS.map(({ shock }) => -shock));

/**
 * What a repeat of the worst remembered day may cost the whole book, in equity left above the drawdown halt: a day like
 * that may overshoot the halt by half, as nothing trades on the way; more may not.
 */
export const CATASTROPHE_HEADROOM = 1.5;

/** The worst close-to-close session against a position in this direction; null without two positive closes. */
export function worstOwnSession(bars: BarSeries, direction: 'long' | 'short'): StressScenario | null {
  let worst = Number.NaN;
  let at = 0;
  for (let index = 1; index < bars.length; index++) {
    const move = (bars.close[index] as number) / (bars.close[index - 1] as number) - 1;
    if (!Number.isFinite(move)) continue;
    if (Number.isNaN(worst) || (direction === 'long' ? move < worst : move > worst)) {
      worst = move;
      at = index;
    }
  }
  if (Number.isNaN(worst)) return null;
  const date = new Date(bars.closeTime[at] as number).toISOString().slice(0, 10);
  return { scenario: `own worst session ${date}`, shock: worst };
}

/** The shocks that hurt a position in this direction: the market's falls turned round for a short. */
export function stressFor(bars: BarSeries, direction: 'long' | 'short'): readonly StressScenario[] {
  const own = worstOwnSession(bars, direction);
  const market = MARKET_STRESS.map(({ scenario, shock }) =>
    direction === 'long' ? { scenario, shock } : { scenario: `${scenario}, reversed`, shock: -shock },
  );
  return own === null ? market : [...market, own];
}
