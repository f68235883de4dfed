import type { Intent } from '#contracts/events/orders.ts';
import type { Instrument } from '#core/market/instrument.ts';
import {
  type AccountBook,
  equity,
  exposedInstruments,
  isLive,
  layerQuantity,
  opens,
  positionQuantity,
  worstExposure,
} from '#core/portfolio/account-book.ts';
import { type EpochMillis, parseInstant } from '#core/values/clock.ts';
import { Decimal, decimalText } from '#core/values/decimal.ts';
import type { RiskPolicy } from './policy.ts';

/** Everything the gate measures an intent against. What is null is unknown, and unknown refuses. */
export interface GateInput {
  readonly book: AccountBook;
  readonly intent: Intent;
  readonly policy: RiskPolicy;
  readonly instrument: Instrument | null;
  readonly now: EpochMillis;
  /** The regular session that `now` is in; null outside. */
  readonly session: { readonly open: EpochMillis; readonly close: EpochMillis } | null;
  readonly haltFlag: { readonly halted: boolean; readonly by: string; readonly reason: string } | null;
  readonly barMinutes: number;
  readonly instruments: (id: string) => Instrument | null;
  /** Correlation of daily returns of two instruments; null where it cannot be measured. */
  readonly correlation: (left: string, right: string) => number | null;
}

/** What a limit found: passed or not, always with its value and what was measured. */
export interface Finding {
  readonly limit: string;
  readonly value: string;
  readonly measured: string;
  readonly passed: boolean;
  readonly explanation: string;
}

type Limit = (input: GateInput) => Finding | null;

const found = (
  limit: string,
  passed: boolean,
  value: string,
  measured: string,
  explanation: string,
): Finding => ({ limit, passed, value, measured, explanation });
const percent = (fraction: number) => `${(fraction * 100).toFixed(2)} %`;
const share = (part: Decimal, whole: Decimal) => percent(Number(part.div(whole).toSignificantDigits(6)));

/** The price per unit that the worst fill may cost: the limit of a limit order, else the reference widened by the collar. */
export function worstPrice(intent: Intent, policy: RiskPolicy): Decimal {
  if (
    intent.limitPrice !== null &&
    (intent.orderType === 'LMT' || intent.orderType === 'STP LMT' || intent.orderType === 'LOC')
  ) {
    return Decimal.max(intent.limitPrice, intent.side === 'SELL' ? intent.referencePrice : 0);
  }
  return new Decimal(intent.referencePrice).times(1 + policy.priceCollar.other);
}

const notional = ({ intent, policy, instrument }: GateInput) =>
  new Decimal(intent.quantity).times(worstPrice(intent, policy)).times(instrument?.multiplier ?? 1);

/** Limits that even an order that reduces exposure must pass: it must be a real, current order of a known instrument. */
const always: readonly Limit[] = [
  ({ intent, now }) =>
    found(
      'expiry',
      parseInstant(intent.expiresAt) > now,
      intent.expiresAt,
      new Date(now).toISOString(),
      'the intent has expired; plan it again',
    ),
  ({ intent, instrument }) =>
    found(
      'instrument',
      instrument !== null,
      'an instrument of the catalog',
      intent.instrument,
      'the instrument is not known; add it to the catalog first',
    ),
  ({ intent, instrument }) => {
    const quantity = new Decimal(intent.quantity);
    const lot = new Decimal(instrument?.lot ?? 1);
    return found(
      'quantity',
      quantity.gt(0) && quantity.mod(lot).isZero(),
      `whole lots of ${decimalText(lot)}, above zero`,
      intent.quantity,
      'the quantity must be a positive multiple of the lot',
    );
  },
  ({ intent, instrument }) => {
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
  },
  ({ intent }) => {
    const missing =
      (intent.orderType === 'LMT' || intent.orderType === 'STP LMT' || intent.orderType === 'LOC') &&
      intent.limitPrice === null;
    return found(
      'order-type',
      !missing,
      `${intent.orderType} with its prices`,
      missing ? 'no limit price' : intent.orderType,
      'a limit order needs a limit price',
    );
  },
  ({ book, intent }) =>
    found(
      'duplicate-intent',
      book.orders[intent.intentId] === undefined,
      'each intent once',
      book.orders[intent.intentId]?.status ?? 'new',
      'this intent was authorized before',
    ),
];

