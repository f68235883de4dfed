import type { InstrumentId } from '#core/market/instrument.ts';

/** What the index needs to know of an order. */
interface Indexed {
  readonly permId: number;
  readonly instrument: InstrumentId;
  readonly parentPermId: number;
  readonly ocaGroup: string;
  readonly timeInForce: string;
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
  /** Orders good till a date, by permId. */
  readonly #dated = new Map<number, O>();
  /** Orders that came, or whose terms changed, since they were last asked for. */
  #fresh = new Set<O>();

  /** Takes in an order that is not final. Orders arrive in the order of their permIds. */
  add(order: O): void {
    put(this.#byInstrument, order.instrument, order);
    if (order.ocaGroup !== '') put(this.#byGroup, order.ocaGroup, order);
    this.addChild(order);
    this.changed(order);
  }

  /** The terms of an order that is not final have changed. */
  changed(order: O): void {
    if (order.timeInForce === 'GTD') this.#dated.set(order.permId, order);
    else this.#dated.delete(order.permId);
    this.#fresh.add(order);
  }

  /** Takes in a child, final or not. */
  addChild(order: O): void {
    if (order.parentPermId !== 0) put(this.#children, order.parentPermId, order);
  }

  /** An order has become final. */
  settle(order: O): void {
    drop(this.#byInstrument, order.instrument, order);
    drop(this.#byGroup, order.ocaGroup, order);
    this.#dated.delete(order.permId);
    this.#fresh.delete(order);
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

  /** Orders good till a date that are not final; a copy. */
  dated(): O[] {
    return [...this.#dated.values()];
  }

  /** Orders that are not final and came, or changed, since the last call. */
  takeFresh(): Iterable<O> {
    const fresh = this.#fresh;
    this.#fresh = new Set();
    return fresh;
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
