import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import { environmentSchema, haltPollSeconds } from '#ecs/ib-gateway/settings.ts';
import { OPERATOR, PACE, REGION, type RunSettings } from './settings.ts';

export const ROLES = ['bridge', 'gateway', 'host'] as const;
export type Role = (typeof ROLES)[number];

/** Environment of the bridge by which its deadlines and intervals are set. */
export type BridgeTiming = Readonly<Record<string, string>>;

/** For a run of minutes in which everything is to happen often: links are replaced and orders compared all the time. */
const HURRIED = {
  LEASE_SECONDS: '90',
  HEARTBEAT_SECONDS: '120',
  HEARTBEAT_DEADLINE_MS: '120000',
  CONNECT_DEADLINE_MS: '120000',
  RECONCILE_DEADLINE_MS: '180000',
  RECONCILE_MINUTES: '5',
  ABSENCE_CONFIRM_MS: '20000',
  ACKNOWLEDGE_DEADLINE_MS: '120000',
  HALT_POLL_SECONDS: '120',
  CLIENT_ID_WAIT_MS: '20000',
  COMMAND_VISIBILITY_SECONDS: '120',
  HEALTH_GRACE_MS: '600000',
} as const satisfies BridgeTiming;

const { HALT_POLL_SECONDS: _, ...inherited } = HURRIED;
const defaultOf = (name: keyof typeof inherited): number => environmentSchema.shape[name].parse(undefined);

/** The product's own, in real time: each is its default, times the {@link PACE} of the clock. */
export const UNHURRIED: BridgeTiming = {
  ...Object.fromEntries(
    (Object.keys(inherited) as (keyof typeof inherited)[]).map((name) => [
      name,
      String(defaultOf(name) * PACE),
    ]),
  ),
  HALT_POLL_SECONDS: String(haltPollSeconds(defaultOf('HEARTBEAT_SECONDS')) * PACE),
};

/** What the host says when it is up: the physical names of what the bridge works with. */
export interface Names {
  readonly endpoint: string;
  readonly queueUrl: string;
  readonly journal: string;
  readonly state: string;
  readonly idempotency: string;
  readonly bucket: string;
}

/** Bundles the three programs once: what is started 200 times should not be compiled 200 times. */
async function bundlePrograms(directory: string, programs: Readonly<Record<Role, string>>): Promise<void> {
  mkdirSync(directory, { recursive: true });
  await build({
    entryPoints: programs,
    outdir: directory,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    packages: 'external',
    // The host finds its worker's program beside its own source.
    external: ['#local/host/*'],
    logLevel: 'error',
  });
}

/** The three processes of a run. Each is started again as soon as it ends, as a service would. */
export class Processes {
  readonly #settings: RunSettings;
  readonly #programs: string;
  readonly #timing: BridgeTiming;
  readonly #children = new Map<Role, ChildProcess>();
  readonly starts: Record<Role, number> = { bridge: 0, gateway: 0, host: 0 };
  readonly kills: Record<Role, number> = { bridge: 0, gateway: 0, host: 0 };
  readonly errors: string[] = [];
  /** What the processes wrote on their standard error. */
  readonly log: string[] = [];
  names: Names | undefined;
  #ending = false;

  private constructor(settings: RunSettings, programs: string, timing: BridgeTiming) {
    this.#settings = settings;
    this.#programs = programs;
    this.#timing = timing;
  }

  /**
   * @param timing the bridge's deadlines and intervals, in virtual time
   * @param bridge the program to run as the bridge, where it is not the product's own alone
   */
  static async start(
    settings: RunSettings,
    timing: BridgeTiming = HURRIED,
    bridge = join(import.meta.dirname, 'bridge-process.ts'),
  ): Promise<Processes> {
    // Beside the sources, so that the programs find the project's packages.
    const programs = join(import.meta.dirname, '..', '..', '..', 'dist', `chaos-${process.pid}`);
    await bundlePrograms(programs, {
      bridge,
      gateway: join(import.meta.dirname, 'gateway-process.ts'),
      host: join(import.meta.dirname, 'host-process.ts'),
    });
    const processes = new Processes(settings, programs, timing);
    await processes.#spawn('host');
    await processes.#spawn('gateway');
    await processes.#spawn('bridge');
    return processes;
  }