/** Limits for what closes a layer: it may never close more than is there, twice over included. */
const reducing: readonly Limit[] = [
  ({ book, intent }) => {
    const layer = book.positions[intent.instrument]?.layers[intent.closes ?? ''];
    if (layer === undefined)
      return found(
        'reduce-only',
        false,
        'an open layer',
        String(intent.closes),
        'the layer that the order would close is not held',
      );
    const rightSide = (layer.direction === 'long') === (intent.side === 'SELL');
    const closing = Object.values(book.orders)
      .filter((order) => isLive(order) && order.intent.closes === intent.closes)
      .reduce((total, order) => total.plus(order.intent.quantity).minus(order.filled), new Decimal(0));
    const free = layerQuantity(layer).minus(closing);
    return found(
      'reduce-only',
      rightSide && free.gte(intent.quantity),
      `at most ${decimalText(free)} units, on the other side`,
      `${intent.side} ${intent.quantity}`,
      'an order that reduces may not turn or exceed the layer it closes',
    );
  },
  ({ session }) =>
    found(
      'session',
      session !== null,
      'regular hours',
      session === null ? 'closed' : 'open',
      'the market of the instrument is closed; the resting stop stays at the broker',
    ),
];

const opening: readonly Limit[] = [
  ({ haltFlag }) =>
    found(
      'kill-switch',
      haltFlag === null || !haltFlag.halted,
      'off',
      haltFlag?.halted ? `on, by ${haltFlag.by}: ${haltFlag.reason}` : 'off',
      'trading is halted by the kill switch; resume with a reason',
    ),
  ({ book }) =>
    found(
      'trading-state',
      book.trading.state === 'ACTIVE',
      'ACTIVE',
      book.trading.state,
      `the desk may open nothing while ${book.trading.state}: ${book.trading.reason ?? 'no reason recorded'}`,
    ),
  ({ policy, intent }) =>
    found(
      'restricted',
      !policy.restricted.includes(intent.instrument),
      'not on the restricted list',
      intent.instrument,
      'the instrument is on the restricted list',
    ),
  ({ policy, intent }) =>
    found(
      'instrument-halt',
      !policy.halted.includes(intent.instrument),
      'not halted',
      intent.instrument,
      'trading in the instrument is halted',
    ),
  ({ instrument, intent }) =>
    found(
      'tradable',
      instrument?.tradable === true,
      'tradable',
      intent.instrument,
      'the instrument is an input only; no orders are allowed in it',
    ),
  ({ session }) =>
    found(
      'session',
      session !== null,
      'regular hours',
      session === null ? 'closed' : 'open',
      'the market of the instrument is closed',
    ),
  ({ session, now, policy }) => {
    const left = session === null ? 0 : (session.close - now) / 60_000;
    return found(
      'closing-window',
      left > policy.closingMinutes,
      `more than ${policy.closingMinutes} minutes before the close`,
      `${left.toFixed(1)} minutes`,
      'only reductions are allowed this close to the end of the session',
    );
  },
  ({ book, intent, now, policy, barMinutes }) => {
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
  },
  ({ book, intent, policy, instrument }) => {
    const mark = book.marks[intent.instrument];
    const collar =
      instrument?.assetClass === 'equity' || instrument?.assetClass === 'index'
        ? policy.priceCollar.large
        : policy.priceCollar.other;
    if (mark === undefined)
      return found(
        'price-collar',
        false,
        percent(collar),
        'no price',
        'there is no price to measure the collar from',
      );
    const prices = [intent.referencePrice, intent.limitPrice].filter((text) => text !== null);
    const worst = Decimal.max(...prices.map((text) => new Decimal(text).div(mark.price).minus(1).abs()));
    return found(
      'price-collar',
      worst.lte(collar),
      `within ${percent(collar)} of ${mark.price}`,
      percent(Number(worst)),
      'the order is priced too far from the market',
    );
  },
  ({ intent, instrument, book }) => {
    const stop = intent.protectiveStop;
    const mark = book.marks[intent.instrument];
    const belowForLong =
      stop !== null &&
      mark !== undefined &&
      (intent.side === 'BUY') === new Decimal(stop).lt(Decimal.min(mark.price, intent.referencePrice));
    return found(
      'protective-stop',
      instrument !== null && stop !== null && belowForLong,
      'a resting stop on the losing side of the price',
      stop ?? 'none',
      'every opening order carries a protective stop',
    );
  },
  ({ policy, intent, book }) => {
    const held = positionQuantity(book.positions[intent.instrument]);
    const short = intent.side === 'SELL' && held.lte(0);
    return found(
      'short-sale',
      policy.shortSelling || !short,
      policy.shortSelling ? 'allowed' : 'not allowed',
      short ? 'sells short' : intent.side,
      'the policy does not allow short sales',
    );
  },
  (input) =>
    found(
      'order-value',
      notional(input).lte(input.policy.orderValue),
      `at most ${input.policy.orderValue}`,
      notional(input).toFixed(2),
      'the order is larger than one order may be',
    ),
  ({ book, policy }) =>
    found(
      'orders-per-day',
      book.authorized.length < policy.ordersPerDay,
      `at most ${policy.ordersPerDay}`,
      String(book.authorized.length + 1),
      'the day has had its orders',
    ),
  ({ book, policy, now }) => {
    const recent = book.authorized.filter(({ at }) => now - parseInstant(at) < 1000).length;
    return found(
      'message-rate',
      recent < policy.messagesPerSecond,
      `at most ${policy.messagesPerSecond} a second`,
      String(recent + 1),
      'too many orders in one second',
    );
  },
  ({ book, policy, now, intent }) => {
    const same = book.authorized.find(
      (trace) =>
        now - parseInstant(trace.at) < policy.duplicateWindowSeconds * 1000 &&
        trace.instrument === intent.instrument &&
        trace.side === intent.side &&
        new Decimal(trace.quantity).eq(intent.quantity) &&
        new Decimal(trace.price).eq(intent.limitPrice ?? intent.referencePrice),
    );
    return found(
      'duplicate-order',
      same === undefined,
      `none alike within ${policy.duplicateWindowSeconds} s`,
      same?.intentId ?? 'none',
      'an order alike was authorized moments ago',
    );
  },
  ({ book, policy, now, intent }) => {
    const window = policy.repeatedExecution.windowMinutes * 60_000;
    const entries = book.authorized.filter(
      (trace) => trace.opening && trace.strategy === intent.strategy && now - parseInstant(trace.at) < window,
    ).length;
    return found(
      'repeated-execution',
      entries < policy.repeatedExecution.entries,
      `at most ${policy.repeatedExecution.entries} entries in ${policy.repeatedExecution.windowMinutes} minutes`,
      String(entries + 1),
      'the strategy keeps re-entering; it is disabled until a person looks at it',
    );
  },
  ({ policy, intent }) => {
    if (intent.purpose !== 'entry') return null;
    const probability = intent.probabilityOfProfit;
    return found(
      'probability-of-profit',
      probability !== null && probability >= policy.probabilityOfProfit,
      `at least ${percent(policy.probabilityOfProfit)}`,
      probability === null ? 'unknown' : percent(probability),
      'the probability of profit is too low or unknown',
    );
  },
  ({ policy, intent }) =>
    found(
      'slippage',
      intent.expectedSlippage !== null && intent.expectedSlippage <= policy.expectedSlippage,
      `at most ${percent(policy.expectedSlippage)}`,
      intent.expectedSlippage === null ? 'unknown' : percent(intent.expectedSlippage),
      'the expected slippage is too high or unknown',
    ),
  ({ policy, intent }) => {
    const volume = intent.expectedVolume;
    const part = volume === null || volume <= 0 ? null : Number(intent.quantity) / volume;
    return found(
      'participation',
      part !== null && part <= policy.participation,
      `at most ${percent(policy.participation)} of expected volume`,
      part === null ? 'unknown volume' : percent(part),
      'the order is too large for the market, or its volume is unknown',
    );
  },
  ({ book, policy }) => {
    const value = equity(book);
    const start = book.sessionEquity;
    if (value === null || start === null)
      return found(
        'daily-loss',
        false,
        percent(policy.dailyLoss),
        'unknown equity',
        'the equity of the day is not known',
      );
    const loss = Decimal.max(0, new Decimal(start).minus(value));
    return found(
      'daily-loss',
      loss.lt(new Decimal(start).times(policy.dailyLoss)),
      `below ${percent(policy.dailyLoss)}`,
      share(loss, new Decimal(start)),
      'the day has lost what it may lose',
    );
  },
  ({ book, policy }) => {
    const value = equity(book);
    if (value === null || book.highWater === null)
      return found(
        'drawdown',
        false,
        percent(policy.drawdown.reduce),
        'unknown equity',
        'the equity is not known',
      );
    const fall = Decimal.max(0, new Decimal(book.highWater).minus(value));
    return found(
      'drawdown',
      fall.lt(new Decimal(book.highWater).times(policy.drawdown.reduce)),
      `below ${percent(policy.drawdown.reduce)}`,
      share(fall, new Decimal(book.highWater)),
      'the account is too far below its highest equity to open anything',
    );
  },
  (input) => {
    const { book, intent, policy } = input;
    return exposureLimit(
      'position',
      input,
      policy.position.maximum,
      worstExposure(book, intent.instrument, { intent, worstPrice: worstPrice(intent, policy) }),
      'the position would exceed its share of equity in the worst case',
    );
  },
  (input) => (input.intent.purpose === 'pyramid' ? pyramidLimit(input) : null),
  (input) => {
    const { book, intent, policy } = input;
    const total = exposureOver(input, [...new Set([...exposedInstruments(book), intent.instrument])]);
    return exposureLimit(
      'gross-leverage',
      input,
      policy.grossLeverage,
      total,
      'the account would be leveraged beyond its limit in the worst case',
    );
  },
  (input) => {
    const { book, intent, policy, instruments } = input;
    const sector = input.instrument?.sector ?? null;
    if (sector === null) return null;
    const names = [...new Set([...exposedInstruments(book), intent.instrument])].filter(
      (id) => instruments(id)?.sector === sector,
    );
    return exposureLimit(
      'sector',
      input,
      policy.sector,
      exposureOver(input, names),
      `the sector ${sector} would exceed its share of equity`,
    );
  },
  (input) => {
    const { book, intent, policy, correlation } = input;
    const others = exposedInstruments(book).filter((id) => id !== intent.instrument);
    const unknown = others.find((id) => correlation(intent.instrument, id) === null);
    if (unknown !== undefined)
      return found(
        'correlated-cluster',
        false,
        percent(policy.cluster.maximum),
        `correlation with ${unknown} unknown`,
        'the correlation with what is held cannot be measured',
      );
    const cluster = others.filter(
      (id) => (correlation(intent.instrument, id) ?? 0) > policy.cluster.correlation,
    );
    if (cluster.length === 0) return null;
    return exposureLimit(
      'correlated-cluster',
      input,
      policy.cluster.maximum,
      exposureOver(input, [...cluster, intent.instrument]),
      `with ${cluster.join(', ')} (correlation above ${policy.cluster.correlation}) it would exceed the cluster's share of equity`,
    );
  },
];

