import { ConservationError } from './errors.ts';

/** Half a cent: what the books may be out by, in binary dust, before they are wrong. */
const HALF_A_CENT = 0.005;

/** Part of a fill below which what remains of a position is rounding of lots such as 0.0001, not units. */
const DUST = 1e-9;

/**
 * The account in floats: one row an instrument, one row a currency. Average cost, like `account.ts`, whose identity
 * holds by currency: cash = initial + flows + realised − fees − Σ basis.
 */
export class FloatBooks {
  readonly quantity: Float64Array;
  readonly basis: Float64Array;
  readonly cash: Float64Array;
  readonly #initial: Float64Array;
  readonly #flows: Float64Array;
  readonly #realised: Float64Array;
  readonly #fees: Float64Array;
  readonly #multiplier: Float64Array;
  readonly #currencyOf: Int32Array;
  readonly #currencies: readonly string[];

  constructor(
    multiplier: Float64Array,
    currencyOf: Int32Array,
    currencies: readonly string[],
    initial: Float64Array,
  ) {
    this.quantity = new Float64Array(multiplier.length);
    this.basis = new Float64Array(multiplier.length);
    this.cash = initial.slice();
    this.#initial = initial.slice();
    this.#flows = new Float64Array(currencies.length);
    this.#realised = new Float64Array(currencies.length);
    this.#fees = new Float64Array(currencies.length);
    this.#multiplier = multiplier;
    this.#currencyOf = currencyOf;
    this.#currencies = currencies;
  }

  /** Books units at `price` with `fee`; what leaves less than binary dust closes whole. Returns the profit realised, before fees. */
  fill(instrument: number, units: number, price: number, fee: number): number {
    const currency = this.#currencyOf[instrument] as number;
    const held = this.quantity[instrument] as number;
    const basis = this.basis[instrument] as number;
    const signed = Math.abs(held + units) <= Math.abs(units) * DUST ? -held : units;
    const unit = price * (this.#multiplier[instrument] as number);
    const opposes = held !== 0 && held > 0 !== signed > 0;
    const closed = opposes ? Math.sign(signed) * Math.min(Math.abs(held), Math.abs(signed)) : 0;
    const closedBasis = closed === -held ? (opposes ? basis : 0) : held === 0 ? 0 : (basis * -closed) / held;
    const gain = -closed * unit - closedBasis;
    const next = held + signed;
    this.quantity[instrument] = next;
    this.basis[instrument] = next === 0 ? 0 : basis - closedBasis + (signed - closed) * unit;
    this.cash[currency] = (this.cash[currency] as number) - signed * unit - fee;
    this.#realised[currency] = (this.#realised[currency] as number) + gain;
    this.#fees[currency] = (this.#fees[currency] as number) + fee;
    return gain;
  }

  /** Cash that is no trade: dividends, interest, borrow costs. */
  flow(currency: number, amount: number): void {
    this.cash[currency] = (this.cash[currency] as number) + amount;
    this.#flows[currency] = (this.#flows[currency] as number) + amount;
  }

  /** A split: more or fewer units at the same cost. */
  scale(instrument: number, ratio: number): void {
    this.quantity[instrument] = (this.quantity[instrument] as number) * ratio;
  }

  /** What a currency's books are out by; binary dust, never a cent. */
  imbalance(currency: number): number {
    let basis = 0;
    for (let i = 0; i < this.basis.length; i++)
      if (this.#currencyOf[i] === currency) basis += this.basis[i] as number;
    const expected =
      (this.#initial[currency] as number) +
      (this.#flows[currency] as number) +
      (this.#realised[currency] as number) -
      (this.#fees[currency] as number) -
      basis;
    return (this.cash[currency] as number) - expected;
  }

  /** @throws ConservationError where a currency's books are out by half a cent */
  verify(currency: number, event: string): void {
    const out = this.imbalance(currency);
    if (!(Math.abs(out) < HALF_A_CENT))
      throw new ConservationError(this.#currencies[currency] as string, out, event);
  }
}
