import type { Random } from '#core/values/random.ts';
import { brokerView } from './broker-view.ts';
import { type Corrections, latestOf } from './corrections.ts';
import { type BrokerView, nameOf } from './verdict.ts';

/** Everything that can be done to a bridge through the control port of its gateway. */
export const CABLES = [
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
  'stop-cancelled',
  'halted-instrument',
  'calm',
] as const;
export type Cable = (typeof CABLES)[number];

export interface CablesOptions {
  readonly controlPort: number;
  readonly random: Random;
  readonly instruments: readonly string[];
  readonly corrections: Corrections;
  /** How commissions may come. */
  readonly commissions: readonly ('early' | 'never' | 'normal' | { readonly lateMillis: number })[];
  /** Lets a fault last; milliseconds of real time, or what they stand for where time is virtual. */
  readonly wait: (millis: number) => Promise<void>;
}

/** Pulls the cables between a bridge and its broker. */
export class Cables {
  readonly #options: CablesOptions;

  constructor(options: CablesOptions) {
    this.#options = options;
  }

  /** Everything back to normal. */
  async calm(): Promise<void> {
    await this.#control({ action: 'reset' });
  }

  async pull(cable: Cable): Promise<void> {
    const { random, instruments, commissions } = this.#options;
    const odds = () => random.next() * 0.2;
    switch (cable) {
      case 'disconnect':
        return this.#control({ action: 'disconnect' });
      case 'break-around-orders':
        return this.#control({
          action: 'random',
          odds: { unreceived: odds(), unacknowledged: odds(), acknowledged: odds(), reject: 0.02 },
        });
      case 'upstream-lost':
        await this.#control({ action: 'notice', code: 1100 });
        await this.#options.wait(random.integer(1_000));
        return this.#control({ action: 'notice', code: 1102 });
      case 'data-lost':
        await this.#control({ action: 'notice', code: 1100 });
        return this.#control({ action: 'notice', code: 1101 });
      case 'farms':
        for (const code of [2103, 2105, 2104, 2106, 2110]) await this.#control({ action: 'notice', code });
        await this.#options.wait(300);
        return this.#control({ action: 'notice', code: 1102 });
      case 'mute':
        return this.#briefly({ mute: true }, { mute: false });
      case 'half-open':
        return this.#briefly({ halfOpen: true }, { halfOpen: false });
      case 'pieces':
        return this.#set({ pieceBytes: 1 + random.integer(40) });
      case 'duplicates':
        return this.#set({ duplicateStatus: true, duplicateExecutions: true });
      case 'no-status':
        return this.#set({ executionsWithoutStatus: true });
      case 'commissions':
        return this.#set({
          commission: commissions[random.integer(commissions.length)],
        });
      case 'stuck-client':
        return this.#set({ stuckClientMillis: 60_000 });
      case 'partial-fills':
        return this.#control({ action: 'partialFills', maximum: 1 + random.integer(5) });
      case 'rejections':
        return this.#control({
          action: 'rejectOrders',
          count: 1 + random.integer(3),
          reason: 'as the run wants it',
        });
      case 'restart-with-old-ids':
        return this.#control({
          action: 'restart',
          refuseMillis: random.integer(60_000),
          rollBackIds: random.integer(50),
        });
      case 'correction':
        return this.#correct();
      case 'repeat-executions':
        return this.#control({ action: 'repeatExecutions' });
      case 'garbage':
        return this.#control({
          action: 'sendRaw',
          hex: Array.from({ length: 1 + random.integer(40) }, () =>
            random.integer(256).toString(16).padStart(2, '0'),
          ).join(''),
        });
      case 'stop-cancelled':
        return this.#cancelStop();
      case 'halted-instrument': {
        const instrument = instruments[random.integer(instruments.length)] ?? instruments[0];
        await this.#control({ action: 'halt', instrument, halted: true });
        await this.#options.wait(500);
        return this.#control({ action: 'halt', instrument, halted: false });
      }
      case 'calm':
        return this.calm();
    }
  }

  /** A resting stop is cancelled at the broker's own screen. It may have ended since it was looked for. */
  async #cancelStop(): Promise<void> {
    const drawn = this.#options.random.next();
    const resting = (await brokerView(this.#options.controlPort)).orders.filter(isResting);
    const one = resting[Math.floor(drawn * resting.length)];
    if (one !== undefined) await this.#post({ action: 'cancelManually', permId: one.permId });
  }

  async #briefly(on: object, off: object): Promise<void> {
    await this.#set(on);
    await this.#options.wait(500 + this.#options.random.integer(2_500));
    await this.#set(off);
  }

  #set(settings: object): Promise<void> {
    return this.#control({ action: 'set', settings });
  }

  async #correct(): Promise<void> {
    const drawn = this.#options.random.next();
    await this.#options.corrections.make(async () => {
      const executions = (await brokerView(this.#options.controlPort)).executions.filter(({ orderRef }) =>
        this.#options.corrections.admits(orderRef),
      );
      const one = executions[Math.floor(drawn * executions.length)];
      if (one === undefined) return undefined;
      const price = Math.round((one.price + 0.01) * 100) / 100;
      await this.#control({ action: 'correctExecution', execId: one.execId, price });
      return latestOf((await brokerView(this.#options.controlPort)).executions, one.execId)?.execId;
    });
  }

  async #control(action: object): Promise<void> {
    const answer = await this.#post(action);
    if (!answer.ok)
      throw new Error(`the control port refuses ${JSON.stringify(action)}: ${await answer.text()}`);
  }

  #post(action: object): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.#options.controlPort}/`, {
      method: 'POST',
      body: JSON.stringify(action),
    });
  }
}

function isResting({ orderRef, status }: BrokerView['orders'][number]): boolean {
  return nameOf(orderRef).endsWith(':stop') && ['PreSubmitted', 'Submitted'].includes(status);
}
