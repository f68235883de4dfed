import type { Instrument } from '#core/market/instrument.ts';
import { parseInstant } from '#core/values/clock.ts';
import { Decimal } from '#core/values/decimal.ts';
import { found, type Limit, percent } from './limit.ts';
import type { RiskPolicy } from './policy.ts';

const collarOf = (instrument: Instrument | null, policy: RiskPolicy): number =>
  instrument?.assetClass === 'equity' || instrument?.assetClass === 'index'
    ? policy.priceCollar.large
    : policy.priceCollar.other;

const away = (price: string, from: string): Decimal => new Decimal(price).div(from).minus(1).abs();

const priceAge: Limit = ({ book, intent, now, policy, barMinutes }) => {
  const mark = book.marks[intent.instrument];
  const limit = policy.barAge.intervals * barMinutes;
  const age = mark === undefined ? null : (now - parseInstant(mark.at)) / 60_000;
  return found(
    'price-age',
    age !== null && age <= limit && age >= 0,
    `at most ${limit} minutes`,
    age === null ? 'no price' : `${age.toFixed(1)} minutes`,
    'the last price is missing or stale',
  );
};

const priceCollar: Limit = ({ book, intent, policy, instrument }) => {
  const mark = book.marks[intent.instrument];
  const collar = collarOf(instrument, policy);
  if (mark === undefined)
    return found(
      'price-collar',
      false,
      percent(collar),
      'no price',
      'there is no price to measure the collar from',
    );
  const prices = [intent.referencePrice, intent.limitPrice, intent.triggerPrice].filter(
    (text) => text !== null,
  );
  const worst = Decimal.max(...prices.map((text) => away(text, mark.price)));
  return found(
    'price-collar',
    worst.lte(collar),
    `within ${percent(collar)} of ${mark.price}`,
    percent(Number(worst)),
    'the order is priced too far from the market',
  );
};

/** A market that has run away from where it was a window ago is no market to open in: the collar holds over the window too. */
const priceWindow: Limit = ({ book, intent, policy, instrument, now }) => {
  const mark = book.marks[intent.instrument];
  if (mark === undefined) return null;
  const collar = collarOf(instrument, policy);
  const since = now - policy.priceCollar.windowSeconds * 1000;
  const prices = [...mark.earlier.filter(({ at }) => parseInstant(at) >= since), mark];
  const worst = Decimal.max(
    ...prices.map(({ price }) => away(intent.limitPrice ?? intent.referencePrice, price)),
  );
  return found(
    'price-window',
    worst.lte(collar),
    `within ${percent(collar)} of every close of the last ${policy.priceCollar.windowSeconds} s`,
    percent(Number(worst)),
    'the market has moved too far within the window to open anything',
  );
};

const protectiveStop: Limit = ({ intent, book }) => {
  const stop = intent.protectiveStop;
  const mark = book.marks[intent.instrument];
  const losing =
    stop !== null &&
    mark !== undefined &&
    (intent.side === 'BUY'
      ? new Decimal(stop).lt(Decimal.min(mark.price, intent.referencePrice))
      : new Decimal(stop).gt(Decimal.max(mark.price, intent.referencePrice)));
  return found(
    'protective-stop',
    losing,
    'a resting stop on the losing side of the price',
    stop ?? 'none',
    'every opening order carries a protective stop',
  );
};

const slippage: Limit = ({ policy, intent }) =>
  found(
    'slippage',
    intent.expectedSlippage !== null && intent.expectedSlippage <= policy.expectedSlippage,
    `at most ${percent(policy.expectedSlippage)}`,
    intent.expectedSlippage === null ? 'unknown' : percent(intent.expectedSlippage),
    'the expected slippage is too high or unknown',
  );

const participation: Limit = ({ policy, intent }) => {
  const volume = intent.expectedVolume;
  const part =
    volume === null || !Number.isFinite(volume) || volume <= 0
      ? null
      : new Decimal(intent.quantity).div(volume);
  return found(
    'participation',
    part?.lte(policy.participation) ?? false,
    `at most ${percent(policy.participation)} of expected volume`,
    part === null ? 'unknown volume' : percent(part.toNumber()),
    'the order is too large for the market, or its volume is unknown',
  );
};

/** Whether the order is priced by a market that is there, and can be filled in it. */
export const priceLimits: readonly Limit[] = [
  priceAge,
  priceCollar,
  priceWindow,
  protectiveStop,
  slippage,
  participation,
];
