import type { SessionInput } from '#core/broker/bridge-session.ts';
import { nextMaintenance } from '#core/broker/maintenance.ts';
import type { EpochMillis } from '#core/values/clock.ts';
import type { Bridge } from './bridge-parts.ts';

type MaintainedBridge = Pick<Bridge, 'metric' | 'schedule'> & {
  readonly settings: Pick<Bridge['settings'], 'maintenance'>;
};

/** Freezes the bridge for the gateway's planned restarts and logins, one window after the other. */
export class MaintenanceWatch {
  readonly #bridge: MaintainedBridge;
  readonly #step: (input: SessionInput) => Promise<void>;
  readonly #awaitLogin: (windowEnd: EpochMillis) => void;

  constructor(
    bridge: MaintainedBridge,
    step: (input: SessionInput) => Promise<void>,
    awaitLogin: (windowEnd: EpochMillis) => void,
  ) {
    this.#bridge = bridge;
    this.#step = step;
    this.#awaitLogin = awaitLogin;
  }

  async plan(): Promise<void> {
    const { metric, schedule, settings } = this.#bridge;
    const now = schedule.now();
    const window = nextMaintenance(settings.maintenance, now);
    if (window === null) return;
    if (window.from > now) {
      schedule.at(window.from, () => this.plan());
      return;
    }
    // Before anything that may fail: a window that begins also ends.
    schedule.at(window.to, async () => {
      try {
        await this.#step({ kind: 'maintenance-ended' });
      } finally {
        await this.plan();
      }
    });
    this.#awaitLogin(window.to);
    if (window.kind === 'sunday-login') metric('BrokerLoginDue', 1);
    await this.#step({ kind: 'maintenance-started', reason: `planned: ${window.kind}` });
  }
}
