import type { OrderChange } from '#core/broker/order-facts.ts';
import {
  isOpen,
  type OrderRecord,
  openOrderIndex,
  openOrderIndexKey,
  orderRecord,
} from '#core/broker/order-record.ts';
import type { Commit, CommitResult } from '#core/events/desk-store.ts';
import { stateKeys } from '#core/events/state-keys.ts';
import type { JournalWriter } from './journal-writer.ts';

interface Held {
  readonly record: OrderRecord;
  readonly version: number;
}

interface Failed {
  readonly fault: unknown;
}

/** Reads of at most this many items fit one call. */
const BATCH = 90;

/** The record of an order changed under the bridge's hands: another bridge is at work, so this one must not be. */
export class FencedOffError extends Error {
  readonly code = 'FencedOff';
  readonly retryable = false;
  constructor(what: string) {
    super(`${what} was changed by somebody else; this bridge no longer holds the lease`);
    this.name = 'FencedOffError';
  }
}

/**
 * The orders as stored, with a cache of those that are open. The bridge that holds the lease is their only writer, so the
 * cache is right until a commit says otherwise.
 */
export class OrderLedger {
  readonly #writer: JournalWriter;
  readonly #records = new Map<string, Held>();
  readonly #byPermId = new Map<number, string>();
  /** Records that are being read. */
  readonly #coming = new Map<string, Promise<Failed | undefined>>();
  /** Counts resets: what was asked for before one is not held after it. */
  #life = 0;
  #open = new Set<string>();
  #indexVersion = 0;
  #loaded = false;

  constructor(writer: JournalWriter) {
    this.#writer = writer;
  }

  /** Forgets everything, for instance when the lease was lost. */
  reset(): void {
    this.#life += 1;
    this.#coming.clear();
    this.#records.clear();
    this.#byPermId.clear();
    this.#open = new Set();
    this.#indexVersion = 0;
    this.#loaded = false;
  }

