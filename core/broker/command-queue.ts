/** A command as it was received. It may come again, unchanged, until it is deleted. */
export interface ReceivedCommand {
  readonly messageId: string;
  readonly receipt: string;
  readonly body: string;
}

/** The queue that commands reach the bridge by: at least once, in order within a group. */
export interface CommandQueue {
  /** Waits until there is something or until `signal` is aborted; then an empty list. */
  receive(signal: AbortSignal): Promise<readonly ReceivedCommand[]>;
  delete(receipt: string): Promise<void>;
  /** Hides the command for so many seconds more; 0 gives it back at once. */
  extend(receipt: string, seconds: number): Promise<void>;
}