  /** Ends a process without a chance to say anything. It is up again when the promise resolves. */
  async kill(role: Role): Promise<void> {
    const child = this.#children.get(role);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    this.kills[role] += 1;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
    await this.#spawn(role);
  }

  /** Asks a process to stop in order, and gives the last line it wrote. */
  async stop(role: Role): Promise<string> {
    const child = this.#children.get(role);
    if (child?.stdout == null) throw new Error(`there is no ${role} to stop`);
    this.#ending = true;
    let last = '';
    createInterface({ input: child.stdout }).on('line', (line) => {
      last = line;
    });
    const gone = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGTERM');
    await gone;
    return last;
  }

  /** One more bridge for a while, beside the one that holds the lease. */
  rival(): () => void {
    const child = this.#launch('bridge', 'rival');
    return () => child.kill('SIGKILL');
  }

  async end(): Promise<void> {
    this.#ending = true;
    await Promise.all(
      [...this.#children.values()].map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const gone = new Promise((resolve) => child.once('exit', resolve));
        child.kill('SIGKILL');
        await gone;
      }),
    );
    rmSync(this.#programs, { recursive: true, force: true });
  }

  async #spawn(role: Role): Promise<void> {
    const child = this.#launch(role, role);
    this.#children.set(role, child);
    this.starts[role] += 1;
    const first = await new Promise<string>((resolve, reject) => {
      if (child.stdout === null) throw new Error('a program has an output');
      createInterface({ input: child.stdout }).once('line', resolve);
      child.once('exit', (code, signal) =>
        reject(new Error(`${role} ended at its start (${String(code ?? signal)})`)),
      );
    });
    if (role === 'host') this.names = JSON.parse(first) as Names;
    child.on('exit', (code, signal) => {
      // A bridge that ends by itself (a rival, a wrong mode) is started again, as its service would.
      if (this.#ending || signal === 'SIGKILL') return;
      this.errors.push(`${role} ended by itself (${String(code ?? signal)})`);
      void this.#spawn(role);
    });
  }

  #launch(role: Role, owner: string): ChildProcess {
    const child = spawn(
      process.execPath,
      [join(this.#programs, `${role}.mjs`), JSON.stringify(this.#settings)],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { PATH: process.env['PATH'], ...(role === 'bridge' ? this.#bridgeEnvironment(owner) : {}) },
      },
    );
    const lines = createInterface({ input: child.stderr as NonNullable<ChildProcess['stderr']> });
    lines.on('line', (line) => {
      this.log.push(`${role}: ${line}`);
    });
    return child;
  }

  #bridgeEnvironment(owner: string): Record<string, string> {
    const { names } = this;
    if (names === undefined) throw new Error('the host is started before the bridge');
    return {
      AWS_REGION: REGION,
      AWS_ENDPOINT_URL: names.endpoint,
      AWS_ACCESS_KEY_ID: OPERATOR.accessKeyId,
      AWS_SECRET_ACCESS_KEY: OPERATOR.secretAccessKey,
      DESK_ENVIRONMENT: 'chaos',
      BROKER_MODE: 'paper',
      BROKER_PORT: String(this.#settings.gatewayPort),
      BROKER_COMMAND_QUEUE_URL: names.queueUrl,
      JOURNAL_TABLE: names.journal,
      STATE_TABLE: names.state,
      IDEMPOTENCY_TABLE: names.idempotency,
      OBJECT_BUCKET: names.bucket,
      // Every start of a task is a task of its own; only its lease tells it from the one before.
      LEASE_OWNER: `${owner}-${this.starts.bridge}-${Math.floor(performance.now())}`,
      DAILY_RESTART: 'off',
      SUNDAY_LOGIN: 'off',
      MARKET_DATA_SOURCE: 'made up',
      MARKET_DATA_MODELLED: 'true',
      ...this.#timing,
    };
  }
}
