import type { Random } from '#core/values/random.ts';
import { brokerView } from './broker-view.ts';
import { type Corrections, latestOf } from './corrections.ts';
import type { ChaosDesk } from './desk.ts';
import type { Processes, Role } from './processes.ts';
import type { RunSettings } from './settings.ts';
import { INSTRUMENTS } from './tape.ts';
import { type BrokerView, nameOf } from './verdict.ts';

/** How far orders may be ahead of kills, and kills of orders, as a share of the run. */
export const AHEAD = 0.02;

export const pause = (millis: number) => new Promise<void>((resolve) => setTimeout(resolve, millis));

const ACTIONS = [
  'kill-bridge',
  'kill-gateway',
  'kill-host',
  'disconnect',
  'break-around-orders',
  'upstream-lost',
  'data-lost',
  'farms',
  'mute',
  'half-open',
  'pieces',
  'duplicates',
  'no-status',
  'commissions',
  'stuck-client',
  'partial-fills',
  'rejections',
  'restart-with-old-ids',
  'correction',
  'repeat-executions',
  'garbage',
  'rival-bridge',
  'lease-taken',
  'stop-cancelled',
  'halted-instrument',
  'calm',
] as const;
type Action = (typeof ACTIONS)[number];
/** Of ten things that happen, so many are kills. */
const KILL_SHARE = 0.45;

/** Puts faults in, one after the other, in an order and at intervals that follow from the seed. */
export class Mischief {
  readonly #processes: Processes;
  readonly #settings: RunSettings;
  readonly #desk: ChaosDesk;
  readonly #random: Random;
  readonly #corrections: Corrections;
  readonly counts: Record<string, number> = {};
  left = Number.POSITIVE_INFINITY;
  done = 0;

  constructor(
    processes: Processes,
    settings: RunSettings,
    desk: ChaosDesk,
    random: Random,
    corrections: Corrections,
  ) {
    this.#processes = processes;
    this.#settings = settings;
    this.#desk = desk;
    this.#random = random;
    this.#corrections = corrections;
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
  async calm(): Promise<void> {
    await this.#control({ action: 'reset' });
  }

  #next(): Action {
    const draw = this.#random.next();
    if (draw < KILL_SHARE * 0.55) return 'kill-bridge';
    if (draw < KILL_SHARE * 0.85) return 'kill-gateway';
    if (draw < KILL_SHARE) return 'kill-host';
    const others = ACTIONS.slice(3);
    return others[this.#random.integer(others.length)] ?? 'calm';
  }

  async #kill(role: Role): Promise<void> {
    this.left -= 1;
    this.done += 1;
    await this.#processes.kill(role);
  }

