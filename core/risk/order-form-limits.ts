import { parseInstant } from '#core/values/clock.ts';
import { Decimal, decimalText } from '#core/values/decimal.ts';
import { found, isLimitOrder, type Limit } from './limit.ts';

const expiry: Limit = ({ intent, now }) =>
  found(
    'expiry',
    parseInstant(intent.expiresAt) > now,
    intent.expiresAt,
    new Date(now).toISOString(),
    'the intent has expired; plan it again',
  );

const known: Limit = ({ intent, instrument }) =>
  found(
    'instrument',
    instrument !== null,
    'an instrument of the catalog',
    intent.instrument,
    'the instrument is not known; add it to the catalog first',
  );

const wholeLots: Limit = ({ intent, instrument }) => {
  const quantity = new Decimal(intent.quantity);
  const lot = new Decimal(instrument?.lot ?? 1);
  return found(
    'quantity',
    quantity.gt(0) && quantity.mod(lot).isZero(),
    `whole lots of ${decimalText(lot)}, above zero`,
    intent.quantity,
    'the quantity must be a positive multiple of the lot',
  );
};

const onTick: Limit = ({ intent, instrument }) => {
  const tick = new Decimal(instrument?.tick ?? '0.01');
  const off = [intent.limitPrice, intent.triggerPrice, intent.protectiveStop].find(
    (text) => text !== null && (new Decimal(text).lte(0) || !new Decimal(text).mod(tick).isZero()),
  );
  return found(
    'tick',
    off === undefined,
    `above zero, on the tick of ${decimalText(tick)}`,
    off ?? 'on the tick',
    'every price must be positive and on the tick',
  );
};

const hasItsPrices: Limit = ({ intent }) => {
  const stops = intent.orderType === 'STP' || intent.orderType === 'STP LMT';
  const missing =
    isLimitOrder(intent) && intent.limitPrice === null
      ? 'no limit price'
      : stops && intent.triggerPrice === null
        ? 'no trigger price'
        : null;
  return found(
    'order-type',
    missing === null,
    `${intent.orderType} with its prices`,
    missing ?? intent.orderType,
    'a limit order needs a limit price, a stop order its trigger',
  );
};

const once: Limit = ({ book, intent }) =>
  found(
    'duplicate-intent',
    book.orders[intent.intentId] === undefined,
    'each intent once',
    book.orders[intent.intentId]?.status ?? 'new',
    'this intent was authorized before',
  );

/** What even an order that reduces exposure must be: a real, current order of a known instrument. */
export const orderFormLimits: readonly Limit[] = [expiry, known, wholeLots, onTick, hasItsPrices, once];
