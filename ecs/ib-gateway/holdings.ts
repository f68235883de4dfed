import type { EpochMillis } from '#core/values/clock.ts';
import { Decimal } from '#core/values/decimal.ts';
import type { Bridge } from './bridge-parts.ts';

/** So long after an execution and the next look at the account its units may not be counted everywhere. */
const SETTLING_MS = 60_000;

/** What has been told of the account, signed units each. */
export interface ToldHoldings {
  /** In the account; null while the broker has not told its positions on this link. */
  readonly held: (instrument: string) => Decimal | null;
  /** Beyond what the desk's book accounts for, confirmed by a second observation. */
  readonly foreign: (instrument: string) => Promise<Decimal>;
}

/** What the broker's account holds, as it last said, and when somebody last traded in it. */
export class Holdings {
  readonly #bridge: Bridge;
  readonly #told: ToldHoldings;
  readonly #executed = new Map<string, EpochMillis>();

  constructor(bridge: Bridge, told: ToldHoldings) {
    this.#bridge = bridge;
    this.#told = told;
  }

  /** Signed units of an instrument in the account; null while the broker has not told its positions on this link. */
  held(instrument: string): Decimal | null {
    return this.#told.held(instrument);
  }

  /** Signed units of an instrument that are known to be somebody else's. */
  foreign(instrument: string): Promise<Decimal> {
    return this.#told.foreign(instrument);
  }

  /**
   * Units of the desk's that the account no longer holds, as two observations have shown: somebody else has closed them.
   * @param ours signed units of the instrument that the desk's orders have left in the account
   */
  async missing(instrument: string, ours: Decimal): Promise<Decimal> {
    const foreign = await this.foreign(instrument);
    if (foreign.isZero() || foreign.isPositive() === ours.isPositive()) return new Decimal(0);
    const held = this.held(instrument) ?? ours.plus(foreign);
    const kept = ours.isPositive() ? Decimal.max(0, held) : Decimal.max(0, held.neg());
    return Decimal.max(0, ours.abs().minus(kept));
  }

  /** Notes an execution in the account, whoever's order it was of, or that a person has said what became of units. */
  executed(instrument: string, at: EpochMillis): void {
    if (at > (this.#executed.get(instrument) ?? Number.NEGATIVE_INFINITY)) this.#executed.set(instrument, at);
  }

  /** Whether an execution explains that positions are not yet what they are known to be. */
  justExecuted(instrument: string): boolean {
    const last = this.#executed.get(instrument);
    const { schedule, settings } = this.#bridge;
    return last !== undefined && schedule.now() - last <= settings.accountEvery + SETTLING_MS;
  }
}
