/** An input that no size follows from: the sentence names it, its value and what was expected. */
export class InvalidSizingError extends Error {
  readonly code = 'InvalidSizing';
  readonly retryable = false;

  constructor(name: string, found: number, expected: string) {
    super(`${name} is ${found}: give ${expected}`);
    this.name = 'InvalidSizingError';
  }
}

/** The account and the instrument that a size is for. */
export interface SizingContext {
  /** In the instrument's currency. */
  readonly equity: number;
  /** Price that the position is entered at. */
  readonly price: number;
  /** Value of one unit per 1.00 of price: 1 for shares, 50 for a future that pays 50 a point. */
  readonly multiplier: number;
  /** Sizes are whole multiples of it. */
  readonly lot: number;
  readonly caps: SizingCaps;
}

/** What no method may exceed. */
export interface SizingCaps {
  /** Market value over equity: 0.3 is 30 %, 2 is twofold leverage. */
  readonly exposure: number;
  /** Units, such as a share of the volume; Infinity where there is no such cap. */
  readonly units: number;
}

/** A size in units, always within the caps and in whole lots, or none. */
export type PositionSize =
  | {
      readonly kind: 'size';
      readonly units: number;
      /** Market value over equity. */
      readonly exposure: number;
      /** What decided the size: the method itself or a cap. */
      readonly boundBy: 'method' | keyof SizingCaps;
    }
  | { readonly kind: 'none'; readonly reason: string };

/** @throws InvalidSizingError unless the number is finite and above 0 */
export function requirePositive(name: string, found: number): void {
  if (!(found > 0 && found < Number.POSITIVE_INFINITY))
    throw new InvalidSizingError(name, found, 'a finite number above 0');
}

/** @throws InvalidSizingError unless the number is above 0 and at most 1 */
export function requireShare(name: string, found: number): void {
  if (!(found > 0 && found <= 1)) throw new InvalidSizingError(name, found, 'a share above 0 and at most 1');
}

/** @throws InvalidSizingError naming the part of the context that is wrong */
export function requireContext({ equity, price, multiplier, lot, caps }: SizingContext): void {
  if (!Number.isFinite(equity)) throw new InvalidSizingError('equity', equity, 'a finite number');
  requirePositive('price', price);
  requirePositive('multiplier', multiplier);
  requirePositive('lot', lot);
  if (!(caps.exposure >= 0 && caps.exposure < Number.POSITIVE_INFINITY))
    throw new InvalidSizingError('exposure cap', caps.exposure, 'a finite number ≥ 0');
  if (!(caps.units >= 0))
    throw new InvalidSizingError('cap of units', caps.units, 'a number ≥ 0, or Infinity');
}

/** Decimal lots and prices are not exact in doubles: differences below this share are no differences. */
export const ROUNDING = 1e-12;

/** Whole lots not above the units; a last digit short of a whole lot is rounding, not a lot less. */
export function wholeLots(units: number, lot: number): number {
  const lots = units / lot;
  const nearest = Math.round(lots);
  const whole = Math.abs(lots - nearest) <= ROUNDING * nearest ? nearest : Math.floor(lots);
  return Math.min(whole * lot, units);
}

/**
 * The units a method asks for, cut to the caps and to whole lots.
 * @throws InvalidSizingError for a context that is wrong
 */
export function capped(context: SizingContext, asked: number): PositionSize {
  requireContext(context);
  const { equity, price, multiplier, lot, caps } = context;
  if (equity <= 0) return { kind: 'none', reason: `equity is ${equity}: nothing can be risked` };
  const unitValue = price * multiplier;
  const room = (equity * caps.exposure) / unitValue;
  const allowed = Math.min(room, caps.units);
  const units = wholeLots(Math.min(asked, allowed), lot);
  if (!(units > 0))
    return { kind: 'none', reason: `${Math.min(asked, allowed)} units are less than a lot of ${lot}` };
  const boundBy = asked <= allowed ? 'method' : room <= caps.units ? 'exposure' : 'units';
  return { kind: 'size', units, exposure: (units * unitValue) / equity, boundBy };
}
