import type { EventData } from '#contracts/registry.ts';

/** What the desk's book expects of the account. */
export interface ExpectedAccount {
  /** The account that the book was opened for; null in books of earlier versions. */
  readonly account: string | null;
  readonly currency: string;
  readonly cash: string;
  /** Units by instrument; absent is zero. */
  readonly positions: ReadonlyMap<string, string>;
  /** What the book last heard of holdings that are not the desk's; null for nothing. */
  readonly foreign: Pick<EventData<'ForeignHoldingsObserved'>, 'positions' | 'orders' | 'cash'> | null;
  /** Whether the book does not have an execution of a layer yet; false of a layer that it has let go of or never knew. */
  readonly awaits: (layer: string, execId: string) => boolean;
}
