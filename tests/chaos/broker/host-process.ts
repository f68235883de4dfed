import { join } from 'node:path';
import { startHost } from '#local/host/host.ts';
import { BEGIN, OPERATOR, PACE, REGION, settingsOfProcess } from './settings.ts';

/** The embedded cloud in a process of its own, to be killed. */
const run = settingsOfProcess();
const silent = (): void => {};
const host = await startHost({
  assemblyDirectory: run.assembly,
  directory: join(run.directory, 'host'),
  port: run.hostPort,
  clock: { mode: 'scaled', startAt: BEGIN + (Date.now() - run.realBegin) * PACE, scale: PACE },
  region: REGION,
  accountId: '000000000000',
  seed: String(run.seed),
  operator: OPERATOR,
  log: { info: silent, warn: silent, error: (message, fields) => console.error(message, fields) },
});
const named = (logicalId: string) => host.resource(logicalId).identity.ref;
process.stdout.write(
  `${JSON.stringify({
    endpoint: host.endpoint,
    queueUrl: named('Commands'),
    journal: named('Journal'),
    state: named('State'),
    idempotency: named('Idempotency'),
    bucket: named('Objects'),
  })}\n`,
);
