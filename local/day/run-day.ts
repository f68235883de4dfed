import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { verifyExport } from '#core/audit/verification.ts';
import { closedBy } from '#core/market/bars.ts';
import { newYorkInstant, previousSession } from '#core/market/calendar.ts';
import { seedOf } from '#core/values/random.ts';
import { abcApplication } from '#lib/abc-application.ts';
import { settingsFor } from '#lib/config/settings.ts';
import { type Host, startHost } from '#local/host/host.ts';
import type { HostLog, Resource } from '#local/host/kernel.ts';
import { startControlServer } from '#local/paper-gateway/control-server.ts';
import { startPaperGateway } from '#local/paper-gateway/gateway.ts';
import { assembleExport, fetchExportFiles } from './audit-export.ts';
import type { DayParameters, Isolation } from './day-parameters.ts';
import { removeEndpoint, writeEndpoint } from './endpoint-file.ts';
import { ConfigurationError } from './errors.ts';
import { type Observed, observeJournal } from './observer.ts';
import { type PlayedBars, playedBars } from './played-bars.ts';
import { playedSessions, realTape } from './real-tape.ts';
import { type DaySummary, summarize } from './summary.ts';

export const REGION = 'us-east-1';
export const ACCOUNT = '000000000000';
const PAPER_ACCOUNT = 'DU0000001';
const BENCHMARK = 'SPX';
const HOUR = 3_600_000;
/** One core for the host itself, the rest for functions; more than three have nothing to do in stepped time. */
const SHARED_THREADS = Math.max(1, Math.min(3, availableParallelism() - 1));

/** What a run tells while it goes on. */
export interface DayListener {
  prepared(facts: {
    readonly sources: readonly string[];
    readonly sessions: number;
    readonly resumed: boolean;
    readonly state: string;
  }): void;
  started(facts: {
    readonly endpoint: string;
    readonly functions: number;
    readonly gatewayPort: number;
    /** Where `abc paper-gateway fault` reaches the gateway. */
    readonly controlPort: number;
  }): void;
  observed(entry: Observed): void;
}

export interface RunningDay {
  /** Runs to the end of the last session; false where it was interrupted first. */
  readonly finished: Promise<boolean>;
  interrupt(): void;
  summary(): Promise<DaySummary>;
  close(): Promise<void>;
}

