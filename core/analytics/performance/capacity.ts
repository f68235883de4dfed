import type { BarSeries } from '#core/market/bars.ts';
import { DAY_MILLIS } from '#core/market/civil-date.ts';
import { newYorkOffset } from '#core/market/new-york-time.ts';
import type { SimulatedFill, Trade } from '#core/simulation/simulation-result.ts';
import { type EquityCurve, type Figure, undefinedBecause, value } from '../series.ts';
import { yearsOf } from './equity-curve.ts';
import { compoundAnnualGrowth } from './ratios.ts';

/** What the model of capacity takes as given. */
export const CAPACITY = {
  /** Largest share of a day's volume that may be taken. */
  participation: 0.1,
  /** Sessions over which a day's volume is averaged. */
  sessions: 20,
  /** Coefficient Y of the square-root law. */
  impact: 1,
  /** The part of the growth that impact may eat. */
  growthShare: 0.5,
} as const;

/** How much money the trading of a result could carry, by a stated model; amounts in the account's currency. */
export interface CapacityFigures {
  /** Trades whose instrument has volumes. */
  readonly trades: number;
  /** Days to get out of a position at 10 % of the mean volume of the 20 sessions to its exit. */
  readonly medianDays: Figure;
  readonly longestDays: Figure;
  /** Capital at which the least liquid of the positions takes one day. */
  readonly participationCapital: Figure;
  /** Square-root impact of all fills over the equity at each, a year. */
  readonly annualImpact: Figure;
  /** Capital at which that impact, which grows with the root of the capital, is half of the annual growth. */
  readonly impactCapital: Figure;
}

/** One session of an instrument: what of its bars capacity needs. */
interface Day {
  readonly day: number;
  high: number;
  low: number;
  volume: number;
}

const dayOf = (at: number): number => Math.floor((at + newYorkOffset(at)) / DAY_MILLIS);

function daysOf({ length, closeTime, high, low, volume }: BarSeries): readonly Day[] {
  const days: Day[] = [];
  for (let index = 0; index < length; index++) {
    const day = dayOf(closeTime[index]!);
    let current = days.at(-1);
    if (current?.day !== day) {
      current = { day, high: 0, low: Number.POSITIVE_INFINITY, volume: 0 };
      days.push(current);
    }
    current.high = Math.max(current.high, high[index]!);
    current.low = Math.min(current.low, low[index]!);
    current.volume += volume[index]!;
  }
  return days;
}

/** Place of the last item of a rising sequence that is at or before `wanted`; −1 where there is none. */
function lastAt(count: number, item: (index: number) => number, wanted: number): number {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (item(middle) <= wanted) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/**
 * Capacity of a result. Two limits, as funds state them: how fast positions can be left at 10 % of the volume, and at
 * which size the square-root law Y·σ·√(Q/V) (Almgren, Thum, Hauptmann and Li 2005; Tóth et al. 2011), with σ the day's
 * volatility by its range (Parkinson 1980), eats half of the growth. Both scale with the capital alone: that prices and
 * others answer is not modelled. Instruments without volume have no capacity and are left out.
 * @throws OutsideNewYorkRangeError before 1987 and after 2037
 */
export function capacityFigures(
  curve: EquityCurve,
  trades: readonly Trade[],
  fills: readonly SimulatedFill[],
  bars: readonly BarSeries[],
): CapacityFigures {
  const days = new Map(bars.map((series) => [series.instrument, daysOf(series)]));
  const positions = exits(curve, trades, days);
  const none = undefinedBecause('no trade is in an instrument with volumes');
  const lengths = positions.map(({ length }) => length).sort((left, right) => left - right);
  const annualImpact = impactOf(curve, fills, days);
  return {
    trades: positions.length,
    medianDays: lengths.length === 0 ? none : value(median(lengths)),
    longestDays: lengths.length === 0 ? none : value(lengths[lengths.length - 1]!),
    participationCapital:
      positions.length === 0
        ? none
        : value(positions.reduce((least, { capital }) => Math.min(least, capital), Number.POSITIVE_INFINITY)),
    annualImpact,
    impactCapital: impactCapital(curve, annualImpact),
  };
}

function median(sorted: readonly number[]): number {
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

/** Days that each trade's position takes to leave, and the equity that would make it one. */
function exits(
  { time, equity }: EquityCurve,
  trades: readonly Trade[],
  days: ReadonlyMap<string, readonly Day[]>,
): readonly { readonly length: number; readonly capital: number }[] {
  return trades.flatMap(({ instrument, exitTime, quantity, open }) => {
    const at = open ? time[time.length - 1]! : exitTime;
    const own = days.get(instrument) ?? [];
    const last = lastAt(own.length, (index) => own[index]!.day, dayOf(at));
    const recent = own.slice(Math.max(0, last + 1 - CAPACITY.sessions), last + 1);
    const volume = recent.reduce((sum, day) => sum + day.volume, 0) / recent.length;
    const mark = equity[lastAt(time.length, (index) => time[index]!, at)] ?? 0;
    if (!(volume > 0) || !(mark > 0)) return [];
    const length = quantity / (CAPACITY.participation * volume);
    return [{ length, capital: mark / length }];
  });
}

/** What the square-root law takes a year of the equity, for the fills of each instrument and day together. */
function impactOf(
  { time, equity }: EquityCurve,
  fills: readonly SimulatedFill[],
  days: ReadonlyMap<string, readonly Day[]>,
): Figure {
  const years = yearsOf(time);
  if (!(years > 0)) return undefinedBecause('the marks span no time');
  const traded = new Map<string, { quantity: number; value: number; day: Day; mark: number }>();
  for (const fill of fills) {
    const own = days.get(fill.instrument) ?? [];
    const day = own[lastAt(own.length, (index) => own[index]!.day, dayOf(fill.time))];
    const mark = equity[lastAt(time.length, (index) => time[index]!, fill.time)] ?? 0;
    if (day === undefined || !(day.volume > 0) || !(day.low > 0) || !(mark > 0)) continue;
    const key = `${fill.instrument} ${day.day}`;
    const before = traded.get(key) ?? { quantity: 0, value: 0, day, mark };
    before.quantity += fill.quantity;
    before.value += fill.value;
    traded.set(key, before);
  }
  if (traded.size === 0) return undefinedBecause('no fill is in an instrument with volumes');
  let drag = 0;
  for (const { quantity, value: worth, day, mark } of traded.values()) {
    const volatility = Math.log(day.high / day.low) / Math.sqrt(4 * Math.LN2);
    drag += ((worth / mark) * CAPACITY.impact * volatility * Math.sqrt(quantity / day.volume)) / years;
  }
  return value(drag);
}

function impactCapital(curve: EquityCurve, impact: Figure): Figure {
  if (impact.kind === 'undefined') return impact;
  const growth = compoundAnnualGrowth(curve);
  if (growth.kind === 'undefined') return growth;
  if (!(growth.value > 0)) return undefinedBecause('there is no growth that impact could eat');
  if (!(impact.value > 0))
    return undefinedBecause('the days traded had no range, so the law gives no impact');
  const average = curve.equity.reduce((sum, mark) => sum + mark, 0) / curve.equity.length;
  return value(average * ((CAPACITY.growthShare * growth.value) / impact.value) ** 2);
}