function exposureOver({ book, intent, policy }: GateInput, names: readonly string[]): Decimal | null {
  let total = new Decimal(0);
  for (const name of names) {
    const part = worstExposure(
      book,
      name,
      name === intent.instrument ? { intent, worstPrice: worstPrice(intent, policy) } : undefined,
    );
    if (part === null) return null;
    total = total.plus(part);
  }
  return total;
}

function exposureLimit(
  limit: string,
  { book }: GateInput,
  fraction: number,
  exposure: Decimal | null,
  explanation: string,
): Finding {
  const value = equity(book);
  if (value === null || value.lte(0))
    return found(
      limit,
      false,
      percent(fraction),
      'unknown equity',
      'the equity is not known, so no share of it can be measured',
    );
  if (exposure === null)
    return found(
      limit,
      false,
      percent(fraction),
      'unknown exposure',
      'a held instrument has no price, so exposure cannot be measured',
    );
  return found(
    limit,
    exposure.lte(value.times(fraction)),
    `at most ${percent(fraction)} of equity`,
    share(exposure, value),
    explanation,
  );
}

/** An addition must belong to an open winner, be smaller than the layer before it, and not lower the stop. */
function pyramidLimit(input: GateInput): Finding {
  const { book, intent, policy } = input;
  const position = book.positions[intent.instrument];
  const layers = Object.values(position?.layers ?? {})
    .filter((layer) => layerQuantity(layer).gt(0))
    .sort((left, right) => (left.openedAt < right.openedAt ? -1 : 1));
  const newest = layers.at(-1);
  const mark = book.marks[intent.instrument];
  const rule = 'a smaller layer on a winner, stop not lowered';
  if (newest === undefined || mark === undefined)
    return found('pyramiding', false, rule, 'no open position', 'there is no open position to add to');
  const long = newest.direction === 'long';
  if (layers.length >= policy.pyramiding.maxLayers)
    return found(
      'pyramiding',
      false,
      `at most ${policy.pyramiding.maxLayers} layers`,
      String(layers.length + 1),
      'the position has all its layers',
    );
  if ((intent.side === 'BUY') !== long)
    return found('pyramiding', false, rule, intent.side, 'an addition must be on the side of the position');
  if (new Decimal(intent.quantity).gte(layerQuantity(newest)))
    return found(
      'pyramiding',
      false,
      rule,
      `${intent.quantity} on ${decimalText(layerQuantity(newest))}`,
      'each addition must be smaller than the layer before it',
    );
  const worth = layers.every((layer) =>
    Object.values(layer.opening).every(({ price }) =>
      long ? new Decimal(mark.price).gt(price) : new Decimal(mark.price).lt(price),
    ),
  );
  if (!worth)
    return found('pyramiding', false, rule, `price ${mark.price}`, 'additions are made to winners only');
  const lowered = layers.find(
    (layer) =>
      layer.stop !== null &&
      intent.protectiveStop !== null &&
      (long
        ? new Decimal(intent.protectiveStop).lt(layer.stop)
        : new Decimal(intent.protectiveStop).gt(layer.stop)),
  );
  if (lowered !== undefined)
    return found(
      'pyramiding',
      false,
      rule,
      `stop ${intent.protectiveStop} behind ${lowered.stop}`,
      'an addition may not lower the stop',
    );
  return exposureLimit(
    'pyramiding',
    input,
    policy.pyramiding.maximum,
    worstExposure(book, intent.instrument, { intent, worstPrice: worstPrice(intent, policy) }),
    'all layers together would exceed their share of equity',
  );
}

/** Every limit that applies to the intent, in the order in which they are checked and reported. */
export function findings(input: GateInput): readonly Finding[] {
  const limits = opens(input.intent) ? [...always, ...opening] : [...always, ...reducing];
  return limits.flatMap((limit) => limit(input) ?? []);
}
