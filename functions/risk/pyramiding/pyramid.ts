import type { DeskEvent } from '#contracts/registry.ts';
import { stateKeys } from '#core/events/state-keys.ts';
import type { BarSeries } from '#core/market/bars.ts';
import type { DailyRecord } from '#core/portfolio/market-record.ts';
import { pyramidingEvents } from '#core/risk/follow-up-events.ts';
import { parseRiskPolicy } from '#core/risk/policy.ts';
import { mayPyramid, planPyramiding, pyramidingOptions } from '#core/risk/pyramiding.ts';
import { readableDaily } from '#functions/runtime/cycle-context.ts';
import { type Desk, speaking } from '#functions/runtime/desk.ts';
import { type Arrival, sayEach } from '#functions/runtime/handler.ts';

export const PYRAMIDING_TYPES = ['PortfolioRevalued'] as const;

/**
 * On every bar of a held instrument: adds a layer to a winner, or raises its stops, as the position's own plan says. A history
 * that cannot be read leaves an addition without a cost, which the gate refuses; stops need none.
 */
export async function pyramid(desk: Desk, arrivals: readonly Arrival<'PortfolioRevalued'>[]): Promise<void> {
  for (const { event } of arrivals) await pyramidOn(desk, event);
}

async function pyramidOn(desk: Desk, event: DeskEvent<'PortfolioRevalued'>): Promise<void> {
  const options = pyramidingOptions(event.data, desk.clock.now());
  if (options === null || !mayPyramid(event.data, options)) return;
  const [policy] = await desk.store.read([stateKeys.policy]);
  if (policy === null || policy === undefined) return;
  const planned = planPyramiding(event.data, parseRiskPolicy(policy.value), options);
  const histories = new Map<string, BarSeries>();
  for (const { instrument } of planned.intents) {
    const [record] = await desk.store.read([stateKeys.daily(instrument)]);
    if (record === null || record === undefined) continue;
    const history = await readableDaily(desk, instrument, (record.value as DailyRecord).history);
    if (history !== null) histories.set(instrument, history);
  }
  await sayEach(
    desk,
    pyramidingEvents(speaking(desk), event, planned, (id) => histories.get(id) ?? null),
  );
}
