import type { BarSeries } from '#core/market/bars.ts';
import { sessionsBetween } from '#core/market/calendar.ts';
import type { StrategyContext } from '#core/simulation/engine/strategy.ts';

export type PriceRow = readonly [open: number, high: number, low: number, close: number, volume?: number];

/** Daily bars of consecutive New York sessions from 2 January 2018 on. */
export function dailyBars(rows: readonly PriceRow[], instrument = 'SPY', from = '2018-01-02'): BarSeries {
  const sessions = sessionsBetween('us-equity', from, '2028-12-29');
  const column = (pick: (row: PriceRow, index: number) => number) => Float64Array.from(rows, pick);
  return {
    instrument,
    interval: { unit: 'session' },
    length: rows.length,
    openTime: column((_, i) => sessions[i]?.open ?? Number.NaN),
    closeTime: column((_, i) => sessions[i]?.close ?? Number.NaN),
    open: column(([open]) => open),
    high: column(([, high]) => high),
    low: column(([, , low]) => low),
    close: column(([, , , close]) => close),
    volume: column(([, , , , volume]) => volume ?? 1_000_000),
  };
}

/** A strategy from what it does at each call, by index. */
export const scripted = (steps: Readonly<Record<number, (context: StrategyContext) => void>>) => ({
  name: 'scripted',
  parameters: {},
  start: () => (context: StrategyContext) => steps[context.index]?.(context),
});
