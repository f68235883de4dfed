import type { DeskEvent } from '#contracts/registry.ts';
import { journalEntry } from '#core/events/new-event.ts';
import { stateKeys } from '#core/events/state-keys.ts';
import { sessionAt } from '#core/market/calendar.ts';
import { findInstrument } from '#core/market/catalog.ts';
import { parseRiskPolicy } from '#core/risk/policy.ts';
import { planPyramiding } from '#core/risk/pyramiding.ts';
import type { Desk } from '#functions/runtime/desk.ts';
import { type Arrival, say } from '#functions/runtime/handler.ts';

export const PYRAMIDING_TYPES = ['PortfolioRevalued'] as const;

/** On every bar of a held instrument: adds a layer to a winner, or raises its stops, as the position's own plan says. */
export async function pyramid(desk: Desk, arrivals: readonly Arrival<'PortfolioRevalued'>[]): Promise<void> {
  for (const { event } of arrivals) await pyramidOn(desk, event);
}

async function pyramidOn(desk: Desk, event: DeskEvent<'PortfolioRevalued'>): Promise<void> {
  const now = desk.clock.now();
  const session = sessionAt('us-equity', now);
  const [policy] = await desk.store.read([stateKeys.policy]);
  if (session === null || policy === null || policy === undefined) return;
  const volume = event.data.volume === null ? null : Number(event.data.volume);
  const { intents, stopMoves } = planPyramiding(event.data, parseRiskPolicy(policy.value), {
    now,
    session: session.date,
    sessionClose: session.close,
    instrument: findInstrument,
    expectedVolume: (id) => (id === event.data.instrument && volume !== null ? volume : undefined),
  });
  const shared = {
    correlationId: event.metadata.correlationId,
    causationId: event.metadata.id,
    sender: desk.name,
    occurredAt: now,
    urgency: 'high' as const,
  };
  await say(desk, [
    ...stopMoves.map((move, index) => {
      const requestId = `${move.intentId}/stop/${move.to}`;
      return journalEntry(
        { ...shared, type: 'StopMovePlanned', key: requestId, data: { requestId, ...move } },
        index,
      );
    }),
    ...intents.map((intent, index) =>
      journalEntry(
        { ...shared, type: 'OrderPlanned', key: intent.intentId, data: { intent } },
        stopMoves.length + index,
      ),
    ),
  ]);
}
