import { resolve } from 'node:path';
import { newYorkDate } from '#core/market/calendar.ts';
import { type EpochMillis, instantText } from '#core/values/clock.ts';
import { seedOf } from '#core/values/random.ts';
import type { TimerClock } from '#core/values/timer-clock.ts';
import { DEFAULT_DAY } from '#local/day/day-parameters.ts';
import { ConfigurationError } from '#local/day/errors.ts';
import { playedBars } from '#local/day/played-bars.ts';
import { type PlayedInstrument, playedSessions, realTape } from '#local/day/real-tape.ts';
import { ACCOUNT, REGION } from '#local/day/run-day.ts';
import { startHost } from '#local/host/host.ts';
import { startControlServer } from '#local/paper-gateway/control-server.ts';
import { startPaperGateway } from '#local/paper-gateway/gateway.ts';
import { manualClock } from '#local/paper-gateway/manual-clock.ts';
import { scaledClock, wallClock } from '#local/paper-gateway/wall-clock.ts';
import { consoleLog } from './console-log.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';

const say = (line: string) => void process.stderr.write(`${line}\n`);
const stopped = () =>
  new Promise<void>((stop) => {
    process.once('SIGINT', stop);
    process.once('SIGTERM', stop);
  });

/** A port from the command line. @throws ConfigurationError */
export function parsePort(text: string, option = '--port'): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new ConfigurationError(
      `${option} ${JSON.stringify(text)} is not a port; give a number from 0 (any free one) to 65535`,
    );
  return port;
}

/** The embedded host alone, on wall time, from an assembly. */
export async function hostCommand(options: {
  readonly port: string;
  readonly assembly: string;
  readonly state?: string;
}): Promise<ExitCode> {
  const host = await startHost({
    assemblyDirectory: resolve(options.assembly),
    port: parsePort(options.port),
    directory: options.state === undefined ? null : resolve(options.state),
    clock: { mode: 'wall' },
    region: REGION,
    accountId: ACCOUNT,
    seed: DEFAULT_DAY.seed,
    log: consoleLog('info', say),
  });
  try {
    const { accessKeyId, secretAccessKey } = host.operatorCredentials;
    process.stdout.write(
      `AWS_ENDPOINT_URL=${host.endpoint}\nAWS_REGION=${REGION}\nAWS_ACCESS_KEY_ID=${accessKeyId}\nAWS_SECRET_ACCESS_KEY=${secretAccessKey}\n`,
    );
    say(`${host.resources.length} resources; press Ctrl-C to stop`);
    await stopped();
    return EXIT.interrupted;
  } finally {
    await host.close();
  }
}

export interface PaperGatewayCommandOptions {
  readonly port: string;
  readonly controlPort: string;
  readonly symbols?: string;
  readonly tape?: string;
  readonly from?: string;
  readonly clock: string;
  readonly scale: string;
  readonly state?: string;
  readonly seed?: string;
}

/** The gateway's time. `advance` is there only where time waits to be told. @throws ConfigurationError */
function gatewayClock(
  kind: string,
  scale: number,
  start: EpochMillis,
): {
  readonly clock: TimerClock;
  readonly advance?: (millis: number) => Promise<void>;
  readonly text: string;
} {
  const from = instantText(start);
  switch (kind) {
    case 'wall':
      return { clock: wallClock, text: 'the time of this machine' };
    case 'scaled':
      if (!(scale > 0 && Number.isFinite(scale)))
        throw new ConfigurationError('--scale must be a positive number, such as 60 for a minute a second');
      return {
        clock: scaledClock({ start: () => start, pace: scale }),
        text: `from ${from}, ${scale} times as fast as this machine`,
      };
    case 'stepped': {
      const clock = manualClock(start);
      return {
        clock,
        advance: (millis) => clock.advance(millis),
        text: `stands at ${from}; "abc paper-gateway fault advance 60000" lets a minute pass`,
      };
    }
    default:
      throw new ConfigurationError(
        `--clock ${JSON.stringify(kind)} is not known; use wall, scaled or stepped`,
      );
  }
}

