import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Random, seededRandom, seedOf } from '#core/values/random.ts';
import { writeAssembly } from '../../integration/local/host/assembly-writer.ts';
import { Corrections, latestOf } from './corrections.ts';
import { ChaosDesk } from './desk.ts';
import { Processes, type Role } from './processes.ts';
import { END, type RunSettings, runClock } from './settings.ts';
import { INSTRUMENTS } from './tape.ts';
import { Trader } from './trader.ts';
import { type BrokerView, judge, nameOf, type Verdict } from './verdict.ts';

export interface ChaosOptions {
  readonly seed: number;
  readonly orders: number;
  readonly kills: number;
  readonly progress?: (line: string) => void;
  /** File for the journal, the broker's books and what the processes said, to look into a disagreement. */
  readonly keep?: string;
}

export interface ChaosReport {
  readonly seed: number;
  readonly verdict: Verdict;
  readonly kills: Readonly<Record<Role, number>>;
  /** How often each kind of fault was put in. */
  readonly faults: Readonly<Record<string, number>>;
  readonly repeatedCommands: number;
  readonly cancels: number;
  readonly seconds: number;
  /** Processes that ended without having been killed. */
  readonly deaths: readonly string[];
}

const pause = (millis: number) => new Promise<void>((resolve) => setTimeout(resolve, millis));
const SETTLE_SECONDS = 120;
/** How far orders may be ahead of kills, and kills of orders, as a share of the run. */
const AHEAD = 0.02;

/** Tables, a queue and a bucket: all that the bridge needs of the cloud. */
export const STACK = {
  functions: {},
  resources: {
    ...Object.fromEntries(
      ['Journal', 'State', 'Idempotency'].map((name) => [
        name,
        {
          Type: 'AWS::DynamoDB::Table',
          Properties: {
            AttributeDefinitions: (name === 'Idempotency' ? ['pk'] : ['pk', 'sk']).map((AttributeName) => ({
              AttributeName,
              AttributeType: 'S',
            })),
            KeySchema: [
              { AttributeName: 'pk', KeyType: 'HASH' },
              ...(name === 'Idempotency' ? [] : [{ AttributeName: 'sk', KeyType: 'RANGE' }]),
            ],
            BillingMode: 'PAY_PER_REQUEST',
          },
        },
      ]),
    ),
    Commands: { Type: 'AWS::SQS::Queue', Properties: { FifoQueue: true, VisibilityTimeout: 120 } },
    Objects: { Type: 'AWS::S3::Bucket', Properties: {} },
  },
};

/**
 * Trades through the bridge while processes are killed and every fault of the broker's side is put in, then lets all
 * come to rest and compares broker, journal and account book. What is done and when in the run follows from the seed;
 * how it meets the work in flight does not.
 */
export async function runBrokerChaos(options: ChaosOptions): Promise<ChaosReport> {
  const begun = performance.now();
  const directory = mkdtempSync(join(tmpdir(), 'abc-chaos-'));
  const [hostPort, gatewayPort, controlPort] = await freePorts(3);
  const settings: RunSettings = {
    directory,
    assembly: writeAssembly(join(directory, 'assembly'), STACK),
    hostPort: hostPort as number,
    gatewayPort: gatewayPort as number,
    controlPort: controlPort as number,
    realBegin: Date.now(),
    seed: options.seed,
  };
  const processes = await Processes.start(settings);
  try {
    const clock = runClock(settings.realBegin);
    if (processes.names === undefined) throw new Error('the host says its names when it is up');
    const desk = new ChaosDesk(processes.names, clock);
    await desk.open();
    const corrections = new Corrections();
    const trader = new Trader(desk, seededRandom(seedOf(options.seed, 'trader')), clock, corrections);
    const mischief = new Mischief(
      processes,
      settings,
      desk,
      seededRandom(seedOf(options.seed, 'mischief')),
      corrections,
    );
    const trading = trade(trader, options, mischief);
    await Promise.all([trading, mischief.run(options.kills, () => trader.placed / options.orders)]);
    await mischief.calm();
    options.progress?.(`all ${trader.placed} orders are placed; letting everything come to rest`);
    const until = performance.now() + SETTLE_SECONDS * 1_000;
    while (!(await trader.settle()) && performance.now() < until) await pause(100);
    await atRest(trader, settings, processes, until);
    if (clock.now() >= END)
      throw new Error(
        'the run outlasted the day of its account, whose broker forgets at midnight; ask for less, or on a machine with less to do',
      );
    const [journal, broker] = [await desk.journal(), await brokerView(settings)];
    if (options.keep !== undefined)
      writeFileSync(options.keep, JSON.stringify({ journal, broker, log: processes.log }, null, 1));
    return {
      seed: options.seed,
      verdict: judge(journal, await desk.book(), broker),
      kills: processes.kills,
      faults: mischief.counts,
      repeatedCommands: trader.repeats,
      cancels: trader.cancels,
      seconds: (performance.now() - begun) / 1_000,
      deaths: processes.errors,
    };
  } finally {
    await processes.end();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function trade(trader: Trader, options: ChaosOptions, mischief: Mischief): Promise<void> {
  let told = 0;
  while (trader.placed < options.orders || mischief.left > 0) {
    // Orders and kills keep pace, so that every kill meets orders in flight.
    const share = options.kills === 0 ? 1 : Math.min(1, mischief.done / options.kills + AHEAD);
    await trader.step(Math.max(0, Math.min(4, Math.ceil(options.orders * share) - trader.placed)));
    if (trader.placed >= told + 100) {
      told = trader.placed;
      options.progress?.(`${trader.placed} orders, ${trader.live} live, ${mischief.done} kills`);
    }
    await pause(20);
  }
}

/** A last look at everything: a bridge that starts anew reconciles once more, and what that finds is booked. */
async function atRest(
  trader: Trader,
  settings: RunSettings,
  processes: Processes,
  until: number,
): Promise<void> {
  await processes.kill('bridge');
  let before = '';
  let same = 0;
  while (same < 20 && performance.now() < until) {
    await trader.settle();
    const view = await brokerView(settings);
    const now = JSON.stringify([view.cash, view.orders.length, view.executions.length]);
    same = now === before ? same + 1 : 0;
    before = now;
    await pause(250);
  }
  await trader.readAll();
}

async function brokerView(settings: RunSettings): Promise<BrokerView> {
  const answer = await fetch(`http://127.0.0.1:${settings.controlPort}/`);
  return (await answer.json()) as BrokerView;
}

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
class Mischief {
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

export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
