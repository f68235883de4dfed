import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type DeskEvent, parseEvent } from '#contracts/registry.ts';
import { checkChains } from '#core/audit/completeness.ts';
import { sessionAt } from '#core/market/calendar.ts';
import { seededRandom, seedOf } from '#core/values/random.ts';
import { DEFAULT_DAY } from '#local/day/day-parameters.ts';
import { abc, stateDirectory } from '../e2e/command-line.ts';
import { brokerView } from './broker/broker-view.ts';
import { CABLES, Cables } from './broker/cables.ts';
import { Corrections } from './broker/corrections.ts';
import { pause } from './broker/mischief.ts';
import { nameOf } from './broker/verdict.ts';

/**
 * `npm run chaos:day -- --seed 1`: the product's own day, whole, while every cable between its bridge and its broker is
 * pulled, one after the other, again and again. At the end book and broker have to agree to the cent, each order has to
 * be one, and the audit has to be verified. Exit code 1 where anything disagrees.
 *
 * Cables are pulled while the market is open, and in time before the close: what fills unseen over midnight is a
 * difference for a person, and rightly so.
 */
const { values } = parseArgs({ options: { seed: { type: 'string', default: '1' } } });
const seed = Number(values.seed);
if (!Number.isInteger(seed) || seed < 0) {
  process.stderr.write(`--seed ${values.seed} is not a whole number from 0\n`);
  process.exit(2);
}
const MINUTE = 60_000;
const LONGEST_WAIT_MS = 2_000;
/** Before the close so long nothing is pulled any more, and all is back to normal. */
const QUIET_MINUTES = 90;

const state = stateDirectory();
const day = abc('day', '--state', state.path, '--keep-running');
const pulled: Record<string, number> = {};
let over = false;
const finished = day.line(/^the replay is over/).then(() => {
  over = true;
});
try {
  const ports = await day.line(/its faults on \d+/);
  const controlPort = Number(/its faults on (\d+)/.exec(ports)?.[1]);
  await pullCables(controlPort);
  await finished;
  const { faults, equity, drawdown } = await judge(controlPort);
  const rows = Object.entries(pulled).map(([cable, count]) => `${cable} ${count}`);
  process.stdout.write(`seed ${seed}: cables pulled: ${rows.join(', ')}\n`);
  process.stdout.write(
    faults.length === 0
      ? `book and broker agree to the cent, each order was one, the audit is verified; equity ${equity}, ${(drawdown * 100).toFixed(2)} % below its highest\n`
      : `${faults.map((fault) => `  ${fault}`).join('\n')}\n`,
  );
  process.exitCode = faults.length === 0 && Object.keys(pulled).length > 0 ? 0 : 1;
} finally {
  day.kill('SIGKILL');
  await day.done;
  state.remove();
}

async function timeAt(controlPort: number): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${controlPort}/`);
  return Date.parse(((await answer.json()) as { readonly time: string }).time);
}

/** One after the other, each kind in turn in an order that follows from the seed. */
async function pullCables(controlPort: number): Promise<void> {
  const random = seededRandom(seedOf(seed, 'cables'));
  const corrections = new Corrections();
  /**
   * Until so much of the desk's own time has passed; at most a while of real time, because the replay's time stands still
   * while nobody reads what the bridge sends (half-open).
   */
  const wait = async (millis: number) => {
    const until = (await timeAt(controlPort)) + millis;
    const latest = performance.now() + LONGEST_WAIT_MS;
    while (!over && performance.now() < latest && (await timeAt(controlPort)) < until) await pause(5);
  };
  const cables = new Cables({
    controlPort,
    random,
    instruments: DEFAULT_DAY.symbols.filter((symbol) => symbol !== 'SPX'),
    corrections,
    commissions: ['early', 'normal', { lateMillis: 2 * MINUTE }],
    // What lasts a second where time is real lasts ten minutes here.
    wait: (millis) => wait(millis * 600),
  });
  let left: (typeof CABLES)[number][] = [];
  let calm = true;
  while (!over) {
    const now = await timeAt(controlPort);
    const session = sessionAt('us-equity', now);
    if (session === null || session === undefined || now > session.close - QUIET_MINUTES * MINUTE) {
      if (!calm) await cables.calm();
      calm = true;
      await pause(5);
      continue;
    }
    if (left.length === 0) left = [...CABLES];
    const [cable] = left.splice(random.integer(left.length), 1);
    if (cable === undefined) continue;
    for (const { orderRef } of (await brokerView(controlPort)).executions)
      corrections.admit(nameOf(orderRef).replace(/:stop$/, ''));
    calm = false;
    pulled[cable] = (pulled[cable] ?? 0) + 1;
    await cables.pull(cable);
    await wait(random.integer(20) * MINUTE);
  }
}

/** What is not as it has to be, a line each. */
async function judge(
  controlPort: number,
): Promise<{ readonly faults: readonly string[]; readonly equity: string; readonly drawdown: number }> {
  const broker = await brokerView(controlPort);
  const told = await abc('status', '--state', state.path, '--json').done;
  const { value } = JSON.parse(told.stdout) as {
    readonly value: {
      readonly cash: string;
      readonly equity: string;
      readonly drawdown: number;
      readonly positions: readonly { readonly instrument: string; readonly quantity: string }[];
    };
  };
  const line = (instrument: string, quantity: string) => `${instrument} ${Number(quantity)}`;
  const [ours, theirs] = [value.positions, broker.positions].map((positions) =>
    positions
      .map(({ instrument, quantity }) => line(instrument, quantity))
      .sort()
      .join(', '),
  );
  const verified = await abc('verify', join(state.path, 'audit')).done;
  const events = exported(join(state.path, 'audit'));
  const of = (type: string) =>
    events.flatMap(({ metadata, data }) => (metadata.type === type ? [data as Record<string, string>] : []));
  const repeated = (kind: string, ids: readonly (string | undefined)[]) =>
    [...Map.groupBy(ids, (id) => id)].flatMap(([id, all]) =>
      all.length > 1 ? [`${kind} ${id}, ${all.length} times`] : [],
    );
  const faults = [
    ...(Number(value.cash).toFixed(2) === Number(broker.cash).toFixed(2)
      ? []
      : [`cash: the book has ${value.cash}, the broker ${broker.cash}`]),
    ...(ours === theirs
      ? []
      : [`positions: the book holds ${ours || 'none'}, the broker ${theirs || 'none'}`]),
    ...(verified.code === 0 ? [] : [`abc verify: ${verified.stdout}${verified.stderr}`]),
    ...(of('OrderFilled').length > 0 ? [] : ['nothing was traded, so that nothing was proved']),
    ...repeated(
      'execution',
      of('OrderFilled').map(({ execId }) => execId),
    ),
    ...repeated(
      'acceptance of',
      of('OrderAccepted')
        .filter(({ role }) => role === 'order')
        .map(({ orderRef }) => orderRef),
    ),
    ...checkChains(events).faults.map(({ detail }) => detail),
  ];
  return { faults, equity: value.equity, drawdown: value.drawdown };
}

function exported(directory: string): readonly DeskEvent[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith('.entries'))
    .sort()
    .flatMap((name) => readFileSync(join(directory, name), 'utf8').split('\n'))
    .filter((line) => line !== '')
    .map((line) => parseEvent(JSON.parse(line.slice(line.indexOf(' ') + 1))));
}
