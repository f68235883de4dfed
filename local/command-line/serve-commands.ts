import { resolve } from 'node:path';
import { seedOf } from '#core/values/random.ts';
import { DEFAULT_DAY } from '#local/day/day-parameters.ts';
import { ConfigurationError } from '#local/day/errors.ts';
import { playedBars } from '#local/day/played-bars.ts';
import { realTape } from '#local/day/real-tape.ts';
import { ACCOUNT, REGION } from '#local/day/run-day.ts';
import { startHost } from '#local/host/host.ts';
import { startPaperGateway } from '#local/paper-gateway/gateway.ts';
import { wallClock } from '#local/paper-gateway/wall-clock.ts';
import { consoleLog } from './console-log.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';

const say = (line: string) => void process.stderr.write(`${line}\n`);
const stopped = () =>
  new Promise<void>((stop) => {
    process.once('SIGINT', stop);
    process.once('SIGTERM', stop);
  });

/** A port from the command line. @throws ConfigurationError */
export function parsePort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new ConfigurationError(
      `--port ${JSON.stringify(text)} is not a port; give a number from 0 (any free one) to 65535`,
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

/** The paper gateway alone, on wall time: any TWS program can trade against it. */
export async function paperGatewayCommand(options: {
  readonly port: string;
  readonly symbols?: string;
  readonly state?: string;
  readonly seed?: string;
}): Promise<ExitCode> {
  const symbols =
    options.symbols?.split(',').map((symbol) => symbol.trim().toUpperCase()) ?? DEFAULT_DAY.symbols;
  const { instruments, sources } = await playedBars(symbols, null);
  const seed = options.seed ?? DEFAULT_DAY.seed;
  const gateway = await startPaperGateway({
    port: parsePort(options.port),
    clock: wallClock,
    tape: realTape(instruments, seed),
    directory: options.state === undefined ? null : resolve(options.state),
    seed: seedOf(seed),
  });
  try {
    say(
      `paper gateway on 127.0.0.1:${gateway.port} (PAPER, simulated broker), TWS server versions 176 to 193`,
    );
    for (const source of sources) say(`prices: ${source}; the path inside each day is a model`);
    say('press Ctrl-C to stop');
    await stopped();
    return EXIT.interrupted;
  } finally {
    await gateway.close();
  }
}
