import { resolve } from 'node:path';
import { DEFAULT_DAY } from '#local/day/day-parameters.ts';
import { ACCOUNT, REGION } from '#local/day/run-day.ts';
import { startHost } from '#local/host/host.ts';
import { consoleLog } from './console-log.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { parsePort, say, stopped } from './serving.ts';

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
