import type { Intent } from '#contracts/events/orders.ts';
import { Decimal } from '#core/values/decimal.ts';
import { memoizeByIdentity } from '#core/values/memo.ts';

/** A position is its layers (lots). Each has its own resting stop at the broker and is closed on its own. */
export interface Position {
  readonly instrument: string;
  readonly layers: Readonly<Record<string, Layer>>;
  readonly plan: Intent['plan'];
  readonly initialRisk: string | null;
  readonly target: string | null;
}

export interface Layer {
  readonly intentId: string;
  readonly positionId: string;
  readonly strategy: string;
  readonly direction: 'long' | 'short';
  readonly openedAt: string;
  readonly stop: string | null;
  /** Executions by id: what a layer is worth does not depend on the order in which they arrived. */
  readonly opening: Readonly<Record<string, Execution>>;
  readonly closing: Readonly<Record<string, Execution>>;
}

export interface Execution {
  readonly quantity: string;
  readonly price: string;
  /** The execution that this one takes the place of; null for an original. Both are kept, whichever arrives first. */
  readonly corrects: string | null;
}

// What follows from a layer or a position alone. A book is valued at every bar of what it holds and changes only with an
// execution or a moved stop, and a part of it is never written to: each figure is computed once.

const ZERO = new Decimal(0);

/**
 * The executions that count: those no other takes the place of, and of several that correct the same one the last by id.
 * It depends on which have arrived, never on the order they came in.
 */
export function counting(executions: Readonly<Record<string, Execution>>): readonly Execution[] {
  const correctedBy = new Map<string, string>();
  for (const [id, { corrects }] of Object.entries(executions)) {
    if (corrects !== null && id > (correctedBy.get(corrects) ?? '')) correctedBy.set(corrects, id);
  }
  return Object.entries(executions).flatMap(([id, execution]) => {
    const outranked = execution.corrects !== null && correctedBy.get(execution.corrects) !== id;
    return correctedBy.has(id) || outranked ? [] : [execution];
  });
}

/** Units of the executions that count. */
export const executedUnits = memoizeByIdentity(
  (executions: Readonly<Record<string, Execution>>): Decimal =>
    counting(executions).reduce((total, { quantity }) => total.plus(quantity), ZERO),
);
/** Money of the executions that count: units times price. */
export const executedValue = memoizeByIdentity(
  (executions: Readonly<Record<string, Execution>>): Decimal =>
    counting(executions).reduce(
      (total, { quantity, price }) => total.plus(new Decimal(quantity).times(price)),
      ZERO,
    ),
);

/** Units of a layer still open, unsigned. Negative only while a closing execution has overtaken its opening one. */
export const layerQuantity = memoizeByIdentity(
  (layer: Layer): Decimal => executedUnits(layer.opening).minus(executedUnits(layer.closing)),
);

/** Average price of the layer's opening executions; null before the first. */
export const layerAveragePrice = memoizeByIdentity((layer: Layer): Decimal | null => {
  const opened = executedUnits(layer.opening);
  return opened.isZero() ? null : executedValue(layer.opening).div(opened);
});

/**
 * P&L before fees of what a layer has both opened and closed: those units times the difference of their average prices, by
 * direction.
 */
export const layerRealized = memoizeByIdentity((layer: Layer): Decimal => {
  const openedAt = layerAveragePrice(layer);
  const closedAt = closingPrice(layer);
  if (openedAt === null || closedAt === null) return ZERO;
  const units = Decimal.min(executedUnits(layer.opening), executedUnits(layer.closing));
  return closedAt.minus(openedAt).times(units).times(signOf(layer));
});

/**
 * P&L before fees of a layer's units that are left, from what they cost to the mark, by direction. Where more was closed
 * than opened (a correction, or an opening execution still on its way) the excess cost what it was closed at.
 */
export function layerUnrealized(layer: Layer, mark: Decimal): Decimal {
  const left = layerQuantity(layer);
  if (left.isZero()) return ZERO;
  const cost = left.gt(0) ? layerAveragePrice(layer) : closingPrice(layer);
  return cost === null ? ZERO : mark.minus(cost).times(left).times(signOf(layer));
}

const closingPrice = memoizeByIdentity((layer: Layer): Decimal | null => {
  const closed = executedUnits(layer.closing);
  return closed.isZero() ? null : executedValue(layer.closing).div(closed);
});

const signOf = ({ direction }: Layer): 1 | -1 => (direction === 'long' ? 1 : -1);

/** Whether a layer's stop at one price protects less than at another. */
export const protectsLess = (direction: Layer['direction'], at: string, than: string): boolean =>
  direction === 'long' ? new Decimal(at).lt(than) : new Decimal(at).gt(than);

const signedUnits = memoizeByIdentity(
  (position: Position): Decimal =>
    Object.values(position.layers).reduce((total, layer) => {
      const open = layerQuantity(layer);
      return layer.direction === 'long' ? total.plus(open) : total.minus(open);
    }, ZERO),
);

/** Signed units held of an instrument: long positive. */
export const positionQuantity = (position: Position | undefined): Decimal =>
  position === undefined ? ZERO : signedUnits(position);

const layersLeft = memoizeByIdentity((position: Position): readonly Layer[] =>
  Object.values(position.layers)
    .filter((layer) => layerQuantity(layer).gt(0))
    .sort((left, right) =>
      left.openedAt === right.openedAt
        ? left.intentId < right.intentId
          ? -1
          : 1
        : left.openedAt < right.openedAt
          ? -1
          : 1,
    ),
);

/** Layers with units left, in the order they were opened. */
export const openLayers = (position: Position | undefined): readonly Layer[] =>
  position === undefined ? [] : layersLeft(position);

const averageOfLayers = memoizeByIdentity((position: Position): Decimal | null => {
  let units = ZERO;
  let value = ZERO;
  for (const layer of layersLeft(position)) {
    const open = layerQuantity(layer);
    units = units.plus(open);
    value = value.plus(open.times(layerAveragePrice(layer) ?? 0));
  }
  return units.isZero() ? null : value.div(units);
});

/** Average price over the open layers, weighted by open units; null when flat. */
export const positionAveragePrice = (position: Position | undefined): Decimal | null =>
  position === undefined ? null : averageOfLayers(position);
