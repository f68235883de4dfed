import type { OrderChange } from '#core/broker/order-facts.ts';
import {
  isOpen,
  isUnfinished,
  type OrderRecord,
  orderRecord,
  sameRecord,
  unfinishedOrders,
  unfinishedOrdersKey,
} from '#core/broker/order-record.ts';
import type { Commit, CommitResult } from '#core/events/desk-store.ts';
import type { JournalEntry } from '#core/events/new-event.ts';
import { stateKeys } from '#core/events/state-keys.ts';
import { FencedOffError } from './fenced-off.ts';
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
/** Records and entries that are kept back for one commit at the most: a larger one would take longer than it saves. */
const MOST_TOGETHER = 24;
const ATTEMPTS = 3;

/**
 * The orders as stored, with a cache of those that are not finished. The bridge that holds the lease is their only writer, so the
 * cache is right until a commit says otherwise.
 *
 * What the broker reports is kept back until all that came with it has been looked at, or until something else is
 * committed, and then stored in one commit: a filled bracket is a dozen reports. What is kept back is lost with the
 * process, and the broker tells it again.
 */
export class OrderLedger {
  readonly #writer: JournalWriter;
  readonly #records = new Map<string, Held>();
  readonly #byPermId = new Map<number, string>();
  /** Records that are being read. */
  readonly #coming = new Map<string, Promise<Failed | undefined>>();
  /** Counts resets: what was asked for before one is not held after it. */
  #life = 0;
  #unfinished = new Set<string>();
  /** The unfinished orders as the stored index has them. */
  #indexed: ReadonlySet<string> = new Set();
  #indexVersion = 0;
  #loaded = false;
  /** Orders whose records are not stored as they are held. */
  #keptBack = new Set<string>();
  #keptEntries: JournalEntry[] = [];

