import type { DeskEvent, EventData } from '#contracts/registry.ts';
import { executionBase } from '#core/broker/order-facts.ts';
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
  /** Executions counted, by id: none counts twice, and a correction can take its original back. */
  readonly executions: Readonly<Record<string, CountedExecution>>;
  /**
   * Commission counted for each execution, by the part of its id that corrections keep; in states of earlier versions its
   * layer alone, by the whole id.
   */
  readonly charged: Readonly<Record<string, CountedCommission | string>>;
}

interface CountedCommission {
  readonly layer: string;
  /** The last group of the execution's id. */
  readonly revision: number;
  /** Null where an earlier version counted it and did not say how much. */
  readonly commission: string | null;
}

export interface CountedExecution {
  readonly layer: string;
  /** Signed: below zero for a sale. */
  readonly quantity: string;
  readonly price: string;
}

export const NO_LAYERS: AttributionState = {
  layerOf: {},
  layers: {},
  strategyOf: {},
  idle: {},
  executions: {},
  charged: {},
};

/** A layer that holds nothing is forgotten after so many sessions; fills and commissions of it may come until then. */
const FORGET_AFTER = 10;

export interface Attributed {
  readonly state: AttributionState;
  /** Realised result of these events by strategy, commissions taken off, in the strategies' alphabetical order. */
  readonly realized: readonly { readonly strategy: string; readonly realized: string }[];
}

/**
 * Realised profit and loss by the strategy that opened each layer, from the events since the last call: average cost
 * within a layer, `(price − average) × quantity × multiplier` on what closes, commissions taken off when reported.
 * Executions and commissions count once each by `execId`, in whatever call they come; one that corrects an earlier one
 * takes it back first. Fills of intents that no plan names (somebody else's orders) belong to no strategy.
 */
export function attributeRealized(
  state: AttributionState,
  events: readonly FillEvent[],
  multiplierOf: (instrument: InstrumentId) => string,
): Attributed {
  const layerOf: Record<string, string> = { ...state.layerOf };
  const layers: Record<string, OpenLayer> = { ...state.layers };
  const strategyOf: Record<string, string> = { ...state.strategyOf };
  const executions: Record<string, CountedExecution> = { ...state.executions };
  const charged = chargesOf(state);
  const touched = new Set<string>();
  const realized = new Map<string, Decimal>();
  const credit = (layer: string, amount: Decimal) => {
    const strategy = strategyOf[layer];
    if (strategy === undefined) return;
    touched.add(layer);
    realized.set(strategy, (realized.get(strategy) ?? new Decimal(0)).add(amount));
  };
  const trade = (layer: string, instrument: InstrumentId, signed: Decimal, price: Decimal) => {
    touched.add(layer);
    const { next, gain } = traded(layers[layer], signed, price);
    if (!gain.isZero()) credit(layer, gain.mul(multiplierOf(instrument)));
    if (next === null) delete layers[layer];
    else layers[layer] = { strategy: strategyOf[layer] ?? 'unknown', instrument, ...next };
  };

  for (const { intent } of dataOf(events, 'OrderPlanned')) {
    const layer = intent.closes ?? intent.intentId;
    layerOf[intent.intentId] = layer;
    strategyOf[layer] ??= intent.strategy;
    touched.add(layer);
  }
  for (const fill of inOrder(dataOf(events, 'OrderFilled'))) {
    const layer = layerOf[fill.intentId];
    if (layer === undefined || strategyOf[layer] === undefined || executions[fill.execId] !== undefined)
      continue;
    const original = fill.corrects === null ? undefined : executions[fill.corrects];
    if (original !== undefined) {
      trade(layer, fill.instrument, new Decimal(original.quantity).neg(), new Decimal(original.price));
    }
    // Counted as nothing, so that an original that comes after its correction stays out.
    if (fill.corrects !== null) executions[fill.corrects] = { layer, quantity: '0', price: fill.price };
    const signed = new Decimal(fill.quantity).mul(fill.side === 'BUY' ? 1 : -1);
    trade(layer, fill.instrument, signed, new Decimal(fill.price));
    executions[fill.execId] = { layer, quantity: decimalText(signed), price: fill.price };
  }
  for (const { intentId, execId, commission } of dataOf(events, 'CommissionReported')) {
    const layer = layerOf[intentId];
    const { base, revision } = executionBase(execId);
    const earlier = charged[base];
    if (layer === undefined || (earlier !== undefined && earlier.revision >= revision)) continue;
    charged[base] = { layer, revision, commission };
    // What a correction costs takes the place of what was counted.
    credit(
      layer,
      new Decimal(earlier === undefined ? 0 : (earlier.commission ?? commission)).minus(commission),
    );
  }
  return {
    state: withoutForgotten({ layerOf, layers, strategyOf, idle: state.idle, executions, charged }, touched),
    realized: [...realized]
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([strategy, amount]) => ({ strategy, realized: decimalText(amount) })),
  };
}

/** The commissions counted, those of earlier versions with them. */
function chargesOf(state: AttributionState): Record<string, CountedCommission> {
  return Object.fromEntries(
    Object.entries(state.charged).map(([id, charge]) => {
      if (typeof charge !== 'string') return [id, charge];
      const { base, revision } = executionBase(id);
      return [base, { layer: charge, revision, commission: null }];
    }),
  );
}

/** One trade on a layer: what the layer holds afterwards (null: nothing) and what closing realised a unit of multiplier. */
function traded(
  held: Pick<OpenLayer, 'quantity' | 'averagePrice'> | undefined,
  signed: Decimal,
  price: Decimal,
): { readonly next: Pick<OpenLayer, 'quantity' | 'averagePrice'> | null; readonly gain: Decimal } {
  const quantity = new Decimal(held?.quantity ?? 0);
  const average = new Decimal(held?.averagePrice ?? 0);
  const rest = quantity.add(signed);
  const opens = quantity.isZero() || quantity.isPositive() === signed.isPositive();
  const closed = opens
    ? new Decimal(0)
    : Decimal.min(signed.abs(), quantity.abs()).mul(quantity.isPositive() ? 1 : -1);
  const gain = price.sub(average).mul(closed);
  if (rest.isZero()) return { next: null, gain };
  // A trade beyond what the layer held turns it: the excess is held at the trade's price.
  const turned = !opens && rest.isPositive() !== quantity.isPositive();
  const paid = opens ? quantity.mul(average).add(signed.mul(price)).div(rest).toDecimalPlaces(12) : average;
  return {
    next: { quantity: decimalText(rest), averagePrice: decimalText(turned ? price : paid) },
    gain,
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
    executions: kept(state.executions, (_, { layer }) => layer),
    charged: kept(state.charged, (_, charge) => (typeof charge === 'string' ? charge : charge.layer)),
  };
}

function dataOf<T extends FillEvent['metadata']['type']>(
  events: readonly FillEvent[],
  type: T,
): readonly EventData<T>[] {
  return events.filter(({ metadata }) => metadata.type === type).map(({ data }) => data as EventData<T>);
}

/** Fills in the order in which they happened; of one instant, by execution id. */
function inOrder(fills: readonly EventData<'OrderFilled'>[]): readonly EventData<'OrderFilled'>[] {
  return [...fills].sort(
    (left, right) =>
      left.executedAt.localeCompare(right.executedAt, 'en') ||
      (left.execId < right.execId ? -1 : left.execId > right.execId ? 1 : 0),
  );
}
