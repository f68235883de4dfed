import { InvalidSimulationError, UnknownRateError } from './errors.ts';
import type { Feed } from './feed.ts';

type Source =
  | { readonly kind: 'fixed'; readonly rate: number }
  | { readonly kind: 'forex'; readonly feed: Feed; readonly inverse: boolean }
  | { readonly kind: 'none' };

/** Rates from each currency to the account's: of forex bars where the simulation plays them, else the given ones. */
export class Rates {
  readonly currencies: readonly string[];
  /** Index of each instrument's currency. */
  readonly currencyOf: Int32Array;
  readonly #sources: readonly Source[];

  constructor(base: string, feeds: readonly Feed[], given: Readonly<Record<string, number>>) {
    const currencies = [base];
    for (const { instrument } of feeds)
      if (!currencies.includes(instrument.currency)) currencies.push(instrument.currency);
    this.currencies = currencies;
    this.currencyOf = Int32Array.from(feeds, ({ instrument }) => currencies.indexOf(instrument.currency));
    this.#sources = currencies.map((currency) => sourceOf(currency, base, feeds, given));
  }

  /** Adds a currency's index for a corporate action; −1 where no instrument has it. */
  indexOf(currency: string): number {
    return this.currencies.indexOf(currency);
  }

  /** @throws UnknownRateError where nothing tells the rate, or its forex bars have not begun */
  rate(currency: number): number {
    if (currency === 0) return 1;
    const source = this.#sources[currency] as Source;
    switch (source.kind) {
      case 'fixed':
        return source.rate;
      case 'forex': {
        const { close } = source.feed;
        if (Number.isNaN(close))
          throw new UnknownRateError(
            this.currencies[currency] as string,
            this.currencies[0] as string,
            `the bars of ${source.feed.instrument.id} have not begun yet; begin the simulation later, or give longer bars`,
          );
        return source.inverse ? 1 / close : close;
      }
      case 'none':
        throw new UnknownRateError(
          this.currencies[currency] as string,
          this.currencies[0] as string,
          'give it in rates, or add the bars of the currency pair',
        );
    }
  }
}

function sourceOf(
  currency: string,
  base: string,
  feeds: readonly Feed[],
  given: Readonly<Record<string, number>>,
): Source {
  if (currency === base) return { kind: 'fixed', rate: 1 };
  const pair = (id: string) =>
    feeds.find(({ instrument }) => instrument.assetClass === 'forex' && instrument.id === id);
  const direct = pair(`${currency}.${base}`);
  if (direct !== undefined) return { kind: 'forex', feed: direct, inverse: false };
  const inverse = pair(`${base}.${currency}`);
  if (inverse !== undefined) return { kind: 'forex', feed: inverse, inverse: true };
  const rate = given[currency];
  if (rate === undefined) return { kind: 'none' };
  if (!(Number.isFinite(rate) && rate > 0))
    throw new InvalidSimulationError(`the rate ${rate} from ${currency} to ${base} is not above zero`);
  return { kind: 'fixed', rate };
}
