import type { Commit, StateKey, StoredState } from '#core/events/desk-store.ts';
import { type HaltFlag, stateKeys } from '#core/events/state-keys.ts';
import type { JournalWriter } from './journal-writer.ts';

/** Why nothing may be opened, from the kill switch as stored; what cannot be read counts as thrown. */
export function haltReason(stored: unknown): string | null {
  if (stored === null || stored === undefined) return null;
  const flag = stored as Partial<HaltFlag>;
  if (flag.halted === false) return null;
  return typeof flag.reason === 'string' && flag.reason !== '' ? flag.reason : 'the halt flag is set';
}

/** The kill switch as it was last read. What opens a position checks in its own commit that it is still so. */
export class KillSwitch {
  readonly #writer: JournalWriter;
  #seen: { readonly reason: string | null; readonly version: number } | null = null;

  constructor(writer: JournalWriter) {
    this.#writer = writer;
  }

  /** Whether it was read and was not thrown. */
  get wasOff(): boolean {
    return this.#seen?.reason === null;
  }

  async read(): Promise<string | null> {
    const [stored] = await this.#writer.read([stateKeys.halt]);
    return this.observe(stored);
  }

  /** Takes in the item as it was read with others. @returns why nothing may be opened, or null */
  observe(stored: StoredState | null | undefined): string | null {
    const reason = haltReason(stored?.value);
    this.#seen = { reason, version: stored?.version ?? 0 };
    return reason;
  }

  /** What a commit has to check so that it fails once the switch has been touched. */
  check(): NonNullable<Commit['checks']>[number] {
    return { key: stateKeys.halt, expectedVersion: this.#seen?.version ?? 0 };
  }

  /** Whether a commit failed for the switch and for nothing else. */
  alone(conflicts: readonly StateKey[]): boolean {
    const { partition, sort } = stateKeys.halt;
    return conflicts.length > 0 && conflicts.every((key) => key.partition === partition && key.sort === sort);
  }
}
