import type { Intent } from '#contracts/events/orders.ts';
import type { DeskEvent } from '#contracts/registry.ts';
import { historySlippage } from '#core/agents/execution/trading-cost.ts';
import { journalEntry } from '#core/events/new-event.ts';
import { stateKeys } from '#core/events/state-keys.ts';
import { sessionAt } from '#core/market/calendar.ts';
import { findInstrument } from '#core/market/catalog.ts';
import type { DailyRecord } from '#core/portfolio/market-record.ts';
import { parseRiskPolicy } from '#core/risk/policy.ts';
import { mayPyramid, type PyramidingOptions, planPyramiding } from '#core/risk/pyramiding.ts';
import { loadDaily } from '#functions/runtime/cycle-context.ts';
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
  if (session === null) return;
  const volume = event.data.volume === null ? null : Number(event.data.volume);
  const options: PyramidingOptions = {
    now,
    session: session.date,
    sessionClose: session.close,
    instrument: findInstrument,
    expectedVolume: (id) => (id === event.data.instrument && volume !== null ? volume : undefined),
  };
  if (!mayPyramid(event.data, options)) return;
  const [policy] = await desk.store.read([stateKeys.policy]);
  if (policy === null || policy === undefined) return;
  const { intents, stopMoves } = planPyramiding(event.data, parseRiskPolicy(policy.value), options);
  const priced = await Promise.all(
    intents.map(async (intent) => ({ ...intent, expectedSlippage: await slippageOf(desk, intent) })),
  );
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
    ...priced.map((intent, index) =>
      journalEntry(
        { ...shared, type: 'OrderPlanned', key: intent.intentId, data: { intent } },
        stopMoves.length + index,
      ),
    ),
  ]);
}

/** What the addition is expected to cost, as for an entry; null where no history says so, and then the gate refuses it. */
async function slippageOf(desk: Desk, intent: Intent): Promise<number | null> {
  const instrument = findInstrument(intent.instrument);
  const [record] = await desk.store.read([stateKeys.daily(intent.instrument)]);
  if (instrument === undefined || record === null || record === undefined) return null;
  const daily = await loadDaily(desk, (record.value as DailyRecord).history);
  return historySlippage(instrument, daily, Number(intent.referencePrice), Number(intent.quantity));
}
