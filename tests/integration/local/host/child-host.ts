import { startHost } from '#local/host/host.ts';

/** A host in a process of its own, to be killed. Arguments: assembly directory, state directory. */
const [assemblyDirectory = '', directory = ''] = process.argv.slice(2);
const silent = (): void => {};
const host = await startHost({
  assemblyDirectory,
  directory,
  port: 0,
  clock: { mode: 'wall' },
  region: 'us-east-1',
  accountId: '000000000000',
  seed: 'child',
  log: { info: silent, warn: silent, error: silent },
});
process.stdout.write(
  `${JSON.stringify({ endpoint: host.endpoint, credentials: host.operatorCredentials })}\n`,
);
