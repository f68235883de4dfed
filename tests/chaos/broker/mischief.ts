import type { Random } from '#core/values/random.ts';
import { CABLES, type Cables } from './cables.ts';
import type { ChaosDesk } from './desk.ts';
import type { Processes, Role } from './processes.ts';

/** How far orders may be ahead of kills, and kills of orders, as a share of the run. */
export const AHEAD = 0.02;

export const pause = (millis: number) => new Promise<void>((resolve) => setTimeout(resolve, millis));

const KILLS = ['kill-bridge', 'kill-gateway', 'kill-host'] as const;
const OTHERS = [...CABLES, 'rival-bridge', 'lease-taken'] as const;
type Action = (typeof KILLS)[number] | (typeof OTHERS)[number];
/** Of ten things that happen, so many are kills. */
const KILL_SHARE = 0.45;

/** Puts faults in, one after the other, in an order and at intervals that follow from the seed. */
export class Mischief {
  readonly #processes: Processes;
  readonly #desk: ChaosDesk;
  readonly #random: Random;
  readonly #cables: Cables;
  readonly counts: Record<string, number> = {};
  left = Number.POSITIVE_INFINITY;
  done = 0;

  constructor(processes: Processes, desk: ChaosDesk, cables: Cables, random: Random) {
    this.#processes = processes;
    this.#desk = desk;
    this.#cables = cables;
    this.#random = random;
  }

  /** Goes on until so many processes have been killed; not faster than the orders come, so that all of them are met. */
  async run(kills: number, progress: () => number): Promise<void> {
    this.left = kills;
    while (this.left > 0) {
      await pause(100 + this.#random.integer(900));
      if (this.done / kills > progress() + AHEAD) continue;
      const action = this.#next();
      this.counts[action] = (this.counts[action] ?? 0) + 1;
      await this.#perform(action);
    }
  }

  /** Everything back to normal. */
  calm(): Promise<void> {
    return this.#cables.calm();
  }

  #next(): Action {
    const draw = this.#random.next();
    if (draw < KILL_SHARE * 0.55) return 'kill-bridge';
    if (draw < KILL_SHARE * 0.85) return 'kill-gateway';
    if (draw < KILL_SHARE) return 'kill-host';
    return OTHERS[this.#random.integer(OTHERS.length)] ?? 'calm';
  }

  async #kill(role: Role): Promise<void> {
    this.left -= 1;
    this.done += 1;
    await this.#processes.kill(role);
  }

  async #perform(action: Action): Promise<void> {
    if (action === 'kill-bridge') return this.#kill('bridge');
    if (action === 'kill-gateway') return this.#kill('gateway');
    if (action === 'kill-host') return this.#kill('host');
    if (action === 'lease-taken') return this.#desk.takeLease(this.#random.integer(60_000));
    if (action !== 'rival-bridge') return this.#cables.pull(action);
    const end = this.#processes.rival();
    await pause(1_000 + this.#random.integer(2_000));
    return end();
  }
}
