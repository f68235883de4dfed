import { existsSync } from 'node:fs';
import { basename, extname, join, resolve } from 'node:path';
import { newYorkDate } from '#core/market/calendar.ts';
import { findInstrument } from '#core/market/catalog.ts';
import type { EpochMillis } from '#core/values/clock.ts';
import { seedOf } from '#core/values/random.ts';
import type { TimerClock } from '#core/values/timer-clock.ts';
import { DEFAULT_DAY } from '#local/day/day-parameters.ts';
import { ConfigurationError } from '#local/day/errors.ts';
import { playedBars } from '#local/day/played-bars.ts';
import { type PlayedInstrument, playedSessions, realTape } from '#local/day/real-tape.ts';
import { fileStore, STORE_FILE } from '#local/paper-gateway/broker/store.ts';
import { startControlServer } from '#local/paper-gateway/control-server.ts';
import { startPaperGateway } from '#local/paper-gateway/gateway.ts';
import { SteppedClock } from '#local/paper-gateway/stepped-clock.ts';
import { scaledClock, wallClock } from '#local/paper-gateway/wall-clock.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { parsePort, say, stopped } from './serving.ts';

/** The control port where none is named: this far above the gateway's own. */
export const CONTROL_PORT_DISTANCE = 100;
const FASTEST = 10_000;

export interface PaperGatewayParameters {
  readonly port: string;
  readonly controlPort?: string;
  readonly tape?: string;
  readonly symbols?: string;
  readonly from?: string;
  readonly clock: string;
  readonly scale?: string;
  readonly state?: string;
  readonly seed?: string;
}

/** What is played: the symbols named, or for a file of bars the instrument that the file is named for. */
function symbolsOf({ symbols, tape }: PaperGatewayParameters): readonly string[] {
  if (symbols !== undefined) return symbols.split(',').map((symbol) => symbol.trim().toUpperCase());
  if (tape === undefined) return DEFAULT_DAY.symbols;
  const named = basename(tape, extname(tape)).toUpperCase();
  if (findInstrument(named) !== undefined) return [named];
  throw new ConfigurationError(
    `the tape ${tape} is not named for an instrument of the catalog; say with --symbols whose bars they are, for example --symbols AAPL`,
  );
}

/** The New York date of the tape's last bar. */
const lastDate = (played: readonly PlayedInstrument[]): string =>
  newYorkDate(Math.max(...played.map(({ daily }) => daily.closeTime[daily.length - 1] ?? 0)));

/** The opening of the first session from `--from` on that has bars. @throws ConfigurationError */
function firstOpening(played: readonly PlayedInstrument[], parameters: PaperGatewayParameters): EpochMillis {
  const [first] = played;
  const earliest =
    first === undefined || first.daily.length === 0
      ? DEFAULT_DAY.from
      : newYorkDate(first.daily.openTime[0] as number);
  const from = parameters.from ?? (parameters.tape === undefined ? DEFAULT_DAY.from : earliest);
  if (!/^\d{4}-\d{2}-\d{2}$/.test(from) || Number.isNaN(Date.parse(from)))
    throw new ConfigurationError(`--from ${JSON.stringify(from)} is not a date; write it like 2018-01-22`);
  const latest = lastDate(played);
  const session = from > latest ? undefined : playedSessions(played, from, latest)[0];
  if (session === undefined)
    throw new ConfigurationError(
      `the tape has no session from ${from} on; its bars go from ${earliest} to ${latest}, name a day of these with --from`,
    );
  return session.open;
}

/** The last instant that an account kept in a directory has lived through, null for a new one. */
function livedUntil(directory: string | null): EpochMillis | null {
  if (directory === null || !existsSync(join(directory, STORE_FILE))) return null;
  const store = fileStore(directory);
  try {
    const state = store.load();
    return state === null ? null : Math.max(state.dayStart, ...state.matchedUntil.values());
  } finally {
    store.close();
  }
}

