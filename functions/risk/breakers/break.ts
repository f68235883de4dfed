import type { DeskEvent, EventData } from '#contracts/registry.ts';
import { type JournalEntry, journalEntry } from '#core/events/new-event.ts';
import { stateKeys } from '#core/events/state-keys.ts';
import type { AccountBook } from '#core/portfolio/account-book.ts';
import { flattenIntents } from '#core/risk/flatten.ts';
import type { Desk } from '#functions/runtime/desk.ts';
import { type Arrival, say } from '#functions/runtime/handler.ts';

export const BREAKER_TYPES = ['TradingHalted', 'TradingReducing', 'PortfolioRevalued'] as const;
type BreakerType = (typeof BREAKER_TYPES)[number];

/**
 * What follows from a tripped breaker: working entries are cancelled, and after a drawdown halt every layer is closed.
 * While halted with positions left, every revaluation plans again what is not already being closed: the gate lets no
 * layer be closed twice.
 */
export async function followBreaker(desk: Desk, arrivals: readonly Arrival<BreakerType>[]): Promise<void> {
  for (const { event } of arrivals) {
    switch (event.metadata.type) {
      case 'TradingHalted': {
        const halted = event as DeskEvent<'TradingHalted'>;
        const flatten = halted.data.flatten ? flattening(desk, event, halted.data.layers) : [];
        await say(desk, [cancelAll(desk, event, halted.data.reason), ...flatten]);
        break;
      }
      case 'TradingReducing':
        await say(desk, [cancelAll(desk, event, (event as DeskEvent<'TradingReducing'>).data.reason)]);
        break;
      case 'PortfolioRevalued': {
        const { data } = event as DeskEvent<'PortfolioRevalued'>;
        if (!(await isFlattening(desk))) break;
        const layers = data.positions.flatMap((position) =>
          position.layers.map((layer) => ({
            ...layer,
            instrument: position.instrument,
            mark: position.mark,
          })),
        );
        await say(desk, flattening(desk, event, layers));
        break;
      }
    }
  }
}

/** An operator's halt keeps the positions under their stops; only a drawdown halt, the one with a cool-off, closes them. */
async function isFlattening(desk: Desk): Promise<boolean> {
  const [book] = await desk.store.read([stateKeys.book]);
  const trading = (book?.value as AccountBook | undefined)?.trading;
  return trading?.state === 'HALTED' && trading.coolOffUntil !== null;
}

function cancelAll(desk: Desk, cause: DeskEvent<BreakerType>, reason: string): JournalEntry<'CancelPlanned'> {
  return journalEntry({
    type: 'CancelPlanned',
    key: cause.metadata.id,
    correlationId: cause.metadata.correlationId,
    causationId: cause.metadata.id,
    sender: desk.name,
    occurredAt: desk.clock.now(),
    urgency: 'critical',
    data: { requestId: `cancel-all/${cause.metadata.id}`, intentId: null, includeStops: false, reason },
  });
}

function flattening(
  desk: Desk,
  cause: DeskEvent<BreakerType>,
  layers: EventData<'TradingHalted'>['layers'],
): JournalEntry<'OrderPlanned'>[] {
  return flattenIntents(layers, desk.clock.now()).map((intent, index) =>
    journalEntry(
      {
        type: 'OrderPlanned',
        key: intent.intentId,
        correlationId: cause.metadata.correlationId,
        causationId: cause.metadata.id,
        sender: desk.name,
        occurredAt: desk.clock.now(),
        urgency: 'critical',
        data: { intent },
      },
      index + 1,
    ),
  );
}