  constructor(writer: JournalWriter) {
    this.#writer = writer;
    writer.settleFirst(() => this.#settle());
  }

  /** Forgets everything, for instance when the lease was lost. */
  reset(): void {
    this.#life += 1;
    this.#coming.clear();
    this.#records.clear();
    this.#byPermId.clear();
    this.#unfinished = new Set();
    this.#indexed = new Set();
    this.#indexVersion = 0;
    this.#loaded = false;
    this.#keptBack = new Set();
    this.#keptEntries = [];
  }

  /**
   * Reads everything anew: what is stored is not what was held. Until it is read nothing else is done, because a ledger that
   * has forgotten its orders would say of each that there is none.
   */
  async reload(): Promise<void> {
    this.reset();
    await this.load();
  }

  /** Reads the unfinished orders of earlier processes, once. */
  async load(): Promise<void> {
    if (this.#loaded) return;
    const refs = await this.#readIndex();
    this.#unfinished = new Set(refs);
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

  /** All orders that are held, finished or not. */
  *heldRecords(): Generator<OrderRecord> {
    for (const { record } of this.#records.values()) yield record;
  }

  /** The open orders, oldest submission first. */
  openRecords(): readonly OrderRecord[] {
    return this.unfinishedRecords().filter(isOpen);
  }

  /** The open orders, and those of which earlier tries are to be withdrawn, oldest submission first. */
  unfinishedRecords(): readonly OrderRecord[] {
    return [...this.#unfinished]
      .map((ref) => this.#records.get(ref)?.record)
      .filter((record): record is OrderRecord => record !== undefined)
      .sort((a, b) =>
        a.submittedAt === b.submittedAt
          ? compare(a.orderRef, b.orderRef)
          : compare(a.submittedAt, b.submittedAt),
      );
  }

  /**
   * Commits changed or new records with what the journal is told about them, all or nothing, after what is kept back.
   * `unique` says that a repeated entry means that all of this was done before; otherwise entries that are already journaled
   * are left out.
   */
  async commit(
    changes: readonly OrderChange[],
    extra: Pick<Commit, 'checks' | 'processed'> & { readonly unique?: boolean } = {},
  ): Promise<CommitResult> {
    await this.#writer.flush();
    const unfinished = new Set(this.#unfinished);
    for (const { record } of changes) {
      if (isUnfinished(record)) unfinished.add(record.orderRef);
      else unfinished.delete(record.orderRef);
    }
    const change: Commit = {
      entries: changes.flatMap(({ entries }) => entries),
      writes: this.#writes(
        changes.map(({ record }) => record),
        unfinished,
      ),
      ...(extra.checks === undefined ? {} : { checks: extra.checks }),
      ...(extra.processed === undefined ? {} : { processed: extra.processed }),
    };
    const result =
      extra.unique === true ? await this.#writer.commit(change) : await this.#writer.append(change);
    if (result.kind === 'duplicate' && result.of === 'cause') {
      // The command was dealt with by a commit whose answer was lost: what that one stored is newer than what is held.
      await this.#refresh(changes.map(({ record }) => record.orderRef));
    }
    if (result.kind !== 'committed') return result;
    for (const { record } of changes) this.#hold({ record, version: this.#version(record.orderRef) + 1 });
    this.#stored(unfinished);
    return result;
  }

  /**
   * Applies a change to an order and commits it; nothing is written where nothing changed.
   * @throws FencedOffError where somebody else has written the record
   */
  async update(orderRef: string, decide: (record: OrderRecord) => OrderChange): Promise<OrderRecord | null> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const record = await this.get(orderRef);
      if (record === null) return null;
      const change = decide(record);
      if (change.entries.length === 0 && sameRecord(change.record, record)) return record;
      const result = await this.commit([change]);
      if (result.kind === 'committed') return change.record;
      await this.#refresh([orderRef]);
    }
    throw new FencedOffError(`the record of order ${orderRef} was changed by somebody else`);
  }

  /**
   * Applies what the broker says of an order, which it says again when asked, and keeps it back for a commit with what came
   * together with it. What is no event and ends nothing waits for the next change of the record.
   */
  async report(orderRef: string, decide: (record: OrderRecord) => OrderChange): Promise<OrderRecord | null> {
    const record = await this.get(orderRef);
    if (record === null) return null;
    const change = decide(record);
    if (change.entries.length === 0 && isUnfinished(change.record) === isUnfinished(record))
      this.#hold({ record: change.record, version: this.#version(orderRef) });
    else await this.#keepBack(change);
    return change.record;
  }

  async #keepBack({ record, entries }: OrderChange): Promise<void> {
    const { orderRef } = record;
    const ids = new Set(entries.map(({ event }) => event.metadata.id));
    const full = this.#keptBack.size + this.#keptEntries.length + entries.length >= MOST_TOGETHER;
    const repeats = this.#keptEntries.some(({ event }) => ids.has(event.metadata.id));
    // Bars that came before go before.
    if (full || repeats || this.#writer.defers) await this.#writer.flush();
    this.#hold({ record, version: this.#version(orderRef) });
    if (isUnfinished(record)) this.#unfinished.add(orderRef);
    else this.#unfinished.delete(orderRef);
    this.#keptBack.add(orderRef);
    this.#keptEntries.push(...entries);
    this.#writer.flushSoon();
  }

  /**
   * Commits what is kept back.
   * @throws FencedOffError where somebody else has written one of the records; then nothing is held any more
   */
  async #settle(): Promise<void> {
    if (this.#keptBack.size === 0) return;
    const records = [...this.#keptBack].map((ref) => (this.#records.get(ref) as Held).record);
    const entries = this.#keptEntries;
    this.#keptBack = new Set();
    this.#keptEntries = [];
    try {
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const { kind } = await this.#writer.appendNow({
          entries,
          writes: this.#writes(records, this.#unfinished),
        });
        if (kind === 'committed') {
          for (const record of records) this.#hold({ record, version: this.#version(record.orderRef) + 1 });
          this.#stored(this.#unfinished);
          return;
        }
        if (await this.#areStored(records)) return;
      }
      throw new FencedOffError(
        `a record among ${records.map(({ orderRef }) => orderRef).join(', ')} was changed by somebody else`,
      );
    } catch (fault) {
      this.reset();
      throw fault;
    }
  }

  /** Whether records are stored as they are held: the first of two tries may have been taken after all. */
  async #areStored(records: readonly OrderRecord[]): Promise<boolean> {
    const items = await this.#writer.read(records.map(({ orderRef }) => stateKeys.brokerOrder(orderRef)));
    const same = records.every((record, i) => JSON.stringify(items[i]?.value) === JSON.stringify(record));
    if (!same) return false;
    for (const [i, record] of records.entries()) this.#hold({ record, version: items[i]?.version ?? 0 });
    await this.#readIndex();
    return true;
  }

  /** The writes that store records as given and the index of the unfinished orders where it does not say so already. */
  #writes(records: readonly OrderRecord[], unfinished: ReadonlySet<string>): NonNullable<Commit['writes']> {
    return [
      ...records.map((record) => ({
        key: stateKeys.brokerOrder(record.orderRef),
        value: record,
        expectedVersion: this.#version(record.orderRef),
      })),
      ...(sameSet(unfinished, this.#indexed)
        ? []
        : [
            {
              key: unfinishedOrdersKey,
              value: { orderRefs: [...unfinished].sort() },
              expectedVersion: this.#indexVersion,
            },
          ]),
    ];
  }

  #version(orderRef: string): number {
    return this.#records.get(orderRef)?.version ?? 0;
  }

  /** Takes in that records and the index of the unfinished orders are stored. */
  #stored(unfinished: ReadonlySet<string>): void {
    if (!sameSet(unfinished, this.#indexed)) this.#indexVersion += 1;
    this.#indexed = new Set(unfinished);
    this.#unfinished = new Set(unfinished);
  }

  /** Reads records and the index again: a first try may have been taken after all. */
  async #refresh(orderRefs: readonly string[]): Promise<void> {
    for (const orderRef of orderRefs) this.#records.delete(orderRef);
    this.#unfinished = new Set(await this.#readIndex());
    await this.#fetch(orderRefs);
  }

  async #readIndex(): Promise<readonly string[]> {
    const [index] = await this.#writer.read([unfinishedOrdersKey]);
    const refs = index === null || index === undefined ? [] : unfinishedOrders.parse(index.value).orderRefs;
    this.#indexVersion = index?.version ?? 0;
    this.#indexed = new Set(refs);
    return refs;
  }

  async #fetch(refs: readonly string[]): Promise<void> {
    const items = await this.#writer.read(refs.map((ref) => stateKeys.brokerOrder(ref)));
    for (const item of items) {
      if (item !== null) this.#hold({ record: orderRecord.parse(item.value), version: item.version });
    }
  }

  #hold(held: Held): void {
    const { orderRef, permId } = held.record;
    const before = this.#records.get(orderRef)?.record.permId ?? null;
    // An order in a new life: what is told under the old one's id is not about it.
    if (before !== null && before !== permId) this.#byPermId.delete(before);
    this.#records.set(orderRef, held);
    if (permId !== null && permId > 0) this.#byPermId.set(permId, orderRef);
  }
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function sameSet(left: ReadonlySet<string>, right: ReadonlySet<string>): boolean {
  return left.size === right.size && [...left].every((ref) => right.has(ref));
}
