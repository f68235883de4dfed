import type { EpochMillis } from '#core/values/clock.ts';
import { largestMove } from './bar-rules.ts';
import { type CorporateAction, dividendAmount, effectiveAt, splitRatio } from './corporate-actions.ts';
import type { Instrument } from './instrument.ts';

const ROUNDING = 1e-12;

/**
 * The last believed price of an instrument, against which the next is judged. Splits and dividends bring it to the units
 * of the price being judged, so give those that the prices are not adjusted for.
 */
export class ReferencePrice {
  /** Null where no bound is set, see `largestMove`. */
  readonly limit: number | null;
  readonly #explained: readonly {
    readonly action: Extract<CorporateAction, { kind: 'split' | 'cash-dividend' }>;
    readonly at: EpochMillis;
  }[];
  #next = 0;
  #price = Number.NaN;

  constructor(instrument: Instrument, actions: readonly CorporateAction[]) {
    this.limit = largestMove(instrument);
    this.#explained = actions
      .filter((action) => action.instrument === instrument.id)
      .filter((action) => action.kind === 'split' || action.kind === 'cash-dividend')
      .map((action) => ({ action, at: effectiveAt(action, instrument.sessionTemplate) }))
      .sort((a, b) => a.at - b.at || (a.action.kind === 'split' ? -1 : 1));
  }

  get price(): number {
    return this.#price;
  }

  /** Takes up the corporate actions effective by `instant`. */
  advance(instant: EpochMillis): void {
    for (let next = this.#explained[this.#next]; next !== undefined && next.at <= instant; ) {
      this.#price =
        next.action.kind === 'split'
          ? this.#price / splitRatio(next.action)
          : this.#price - dividendAmount(next.action);
      this.#next++;
      next = this.#explained[this.#next];
    }
  }

  /** Why a price can't be believed after the last, or undefined. */
  problem(name: string, price: number): string | undefined {
    const { limit } = this;
    const reference = this.#price;
    if (limit === null || !(reference > 0)) return undefined;
    // A move of just the bound is believed, though its quotient may round to a shade above.
    if (Math.abs(price - reference) <= limit * reference * (1 + ROUNDING)) return undefined;
    const percent = ((price / reference - 1) * 100).toFixed(1);
    return `${name} ${price} is ${percent} % from the last close ${reference}; more than ${limit * 100} % without a corporate action`;
  }

  believe(price: number): void {
    this.#price = price;
  }
}
