import type {
  Commit,
  CommitResult,
  DeskStore,
  EntryReference,
  StateKey,
  StoredEntry,
  StoredState,
} from '#core/events/desk-store.ts';
import type { JournalEntry } from '#core/events/new-event.ts';
import type { BridgeLog, Schedule } from './bridge-context.ts';
import { type Patience, UnansweredError } from './patience.ts';

const LONGEST_PAUSE_MS = 5_000;
/** Deferred entries a commit: half of what a transaction can hold. */
const MOST_TOGETHER = 50;

/** Faults of the commit itself: no repetition mends them. */
const HOPELESS: ReadonlySet<unknown> = new Set(['CommitTooLarge', 'NotCanonical', 'RepeatedItem']);

class ContendedError extends Error {
  readonly code = 'Contended';
  readonly retryable = true;
  constructor() {
    super('another transaction has hold of an entry');
    this.name = 'ContendedError';
  }
}

/**
 * The store as the bridge uses it: what cannot be written now is written later, and until then nothing else happens, so
 * that the journal never has a gap. A bridge that waits here stops renewing its lease and its health, as it should.
 */
export class JournalWriter {
  readonly #store: DeskStore;
  readonly #schedule: Pick<Schedule, 'now' | 'post'>;
  readonly #patience: Pick<Patience, 'waitFor' | 'pause'>;
  readonly #log: BridgeLog;
  #deferred: JournalEntry[] = [];
  #settleFirst: () => Promise<void> = () => Promise.resolve();
  #flushing = false;

  constructor(
    store: DeskStore,
    schedule: Pick<Schedule, 'now' | 'post'>,
    patience: Pick<Patience, 'waitFor' | 'pause'>,
    log: BridgeLog,
  ) {
    this.#store = store;
    this.#schedule = schedule;
    this.#patience = patience;
    this.#log = log;
  }

  read(keys: readonly StateKey[]): Promise<readonly (StoredState | null)[]> {
    return this.#insist('read', () => this.#store.read(keys));
  }

  entries(references: readonly EntryReference[]): Promise<readonly (StoredEntry | null)[]> {
    return this.#insist('read', () => this.#store.entries(references));
  }

  journal(correlationId: string, types: readonly string[]): Promise<readonly StoredEntry[]> {
    return this.#insist('journal', () => this.#store.journal(correlationId, types));
  }

  /**
   * Commits, and again until there is an answer. A repeat may find its own first try: that comes back as a duplicate of a
   * cause or an entry, or as a conflict, and callers treat those by what is stored.
   */
  async commit(change: Commit): Promise<CommitResult> {
    await this.flush();
    return this.#commit(change);
  }

  /**
   * Keeps an entry that nobody waits for until the next commit or {@link flush}, whichever is first, so that bars that
   * close together are one transaction and the journal still says things in their order. What is kept is lost with the
   * process: only for what the broker can be asked for again.
   */
  defer(entry: JournalEntry): void {
    this.#deferred.push(entry);
    this.flushSoon();
  }

  /** Whether entries are being kept back. */
  get defers(): boolean {
    return this.#deferred.length > 0;
  }

  /** Has `settle` commit what somebody else keeps back, by {@link appendNow}, before anything is committed here. */
  settleFirst(settle: () => Promise<void>): void {
    this.#settleFirst = settle;
  }

  /** Flushes when all that waits in the mailbox now is done: what the broker says together is journaled together. */
  flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    this.#schedule.post(() => {
      this.#flushing = false;
      return this.flush();
    });
  }

  /** Journals what was kept back, less what the journal has already. */
  async flush(): Promise<void> {
    await this.#settleFirst();
    while (this.#deferred.length > 0)
      await this.appendNow({ entries: this.#deferred.splice(0, MOST_TOGETHER) });
  }

  /** Commits entries that may have been journaled before: those are left out. */
  async append(change: Commit): Promise<CommitResult> {
    await this.flush();
    return this.appendNow(change);
  }

  /** As {@link append}, before whatever is kept back. */
  async appendNow(change: Commit): Promise<CommitResult> {
    let entries = change.entries;
    for (;;) {
      const result = await this.#commit({ ...change, entries });
      if (result.kind !== 'duplicate' || result.of !== 'entry') return result;
      const repeated = new Set(result.ids);
      const rest = entries.filter(({ event }) => !repeated.has(event.metadata.id));
      if (rest.length === entries.length) return result;
      entries = rest;
    }
  }

  /**
   * A conflict over no state is another transaction's hold on an entry, as that of a first try which is still under way:
   * nothing was written and there is nothing to read again, so it is no answer.
   */
  #commit(change: Commit): Promise<CommitResult> {
    return this.#insist('commit', async () => {
      const result = await this.#store.commit(change);
      if (result.kind === 'conflict' && result.keys.length === 0) throw new ContendedError();
      return result;
    });
  }

  async #insist<T>(what: string, attempt: () => Promise<T>): Promise<T> {
    for (let failures = 0; ; failures++) {
      try {
        return await this.#patience.waitFor(`a ${what} of the store`, attempt);
      } catch (fault) {
        if (fault instanceof UnansweredError) throw fault;
        const code = typeof fault === 'object' && fault !== null && 'code' in fault ? fault.code : undefined;
        if (HOPELESS.has(code)) throw fault;
        this.#log('error', `the store does not answer a ${what}; trying again`, {
          failures: failures + 1,
          at: this.#schedule.now(),
          fault: fault instanceof Error ? fault.message : String(fault),
        });
        await this.#patience.pause(Math.min(LONGEST_PAUSE_MS, 100 * 2 ** failures));
      }
    }
  }
}