/** Starts (or resumes) a replay: assembly, host, gateway, bridge; then virtual time until the last session is sealed. */
export async function startDay(
  parameters: DayParameters,
  state: { readonly directory: string; readonly resumed: boolean; readonly isolation: Isolation },
  log: HostLog,
  listener: DayListener,
): Promise<RunningDay> {
  const played = await playedBars(parameters.symbols, parameters.data);
  const sessions = playedSessions(played.instruments, parameters.from, parameters.to);
  const [first, last] = [sessions[0], sessions.at(-1)];
  if (first === undefined || last === undefined) {
    throw new ConfigurationError(
      `there is no session with prices from ${parameters.from} to ${parameters.to}; ${played.sources.join('; ')}`,
    );
  }
  listener.prepared({
    sources: played.sources,
    sessions: sessions.length,
    resumed: state.resumed,
    state: state.directory,
  });

  mkdirSync(state.directory, { recursive: true });
  const gatewayPort = await freePort();
  const assemblyDirectory = join(state.directory, 'cdk.out');
  rmSync(assemblyDirectory, { recursive: true, force: true });
  const settings = settingsFor('local', {
    instruments: [...parameters.symbols],
    seed: parameters.seed,
    broker: { port: gatewayPort, account: PAPER_ACCOUNT },
  });
  abcApplication({ settings, outdir: assemblyDirectory, checks: false }).synth();

  const startAt = newYorkInstant(first.date, 5, 0);
  const host = await startHost({
    assemblyDirectory,
    port: 0,
    directory: join(state.directory, 'host'),
    clock: { mode: 'stepped', startAt },
    region: REGION,
    accountId: ACCOUNT,
    seed: parameters.seed,
    log,
    ...(state.isolation === 'shared' ? { functionThreads: SHARED_THREADS } : {}),
  });
  const gateway = await startPaperGateway({
    port: gatewayPort,
    clock: host.clock,
    tape: realTape(played.instruments, parameters.seed),
    directory: join(state.directory, 'gateway'),
    account: PAPER_ACCOUNT,
    seed: seedOf(parameters.seed),
    barUpdates: 'bar',
  });
  host.addLink({ port: gateway.port, sockets: () => gateway.sockets() });
  const control = await startControlServer(gateway, 0, { now: () => host.clock.now(), advance: null });
  const journal = theResource(host, 'AWS::DynamoDB::Table', 'Journal');
  const realLatencies: number[] = [];
  const begun = performance.now();
  let entries = 0;
  const requested = new Map<string, number>();
  observeJournal(host, journal, (entry) => {
    entries += 1;
    if (entry.type === 'CycleRequested') requested.set(entry.correlationId, entry.realTime);
    const start = requested.get(entry.correlationId);
    if (
      entry.type === 'OrderAccepted' &&
      start !== undefined &&
      entry.data<'OrderAccepted'>().role === 'order'
    )
      realLatencies.push(entry.realTime - start);
    listener.observed(entry);
  });
  const service = host.resources.find(({ type }) => type === 'AWS::ECS::Service');
  await host.ecs.setDesiredCount(service?.identity.attributes['Name'] ?? '', 1);
  writeEndpoint(state.directory, {
    endpoint: host.endpoint,
    region: REGION,
    credentials: host.operatorCredentials,
    pid: process.pid,
    controlPort: control.port,
  });
  listener.started({
    endpoint: host.endpoint,
    functions: host.resources.filter(({ type }) => type === 'AWS::Lambda::Function').length,
    gatewayPort,
    controlPort: control.port,
  });

  const end = newYorkInstant(last.date, 17, 10);
  let interrupted = false;
  let elapsed = 0;
  const run = async (): Promise<boolean> => {
    while (!interrupted && host.clock.now() < end)
      await host.clock.advanceUntil(Math.min(end, host.clock.now() + HOUR));
    elapsed = performance.now() - begun;
    return !interrupted;
  };
  const worm = theResource(host, 'AWS::S3::Bucket', 'Worm');
  return {
    finished: run(),
    interrupt() {
      interrupted = true;
    },
    async summary() {
      const client = new S3Client({
        endpoint: host.endpoint,
        region: REGION,
        credentials: clientCredentials(host),
        forcePathStyle: true,
      });
      const files = await fetchExportFiles(client, worm.identity.ref);
      writeExport(join(state.directory, 'audit'), files);
      const { parts, publicKey } = assembleExport(files);
      return summarize(parts, verifyExport(parts, publicKey), {
        mode: 'paper',
        data: played.sources,
        benchmark: benchmarkOf(played, first.date, last.close),
        realLatencies,
        eventsPerSecond: elapsed > 0 ? entries / (elapsed / 1000) : null,
      });
    },
    async close() {
      removeEndpoint(state.directory);
      await control.close();
      await host.close();
      await gateway.close();
    },
  };
}

/** The operator's credentials in the SDK's form. */
function clientCredentials(host: Host) {
  const { accessKeyId, secretAccessKey, sessionToken } = host.operatorCredentials;
  return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
}

function writeExport(directory: string, files: ReadonlyMap<string, Uint8Array>): void {
  mkdirSync(directory, { recursive: true });
  for (const [name, bytes] of files) writeFileSync(join(directory, name), bytes);
}

/** The one resource of a type whose logical id begins so: CDK adds a hash to what the stack calls it. */
export function theResource(host: Host, type: string, prefix: string): Resource {
  const found = host.resources.filter(
    (resource) => resource.type === type && resource.logicalId.startsWith(prefix),
  );
  const [only] = found;
  if (only === undefined || found.length > 1)
    throw new Error(`the assembly has ${found.length} resources of type ${type} that begin with ${prefix}`);
  return only;
}

/** Buying the benchmark at the close before the first session and holding it to the last. */
function benchmarkOf(played: PlayedBars, firstDate: string, lastClose: number): DaySummary['benchmark'] {
  const one =
    played.instruments.find(({ instrument }) => instrument.id === BENCHMARK) ?? played.instruments[0];
  if (one === undefined) return { name: 'none', totalReturn: null };
  const name = `buy and hold ${one.instrument.id}`;
  const before = closedBy(one.daily, previousSession('us-equity', firstDate).close);
  const until = closedBy(one.daily, lastClose);
  const start = before.close[before.length - 1];
  const end = until.close[until.length - 1];
  return {
    name,
    totalReturn: start === undefined || end === undefined ? null : Number((end / start - 1).toPrecision(10)),
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
