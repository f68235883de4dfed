import type { TradingStanding } from '#core/portfolio/trading-standing.ts';
import type { Signer } from '#core/risk/signature.ts';

/**
 * A person for simulations, who asks to resume a fixed number of sessions after trading was reduced or halted, and then at
 * the start of each session until it is permitted. Closes nothing: what is held then, exits and stops have to close.
 */
export class SimulatedOperator {
  readonly resumer: Signer;
  readonly #after: number;
  #since: string | null = null;
  #sessions = 0;

  /** @param after sessions from the one in which trading was stopped, 1 or more; a fall on to the halt counts anew */
  constructor(after: number) {
    this.#after = after;
    this.resumer = {
      by: 'simulated operator',
      reason: `resumes from ${after} session${after === 1 ? '' : 's'} after a drawdown step on`,
    };
  }

  /** Whether to ask now; to be called once at the start of each session. */
  isDue({ state, since }: TradingStanding): boolean {
    if (state === 'ACTIVE') return false;
    if (since !== this.#since) {
      this.#since = since;
      this.#sessions = 0;
    }
    this.#sessions += 1;
    return this.#sessions >= this.#after;
  }
}
