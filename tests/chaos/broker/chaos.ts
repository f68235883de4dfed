import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom, seedOf } from '#core/values/random.ts';
import { writeAssembly } from '../../integration/local/host/assembly-writer.ts';
import { brokerView } from './broker-view.ts';
import { Cables } from './cables.ts';
import { Corrections } from './corrections.ts';
import { ChaosDesk } from './desk.ts';
import { AHEAD, Mischief, pause } from './mischief.ts';
import { Processes, type Role } from './processes.ts';
import { END, type RunSettings, runClock } from './settings.ts';
import { INSTRUMENTS } from './tape.ts';
import { Trader } from './trader.ts';
import { judge, type Verdict } from './verdict.ts';

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

const SETTLE_SECONDS = 120;

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
    const random = seededRandom(seedOf(options.seed, 'mischief'));
    const cables = new Cables({
      controlPort: settings.controlPort,
      random,
      instruments: INSTRUMENTS,
      corrections,
      commissions: ['early', 'never', { lateMillis: 120_000 }, 'normal'],
      wait: pause,
    });
    const mischief = new Mischief(processes, desk, cables, random);
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
    const [journal, broker] = [await desk.journal(), await brokerView(settings.controlPort)];
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
    const view = await brokerView(settings.controlPort);
    const now = JSON.stringify([view.cash, view.orders.length, view.executions.length]);
    same = now === before ? same + 1 : 0;
    before = now;
    await pause(250);
  }
  await trader.readAll();
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
