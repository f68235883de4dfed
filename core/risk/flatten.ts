import type { Intent } from '#contracts/events/orders.ts';
import type { EventData } from '#contracts/registry.ts';
import { newYorkTime } from '#core/market/calendar.ts';
import { type EpochMillis, instantText } from '#core/values/clock.ts';
import { Decimal, decimalText } from '#core/values/decimal.ts';

const EXPIRES_AFTER_MILLIS = 10 * 60_000;

/**
 * Market orders that close every layer, one each, in the OCA group of the layer's stop. The id names layer and minute, so
 * that the same trigger plans the same orders and a later one may try again.
 */
export function flattenIntents(
  layers: EventData<'TradingHalted'>['layers'],
  now: EpochMillis,
): readonly Intent[] {
  const time = newYorkTime(now);
  const stamp = `${String(time.hour).padStart(2, '0')}${String(time.minute).padStart(2, '0')}`;
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
        strategy: 'drawdown-breaker',
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
        session: time.date,
      };
    });
}
