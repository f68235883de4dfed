import { startBridge } from '#ecs/ib-gateway/bridge.ts';
import { runClock, settingsOfProcess } from './settings.ts';

/** The bridge in a process of its own, to be killed: everything as in the container but the pace of its clock. */
const run = settingsOfProcess();
const bridge = startBridge(process.env, { clock: runClock(run.realBegin) });
process.once('SIGTERM', () => void bridge.stop('the run stops its bridge'));
process.stdout.write('{"ready":true}\n');
await bridge.finished;
process.exit(0);