  /** Reads the open orders of earlier lives, once. */
  async load(): Promise<void> {
    if (this.#loaded) return;
    const [index] = await this.#writer.read([openOrderIndexKey]);
    const refs = index === null || index === undefined ? [] : openOrderIndex.parse(index.value).orderRefs;
    this.#indexVersion = index?.version ?? 0;
    this.#open = new Set(refs);
    for (let start = 0; start < refs.length; start += BATCH)
      await this.#fetch(refs.slice(start, start + BATCH));
    this.#loaded = true;
  }

  /** @throws what the store threw where the record cannot be read */
  async get(orderRef: string): Promise<OrderRecord | null> {
    if (!this.#records.has(orderRef)) {
      this.expect(orderRef);
      const failed = await this.#coming.get(orderRef);
      if (failed !== undefined) throw failed.fault;
    }
    return this.#records.get(orderRef)?.record ?? null;
  }

  /**
   * Begins to read a record that will be asked for. What arrives together is read together: after a restart the broker
   * tells a whole day's executions again.
   */
  expect(orderRef: string): void {
    if (!this.#records.has(orderRef) && !this.#coming.has(orderRef))
      this.#coming.set(orderRef, this.#read(orderRef));
  }

  /** The fault, for whoever asks for the record; nobody may. */
  async #read(orderRef: string): Promise<Failed | undefined> {
    const life = this.#life;
    try {
      const [item] = await this.#writer.read([stateKeys.brokerOrder(orderRef)]);
      // What this bridge has written meanwhile is newer than what was read.
      if (item !== null && item !== undefined && life === this.#life && !this.#records.has(orderRef))
        this.#hold({ record: orderRecord.parse(item.value), version: item.version });
      return undefined;
    } catch (fault) {
      return { fault };
    } finally {
      if (life === this.#life) this.#coming.delete(orderRef);
    }
  }

  /** The record as last seen, without asking the store. */
  peek(orderRef: string): OrderRecord | null {
    return this.#records.get(orderRef)?.record ?? null;
  }

  refOfPermId(permId: number): string | null {
    return this.#byPermId.get(permId) ?? null;
  }

  /** The open orders, oldest submission first. */
  openRecords(): readonly OrderRecord[] {
    return [...this.#open]
      .map((ref) => this.#records.get(ref)?.record)
      .filter((record): record is OrderRecord => record !== undefined)
      .sort((a, b) =>
        a.submittedAt === b.submittedAt
          ? compare(a.orderRef, b.orderRef)
          : compare(a.submittedAt, b.submittedAt),
      );
  }

  /**
   * Commits changed or new records with what the journal is told about them, all or nothing. `unique` says that a repeated
   * entry means that all of this was done before; otherwise entries that are already journaled are left out.
   */
  async commit(
    changes: readonly OrderChange[],
    extra: Pick<Commit, 'checks' | 'processed'> & {
      readonly unique?: boolean;
      readonly entries?: Commit['entries'];
    } = {},
  ): Promise<CommitResult> {
    const open = new Set(this.#open);
    for (const { record } of changes) {
      if (isOpen(record)) open.add(record.orderRef);
      else open.delete(record.orderRef);
    }
    const indexChanged = open.size !== this.#open.size || [...open].some((ref) => !this.#open.has(ref));
    const change: Commit = {
      entries: [...changes.flatMap(({ entries }) => entries), ...(extra.entries ?? [])],
      writes: [
        ...changes.map(({ record }) => ({
          key: stateKeys.brokerOrder(record.orderRef),
          value: record,
          expectedVersion: this.#records.get(record.orderRef)?.version ?? 0,
        })),
        ...(indexChanged
          ? [
              {
                key: openOrderIndexKey,
                value: { orderRefs: [...open].sort() },
                expectedVersion: this.#indexVersion,
              },
            ]
          : []),
      ],
      ...(extra.checks === undefined ? {} : { checks: extra.checks }),
      ...(extra.processed === undefined ? {} : { processed: extra.processed }),
    };
    const result =
      extra.unique === true ? await this.#writer.commit(change) : await this.#writer.append(change);
    if (result.kind !== 'committed') return result;
    for (const { record } of changes) {
      this.#hold({ record, version: (this.#records.get(record.orderRef)?.version ?? 0) + 1 });
    }
    this.#open = open;
    if (indexChanged) this.#indexVersion += 1;
    return result;
  }

  /**
   * Applies what one message says to an order and commits it; nothing is written where nothing changed. `retold` marks what
   * the broker tells again when asked: as long as it is no event and ends nothing, it is written with the next change of
   * the record, so that a fill does not wait for the status before it.
   * @throws FencedOffError where somebody else has written the record
   */
  async update(
    orderRef: string,
    decide: (record: OrderRecord) => OrderChange,
    { retold = false }: { readonly retold?: boolean } = {},
  ): Promise<OrderRecord | null> {
    for (let attempt = 0; attempt < 3; attempt++) {
      const record = await this.get(orderRef);
      if (record === null) return null;
      const change = decide(record);
      if (change.entries.length === 0 && sameRecord(change.record, record)) return record;
      if (retold && change.entries.length === 0 && isOpen(change.record) === isOpen(record)) {
        this.#hold({ record: change.record, version: this.#records.get(orderRef)?.version ?? 0 });
        return change.record;
      }
      const result = await this.commit([change]);
      if (result.kind === 'committed') return change.record;
      await this.#refresh(orderRef);
    }
    throw new FencedOffError(`the record of order ${orderRef}`);
  }

  /** Reads a record and the index again: a first try may have been taken after all. */
  async #refresh(orderRef: string): Promise<void> {
    this.#records.delete(orderRef);
    const [index] = await this.#writer.read([openOrderIndexKey]);
    this.#indexVersion = index?.version ?? 0;
    if (index !== null && index !== undefined)
      this.#open = new Set(openOrderIndex.parse(index.value).orderRefs);
    await this.#fetch([orderRef]);
  }

  async #fetch(refs: readonly string[]): Promise<void> {
    const items = await this.#writer.read(refs.map((ref) => stateKeys.brokerOrder(ref)));
    for (const item of items) {
      if (item !== null) this.#hold({ record: orderRecord.parse(item.value), version: item.version });
    }
  }

  #hold(held: Held): void {
    this.#records.set(held.record.orderRef, held);
    if (held.record.permId !== null && held.record.permId > 0)
      this.#byPermId.set(held.record.permId, held.record.orderRef);
  }
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function sameRecord(left: OrderRecord, right: OrderRecord): boolean {
  return left === right || JSON.stringify(left) === JSON.stringify(right);
}
