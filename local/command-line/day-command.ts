import { createHash } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { canonicalJson } from '#core/events/canonical.ts';
import {
  type DayParameters,
  DEFAULT_DAY,
  parseDayParameters,
  parseIsolation,
} from '#local/day/day-parameters.ts';
import { ConfigurationError } from '#local/day/errors.ts';
import { cycleText, followCycles } from '#local/day/progress.ts';
import { type RunningDay, startDay } from '#local/day/run-day.ts';
import type { DaySummary } from '#local/day/summary.ts';
import { consoleLog } from './console-log.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { progressWriter } from './progress-writer.ts';
import { summaryTable } from './summary-table.ts';

export interface DayCommandOptions {
  readonly from?: string;
  readonly to?: string;
  readonly symbols?: string;
  readonly seed?: string;
  readonly data?: string;
  readonly state?: string;
  readonly isolation?: string;
  readonly keepRunning?: boolean;
  readonly json?: boolean;
}

const VERSION = '0.1.0';

/** Replays real sessions through the whole system, or goes on with a replay that was cut off. */
export async function dayCommand(options: DayCommandOptions): Promise<ExitCode> {
  const parameters = parseDayParameters({
    from: options.from ?? DEFAULT_DAY.from,
    to: options.to ?? DEFAULT_DAY.to,
    symbols: options.symbols?.split(',').map((symbol) => symbol.trim().toUpperCase()) ?? DEFAULT_DAY.symbols,
    seed: options.seed ?? DEFAULT_DAY.seed,
    data: options.data === undefined ? null : resolve(options.data),
  });
  const isolation = parseIsolation(options.isolation);
  const state = openState(options.state, parameters);
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  const progress = progressWriter(say);
  let day: RunningDay | undefined;
  let interrupts = 0;
  const onInterrupt = () => {
    interrupts += 1;
    if (interrupts > 1) process.exit(EXIT.interrupted);
    progress.end();
    say(
      'interrupted: finishing what is in flight; the same command goes on from here (press again to stop at once)',
    );
    day?.interrupt();
  };
  process.on('SIGINT', onInterrupt);
  process.on('SIGTERM', onInterrupt);
  try {
    const follow = followCycles((line) => progress.line(cycleText(line)));
    day = await startDay(
      parameters,
      { ...state, isolation },
      consoleLog('warn', (line) => progress.aside(line)),
      {
        prepared(facts) {
          say(
            `ABC Application ${VERSION}: 22 agents, PAPER trading (simulated money, simulated broker, no real orders)`,
          );
          for (const source of facts.sources) say(`prices: ${source}`);
          say(
            'inside each session the path is a seeded model that honours the real open, high, low, close and volume',
          );
          say(
            `sessions: ${facts.sessions}, ${parameters.from} to ${parameters.to}, in virtual time; SPX is a benchmark, SPX-PROXY a simulated stand-in for it`,
          );
          say(`state: ${facts.state}${facts.resumed ? ' (going on with an interrupted replay)' : ''}`);
          say('building the cloud assembly and starting the embedded cloud …');
        },
        started(facts) {
          say(
            `embedded cloud at ${facts.endpoint}, ${facts.functions} functions; paper gateway on port ${facts.gatewayPort}, its faults on ${facts.controlPort}`,
          );
          say(
            'next: npx abc status, npx abc halt --reason "…", npx abc verify <state>/audit, npx abc --help',
          );
        },
        observed: follow,
      },
    );
    if (interrupts > 0) day.interrupt();
    const finished = await day.finished;
    progress.end();
    if (!finished) return EXIT.interrupted;
    const summary = await day.summary();
    markFinished(state.directory);
    await report(summary, options.json === true, state.directory);
    if (options.keepRunning === true) {
      say('the replay is over; the embedded cloud keeps running until you press Ctrl-C');
      await new Promise<void>((stop) => process.once('SIGINT', stop));
    }
    return summary.audit.verified ? EXIT.ok : EXIT.auditFailed;
  } finally {
    progress.end();
    await day?.close();
    state.release();
    process.off('SIGINT', onInterrupt);
    process.off('SIGTERM', onInterrupt);
  }
}

async function report(summary: DaySummary, json: boolean, directory: string): Promise<void> {
  const text = json ? `${JSON.stringify(summary, null, 2)}\n` : summaryTable(summary, directory);
  await new Promise<void>((done, fail) =>
    process.stdout.write(text, (error) => (error ? fail(error) : done())),
  );
}

interface OpenState {
  readonly directory: string;
  readonly resumed: boolean;
  release(): void;
}

/** Where a replay of these parameters keeps its state: finished ones start anew, interrupted ones go on. @throws ConfigurationError */
function openState(given: string | undefined, parameters: DayParameters): OpenState {
  const digest = createHash('sha256').update(canonicalJson(parameters)).digest('hex').slice(0, 12);
  const directory = resolve(given ?? join('.abc', `day-${digest}`));
  const marker = join(directory, 'replay.json');
  try {
    mkdirSync(directory, { recursive: true });
  } catch (cause) {
    throw new ConfigurationError(
      `the state directory ${directory} cannot be used (${(cause as NodeJS.ErrnoException).code ?? 'unknown reason'}); choose another with --state`,
      cause,
    );
  }
  const lock = lockDirectory(directory);
  const before = readMarker(marker);
  if (before !== null && before.digest !== digest) {
    lock();
    throw new ConfigurationError(
      `the state directory ${directory} holds a replay with other parameters; choose another --state, or remove it`,
    );
  }
  const resumed = before !== null && !before.finished;
  if (before?.finished === true)
    for (const part of ['host', 'gateway', 'audit'])
      rmSync(join(directory, part), { recursive: true, force: true });
  writeFileSync(marker, JSON.stringify({ digest, parameters, finished: false }));
  return { directory, resumed, release: lock };
}

function markFinished(directory: string): void {
  const marker = join(directory, 'replay.json');
  writeFileSync(
    marker,
    JSON.stringify({ ...(JSON.parse(readFileSync(marker, 'utf8')) as object), finished: true }),
  );
}

function readMarker(file: string): { readonly digest: string; readonly finished: boolean } | null {
  if (!existsSync(file)) return null;
  try {
    const marker = JSON.parse(readFileSync(file, 'utf8')) as { digest?: unknown; finished?: unknown };
    if (typeof marker.digest === 'string' && typeof marker.finished === 'boolean')
      return { digest: marker.digest, finished: marker.finished };
  } catch (cause) {
    throw new ConfigurationError(
      `${file} cannot be read as the marker of a replay; remove the state directory to start anew, or choose another with --state`,
      cause,
    );
  }
  throw new ConfigurationError(
    `${file} is not the marker of a replay; remove the state directory to start anew, or choose another with --state`,
  );
}

/** One process a state directory; a lock left by a process that is gone is taken over. */
function lockDirectory(directory: string): () => void {
  const file = join(directory, 'lock');
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      const handle = openSync(file, 'wx');
      writeFileSync(handle, String(process.pid));
      closeSync(handle);
      return () => rmSync(file, { force: true });
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') {
        throw new ConfigurationError(
          `the state directory ${directory} cannot be written to (${(cause as NodeJS.ErrnoException).code ?? 'unknown reason'}); choose another with --state`,
          cause,
        );
      }
      const holder = Number(readFileSync(file, 'utf8'));
      if (isRunning(holder))
        throw new ConfigurationError(
          `the state directory ${directory} is in use by process ${holder}; wait for it, or choose another with --state`,
        );
      rmSync(file, { force: true });
    }
  }
  throw new ConfigurationError(`the lock of ${directory} could not be taken; try again`);
}

function isRunning(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
