import { sampleCovariance } from '#core/analytics/risk/covariance.ts';
import { type BarSeries, sliceBars } from '#core/market/bars.ts';

/**
 * Equal risk contribution weights (Maillard, Roncalli, Teïletche 2010) of a covariance matrix by cyclical coordinate
 * descent (Griveau-Billion, Richard, Roncalli 2013): positive, summing to 1, each position adding the same share of
 * variance. With two instruments they are the inverse volatility weights, whatever the correlation.
 * @param covariance row by row, size × size, with a positive diagonal
 * @throws RangeError for a variance that is not positive
 */
export function equalRiskWeights(covariance: Float64Array, size: number): Float64Array {
  const weights = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    const variance = covariance[i * size + i] as number;
    if (!(variance > 0)) throw new RangeError(`variance ${i} is ${variance}; leave out what does not move`);
    weights[i] = 1 / Math.sqrt(variance);
  }
  const budget = 1 / size;
  for (let sweep = 0; sweep < 200; sweep++) {
    let largest = 0;
    for (let i = 0; i < size; i++) {
      let cross = 0;
      for (let j = 0; j < size; j++) {
        if (j !== i) cross += (covariance[i * size + j] as number) * (weights[j] as number);
      }
      const variance = covariance[i * size + i] as number;
      // The positive root of variance·w² + cross·w − budget = 0.
      const next = (-cross + Math.sqrt(cross * cross + 4 * variance * budget)) / (2 * variance);
      largest = Math.max(largest, Math.abs(next / (weights[i] as number) - 1));
      weights[i] = next;
    }
    if (largest < 1e-12) break;
  }
  let total = 0;
  for (const weight of weights) total += weight;
  return weights.map((weight) => weight / total);
}

/**
 * Closes on the last `sessions` closing times that all series share, one column each: instruments of different calendars
 * (a currency, a coin) meet only on common sessions.
 */
export function commonCloses(series: readonly BarSeries[], sessions: number): readonly Float64Array[] {
  const recent = series.map((one) => sliceBars(one, one.length - 2 * sessions, one.length));
  const [first, ...others] = recent;
  if (first === undefined) return [];
  if (others.every((one) => haveOneCalendar(first, one)))
    return recent.map(({ close }) => close.slice(-sessions));
  const known = others.map(({ closeTime }) => new Set(closeTime));
  const shared = first.closeTime.filter((time) => known.every((times) => times.has(time))).slice(-sessions);
  const wanted = new Set(shared);
  return recent.map(({ close, closeTime }) =>
    close.filter((_, index) => wanted.has(closeTime[index] as number)),
  );
}

function haveOneCalendar(one: BarSeries, other: BarSeries): boolean {
  if (one.length !== other.length) return false;
  for (let at = 0; at < one.length; at++) if (one.closeTime[at] !== other.closeTime[at]) return false;
  return true;
}

/** Sample covariance (ddof 1) of the last `window` log returns of aligned closes, one column an instrument. */
export function returnCovariance(closes: readonly Float64Array[], window: number): Float64Array {
  const returns = closes.map((column) => {
    const start = Math.max(1, column.length - window);
    return Float64Array.from({ length: column.length - start }, (_, index) =>
      Math.log((column[start + index] as number) / (column[start + index - 1] as number)),
    );
  });
  return sampleCovariance(returns);
}
