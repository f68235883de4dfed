import { normalCdf } from '#core/analytics/distributions/normal.ts';
import type { BarSeries } from '#core/market/bars.ts';
import { logReturns, mean, standardDeviation } from '../bar-statistics.ts';

/**
 * Proportional bid–ask spread from two-day highs and lows (Corwin and Schultz, "A simple way to estimate bid–ask spreads
 * from daily high and low prices", Journal of Finance 67, 2012): per pair of days
 * β = Σ ln²(H/L), γ = ln²(max H / min L), α = (√(2β) − √β)/(3 − 2√2) − √(γ/(3 − 2√2)), S = 2(e^α − 1)/(1 + e^α),
 * with their adjustment for overnight moves and negative pairs counted as zero; the mean over the series.
 * Biased upward where a session's range is mostly news, as in large liquid names. Undefined with fewer than two bars.
 */
export function corwinSchultzSpread(bars: BarSeries): number | undefined {
  const k = 3 - 2 * Math.SQRT2;
  const found: number[] = [];
  for (let at = 1; at < bars.length; at++) {
    const before = bars.close[at - 1] as number;
    const low = bars.low[at] as number;
    const high = bars.high[at] as number;
    const gap = before < low ? before - low : before > high ? before - high : 0;
    const high1 = bars.high[at - 1] as number;
    const low1 = bars.low[at - 1] as number;
    const high2 = high + gap;
    const low2 = low + gap;
    const beta = Math.log(high1 / low1) ** 2 + Math.log(high2 / low2) ** 2;
    const gamma = Math.log(Math.max(high1, high2) / Math.min(low1, low2)) ** 2;
    const alpha = (Math.sqrt(2 * beta) - Math.sqrt(beta)) / k - Math.sqrt(gamma / k);
    found.push(Math.max(0, (2 * (Math.exp(alpha) - 1)) / (1 + Math.exp(alpha))));
  }
  return finite(mean(found));
}

/**
 * Proportional spread from closes and mid-ranges (Abdi and Ranaldo, "A simple estimation of bid–ask spreads from daily
 * close, high, and low prices", Review of Financial Studies 30, 2017), the two-day-corrected form:
 * the mean of √max(4 (c_t − η_t)(c_t − η_{t+1}), 0) with η = (ln H + ln L)/2. Undefined with fewer than two bars.
 */
export function abdiRanaldoSpread(bars: BarSeries): number | undefined {
  const middle = (at: number) => (Math.log(bars.high[at] as number) + Math.log(bars.low[at] as number)) / 2;
  const found: number[] = [];
  for (let at = 0; at + 1 < bars.length; at++) {
    const close = Math.log(bars.close[at] as number);
    found.push(Math.sqrt(Math.max(0, 4 * (close - middle(at)) * (close - middle(at + 1)))));
  }
  return finite(mean(found));
}

/**
 * Proportional spread 2√(−cov(r_t, r_{t−1})) (Roll, "A simple implicit measure of the effective bid–ask spread in an
 * efficient market", Journal of Finance 39, 1984). Undefined where the serial covariance is not negative: the price
 * trends and the measure says nothing.
 */
export function rollSpread(closes: Float64Array): number | undefined {
  const returns = logReturns(closes);
  const pairs = returns.length - 1;
  if (pairs < 2) return undefined;
  const now = mean(returns.subarray(1)) as number;
  const before = mean(returns.subarray(0, pairs)) as number;
  let sum = 0;
  for (let at = 0; at < pairs; at++) {
    sum += ((returns[at + 1] as number) - now) * ((returns[at] as number) - before);
  }
  const covariance = sum / (pairs - 1);
  return covariance < 0 ? 2 * Math.sqrt(-covariance) : undefined;
}

/**
 * Amihud illiquidity (Journal of Financial Markets 5, 2002): the mean of |return| per million of currency traded.
 * Sessions without volume are left out; undefined where none is left.
 */
export function amihudIlliquidity(bars: BarSeries): number | undefined {
  const found: number[] = [];
  for (let at = 1; at < bars.length; at++) {
    const traded = (bars.close[at] as number) * (bars.volume[at] as number);
    if (!(traded > 0)) continue;
    found.push(
      Math.abs(Math.log((bars.close[at] as number) / (bars.close[at - 1] as number))) / (traded / 1e6),
    );
  }
  return finite(mean(found));
}

/** The benchmark stock of Kyle and Obizhaeva: price 40, a million shares a day, 2 % daily volatility. */
const BENCHMARK_ACTIVITY = 40 * 1e6 * 0.02;
const BENCHMARK_VOLATILITY = 0.02;
const BENCHMARK_HALF_SPREAD = 8.21e-4;

/**
 * Proportional spread that market microstructure invariance implies for an instrument's trading activity
 * W = σ × currency traded a day: twice 8.21 basis points × (σ / 0.02) × (W / W*)^(−1/3) (Kyle and Obizhaeva, "Market
 * microstructure invariance: empirical hypotheses", Econometrica 84, 2016). Undefined without volatility or volume.
 */
export function invarianceSpread(sessionVolatility: number, tradedPerSession: number): number | undefined {
  const activity = sessionVolatility * tradedPerSession;
  if (!(activity > 0)) return undefined;
  return (
    2 *
    BENCHMARK_HALF_SPREAD *
    (sessionVolatility / BENCHMARK_VOLATILITY) *
    (activity / BENCHMARK_ACTIVITY) ** (-1 / 3)
  );
}

/**
 * Expected impact, as a fraction of price, of an order of `participation` of a session's volume: σ √participation (the
 * square-root law with coefficient 1, the one the simulator charges).
 */
export function squareRootImpact(sessionVolatility: number, participation: number): number {
  return sessionVolatility * Math.sqrt(participation);
}

/**
 * Buy less sell volume as a share of all by bulk classification (Easley, López de Prado and O'Hara, Review of Financial
 * Studies 25, 2012): of each bar's volume the share Φ(r / σ) is taken as bought. Undefined without volume or variance.
 */
export function bulkVolumeImbalance(bars: BarSeries): number | undefined {
  const returns = logReturns(bars.close);
  const deviation = standardDeviation(returns);
  if (deviation === undefined || !(deviation > 0)) return undefined;
  let signed = 0;
  let all = 0;
  for (let at = 0; at < returns.length; at++) {
    const volume = bars.volume[at + 1] as number;
    signed += (2 * normalCdf((returns[at] as number) / deviation) - 1) * volume;
    all += volume;
  }
  return all > 0 ? finite(signed / all) : undefined;
}

function finite(value: number | undefined): number | undefined {
  return value === undefined || !Number.isFinite(value) ? undefined : value;
}
