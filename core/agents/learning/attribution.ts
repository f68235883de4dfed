import type { DeskEvent, EventData } from '#contracts/registry.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { Decimal, decimalText } from '#core/values/decimal.ts';

/** The events that realised results are attributed from. */
export type FillEvent = DeskEvent<'OrderPlanned' | 'OrderFilled' | 'CommissionReported'>;

/** A layer (an entry and what closes it) while it is open; JSON, amounts as decimal text. */
export interface OpenLayer {
  readonly strategy: string;
  readonly instrument: InstrumentId;
  /** Signed: below zero for a short. */
  readonly quantity: string;
  readonly averagePrice: string;
}

/** Which intents belong to which layer, and what the layers hold; JSON. */
export interface AttributionState {
  /** Layer by intent: its own for an entry, the one it closes for an exit. */
  readonly layerOf: Readonly<Record<string, string>>;
  readonly layers: Readonly<Record<string, OpenLayer>>;
  readonly strategyOf: Readonly<Record<string, string>>;
  /** By layer that holds nothing: sessions since something last happened to it. */
  readonly idle: Readonly<Record<string, number>>;
}

export const NO_LAYERS: AttributionState = { layerOf: {}, layers: {}, strategyOf: {}, idle: {} };

/** A layer that holds nothing is forgotten after so many sessions; fills and commissions of it may come until then. */
const FORGET_AFTER = 10;

export interface Attributed {
  readonly state: AttributionState;
  /** Realised result of these events by strategy, commissions taken off, in the strategies' alphabetical order. */
  readonly realized: readonly { readonly strategy: string; readonly realized: string }[];
}

/**
 * Realised profit and loss by the strategy that opened each layer, from the events of a session: average cost within a
 * layer, `(price − average) × quantity × multiplier` on what closes, commissions taken off when reported. Executions are
 * taken once each by `execId`; one that a later event of the same session corrects is left out. Fills of intents that
 * no plan names (somebody else's orders) belong to no strategy.
 */
export function attributeRealized(
  state: AttributionState,
  events: readonly FillEvent[],
  multiplierOf: (instrument: InstrumentId) => string,
): Attributed {
  const layerOf: Record<string, string> = { ...state.layerOf };
  const layers: Record<string, OpenLayer> = { ...state.layers };
  const strategyOf: Record<string, string> = { ...state.strategyOf };
  const touched = new Set<string>();
  const realized = new Map<string, Decimal>();
  const credit = (strategy: string, amount: Decimal) =>
    realized.set(strategy, (realized.get(strategy) ?? new Decimal(0)).add(amount));

  for (const { intent } of dataOf(events, 'OrderPlanned')) {
    const layer = intent.closes ?? intent.intentId;
    layerOf[intent.intentId] = layer;
    strategyOf[layer] ??= intent.strategy;
    touched.add(layer);
  }
  for (const fill of executions(dataOf(events, 'OrderFilled'))) {
    const layer = layerOf[fill.intentId];
    const strategy = layer === undefined ? undefined : strategyOf[layer];
    if (layer === undefined || strategy === undefined) continue;
    touched.add(layer);
    const held = layers[layer];
    const signed = new Decimal(fill.quantity).mul(fill.side === 'BUY' ? 1 : -1);
    const price = new Decimal(fill.price);
    const quantity = new Decimal(held?.quantity ?? 0);
    const average = new Decimal(held?.averagePrice ?? 0);
    if (quantity.isZero() || quantity.isPositive() === signed.isPositive()) {
      const total = quantity.add(signed);
      layers[layer] = {
        strategy,
        instrument: fill.instrument,
        quantity: decimalText(total),
        averagePrice: decimalText(
          quantity.mul(average).add(signed.mul(price)).div(total).toDecimalPlaces(12),
        ),
      };
      continue;
    }
    const closed = Decimal.min(signed.abs(), quantity.abs()).mul(quantity.isPositive() ? 1 : -1);
    credit(strategy, price.sub(average).mul(closed).mul(multiplierOf(fill.instrument)));
    const rest = quantity.add(signed);
    if (rest.isZero()) delete layers[layer];
    else {
      // A fill beyond what the layer held turns it: the excess is a position of its own at the fill's price.
      const turned = rest.isPositive() !== quantity.isPositive();
      layers[layer] = {
        strategy,
        instrument: fill.instrument,
        quantity: decimalText(rest),
        averagePrice: turned ? decimalText(price) : decimalText(average),
      };
    }
  }
  for (const report of distinctBy(dataOf(events, 'CommissionReported'), ({ execId }) => execId)) {
    const layer = layerOf[report.intentId];
    const strategy = layer === undefined ? undefined : strategyOf[layer];
    if (layer === undefined || strategy === undefined) continue;
    touched.add(layer);
    credit(strategy, new Decimal(report.commission).neg());
  }
  return {
    state: withoutForgotten({ layerOf, layers, strategyOf, idle: state.idle }, touched),
    realized: [...realized]
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([strategy, amount]) => ({ strategy, realized: decimalText(amount) })),
  };
}

/** Counts the session for layers that hold nothing and drops those that nothing has happened to for long. */
function withoutForgotten(state: AttributionState, touched: ReadonlySet<string>): AttributionState {
  const idle: Record<string, number> = {};
  for (const layer of Object.keys(state.strategyOf)) {
    if (state.layers[layer] !== undefined) continue;
    const sessions = touched.has(layer) ? 0 : (state.idle[layer] ?? 0) + 1;
    if (sessions <= FORGET_AFTER) idle[layer] = sessions;
  }
  const known = (layer: string) => state.layers[layer] !== undefined || idle[layer] !== undefined;
  const kept = <T>(record: Readonly<Record<string, T>>, layerIn: (key: string, value: T) => string) =>
    Object.fromEntries(Object.entries(record).filter(([key, value]) => known(layerIn(key, value))));
  return {
    layerOf: kept(state.layerOf, (_, layer) => layer),
    layers: state.layers,
    strategyOf: kept(state.strategyOf, (layer) => layer),
    idle,
  };
}

function dataOf<T extends FillEvent['metadata']['type']>(
  events: readonly FillEvent[],
  type: T,
): readonly EventData<T>[] {
  return events.filter(({ metadata }) => metadata.type === type).map(({ data }) => data as EventData<T>);
}

function distinctBy<T>(items: readonly T[], key: (item: T) => string): readonly T[] {
  return [...new Map(items.map((item) => [key(item), item])).values()];
}

/** Executions once each, without those that were corrected, in the order in which they happened. */
function executions(fills: readonly EventData<'OrderFilled'>[]): readonly EventData<'OrderFilled'>[] {
  const corrected = new Set(fills.map(({ corrects }) => corrects));
  return distinctBy(fills, ({ execId }) => execId)
    .filter(({ execId }) => !corrected.has(execId))
    .sort(
      (left, right) =>
        left.executedAt.localeCompare(right.executedAt, 'en') || (left.execId < right.execId ? -1 : 1),
    );
}
