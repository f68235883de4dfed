import type { CommandQueue, ReceivedCommand } from '#core/broker/command-queue.ts';
import type { Timer } from '#core/values/timer-clock.ts';
import type { BridgeLog, Schedule } from './bridge-context.ts';
import type { Patience } from './patience.ts';

const LONGEST_PAUSE_MS = 10_000;

/** Pulls commands from the queue and keeps those hidden from it that are not dealt with yet. */
export class CommandIntake {
  readonly #queue: CommandQueue;
  readonly #schedule: Schedule;
  readonly #visibilitySeconds: number;
  readonly #patience: Pick<Patience, 'waitFor' | 'pause'>;
  readonly #log: BridgeLog;
  #abort: AbortController | null = null;
  readonly #pending = new Map<string, string>();
  readonly #deletions = new Set<Promise<void>>();
  #timer: Timer | null = null;
  #loop: Promise<void> = Promise.resolve();

  constructor(
    queue: CommandQueue,
    schedule: Schedule,
    visibilitySeconds: number,
    patience: Pick<Patience, 'waitFor' | 'pause'>,
    log: BridgeLog,
  ) {
    this.#queue = queue;
    this.#schedule = schedule;
    this.#visibilitySeconds = visibilitySeconds;
    this.#patience = patience;
    this.#log = log;
  }

  /**
   * Begins to pull. Only the bridge that holds the lease does: another one would keep commands from it.
   * @param onCommand resolves when the command has had its turn; nothing is pulled before, so that asking for the next
   * command takes no time from this one
   */
  start(onCommand: (command: ReceivedCommand) => Promise<void>): void {
    if (this.#abort !== null) return;
    this.#abort = new AbortController();
    this.#loop = this.#run(this.#abort.signal, onCommand);
  }

  /** Whether a command is still this bridge's to deal with. */
  holds(messageId: string): boolean {
    return this.#pending.has(messageId);
  }

  /** The command's outcome is journaled: it need not come again. Nobody has to wait until the queue knows. */
  complete(messageId: string): void {
    const receipt = this.#forget(messageId);
    if (receipt === null) return;
    const deletion = this.#patience
      .waitFor('the deletion of a command', () => this.#queue.delete(receipt))
      .catch((fault: unknown) => {
        // It will come again and be recognised as a repeat.
        this.#log('warn', 'a command could not be deleted from its queue', {
          messageId,
          fault: String(fault),
        });
      })
      .finally(() => this.#deletions.delete(deletion));
    this.#deletions.add(deletion);
  }

  /** Somebody else, or this bridge later, is to deal with it; after `seconds`, so that what fails does not fail in a loop. */
  async giveBack(messageId: string, seconds = 0): Promise<void> {
    const receipt = this.#forget(messageId);
    if (receipt === null) return;
    try {
      await this.#extend(receipt, seconds);
    } catch (fault) {
      this.#log('warn', 'a command could not be given back; it returns when its time is up', {
        messageId,
        fault: String(fault),
      });
    }
  }

  /** Pulls no more and gives everything back. */
  async stop(): Promise<void> {
    const loop = this.#loop;
    this.#abort?.abort();
    this.#abort = null;
    await Promise.all([...this.#pending.keys()].map((messageId) => this.giveBack(messageId)));
    await Promise.all(this.#deletions);
    await loop;
  }

  async #run(signal: AbortSignal, onCommand: (command: ReceivedCommand) => Promise<void>): Promise<void> {
    let failures = 0;
    const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    while (!signal.aborted) {
      try {
        const commands = await this.#queue.receive(signal);
        failures = 0;
        const turns: Promise<void>[] = [];
        for (const command of commands) {
          if (signal.aborted) await this.#extend(command.receipt, 0);
          else turns.push(this.#take(command, onCommand));
        }
        await Promise.race([Promise.all(turns), aborted]);
      } catch (fault) {
        if (signal.aborted) return;
        failures += 1;
        this.#log('error', 'the command queue does not answer; trying again', {
          failures,
          fault: String(fault),
        });
        await this.#patience.pause(Math.min(LONGEST_PAUSE_MS, 100 * 2 ** failures));
      }
    }
  }

  async #take(
    command: ReceivedCommand,
    onCommand: (command: ReceivedCommand) => Promise<void>,
  ): Promise<void> {
    const known = this.#pending.has(command.messageId);
    this.#pending.set(command.messageId, command.receipt);
    this.#keepHidden();
    // A command whose hiding ran out while it waits here is the same command with a newer receipt.
    if (!known) await onCommand(command);
  }

  #extend(receipt: string, seconds: number): Promise<void> {
    return this.#patience.waitFor('the hiding of a command', () => this.#queue.extend(receipt, seconds));
  }

  #forget(messageId: string): string | null {
    const receipt = this.#pending.get(messageId) ?? null;
    this.#pending.delete(messageId);
    if (this.#pending.size === 0) {
      this.#timer?.cancel();
      this.#timer = null;
    }
    return receipt;
  }

  #keepHidden(): void {
    if (this.#timer !== null) return;
    this.#timer = this.#schedule.after((this.#visibilitySeconds * 1_000) / 2, () => {
      this.#timer = null;
      // Not waited for: while the queue does not answer, reports, the kill switch and the lease have their turns.
      for (const receipt of this.#pending.values())
        void this.#extend(receipt, this.#visibilitySeconds).catch((fault: unknown) => {
          this.#log('warn', 'a waiting command could not be kept hidden', { fault: String(fault) });
        });
      if (this.#pending.size > 0) this.#keepHidden();
    });
  }
}
