import type { BrokerState } from '#core/broker/bridge-session.ts';

/** A bridge at work. */
export interface RunningBridge {
  readonly state: BrokerState;
  /** True when nothing is being done: the bridge only waits for its queue, its socket and its timers. */
  readonly idle: boolean;
  /** Resolves when nothing is being done. */
  settled(): Promise<void>;
  /** Freezes, journals, releases the lease and gives waiting commands back. */
  stop(reason: string): Promise<void>;
  /** Resolves when the bridge has stopped; rejects where it must not trade at all. */
  readonly finished: Promise<void>;
}
