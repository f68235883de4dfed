import type { Intent } from '#contracts/events/orders.ts';
import type { DeskEvent } from '#contracts/registry.ts';
import { historySlippage } from '#core/agents/execution/trading-cost.ts';
import type { Speaker } from '#core/cycle/cycle-events.ts';
import { type JournalEntry, journalEntry } from '#core/events/new-event.ts';
import type { BarSeries } from '#core/market/bars.ts';
import { findInstrument } from '#core/market/catalog.ts';
import type { BreakerOrders } from './breaker-orders.ts';
import type { PyramidingPlanned } from './pyramiding.ts';

const following = (
  { name, now }: Speaker,
  { metadata }: DeskEvent<'TradingHalted' | 'TradingReducing' | 'PortfolioRevalued'>,
  urgency: 'high' | 'critical',
) => ({
  correlationId: metadata.correlationId,
  causationId: metadata.id,
  sender: name,
  occurredAt: now,
  urgency,
});

/** What a breaker plans, for the gate. */
export function breakerEvents(
  speaker: Speaker,
  cause: DeskEvent<'TradingHalted' | 'TradingReducing' | 'PortfolioRevalued'>,
  { cancel, flatten }: BreakerOrders,
): readonly JournalEntry<'CancelPlanned' | 'OrderPlanned'>[] {
  const shared = following(speaker, cause, 'critical');
  const closing = flatten.map((intent, index) =>
    journalEntry({ ...shared, type: 'OrderPlanned', key: intent.intentId, data: { intent } }, index + 1),
  );
  return cancel === null
    ? closing
    : [journalEntry({ ...shared, type: 'CancelPlanned', key: cause.metadata.id, data: cancel }), ...closing];
}

/** What pyramiding plans, for the gate: stops first. An addition whose cost no history tells has none, and is refused. */
export function pyramidingEvents(
  speaker: Speaker,
  cause: DeskEvent<'PortfolioRevalued'>,
  { intents, stopMoves }: PyramidingPlanned,
  history: (instrument: string) => BarSeries | null,
): readonly JournalEntry<'StopMovePlanned' | 'OrderPlanned'>[] {
  const shared = following(speaker, cause, 'high');
  const moves = stopMoves.map((move, index) => {
    const requestId = `${move.intentId}/stop/${move.to}`;
    const data = { requestId, ...move };
    return journalEntry({ ...shared, type: 'StopMovePlanned', key: requestId, data }, index);
  });
  const additions = intents.map((planned, index) => {
    const intent = { ...planned, expectedSlippage: slippageOf(planned, history(planned.instrument)) };
    return journalEntry(
      { ...shared, type: 'OrderPlanned', key: intent.intentId, data: { intent } },
      moves.length + index,
    );
  });
  return [...moves, ...additions];
}

function slippageOf(intent: Intent, daily: BarSeries | null): number | null {
  const instrument = findInstrument(intent.instrument);
  return instrument === undefined || daily === null
    ? null
    : historySlippage(instrument, daily, Number(intent.referencePrice), Number(intent.quantity));
}
