import { decideLease, type Lease, lease as leaseSchema, released, renewed } from '#core/broker/lease.ts';
import { stateKeys } from '#core/events/state-keys.ts';
import { type EpochMillis, parseInstant } from '#core/values/clock.ts';
import type { BridgeLog, Schedule } from './bridge-context.ts';
import type { JournalWriter } from './journal-writer.ts';
import type { BridgeSettings } from './settings.ts';

/** The bridge's right to trade. Held by one task at a time; checked before each order and inside each order's commit. */
export class LeaseKeeper {
  readonly #writer: JournalWriter;
  readonly #schedule: Schedule;
  readonly #settings: BridgeSettings['lease'];
  readonly #log: BridgeLog;
  #held: { readonly lease: Lease; readonly version: number } | null = null;

  constructor(writer: JournalWriter, schedule: Schedule, settings: BridgeSettings['lease'], log: BridgeLog) {
    this.#writer = writer;
    this.#schedule = schedule;
    this.#settings = settings;
    this.#log = log;
  }

  /** The fencing token, 0 where the lease is not held. */
  get token(): number {
    return this.#held?.lease.token ?? 0;
  }

  /** Whether the lease is held and has not run out. */
  holds(): boolean {
    return this.#held !== null && parseInstant(this.#held.lease.expiresAt) > this.#schedule.now();
  }

  /** What a commit has to check so that it fails once somebody else holds the lease. */
  check(): { readonly key: typeof stateKeys.lease; readonly expectedVersion: number } {
    return { key: stateKeys.lease, expectedVersion: this.#held?.version ?? 0 };
  }

  /** Takes the lease if it is free or one's own. @returns null where it is held now, or when to try again */
  async acquire(): Promise<EpochMillis | null> {
    const [stored] = await this.#writer.read([stateKeys.lease]);
    const current = stored === null || stored === undefined ? null : leaseSchema.parse(stored.value);
    const now = this.#schedule.now();
    const decision = decideLease(current, this.#settings.owner, now, this.#settings.duration);
    if (decision.kind === 'wait') {
      this.#log('info', 'another bridge holds the lease', { owner: decision.owner, until: decision.until });
      return decision.until;
    }
    const written = await this.#write(decision.lease, stored?.version ?? 0);
    return written ? null : now + this.#settings.renewEvery;
  }

  /** Holds on for longer. @returns false where the lease is lost */
  async renew(): Promise<boolean> {
    if (this.#held === null) return false;
    const { lease, version } = this.#held;
    if (!this.holds()) {
      this.#held = null;
      return false;
    }
    return this.#write(renewed(lease, this.#schedule.now(), this.#settings.duration), version);
  }

  async release(): Promise<void> {
    if (this.#held === null) return;
    const { lease, version } = this.#held;
    this.#held = null;
    await this.#writer.commit({
      entries: [],
      writes: [
        { key: stateKeys.lease, value: released(lease, this.#schedule.now()), expectedVersion: version },
      ],
    });
  }

  forget(): void {
    this.#held = null;
  }

  async #write(lease: Lease, expectedVersion: number): Promise<boolean> {
    const result = await this.#writer.commit({
      entries: [],
      writes: [{ key: stateKeys.lease, value: lease, expectedVersion }],
    });
    if (result.kind === 'committed') {
      this.#held = { lease, version: expectedVersion + 1 };
      return true;
    }
    // The store may have taken the first of two tries; then the item is ours after all.
    const [stored] = await this.#writer.read([stateKeys.lease]);
    const current = stored === null || stored === undefined ? null : leaseSchema.parse(stored.value);
    const ours =
      current?.owner === lease.owner &&
      current.token === lease.token &&
      current.expiresAt === lease.expiresAt;
    this.#held = ours && stored !== null && stored !== undefined ? { lease, version: stored.version } : null;
    return ours;
  }
}
