import type { Intent } from '#contracts/events/orders.ts';
import type { EngineOrder, OrderRequest } from './order.ts';

/** An order that the gate has let pass, for the engine to enter under its parent. */
export interface Placement {
  readonly request: OrderRequest;
  readonly parent: EngineOrder | null;
  readonly intent: Intent;
}

export type Permission =
  | { readonly kind: 'permitted'; readonly placements: readonly Placement[] }
  /** An exit at the side of an entry: it works only for what the entry has filled, in one group with the entry's stop. */
  | { readonly kind: 'attached'; readonly layer: string }
  | { readonly kind: 'refused'; readonly limit: string };

/** What the desk's machinery asks of the engine after the bars of one instant. */
export interface Reaction {
  /** Why every working order that is no stop is to be cancelled first; null where none is. */
  readonly cancel: string | null;
  readonly placements: readonly Placement[];
  readonly stopMoves: readonly { readonly order: EngineOrder; readonly stopPrice: number }[];
}