/** How many times faster than the machine's time goes. @throws ConfigurationError */
function scaleOf(text: string): number {
  const scale = Number(text);
  if (!(scale > 0) || scale > FASTEST)
    throw new ConfigurationError(
      `--scale ${JSON.stringify(text)} is not a speed; give a number above 0 and up to ${FASTEST}, 60 for a minute a second`,
    );
  return scale;
}

interface GatewayTime {
  readonly clock: TimerClock;
  /** Moves time on; only a stepped clock can be moved. */
  readonly advance: ((millis: number) => void) | null;
  readonly words: string;
}

/** The clock asked for. The account's past is behind it, so that no bar is played to it twice. @throws ConfigurationError */
function timeOf(
  played: readonly PlayedInstrument[],
  parameters: PaperGatewayParameters,
  directory: string | null,
): GatewayTime {
  if (parameters.scale !== undefined && parameters.clock !== 'scaled')
    throw new ConfigurationError(`--scale goes with --clock scaled, not with --clock ${parameters.clock}`);
  if (parameters.clock === 'wall') {
    const today = newYorkDate(wallClock.now());
    if (lastDate(played) < today)
      throw new ConfigurationError(
        `the tape ends before today, ${today}, so nothing would ever trade by the wall clock; use --clock scaled, which plays the tape's own days`,
      );
    return { clock: wallClock, advance: null, words: "the machine's own time" };
  }
  const start = Math.max(firstOpening(played, parameters), livedUntil(directory) ?? 0);
  const begins = new Date(start).toISOString();
  if (parameters.clock === 'stepped') {
    const clock = new SteppedClock(start);
    return {
      clock,
      advance: (millis) => clock.advance(millis),
      words: `${begins}, standing; move it with: abc paper-gateway fault do advance minutes=1`,
    };
  }
  if (parameters.clock !== 'scaled')
    throw new ConfigurationError(
      `--clock ${JSON.stringify(parameters.clock)} is unknown; use wall, scaled or stepped`,
    );
  const pace = scaleOf(parameters.scale ?? '1');
  return {
    clock: scaledClock({ start: () => start, pace }),
    advance: null,
    words: `${begins}, ${pace} times real speed`,
  };
}

function controlPortOf({ controlPort }: PaperGatewayParameters, port: number): number {
  if (controlPort !== undefined) return parsePort(controlPort, '--control-port');
  return port === 0 || port + CONTROL_PORT_DISTANCE > 65_535 ? 0 : port + CONTROL_PORT_DISTANCE;
}

/** The paper gateway alone: any TWS program can trade against it. @throws ConfigurationError */
export async function paperGatewayCommand(parameters: PaperGatewayParameters): Promise<ExitCode> {
  const port = parsePort(parameters.port);
  const controlPort = controlPortOf(parameters, port);
  const { instruments, sources } = await playedBars(symbolsOf(parameters), parameters.tape ?? null);
  const directory = parameters.state === undefined ? null : resolve(parameters.state);
  const { clock, advance, words } = timeOf(instruments, parameters, directory);
  const seed = parameters.seed ?? DEFAULT_DAY.seed;
  const gateway = await startPaperGateway({
    port,
    clock,
    tape: realTape(instruments, seed),
    directory,
    seed: seedOf(seed),
  });
  try {
    const control = await startControlServer(gateway, controlPort, { now: () => clock.now(), advance });
    try {
      say(
        `paper gateway on 127.0.0.1:${gateway.port} (PAPER, simulated broker), TWS server versions 176 to 193; control port ${control.port}`,
      );
      for (const source of sources) say(`prices: ${source}`);
      if (instruments.some(({ minutes }) => minutes === null))
        say('where the prices are daily, the path inside each day is a model');
      say(`time: ${words}`);
      say('press Ctrl-C to stop');
      await stopped();
      return EXIT.interrupted;
    } finally {
      await control.close();
    }
  } finally {
    await gateway.close();
  }
}