  async #perform(action: Action): Promise<void> {
    const odds = () => this.#random.next() * 0.2;
    switch (action) {
      case 'kill-bridge':
        return this.#kill('bridge');
      case 'kill-gateway':
        return this.#kill('gateway');
      case 'kill-host':
        return this.#kill('host');
      case 'disconnect':
        return this.#control({ action: 'disconnect' });
      case 'break-around-orders':
        return this.#control({
          action: 'random',
          odds: { unreceived: odds(), unacknowledged: odds(), acknowledged: odds(), reject: 0.02 },
        });
      case 'upstream-lost':
        await this.#control({ action: 'notice', code: 1100 });
        await pause(this.#random.integer(1_000));
        return this.#control({ action: 'notice', code: 1102 });
      case 'data-lost':
        await this.#control({ action: 'notice', code: 1100 });
        return this.#control({ action: 'notice', code: 1101 });
      case 'farms':
        for (const code of [2103, 2105, 2104, 2106, 2110]) await this.#control({ action: 'notice', code });
        await pause(300);
        return this.#control({ action: 'notice', code: 1102 });
      case 'mute':
        return this.#briefly({ mute: true }, { mute: false });
      case 'half-open':
        return this.#briefly({ halfOpen: true }, { halfOpen: false });
      case 'pieces':
        return this.#set({ pieceBytes: 1 + this.#random.integer(40) });
      case 'duplicates':
        return this.#set({ duplicateStatus: true, duplicateExecutions: true });
      case 'no-status':
        return this.#set({ executionsWithoutStatus: true });
      case 'commissions':
        return this.#set({
          commission: (['early', 'never', { lateMillis: 120_000 }, 'normal'] as const)[
            this.#random.integer(4)
          ],
        });
      case 'stuck-client':
        return this.#set({ stuckClientMillis: 60_000 });
      case 'partial-fills':
        return this.#control({ action: 'partialFills', maximum: 1 + this.#random.integer(5) });
      case 'rejections':
        return this.#control({
          action: 'rejectOrders',
          count: 1 + this.#random.integer(3),
          reason: 'as the run wants it',
        });
      case 'restart-with-old-ids':
        return this.#control({
          action: 'restart',
          refuseMillis: this.#random.integer(60_000),
          rollBackIds: this.#random.integer(50),
        });
      case 'correction':
        return this.#correct();
      case 'repeat-executions':
        return this.#control({ action: 'repeatExecutions' });
      case 'garbage':
        return this.#control({
          action: 'sendRaw',
          hex: Array.from({ length: 1 + this.#random.integer(40) }, () =>
            this.#random.integer(256).toString(16).padStart(2, '0'),
          ).join(''),
        });
      case 'rival-bridge': {
        const end = this.#processes.rival();
        await pause(1_000 + this.#random.integer(2_000));
        return end();
      }
      case 'lease-taken':
        return this.#desk.takeLease(this.#random.integer(60_000));
      case 'stop-cancelled':
        return this.#cancelStop();
      case 'halted-instrument': {
        const instrument = INSTRUMENTS[this.#random.integer(INSTRUMENTS.length)] ?? INSTRUMENTS[0];
        await this.#control({ action: 'halt', instrument, halted: true });
        await pause(500);
        return this.#control({ action: 'halt', instrument, halted: false });
      }
      case 'calm':
        return this.calm();
    }
  }

  /** A resting stop is cancelled at the broker's own screen. It may have ended since it was looked for. */
  async #cancelStop(): Promise<void> {
    const drawn = this.#random.next();
    const resting = (await brokerView(this.#settings)).orders.filter(isResting);
    const one = resting[Math.floor(drawn * resting.length)];
    if (one !== undefined) await this.#post({ action: 'cancelManually', permId: one.permId });
  }

  async #briefly(on: object, off: object): Promise<void> {
    await this.#set(on);
    await pause(500 + this.#random.integer(2_500));
    await this.#set(off);
  }

  #set(settings: object): Promise<void> {
    return this.#control({ action: 'set', settings });
  }

  async #correct(): Promise<void> {
    const drawn = this.#random.next();
    await this.#corrections.make(async () => {
      const executions = (await brokerView(this.#settings)).executions.filter(({ orderRef }) =>
        this.#corrections.admits(orderRef),
      );
      const one = executions[Math.floor(drawn * executions.length)];
      if (one === undefined) return undefined;
      const price = Math.round((one.price + 0.01) * 100) / 100;
      await this.#control({ action: 'correctExecution', execId: one.execId, price });
      return latestOf((await brokerView(this.#settings)).executions, one.execId)?.execId;
    });
  }

  async #control(action: object): Promise<void> {
    const answer = await this.#post(action);
    if (!answer.ok)
      throw new Error(`the control port refuses ${JSON.stringify(action)}: ${await answer.text()}`);
  }

  #post(action: object): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.#settings.controlPort}/`, {
      method: 'POST',
      body: JSON.stringify(action),
    });
  }
}

function isResting({ orderRef, status }: BrokerView['orders'][number]): boolean {
  return nameOf(orderRef).endsWith(':stop') && ['PreSubmitted', 'Submitted'].includes(status);
}
