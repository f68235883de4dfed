import { join } from 'node:path';
import { startControlServer } from '#local/paper-gateway/control-server.ts';
import { startPaperGateway } from '#local/paper-gateway/gateway.ts';
import { ACCOUNT, runClock, settingsOfProcess } from './settings.ts';
import { chaosTape } from './tape.ts';

/** The paper gateway and its fault control in a process of their own, to be killed. */
const run = settingsOfProcess();
const gateway = await startPaperGateway({
  port: run.gatewayPort,
  clock: runClock(run.realBegin),
  tape: chaosTape(run.seed),
  directory: join(run.directory, 'gateway'),
  account: ACCOUNT,
  seed: run.seed,
});
await startControlServer(gateway, run.controlPort);
process.stdout.write('{"ready":true}\n');
