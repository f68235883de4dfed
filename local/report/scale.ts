import { civilOf, DAY_MILLIS, dayNumberOf } from '#core/market/civil-date.ts';

/** The side of the square that every plot is drawn in; the page stretches it. */
export const BOX = 1000;

/** A mark of an axis: where in the box, and its label. */
export interface Tick {
  readonly at: number;
  readonly label: string;
}

/** From a quantity to a place in the box. */
export type Scale = (value: number) => number;

const between = (low: number, high: number, from: number, to: number): Scale => {
  const span = high - low;
  return (value) => from + ((value - low) / (span === 0 ? 1 : span)) * (to - from);
};

/** Left to right. */
export const timeScale = (from: number, to: number): Scale => between(from, to, 0, BOX);

/** A vertical axis: high values on top. */
export interface Axis {
  readonly scale: Scale;
  readonly ticks: readonly Tick[];
}

const STEPS = [1, 2, 2.5, 5, 10];

/** Round steps that cut a span into about `count` parts. */
function niceStep(span: number, count: number): number {
  const rough = span / count;
  const magnitude = 10 ** Math.floor(Math.log10(rough));
  return magnitude * (STEPS.find((step) => step * magnitude >= rough) ?? 10);
}

/** A linear axis over at least [low, high], from a round value to a round one. */
export function linearAxis(low: number, high: number, label: (value: number) => string, count = 5): Axis {
  const margin = high > low ? 0 : Math.max(Math.abs(high), 1) / 10;
  const step = niceStep(high - low + 2 * margin, count);
  const first = Math.floor((low - margin) / step + 1e-9);
  const last = Math.ceil((high + margin) / step - 1e-9);
  const scale = between(first * step, last * step, BOX, 0);
  const ticks = Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step);
  return { scale, ticks: ticks.map((value) => ({ at: scale(value), label: label(value) })) };
}

/** A logarithmic axis over [low, high], both above zero, with marks at 1, 2 and 5 of each power of ten. */
export function logarithmicAxis(low: number, high: number, label: (value: number) => string): Axis {
  const room = Math.max(Math.log(high / low) * 0.04, 0.01);
  const scale = between(Math.log(low) - room, Math.log(high) + room, BOX, 0);
  const place: Scale = (value) => scale(Math.log(value));
  const decades = Array.from(
    { length: Math.floor(Math.log10(high)) - Math.floor(Math.log10(low)) + 1 },
    (_, index) => 10 ** (Math.floor(Math.log10(low)) + index),
  );
  const inside = (candidates: readonly number[]) =>
    decades
      .flatMap((decade) => candidates.map((one) => one * decade))
      .filter((value) => value >= low && value <= high);
  const [coarse, fine] = [inside([1, 2, 5]), inside([1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8])];
  const values = coarse.length >= 5 ? coarse : fine;
  return { scale: place, ticks: values.map((value) => ({ at: place(value), label: label(value) })) };
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;
const MONTHS_A_YEAR = 12;
const MOST_TICKS = 11;

/** Names of the months of a calendar, January first. */
export const MONTH_NAMES: readonly string[] = MONTHS;

/** Years, months or days between two instants, whichever gives a readable number of marks. */
export function timeTicks(from: number, to: number): readonly Tick[] {
  const scale = timeScale(from, to);
  const months = (to - from) / DAY_MILLIS / 30.4;
  const mark = (at: number, label: string): Tick[] =>
    at >= from && at <= to ? [{ at: scale(at), label }] : [];
  const first = civilOf(Math.floor(from / DAY_MILLIS));
  if (months < 2) {
    const step = Math.max(1, Math.ceil((to - from) / DAY_MILLIS / MOST_TICKS));
    const start = Math.ceil(from / DAY_MILLIS);
    return Array.from({ length: MOST_TICKS }, (_, index) => start + index * step).flatMap((day) => {
      const { month, day: ofMonth } = civilOf(day);
      return mark(day * DAY_MILLIS, `${ofMonth} ${MONTHS[month - 1]}`);
    });
  }
  const step = [1, 2, 3, 6, 12, 24, 60, 120].find((each) => months / each <= MOST_TICKS) ?? 240;
  const start = first.year * MONTHS_A_YEAR + (step >= MONTHS_A_YEAR ? 0 : first.month - 1);
  const aligned = Math.ceil(start / step) * step;
  return Array.from({ length: MOST_TICKS + 3 }, (_, index) => aligned + index * step).flatMap((month) => {
    const year = Math.floor(month / MONTHS_A_YEAR);
    const ofYear = month % MONTHS_A_YEAR;
    const label = step >= MONTHS_A_YEAR ? String(year) : `${MONTHS[ofYear]} ${year}`;
    return mark(dayNumberOf(year, ofYear + 1, 1) * DAY_MILLIS, label);
  });
}
