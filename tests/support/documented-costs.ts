import type { BarSeries } from '#core/market/bars.ts';

type Prices = Pick<BarSeries, 'open' | 'high' | 'low' | 'volume'>;

/** Square-root impact of a market order at the open, a unit, written anew from the documented model. */
export function openImpact(bars: Prices, i: number, quantity: number): number {
  const range = Math.log((bars.high[i] ?? 0) / (bars.low[i] ?? 0)) / Math.sqrt(4 * Math.log(2));
  return (bars.open[i] ?? Number.NaN) * range * Math.sqrt(quantity / (bars.volume[i] ?? 0));
}

/** Price of a market order at the open, written anew from the documented model: half spread, slippage, square-root impact. */
export function openPrice(bars: Prices, i: number, quantity: number, sign: 1 | -1): number {
  const open = bars.open[i] ?? Number.NaN;
  const cost = open * (0.0001 + 0.0001) + openImpact(bars, i, quantity);
  const cents = (open + sign * cost) * 100;
  return (sign > 0 ? Math.ceil(cents - 1e-6) : Math.floor(cents + 1e-6)) / 100;
}

/** IBKR tiered below the first tier's bound, from the published rates. */
export function tieredFee(quantity: number, price: number, selling: boolean): number {
  const value = quantity * price;
  const base = Math.min(Math.max(quantity * 0.0035, 0.35), value * 0.01);
  const third = base * (0.000175 + 0.000563) + quantity * (0.0002 + 0.003 + 0.000072);
  const sale = selling ? value * 0.0000278 + Math.min(quantity * 0.000166, 8.3) : 0;
  return Math.round((base + third + sale) * 100) / 100;
}
