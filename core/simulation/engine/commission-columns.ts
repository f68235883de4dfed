import { PUBLISHED_THIRD_PARTY_RATES, type ThirdPartyRates } from '../commission.ts';
import type { Side } from '../orders.ts';

/**
 * A commission schedule in floats: the whole charge of an order with these executions, unrounded, in the schedule's
 * currency. The schedules of `commission.ts` in exact decimals are the reference; these agree with them to 1e-9 and are
 * what a hot loop can afford.
 */
export type FloatCommission = (
  side: Side,
  quantity: number,
  value: number,
  monthlyQuantity: number,
) => number;

interface FloatRates {
  readonly sec: number;
  readonly activity: number;
  readonly activityCap: number;
  readonly auditTrail: number;
  readonly clearing: number;
  readonly clearingCap: number;
  readonly passThrough: number;
  readonly exchange: number;
}

function floatRates(rates: ThirdPartyRates): FloatRates {
  return {
    sec: Number(rates.secOfValueSold),
    activity: Number(rates.tradingActivityPerShareSold),
    activityCap: Number(rates.tradingActivityCap),
    auditTrail: Number(rates.auditTrailPerShare),
    clearing: Number(rates.clearingPerShare),
    clearingCap: Number(rates.clearingCapOfValue),
    passThrough: Number(rates.nyseOfCommission) + Number(rates.finraOfCommission),
    exchange: Number(rates.exchangePerShare),
  };
}

function regulatory(side: Side, quantity: number, value: number, rates: FloatRates): number {
  const auditTrail = quantity * rates.auditTrail;
  if (side === 'buy') return auditTrail;
  return auditTrail + value * rates.sec + Math.min(quantity * rates.activity, rates.activityCap);
}

/** IBKR Fixed for US stocks; see `ibkrFixedUsStocks`. */
export function fixedUsStocks(published: ThirdPartyRates = PUBLISHED_THIRD_PARTY_RATES): FloatCommission {
  const rates = floatRates(published);
  return (side, quantity, value) =>
    quantity === 0
      ? 0
      : Math.min(Math.max(quantity * 0.005, 1), value * 0.01) + regulatory(side, quantity, value, rates);
}

const TIER_LIMITS = [300_000, 3_000_000, 20_000_000, 100_000_000, Number.POSITIVE_INFINITY] as const;
const TIER_RATES = [0.0035, 0.002, 0.0015, 0.001, 0.0005] as const;

function tiered(quantity: number, monthlyQuantity: number): number {
  let charged = 0;
  let position = monthlyQuantity;
  let left = quantity;
  for (let tier = 0; tier < TIER_LIMITS.length && left > 0; tier++) {
    const here = Math.min(left, Math.max((TIER_LIMITS[tier] as number) - position, 0));
    charged += here * (TIER_RATES[tier] as number);
    position += here;
    left -= here;
  }
  return charged;
}

/** IBKR Tiered for US stocks; see `ibkrTieredUsStocks`. */
export function tieredUsStocks(published: ThirdPartyRates = PUBLISHED_THIRD_PARTY_RATES): FloatCommission {
  const rates = floatRates(published);
  return (side, quantity, value, monthlyQuantity) => {
    if (quantity === 0) return 0;
    const commission = Math.min(Math.max(tiered(quantity, monthlyQuantity), 0.35), value * 0.01);
    return (
      commission * (1 + rates.passThrough) +
      Math.min(quantity * rates.clearing, value * rates.clearingCap) +
      quantity * rates.exchange +
      regulatory(side, quantity, value, rates)
    );
  };
}

/** Nothing, for studies of everything but commissions. */
export const withoutCommission: FloatCommission = () => 0;