/** The paper gateway alone: any TWS program can trade against it. */
export async function paperGatewayCommand(options: PaperGatewayCommandOptions): Promise<ExitCode> {
  const symbols =
    options.symbols?.split(',').map((symbol) => symbol.trim().toUpperCase()) ?? DEFAULT_DAY.symbols;
  const port = parsePort(options.port);
  const controlPort = parsePort(options.controlPort, '--control-port');
  const { instruments, sources } = await playedBars(
    symbols,
    options.tape === undefined ? null : resolve(options.tape),
  );
  const from = options.from ?? firstDate(instruments, options.tape !== undefined);
  const [session] = playedSessions(instruments, from, lastDate(instruments));
  if (session === undefined)
    throw new ConfigurationError(`there is no session with prices from ${from} on; ${sources.join('; ')}`);
  const { clock, advance, text } = gatewayClock(options.clock, Number(options.scale), session.open - 60_000);
  const seed = options.seed ?? DEFAULT_DAY.seed;
  const gateway = await startPaperGateway({
    port,
    clock,
    tape: realTape(instruments, seed),
    directory: options.state === undefined ? null : resolve(options.state),
    seed: seedOf(seed),
  });
  const control = await startControlServer(gateway, controlPort, advance);
  try {
    say(
      `paper gateway on 127.0.0.1:${gateway.port} (PAPER, simulated broker), TWS server versions 176 to 193`,
    );
    for (const source of sources) say(`prices: ${source}; the path inside each day is a model`);
    say(`time: ${text}`);
    say(
      `faults: npx abc paper-gateway fault --control-port ${control.port}, without an action for the state`,
    );
    say('press Ctrl-C to stop');
    await stopped();
    return EXIT.interrupted;
  } finally {
    await control.close();
    await gateway.close();
  }
}

function lastDate(instruments: readonly PlayedInstrument[]): string {
  const last = instruments.map(({ daily }) => daily.closeTime[daily.length - 1] ?? 0);
  return newYorkDate(Math.max(...last));
}

/** Own bars begin with their first session, the packaged ones where the replay does. */
function firstDate(instruments: readonly PlayedInstrument[], own: boolean): string {
  const first = instruments[0]?.daily;
  return own && first !== undefined && first.length > 0
    ? newYorkDate(first.closeTime[0] as number)
    : DEFAULT_DAY.from;
}

/**
 * Asks the control port of a running gateway: the state without an action, else one of its actions. A bare number is the
 * first setting of the action's own, JSON gives them all.
 */
export async function paperGatewayFaultCommand(
  action: string | undefined,
  detail: string | undefined,
  options: { readonly controlPort: string },
): Promise<ExitCode> {
  const port = parsePort(options.controlPort, '--control-port');
  const body = action === undefined ? undefined : JSON.stringify({ action, ...detailOf(action, detail) });
  let answer: Response;
  try {
    answer = await fetch(`http://127.0.0.1:${port}/`, body === undefined ? {} : { method: 'POST', body });
  } catch (cause) {
    throw new ConfigurationError(
      `no paper gateway answers on control port ${port}; start one with npx abc paper-gateway, or give its --control-port`,
      cause,
    );
  }
  const text = await answer.text();
  if (!answer.ok) {
    const { error } = JSON.parse(text) as { readonly error: string };
    throw new ConfigurationError(`the gateway refuses ${body ?? 'that'}: ${error}`);
  }
  process.stdout.write(`${JSON.stringify(JSON.parse(text), null, 2)}\n`);
  return EXIT.ok;
}

const FIRST_SETTING: Readonly<Record<string, string>> = {
  disconnect: 'clientId',
  notice: 'code',
  partialFills: 'maximum',
  rejectOrders: 'count',
  restart: 'refuseMillis',
  advance: 'millis',
};

function detailOf(action: string, detail: string | undefined): object {
  if (detail === undefined) return {};
  const setting = FIRST_SETTING[action];
  const amount = Number(detail);
  if (setting !== undefined && detail.trim() !== '' && Number.isFinite(amount))
    return { [setting]: amount, ...(action === 'rejectOrders' ? { reason: 'asked for by hand' } : {}) };
  let parsed: unknown;
  try {
    parsed = JSON.parse(detail);
  } catch (cause) {
    throw new ConfigurationError(
      `${JSON.stringify(detail)} is neither a number nor JSON; give for example set '{"mute":true}' or notice 1100`,
      cause,
    );
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw new ConfigurationError(`${detail} is not a JSON object; give for example '{"mute":true}'`);
  return action === 'set' ? { settings: parsed } : parsed;
}
