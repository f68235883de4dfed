import { atTheLow, HISTORICAL_SCENARIOS } from '#core/analytics/risk/stress-scenarios.ts';
import type { BarSeries } from '#core/market/bars.ts';

/** A move of the whole market in one session or less, as a fraction. */
export interface StressScenario {
  readonly scenario: string;
  readonly shock: number;
}

/** The sessions of {@link HISTORICAL_SCENARIOS} that every assessment is measured against. */
const SESSIONS = ['1987-10-19', '2008-10-15', '2010-05-06 flash crash', '2015-08-24', '2020-03-16'];

/** What those sessions did to the S&P 500, at the low inside the session where it is remembered for that. */
export const MARKET_STRESS: readonly StressScenario[] = HISTORICAL_SCENARIOS.filter(({ name }) =>
  SESSIONS.includes(name),
).flatMap((session) => {
  const { name, shocks } = atTheLow(session);
  return shocks.equity === undefined ? [] : [{ scenario: name, shock: shocks.equity }];
});

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
