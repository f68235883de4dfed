import type { Intent } from '#contracts/events/orders.ts';
import type { EventData } from '#contracts/registry.ts';
import { newYorkDate } from '#core/market/calendar.ts';
import { type EpochMillis, instantText } from '#core/values/clock.ts';
import { Decimal, decimalText } from '#core/values/decimal.ts';

const MINUTE_MILLIS = 60_000;
const EXPIRES_AFTER_MILLIS = 10 * MINUTE_MILLIS;

/**
 * Market orders that close every layer, one each, in the OCA group of the layer's stop. The id names layer and minute, so
 * that the same trigger plans the same orders and a later one may try again.
 * @param strategy who closes them
 */
export function flattenIntents(
  layers: EventData<'TradingHalted'>['layers'],
  strategy: 'drawdown-breaker' | 'operator',
  now: EpochMillis,
): readonly Intent[] {
  // Minutes since 1970 in base 36: short enough for a broker's order reference, and never the same on another day, when it
  // would be another order under the same name.
  const stamp = Math.floor(now / MINUTE_MILLIS).toString(36);
  const session = newYorkDate(now);
  return layers
    .filter((layer) => !new Decimal(layer.quantity).isZero())
    .map((layer): Intent => {
      const quantity = new Decimal(layer.quantity);
      return {
        intentId: `F${stamp}-${layer.intentId}`,
        purpose: 'flatten',
        instrument: layer.instrument,
        side: quantity.gt(0) ? 'SELL' : 'BUY',
        quantity: decimalText(quantity.abs()),
        orderType: 'MKT',
        limitPrice: null,
        triggerPrice: null,
        timeInForce: 'DAY',
        protectiveStop: null,
        closes: layer.intentId,
        positionId: layer.positionId,
        strategy,
        proposalId: null,
        plan: null,
        initialRisk: null,
        target: null,
        horizonSessions: null,
        referencePrice: layer.mark,
        referenceAt: instantText(now),
        expectedSlippage: null,
        expectedVolume: null,
        probabilityOfProfit: null,
        plannedAt: instantText(now),
        expiresAt: instantText(now + EXPIRES_AFTER_MILLIS),
        session,
      };
    });
}
