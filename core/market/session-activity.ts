import type { Random } from '#core/values/random.ts';

/** Prices drawn for each minute; the first is its open, the last its close. */
export const POINTS_PER_MINUTE = 4;
/** Activity by share of the session gone: high at the open, higher at the close, flat at midday (the known U). */
function activity(share: number): number {
  const fromMiddle = 2 * share - 1;
  const lean = fromMiddle > 0 ? 1.2 : 1;
  return 0.55 + lean * (0.9 * fromMiddle ** 2 + 1.1 * fromMiddle ** 8);
}

/** How a session of some length goes by. */
export interface SessionShape {
  readonly minutes: number;
  /** Activity of each minute, the minutes summing to 1. */
  readonly weight: Float64Array;
  /** Business time at each point, 0 at the first, 1 at the last. */
  readonly clock: Float64Array;
}

const shapes = new Map<number, SessionShape>();

/** The shape of a session, computed once for each length. */
export function sessionShape(minutes: number): SessionShape {
  const known = shapes.get(minutes);
  if (known !== undefined) return known;
  const weight = new Float64Array(minutes);
  let total = 0;
  for (let minute = 0; minute < minutes; minute++) {
    weight[minute] = activity((minute + 0.5) / minutes);
    total += weight[minute] as number;
  }
  for (let minute = 0; minute < minutes; minute++) weight[minute] = (weight[minute] as number) / total;
  const points = minutes * POINTS_PER_MINUTE;
  const clock = new Float64Array(points);
  for (let point = 1; point < points; point++) {
    clock[point] = (clock[point - 1] as number) + activity((point - 0.5) / points);
  }
  const end = clock[points - 1] as number;
  for (let point = 0; point < points; point++) clock[point] = (clock[point] as number) / end;
  const shape = { minutes, weight, clock };
  shapes.set(minutes, shape);
  return shape;
}

/** Whole units by minute, in the U of activity with lognormal noise, summing to `volume` to the last bit. */
export function minuteVolumes(volume: number, shape: SessionShape, random: Random): Float64Array {
  const { minutes, weight } = shape;
  const result = new Float64Array(minutes);
  if (Number.isNaN(volume)) return result.fill(Number.NaN);
  const whole = Math.floor(volume);
  if (whole > 0) {
    let total = 0;
    for (let minute = 0; minute < minutes; minute++) {
      result[minute] = (weight[minute] as number) * Math.exp(0.35 * random.normal());
      total += result[minute] as number;
    }
    // Cumulative rounding: each minute takes what its running share has earned, so that nothing is left over.
    let share = 0;
    let given = 0;
    for (let minute = 0; minute < minutes; minute++) {
      share += result[minute] as number;
      const due = minute === minutes - 1 ? whole : Math.min(whole, Math.floor((share / total) * whole));
      result[minute] = due - given;
      given = due;
    }
  }
  result[minutes - 1] = (result[minutes - 1] as number) + (volume - whole);
  return result;
}
