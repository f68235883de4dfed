import type { EventType } from '#contracts/registry.ts';

/** A command as it was received. It may come again, unchanged, until it is deleted. */
export interface ReceivedCommand {
  readonly messageId: string;
  readonly receipt: string;
  readonly body: string;
}

/**
 * The commands, by the group of the queue that each kind is put into. A FIFO queue gives out nothing of a group while one of
 * its messages is in hand, and the bridge keeps in hand what waits for the link or for its turn. What must not wait behind an
 * order, or behind a poisonous message of another kind, has a group of its own.
 */
export const COMMAND_GROUPS = {
  orders: ['OrderAuthorized'],
  cancels: ['CancelAuthorized'],
  stops: ['StopMoveAuthorized'],
  sessions: ['SessionPrepared'],
  operator: ['ReconciliationRequested', 'OrderOutcomeEntered'],
} as const satisfies Readonly<Record<string, readonly EventType[]>>;

/** So long the queue keeps a command: nobody takes any while the gateway waits for a person. Its dead letters as long again. */
export const COMMANDS_KEPT_DAYS = 14;

/** The queue that commands reach the bridge by: at least once, in order within a group. */
export interface CommandQueue {
  /** Waits until there is something or until `signal` is aborted; then an empty list. */
  receive(signal: AbortSignal): Promise<readonly ReceivedCommand[]>;
  delete(receipt: string): Promise<void>;
  /** Hides the command for so many seconds more; 0 gives it back at once. */
  extend(receipt: string, seconds: number): Promise<void>;
}
