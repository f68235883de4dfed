import type { Timer } from '#core/values/timer-clock.ts';
import type { Bridge } from './bridge-parts.ts';

export interface TenureOwner {
  readonly stopped: () => boolean;
  /** Another bridge holds the lease; this one waits for its turn. */
  readonly waits: () => void;
  /** The lease is held: work begins. */
  readonly begins: () => Promise<void>;
  /** Called before each renewal. */
  readonly renews: () => void;
  /** The lease is lost: work ends. */
  readonly ends: (reason: string) => Promise<void>;
}

/** The time during which this bridge is the one that trades: takes the lease, renews it, and begins anew when it is lost. */
export class Tenure {
  readonly #bridge: Bridge;
  readonly #owner: TenureOwner;
  #timer: Timer | null = null;

  constructor(bridge: Bridge, owner: TenureOwner) {
    this.#bridge = bridge;
    this.#owner = owner;
  }

  async acquire(): Promise<void> {
    if (this.#owner.stopped()) return;
    const { lease, log, schedule, settings } = this.#bridge;
    const again = await lease.acquire();
    if (again !== null) {
      this.#owner.waits();
      this.#timer = schedule.at(again, () => this.acquire());
      return;
    }
    log('info', 'the lease is held', { token: lease.token });
    // Before what waits: a long reconciliation must not cost the lease, nor keep the kill switch from being seen.
    this.#timer = schedule.every(
      settings.lease.renewEvery,
      async () => {
        this.#owner.renews();
        if (!(await lease.renew())) await this.lose('the lease ran out or was taken over');
      },
      true,
    );
    await this.#owner.begins();
  }

  async lose(reason: string): Promise<void> {
    if (this.#owner.stopped()) return;
    const { lease, ledger, log, metric, schedule, settings } = this.#bridge;
    log('error', 'the lease is lost; trading stops', { reason });
    metric('BrokerLeaseLost', 1);
    this.#timer?.cancel();
    lease.forget();
    ledger.reset();
    await this.#owner.ends(reason);
    this.#timer = schedule.after(settings.lease.renewEvery, () => this.acquire());
  }
}
