import type { InstrumentId } from '#core/market/instrument.ts';

/** What the index needs to know of an order. */
interface Indexed {
  readonly permId: number;
  readonly instrument: InstrumentId;
  readonly parentPermId: number;
  readonly ocaGroup: string;
}

/**
 * Orders that are not final, by instrument, group and parent, oldest first: a day of finished orders costs a bar
 * nothing. Derived from the orders; rebuilt when state is restored.
 */
export class OrderIndex<O extends Indexed> {
  readonly #byInstrument = new Map<InstrumentId, Map<number, O>>();
  readonly #byGroup = new Map<string, Map<number, O>>();
  /** Children by parent, final ones too: what they filled counts against what the parent's position still needs. */
  readonly #children = new Map<number, Map<number, O>>();

  /** Takes in an order that is not final. Orders arrive in the order of their permIds. */
  add(order: O): void {
    put(this.#byInstrument, order.instrument, order);
    if (order.ocaGroup !== '') put(this.#byGroup, order.ocaGroup, order);
    this.addChild(order);
  }

  /** Takes in a child, final or not. */
  addChild(order: O): void {
    if (order.parentPermId !== 0) put(this.#children, order.parentPermId, order);
  }

  /** An order has become final. */
  settle(order: O): void {
    drop(this.#byInstrument, order.instrument, order);
    drop(this.#byGroup, order.ocaGroup, order);
  }

  /** An order leaves the state. */
  forget(order: O): void {
    this.settle(order);
    drop(this.#children, order.parentPermId, order);
  }

  /** Orders of an instrument that are not final; a copy, as what is done with them changes the index. */
  ofInstrument(instrument: InstrumentId): O[] {
    return [...(this.#byInstrument.get(instrument)?.values() ?? [])];
  }

  ofGroup(group: string): O[] {
    return [...(this.#byGroup.get(group)?.values() ?? [])];
  }

  childrenOf(permId: number): O[] {
    return [...(this.#children.get(permId)?.values() ?? [])];
  }
}

function put<K, O extends Indexed>(index: Map<K, Map<number, O>>, key: K, order: O): void {
  const found = index.get(key);
  if (found === undefined) index.set(key, new Map([[order.permId, order]]));
  else found.set(order.permId, order);
}

function drop<K, O extends Indexed>(index: Map<K, Map<number, O>>, key: K, order: O): void {
  const found = index.get(key);
  if (found?.delete(order.permId) === true && found.size === 0) index.delete(key);
}
