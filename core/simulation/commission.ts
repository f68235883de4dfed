import { Decimal, type Money, money } from '#core/values/decimal.ts';
import type { Side } from './orders.ts';

/** Everything that one order has executed so far. Minimums and maximums of the schedules are per order. */
export interface OrderExecutions {
  readonly side: Side;
  readonly quantity: Decimal;
  /** Sum of price × quantity × multiplier, in the schedule's currency. */
  readonly value: Decimal;
  /** Units the account traded this month before this order: chooses the tier. */
  readonly monthlyQuantity: Decimal;
}

/** The whole charge (commission and third-party fees) of an order with these executions, unrounded. */
export type CommissionSchedule = (executions: OrderExecutions) => Decimal;

/** Fees of third parties that Interactive Brokers passes on, as fractions of value or amounts per share. */
export interface ThirdPartyRates {
  /** SEC transaction fee, of the value sold. */
  readonly secOfValueSold: string;
  /** FINRA trading activity fee per share sold, and its cap per trade. */
  readonly tradingActivityPerShareSold: string;
  readonly tradingActivityCap: string;
  /** FINRA consolidated audit trail fee per share. */
  readonly auditTrailPerShare: string;
  /** NSCC and DTC clearing per share, and its cap as a fraction of value (tiered only). */
  readonly clearingPerShare: string;
  readonly clearingCapOfValue: string;
  /** Pass-through fees as fractions of the commission (tiered only). */
  readonly nyseOfCommission: string;
  readonly finraOfCommission: string;
  /** Exchange fee for removing liquidity per share (tiered only). */
  readonly exchangePerShare: string;
}

/**
 * Rates as on interactivebrokers.co.uk/en/pricing/commissions-stocks.php (United States). They move several times
 * a year, so a study of another period passes its own. The exchange fee is the most a venue may charge for taking
 * liquidity in a share above one dollar (Regulation NMS, rule 610(c)); rebates are not credited.
 */
export const PUBLISHED_THIRD_PARTY_RATES: ThirdPartyRates = {
  secOfValueSold: '0.0000278',
  tradingActivityPerShareSold: '0.000166',
  tradingActivityCap: '8.30',
  auditTrailPerShare: '0.000072',
  clearingPerShare: '0.0002',
  clearingCapOfValue: '0.005',
  nyseOfCommission: '0.000175',
  finraOfCommission: '0.000563',
  exchangePerShare: '0.003',
};

/** Between minimum and maximum; where the maximum is the smaller, the maximum holds (IBKR's footnote 2). */
const within = (amount: Decimal, minimum: Decimal, maximum: Decimal): Decimal =>
  Decimal.min(Decimal.max(amount, minimum), maximum);

function regulatoryFees(of: OrderExecutions, rates: ThirdPartyRates): Decimal {
  const auditTrail = of.quantity.times(rates.auditTrailPerShare);
  if (of.side === 'buy') return auditTrail;
  const activity = Decimal.min(
    of.quantity.times(rates.tradingActivityPerShareSold),
    rates.tradingActivityCap,
  );
  return auditTrail.plus(of.value.times(rates.secOfValueSold)).plus(activity);
}

/**
 * IBKR Fixed, US stocks and ETFs: USD 0.005 a share, at least USD 1.00 an order, at most 1 % of the trade's value;
 * exchange and clearing included, regulatory fees on top. Source: see {@link PUBLISHED_THIRD_PARTY_RATES}.
 */
export function ibkrFixedUsStocks(rates: ThirdPartyRates = PUBLISHED_THIRD_PARTY_RATES): CommissionSchedule {
  return (of) =>
    of.quantity.isZero()
      ? new Decimal(0)
      : within(of.quantity.times('0.005'), new Decimal(1), of.value.times('0.01')).plus(
          regulatoryFees(of, rates),
        );
}

/** Upper bound of shares a month and the rate per share up to it. Source: see {@link PUBLISHED_THIRD_PARTY_RATES}. */
const TIERS: readonly (readonly [upTo: number, perShare: string])[] = [
  [300_000, '0.0035'],
  [3_000_000, '0.002'],
  [20_000_000, '0.0015'],
  [100_000_000, '0.001'],
  [Number.POSITIVE_INFINITY, '0.0005'],
];

function tieredCommission(of: OrderExecutions): Decimal {
  let charged = new Decimal(0);
  let position = of.monthlyQuantity;
  let left = of.quantity;
  for (const [upTo, perShare] of TIERS) {
    if (left.isZero()) break;
    const room = Number.isFinite(upTo) ? Decimal.max(new Decimal(upTo).minus(position), 0) : left;
    const here = Decimal.min(left, room);
    charged = charged.plus(here.times(perShare));
    position = position.plus(here);
    left = left.minus(here);
  }
  return charged;
}

/**
 * IBKR Tiered, US stocks and ETFs: USD 0.0035 a share falling to 0.0005 with the month's volume (marginal), at least
 * USD 0.35 an order, at most 1 % of the trade's value, plus exchange, clearing, pass-through and regulatory fees.
 */
export function ibkrTieredUsStocks(rates: ThirdPartyRates = PUBLISHED_THIRD_PARTY_RATES): CommissionSchedule {
  return (of) => {
    if (of.quantity.isZero()) return new Decimal(0);
    const commission = within(tieredCommission(of), new Decimal('0.35'), of.value.times('0.01'));
    const clearing = Decimal.min(
      of.quantity.times(rates.clearingPerShare),
      of.value.times(rates.clearingCapOfValue),
    );
    const passThrough = commission
      .times(rates.nyseOfCommission)
      .plus(commission.times(rates.finraOfCommission));
    return commission
      .plus(clearing)
      .plus(passThrough)
      .plus(of.quantity.times(rates.exchangePerShare))
      .plus(regulatoryFees(of, rates));
  };
}

/** IBKR spot currencies, first tier: 0.20 basis points of the value, at least USD 2.00 an order. */
export function ibkrForex(): CommissionSchedule {
  return (of) => (of.quantity.isZero() ? new Decimal(0) : Decimal.max(of.value.times('0.00002'), 2));
}

/**
 * IBKR cryptocurrencies, first tier: 0.18 % of the value, at least USD 1.75 an order, that minimum at most 1 % of the
 * value. Source: interactivebrokers.com, pricing, cryptocurrencies.
 */
export function ibkrCrypto(): CommissionSchedule {
  return (of) => {
    if (of.quantity.isZero()) return new Decimal(0);
    return Decimal.max(of.value.times('0.0018'), Decimal.min('1.75', of.value.times('0.01')));
  };
}

/** Nothing: for tests of everything but costs, and for books whose costs are elsewhere. */
export const noCommission: CommissionSchedule = () => new Decimal(0);

/**
 * What the latest execution of an order costs: the order's whole charge after it, to the cent, less what was charged
 * before. Charging differences keeps the per-order minimum right over partial fills and sums exactly to the total.
 */
export function chargeFor(
  schedule: CommissionSchedule,
  after: OrderExecutions,
  chargedBefore: Decimal,
): Money {
  return money(schedule(after).toDecimalPlaces(2, Decimal.ROUND_HALF_EVEN).minus(chargedBefore));
}
