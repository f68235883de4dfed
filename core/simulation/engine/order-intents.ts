import type { Intent } from '#contracts/events/orders.ts';
import type { Layer } from '#core/portfolio/position.ts';
import { instantText } from '#core/values/clock.ts';
import { Decimal, decimalText } from '#core/values/decimal.ts';
import type { OrderRequest } from './order.ts';

/** A float as the decimal that it is written as. */
export const decimalOf = (value: number): string => decimalText(new Decimal(value));
const priceOf = (value: number | undefined): string | null =>
  value === undefined || Number.isNaN(value) ? null : decimalOf(value);

type OrderTerms = Pick<Intent, 'orderType' | 'timeInForce'>;

/** Type and time in force as the desk's orders have them; null where it has no such order. */
export function orderTerms({ type, timeInForce = 'GTC' }: OrderRequest): OrderTerms | null {
  if (timeInForce === 'OPG') return null;
  switch (type) {
    case 'MKT':
    case 'LMT':
    case 'STP':
    case 'STP LMT':
    case 'MOC':
    case 'LOC':
      return { orderType: type, timeInForce };
    case 'TRAIL':
    case 'MOO':
    case 'LOO':
      return null;
  }
}

/** What every intent of one decision has in common. `reference` is the last close. */
export interface IntentSetting {
  readonly instrument: string;
  readonly strategy: string;
  readonly reference: number;
  readonly now: number;
  readonly session: string;
}

/** An order lives as long as its time in force says; the intent is decided at once, so a minute is enough for it. */
const LIFETIME = 60_000;

/** The intent of a request that opens a position, as the execution agent would state it. */
export function openingIntent(
  request: OrderRequest,
  terms: OrderTerms,
  intentId: string,
  setting: IntentSetting & Pick<Intent, 'expectedVolume' | 'expectedSlippage'>,
): Intent {
  const { protectiveStop, pyramiding = null, probabilityOfProfit = null } = request;
  return {
    ...common(request, terms, intentId, setting),
    purpose: 'entry',
    protectiveStop: priceOf(protectiveStop),
    closes: null,
    positionId: intentId,
    plan: pyramiding,
    initialRisk:
      protectiveStop === undefined ? null : decimalOf(Math.abs(setting.reference - protectiveStop)),
    expectedSlippage: setting.expectedSlippage,
    expectedVolume: setting.expectedVolume,
    probabilityOfProfit,
  };
}

/** The intent of a request that closes units of a layer. */
export function exitIntent(
  request: OrderRequest,
  terms: OrderTerms,
  intentId: string,
  layer: Layer,
  setting: IntentSetting,
): Intent {
  return {
    ...common(request, terms, intentId, setting),
    purpose: 'exit',
    protectiveStop: null,
    closes: layer.intentId,
    positionId: layer.positionId,
    plan: null,
    initialRisk: null,
    expectedSlippage: null,
    expectedVolume: null,
    probabilityOfProfit: null,
  };
}

function common(
  request: OrderRequest,
  terms: OrderTerms,
  intentId: string,
  { instrument, strategy, reference, now, session }: IntentSetting,
) {
  return {
    ...terms,
    intentId,
    instrument,
    strategy,
    session,
    side: request.side === 'buy' ? ('BUY' as const) : ('SELL' as const),
    quantity: decimalOf(request.quantity),
    limitPrice: priceOf(request.limitPrice),
    triggerPrice: priceOf(request.stopPrice),
    proposalId: null,
    target: null,
    horizonSessions: null,
    referencePrice: decimalOf(reference),
    referenceAt: instantText(now),
    plannedAt: instantText(now),
    expiresAt: instantText(now + LIFETIME),
  };
}

/** The order of an intent that the desk's own machinery has planned. */
export function layerRequest(intent: Intent, instrument: number): OrderRequest {
  const { limitPrice, triggerPrice, protectiveStop } = intent;
  return {
    instrument,
    side: intent.side === 'BUY' ? 'buy' : 'sell',
    quantity: Number(intent.quantity),
    type: intent.orderType,
    timeInForce: intent.timeInForce,
    ...(limitPrice === null ? {} : { limitPrice: Number(limitPrice) }),
    ...(triggerPrice === null ? {} : { stopPrice: Number(triggerPrice) }),
    ...(protectiveStop === null ? {} : { protectiveStop: Number(protectiveStop) }),
  };
}
