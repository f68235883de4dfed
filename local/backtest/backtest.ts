import { createHash } from 'node:crypto';
import { hasPackagedBars, PACKAGED_INSTRUMENTS, packagedBars } from '#adapters/market-data/packaged-bars.ts';
import { type BarSeries, sliceBars } from '#core/market/bars.ts';
import { newYorkDate } from '#core/market/calendar.ts';
import { instrumentOf } from '#core/market/catalog.ts';
import type { EngineResult, SimulatedInstrument } from '#core/simulation/engine/options.ts';
import { simulate } from '#core/simulation/engine/simulate.ts';
import type { Strategy } from '#core/simulation/engine/strategy.ts';
import { buyAndHold } from '#core/simulation/strategies/buy-and-hold.ts';
import { ConfigurationError } from '#local/day/errors.ts';
import { playedBars } from '#local/day/played-bars.ts';
import type { BacktestParameters } from './backtest-parameters.ts';
import { simulationOptions } from './simulation-options.ts';

/** Instruments with their bars, and where these come from, a line each. */
export interface BacktestData {
  readonly instruments: readonly SimulatedInstrument[];
  readonly sources: readonly string[];
  /** SHA-256 over all bars that are played, in hexadecimal. */
  readonly hash: string;
}

export interface Backtest {
  readonly strategy: Strategy;
  readonly result: EngineResult;
  readonly benchmark: EngineResult;
}

/** Raw packaged bars with their corporate actions, and the user's own. @throws ConfigurationError */
export async function backtestData(parameters: BacktestParameters): Promise<BacktestData> {
  const { symbols, data, from, to } = parameters;
  const hash = createHash('sha256');
  const instruments: SimulatedInstrument[] = [];
  const sources: string[] = [];
  for (const id of symbols) {
    const whole = await barsOf(id, id === symbols[0] ? data : null);
    const bars = within(whole.bars, from, to);
    if (bars.length === 0)
      throw new ConfigurationError(
        `${id} has no bars from ${from} to ${to}; they run from ${spanText(whole.bars)}`,
      );
    for (const column of [bars.closeTime, bars.open, bars.high, bars.low, bars.close, bars.volume])
      hash.update(new Uint8Array(column.buffer, column.byteOffset, column.byteLength));
    instruments.push({ ...whole, bars });
    sources.push(`${id}: ${bars.length} bars, ${spanText(bars)}, ${whole.source}`);
  }
  return { instruments, sources, hash: hash.digest('hex') };
}

async function barsOf(
  id: string,
  file: string | null,
): Promise<SimulatedInstrument & { readonly source: string }> {
  if (file === null && hasPackagedBars(id)) {
    const { series, actions, source } = packagedBars(id);
    return {
      instrument: instrumentOf(id),
      bars: series,
      actions,
      source: `npm ${source.package} ${source.version}`,
    };
  }
  if (file === null)
    throw new ConfigurationError(
      `there are no prices for ${id}; packaged data exist for ${PACKAGED_INSTRUMENTS.join(', ')}, other instruments need a file of their own bars (--data, for a paper gateway --tape) and to be named first in --symbols`,
    );
  const { instruments } = await playedBars([id], file);
  const [played] = instruments;
  if (played === undefined) throw new ConfigurationError(`${file} gave no bars`);
  return { instrument: played.instrument, bars: joined(played.daily, played.minutes), source: file };
}

/** The finest bars there are: minutes of all days in one series, else the daily ones. */
function joined(daily: BarSeries, minutes: ReadonlyMap<string, BarSeries> | null): BarSeries {
  const [first, ...rest] = minutes?.values() ?? [];
  if (first === undefined) return daily;
  const days = [first, ...rest];
  const column = (pick: (day: BarSeries) => Float64Array) => {
    const all = new Float64Array(days.reduce((sum, day) => sum + day.length, 0));
    let at = 0;
    for (const day of days) {
      all.set(pick(day), at);
      at += day.length;
    }
    return all;
  };
  const openTime = column((day) => day.openTime);
  return {
    ...first,
    length: openTime.length,
    openTime,
    closeTime: column((day) => day.closeTime),
    open: column((day) => day.open),
    high: column((day) => day.high),
    low: column((day) => day.low),
    close: column((day) => day.close),
    volume: column((day) => day.volume),
  };
}

/** The bars of a range of New York dates, both included. */
export function within(bars: BarSeries, from: string, to: string): BarSeries {
  let start = 0;
  while (start < bars.length && newYorkDate(bars.openTime[start] as number) < from) start++;
  let end = bars.length;
  while (end > start && newYorkDate(bars.openTime[end - 1] as number) > to) end--;
  return sliceBars(bars, start, end);
}

const spanText = (bars: BarSeries): string =>
  bars.length === 0
    ? 'nowhere'
    : `${newYorkDate(bars.openTime[0] as number)} to ${newYorkDate(bars.closeTime[bars.length - 1] as number)}`;

/** Runs the strategy, and buy-and-hold of the same instruments at the same costs beside it. */
export function runBacktest(
  strategy: Strategy,
  data: BacktestData,
  parameters: BacktestParameters,
): Backtest {
  const options = simulationOptions(parameters);
  return {
    strategy,
    result: simulate(strategy, data.instruments, options),
    benchmark: simulate(buyAndHold(), data.instruments, options),
  };
}
