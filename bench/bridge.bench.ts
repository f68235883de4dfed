import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom, seedOf } from '#core/values/random.ts';
import { freePorts, STACK } from '../tests/chaos/broker/chaos.ts';
import { Corrections } from '../tests/chaos/broker/corrections.ts';
import { Processes, UNHURRIED } from '../tests/chaos/broker/processes.ts';
import { type RunSettings, runClock } from '../tests/chaos/broker/settings.ts';
import { Trader } from '../tests/chaos/broker/trader.ts';
import { writeAssembly } from '../tests/integration/local/host/assembly-writer.ts';
import { STILL_MS, StillDesk } from './broker/still-desk.ts';

/**
 * What the bridge adds: a command received from the queue until its order is on the wire, and a fill read from the wire
 * until it is in the journal. Bridge, paper gateway and embedded host are processes of their own, connected as in the
 * product; nothing is killed. Market time runs sixty times as fast, so that fills come soon; the bridge asks and compares
 * as often as in real time. The bench itself is still while a command is on its way. Run: npm run bench:broker. Wanted: p99 below 5 ms and below 25 ms.
 */
const WARM_UP = 120;
const ORDERS = 240;
/** More than the desk ever has: its policy allows fifty orders a session. The first orders only warm up what is compiled. */
const ORDERS_PER_SECOND = 3;
const ORDERS_A_SESSION = 50;
const directory = mkdtempSync(join(tmpdir(), 'abc-bridge-bench-'));
const [hostPort = 0, gatewayPort = 0, controlPort = 0] = await freePorts(3);
const settings: RunSettings = {
  directory,
  assembly: writeAssembly(join(directory, 'assembly'), STACK),
  hostPort,
  gatewayPort,
  controlPort,
  realBegin: Date.now(),
  seed: 1,
};
console.log(
  `load of the machine: ${loadavg()
    .map((load) => load.toFixed(2))
    .join(' ')}`,
);
const processes = await Processes.start(
  settings,
  UNHURRIED,
  join(import.meta.dirname, 'broker', 'measured-bridge.ts'),
);
try {
  if (processes.names === undefined) throw new Error('the host says its names when it is up');
  const clock = runClock(settings.realBegin);
  const desk = new StillDesk(processes.names, clock);
  await desk.open();
  const trader = new Trader(
    desk,
    seededRandom(seedOf(1, 'trader')),
    clock,
    new Corrections(),
    ORDERS_A_SESSION,
  );
  while (trader.placed < WARM_UP) await trader.step(1);
  desk.still = true;
  while (trader.placed < WARM_UP + ORDERS) {
    await trader.step(1);
    await new Promise((resolve) => setTimeout(resolve, 1_000 / ORDERS_PER_SECOND - 2 * STILL_MS));
  }
  while (!(await trader.settle())) await new Promise((resolve) => setTimeout(resolve, 200));
  const measured = JSON.parse(await processes.stop('bridge')) as Readonly<Record<string, number[]>>;
  console.log(`${ORDERS} orders, ${ORDERS_PER_SECOND} a second`);
  report('command received → order on the wire', (measured['commandToWire'] ?? []).slice(WARM_UP));
  report('  of it, the store recording the order', (measured['record'] ?? []).slice(WARM_UP));
  report('  the rest: the bridge alone', (measured['bridgeAlone'] ?? []).slice(WARM_UP));
  report('fill on the wire → journaled', (measured['fillToJournal'] ?? []).slice(WARM_UP));
} finally {
  await processes.end();
  rmSync(directory, { recursive: true, force: true });
}

function report(what: string, values: readonly number[]): void {
  const sorted = values.toSorted((left, right) => left - right);
  const at = (share: number) =>
    (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN).toFixed(2);
  console.log(
    `${what}: ${sorted.length} times, p50 ${at(0.5)} ms, p90 ${at(0.9)} ms, p99 ${at(0.99)} ms, most ${at(1)} ms`,
  );
}
