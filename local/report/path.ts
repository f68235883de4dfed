import { BOX, type Scale } from './scale.ts';

/** A place in the box as text. @throws RangeError for what is no place: a fault of the code, never drawn over */
export function place(coordinate: number): string {
  if (!Number.isFinite(coordinate)) throw new RangeError(`${coordinate} is no place in a plot`);
  return String(Math.round(coordinate * 10) / 10);
}

/** Points of a line in order of time; null breaks it. */
export interface Points {
  readonly time: ArrayLike<number>;
  readonly values: ArrayLike<number | null>;
}

const MOST_BUCKETS = 700;

/**
 * The same line with at most two points for each of 700 strips of the plot, its lowest and its highest in their order: no
 * extreme is lost, however many points there are.
 */
export function thinned({ time, values }: Points): Points {
  const count = time.length;
  if (count <= 2 * MOST_BUCKETS) return { time, values };
  const kept: number[] = [];
  for (let bucket = 0; bucket < MOST_BUCKETS; bucket++) {
    const from = Math.floor((bucket * count) / MOST_BUCKETS);
    const to = Math.floor(((bucket + 1) * count) / MOST_BUCKETS);
    let [low, high] = [from, from];
    for (let index = from; index < to; index++) {
      const value = values[index] ?? null;
      if (value === null) continue;
      if (value < (values[low] ?? Number.POSITIVE_INFINITY)) low = index;
      if (value > (values[high] ?? Number.NEGATIVE_INFINITY)) high = index;
    }
    kept.push(Math.min(low, high));
    if (low !== high) kept.push(Math.max(low, high));
  }
  if (kept[0] !== 0) kept.unshift(0);
  if (kept.at(-1) !== count - 1) kept.push(count - 1);
  return {
    time: kept.map((index) => time[index] ?? Number.NaN),
    values: kept.map((index) => values[index] ?? null),
  };
}

/** A line through points. */
export function linePath(points: Points, x: Scale, y: Scale): string {
  const { time, values } = thinned(points);
  let path = '';
  let drawing = false;
  for (let index = 0; index < time.length; index++) {
    const value = values[index] ?? null;
    if (value !== null)
      path += `${drawing ? 'L' : 'M'}${place(x(time[index] ?? Number.NaN))} ${place(y(value))}`;
    drawing = value !== null;
  }
  return path;
}

/** The area between points and a level. The points have no gap. */
export function areaPath(points: Points, x: Scale, y: Scale, level: number): string {
  const { time } = points;
  if (time.length === 0) return '';
  const base = place(y(level));
  const [first, last] = [time[0] ?? 0, time[time.length - 1] ?? 0];
  return `M${place(x(first))} ${base}${linePath(points, x, y).replace('M', 'L')}L${place(x(last))} ${base}Z`;
}

/** A level line across the box. */
export const levelPath = (at: number): string => `M0 ${place(at)}H${BOX}`;
