import type { BrokerGateway } from '#core/broker/broker-port.ts';
import type { CommandQueue } from '#core/broker/command-queue.ts';
import type { DeskStore } from '#core/events/desk-store.ts';
import type { ObjectStore } from '#core/events/object-store.ts';
import type { Instrument } from '#core/market/instrument.ts';
import type { EpochMillis } from '#core/values/clock.ts';
import type { Timer, TimerClock } from '#core/values/timer-clock.ts';
import type { ExpectedAccount } from './expected-account.ts';
import type { Work } from './mailbox.ts';

/** One line of the bridge's log. */
export type BridgeLog = (
  level: 'info' | 'warn' | 'error',
  message: string,
  details?: Readonly<Record<string, unknown>>,
) => void;

/** What is counted for alarms; each name has an alarm of its own. */
export type BridgeMetricName =
  | 'BrokerDifferenceFound'
  /** The gateway takes no orders (read-only). */
  | 'BrokerTradingDisabled'
  /** The weekly login is due: a person has to do it. */
  | 'BrokerLoginDue'
  /** A link on which the gateway had greeted ended, and nobody had planned it. */
  | 'BrokerLinkEnded'
  /** 1 while the bridge trades or has planned not to, else 0; nothing where there is no bridge. */
  | 'BrokerReady'
  /** Seconds since the bridge could last trade, outside planned windows. */
  | 'BrokerNotReadySeconds'
  /** An instrument is silent in its session. */
  | 'BrokerInstrumentStale'
  /** The lease ran out or was taken by another bridge. */
  | 'BrokerLeaseLost'
  /** A command that cannot be what the desk sends. */
  | 'BrokerCommandRefused'
  /** The bridge gave up: configuration, account or mode. */
  | 'BrokerBridgeFailed';
export type BridgeMetric = (name: BridgeMetricName, value: number) => void;

/** Everything outside the bridge. */
export interface BridgeDependencies {
  readonly store: DeskStore;
  readonly objects: ObjectStore;
  readonly queue: CommandQueue;
  readonly gateway: BrokerGateway;
  readonly clock: TimerClock;
  readonly catalog: readonly Instrument[];
  /**
   * What the desk's own book (the state item `stateKeys.book`, as stored) expects of the account, or null where the book
   * does not say. Differences from the broker's are journaled.
   */
  readonly expected: (book: unknown) => ExpectedAccount | null;
  /** Where health is told; called with the instant until which the bridge counts as healthy. */
  readonly health: (healthyUntil: EpochMillis) => void;
  readonly log: BridgeLog;
  readonly metric: BridgeMetric;
}

/** Sets timers whose work goes through the mailbox. */
export class Schedule {
  readonly #clock: TimerClock;
  readonly #post: (work: Work, urgent: boolean) => void;
  readonly #timers = new Set<Timer>();

  /** @param post urgent work overtakes what waits */
  constructor(clock: TimerClock, post: (work: Work, urgent: boolean) => void) {
    this.#clock = clock;
    this.#post = post;
  }

  now(): EpochMillis {
    return this.#clock.now();
  }

  /** Work for when everything that waits in the mailbox now is done. */
  post(work: Work): void {
    this.#post(work, false);
  }

  at(instant: EpochMillis, work: Work, urgent = false): Timer {
    let done = false;
    const inner = this.#clock.schedule(instant, () => {
      this.#timers.delete(timer);
      // Withdrawn while it waited in the mailbox: then it must not run any more.
      this.#post(() => (done ? undefined : work()), urgent);
    });
    const timer: Timer = {
      cancel: () => {
        done = true;
        this.#timers.delete(timer);
        inner.cancel();
      },
    };
    this.#timers.add(timer);
    return timer;
  }

  after(millis: number, work: Work, urgent = false): Timer {
    return this.at(this.#clock.now() + millis, work, urgent);
  }

  /** Repeats until cancelled; the next turn begins to count when the last one is done. */
  every(millis: number, work: Work, urgent = false): Timer {
    let cancelled = false;
    let current: Timer;
    const turn = async (): Promise<void> => {
      try {
        await work();
      } finally {
        // A fault ends this turn and not the habit.
        if (!cancelled) current = this.after(millis, turn, urgent);
      }
    };
    current = this.after(millis, turn, urgent);
    return {
      cancel: () => {
        cancelled = true;
        current.cancel();
      },
    };
  }

  cancelAll(): void {
    for (const timer of [...this.#timers]) timer.cancel();
  }
}
