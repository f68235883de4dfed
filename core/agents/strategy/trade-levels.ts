import type { Instrument } from '#core/market/instrument.ts';
import { Decimal, decimalText } from '#core/values/decimal.ts';

export type Rounding = 'down' | 'up' | 'nearest';

const MODES = {
  down: Decimal.ROUND_FLOOR,
  up: Decimal.ROUND_CEIL,
  nearest: Decimal.ROUND_HALF_EVEN,
} as const;

/** A price moved onto the instrument's tick, as decimal text. Null where it is not a positive finite price. */
export function onTick(instrument: Instrument, value: number | Decimal, rounding: Rounding): string | null {
  if (typeof value === 'number' && !Number.isFinite(value)) return null;
  const tick = new Decimal(instrument.tick);
  // Twelve digits first: 177.30 as a float must not be rounded down to 177.29 for a bit in its tail.
  const exact = typeof value === 'number' ? new Decimal(value.toPrecision(12)) : value;
  const steps = exact.div(tick).toDecimalPlaces(0, MODES[rounding]);
  const price = steps.times(tick);
  return price.gt(0) ? decimalText(price) : null;
}

/** A quantity cut down to whole lots; never negative. */
export function wholeLots(instrument: Instrument, units: number | Decimal): Decimal {
  if (typeof units === 'number' && !Number.isFinite(units)) return new Decimal(0);
  const exact = typeof units === 'number' ? new Decimal(units.toPrecision(12)) : units;
  if (exact.lte(0)) return new Decimal(0);
  const lot = new Decimal(instrument.lot);
  return exact.div(lot).toDecimalPlaces(0, Decimal.ROUND_FLOOR).times(lot);
}

/** Entry, protective stop and target of a trade, on the tick. */
export interface TradeLevels {
  readonly entry: string;
  readonly invalidation: string;
  readonly target: string;
  /** |entry − invalidation| in price units. */
  readonly risk: number;
}

/** Stop distance bounds and target distance, in average true ranges. */
export interface LevelRule {
  /** The stop is never nearer than this: inside it lies ordinary noise. */
  readonly nearestStop: number;
  /** The stop is never farther than this, whatever the structure says. */
  readonly farthestStop: number;
  readonly target: number;
}

/**
 * Distance of the stop: a quarter of an average true range beyond the swing, held between the rule's bounds.
 * @param toSwing distance from the price back to the swing; not finite where there is none
 */
export function stopDistance(rule: LevelRule, averageTrueRange: number, toSwing: number): number {
  const structural = Number.isFinite(toSwing) ? toSwing + 0.25 * averageTrueRange : 0;
  return Math.min(
    rule.farthestStop * averageTrueRange,
    Math.max(rule.nearestStop * averageTrueRange, structural),
  );
}

/**
 * Levels from volatility and structure: the stop goes a quarter of an average true range beyond the nearest swing
 * (`structure`), held between the rule's bounds; the target by the rule. Null where no valid set of levels exists
 * (price too low for its volatility, unknown range).
 */
export function tradeLevels(
  instrument: Instrument,
  direction: 'long' | 'short',
  reference: number,
  averageTrueRange: number,
  structure: number,
  rule: LevelRule,
): TradeLevels | null {
  if (!(reference > 0) || !(averageTrueRange > 0)) return null;
  const sign = direction === 'long' ? 1 : -1;
  const distance = stopDistance(rule, averageTrueRange, sign * (reference - structure));
  const entry = onTick(instrument, reference, 'nearest');
  const invalidation = onTick(instrument, reference - sign * distance, direction === 'long' ? 'down' : 'up');
  const target = onTick(instrument, reference + sign * rule.target * averageTrueRange, 'nearest');
  if (entry === null || invalidation === null || target === null) return null;
  const risk = sign * (Number(entry) - Number(invalidation));
  const gain = sign * (Number(target) - Number(entry));
  return risk > 0 && gain > 0 ? { entry, invalidation, target, risk } : null;
}
