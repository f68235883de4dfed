import type { JournalEntry } from './new-event.ts';

/** The address of one state item: the table's partition and sort key. */
export interface StateKey {
  readonly partition: string;
  readonly sort: string;
}

/** A state item: any JSON value, and the number of times it has been written. */
export interface StoredState {
  readonly value: unknown;
  readonly version: number;
}

/** An event of the journal with the canonical text it was appended as: the audit's leaf, byte for byte. */
export interface StoredEntry {
  readonly correlationId: string;
  readonly sortKey: string;
  readonly canonical: string;
}

/**
 * Everything one handling changes, committed together or not at all: the events it says, the state it leaves, the
 * versions it relied on, and the mark that its cause is dealt with. This is the only way anything is written.
 */
export interface Commit {
  readonly entries: readonly JournalEntry[];
  /** `expectedVersion` 0: the item must not exist yet. */
  readonly writes?: readonly {
    readonly key: StateKey;
    readonly value: unknown;
    readonly expectedVersion: number;
  }[];
  /** Items that were read and must not have changed. */
  readonly checks?: readonly { readonly key: StateKey; readonly expectedVersion: number }[];
  /** Causes this commit deals with; a second commit for any of them is a duplicate. */
  readonly processed?: { readonly consumer: string; readonly eventIds: readonly string[] };
}

export type CommitResult =
  | { readonly kind: 'committed' }
  /** A cause was already dealt with, or one of the events is already in the journal: nothing was written. */
  | { readonly kind: 'duplicate'; readonly of: 'cause' | 'entry'; readonly ids: readonly string[] }
  /** State changed since it was read: nothing was written; read again and decide again. */
  | { readonly kind: 'conflict'; readonly keys: readonly StateKey[] };

/** Where an event stands in the journal; known without a search because keys are derived from what the event is. */
export interface EntryReference {
  readonly correlationId: string;
  readonly type: string;
  readonly key: string;
}

/** Journal and state as one port. Reads are strongly consistent. */
export interface DeskStore {
  /** The items in the order asked for; null where there is none. At most 100. */
  read(keys: readonly StateKey[]): Promise<readonly (StoredState | null)[]>;
  commit(commit: Commit): Promise<CommitResult>;
  /** The entries in the order asked for; null where there is none. At most 100. */
  entries(references: readonly EntryReference[]): Promise<readonly (StoredEntry | null)[]>;
  /** Entries of one correlation in sort-key order, of the given types only where types are given. */
  journal(correlationId: string, types?: readonly string[]): Promise<readonly StoredEntry[]>;
}

/** A commit that the store cannot take at all: too many items. A design error of the caller, not a passing fault. */
export class CommitTooLargeError extends Error {
  readonly code = 'CommitTooLarge';
  readonly retryable = false;
  constructor(items: number) {
    super(
      `a commit of ${items} items exceeds the 100 that one transaction holds; split the batch before committing`,
    );
    this.name = 'CommitTooLargeError';
  }
}

/** A commit that touches one item twice: no transaction can. A design error of the caller, not a passing fault. */
export class RepeatedItemError extends Error {
  readonly code = 'RepeatedItem';
  readonly retryable = false;
  constructor(item: string) {
    super(`a commit names ${item} more than once; merge what belongs to one item before committing`);
    this.name = 'RepeatedItemError';
  }
}
