import type { BarSeries } from '#core/market/bars.ts';
import { fixedUsStocks } from '#core/simulation/engine/commission-columns.ts';

export interface LoopOrder {
  readonly id: number;
  readonly side: 'buy' | 'sell';
  readonly quantity: number;
  readonly submittedAt: number;
  price: number;
  fee: number;
  filledAt: number;
}

/**
 * What somebody would write by hand for this one strategy and nothing else: SMA cross, a market order at the next open
 * with spread, slippage, square-root impact and a participation cap, IBKR fixed commission, and per bar equity, cash,
 * exposure and drawdown; a log of orders. The yardstick of the engine: no other order types, no checks, no calendar.
 */
export function handWrittenLoop(
  bars: BarSeries,
  fast: number,
  slow: number,
  start: number,
  fraction: number,
  tick: number,
  lot: number,
) {
  const { length, closeTime, open, high, low, close, volume } = bars;
  const column = () => new Float64Array(length);
  const [time, equity, cashes, gross, net, drawdown] = [
    column(),
    column(),
    column(),
    column(),
    column(),
    column(),
  ];
  const commission = fixedUsStocks();
  const orders: LoopOrder[] = [];
  let pending: LoopOrder | null = null;
  let left = 0;
  let cash = start;
  let held = 0;
  let highest = start;
  let fastSum = 0;
  let slowSum = 0;
  const scale = Math.round(1 / tick);
  for (let i = 0; i < length; i++) {
    if (pending !== null) {
      const traded = volume[i] as number;
      const size = Math.min(left, Math.floor((traded * 0.1) / lot + 1e-6) * lot);
      if (size > 0) {
        const reference = open[i] as number;
        const volatility = Math.log((high[i] as number) / (low[i] as number)) / Math.sqrt(4 * Math.LN2);
        const cost =
          Math.max(tick / 2, reference * 0.0001) +
          reference * 0.0001 +
          volatility * Math.sqrt(size / traded) * reference;
        const buying = pending.side === 'buy';
        const price = buying
          ? Math.ceil((reference + cost) * scale) / scale
          : Math.floor((reference - cost) * scale) / scale;
        const fee = Math.round(commission(pending.side, size, size * price, 0) * 100) / 100;
        cash -= (buying ? size : -size) * price + fee;
        held += buying ? size : -size;
        if (held < lot / 2) held = 0;
        pending.price = price;
        pending.fee += fee;
        pending.filledAt = closeTime[i] as number;
        left -= size;
        if (left < lot / 2) pending = null;
      }
    }
    const newest = close[i] as number;
    const value = held * newest;
    const worth = cash + value;
    if (worth > highest) highest = worth;
    time[i] = closeTime[i] as number;
    equity[i] = worth;
    cashes[i] = cash;
    gross[i] = Math.abs(value);
    net[i] = value;
    drawdown[i] = 1 - worth / highest;
    fastSum += newest;
    slowSum += newest;
    if (i >= fast) fastSum -= close[i - fast] as number;
    if (i >= slow) slowSum -= close[i - slow] as number;
    if (i < slow - 1 || pending !== null) continue;
    const above = fastSum / fast > slowSum / slow;
    if (above === held > 0) continue;
    left = above ? Math.floor((worth * fraction) / newest / lot) * lot : held;
    if (left <= 0) continue;
    pending = {
      id: orders.length + 1,
      side: above ? 'buy' : 'sell',
      quantity: left,
      submittedAt: closeTime[i] as number,
      price: 0,
      fee: 0,
      filledAt: 0,
    };
    orders.push(pending);
  }
  return { time, equity, cash: cashes, gross, net, drawdown, orders };
}
