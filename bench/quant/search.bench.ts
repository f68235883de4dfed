/** Parameter search on one and on two threads over the same trials, threads' start included, and that both say the same. */
import { availableParallelism, loadavg } from 'node:os';
import { instrumentOf } from '#core/market/catalog.ts';
import { gridPoints, steppedRange } from '#core/simulation/validation/search-space.ts';
import { searchWindows } from '#core/simulation/validation/search-windows.ts';
import { runTrials, sharedInstruments } from '#local/backtest/search/trial-pool.ts';
import type { TrialResult, TrialTask } from '#local/backtest/search/trial-thread.ts';
import { minuteBars } from './minute-bars.ts';

const say = (name: string, value: string) => console.log(JSON.stringify({ name, value }));
const BARS = 500_000;
const ROUNDS = 5;

const instruments = sharedInstruments([{ instrument: instrumentOf('BTC-USD'), bars: minuteBars(BARS) }]);
const windows = searchWindows(instruments, { kind: 'holdout', fraction: 0.2 });
const points = gridPoints([
  steppedRange('fast', 20, 55, 5),
  steppedRange('slow', 100, 500, 100),
  { name: 'fraction', values: [0.01, 0.02, 0.03] },
]);
const tasks = points.map((parameters, trial): TrialTask => ({ window: 0, trial, parameters }));

interface Run {
  readonly seconds: number;
  /** Seconds of processor time of all threads: what other work on the machine does not move. */
  readonly work: number;
  readonly text: string;
}

async function search(workers: number): Promise<Run> {
  const results: TrialResult[] = [];
  const begun = performance.now();
  const before = process.cpuUsage();
  await runTrials(
    tasks,
    {
      strategy: 'sma-cross',
      input: { cash: 1_000_000, commission: 'fixed', seed: 'bench' },
      instruments,
      windows,
    },
    workers,
    (batch) => results.push(...batch),
    new AbortController().signal,
  );
  const seconds = (performance.now() - begun) / 1000;
  const { user, system } = process.cpuUsage(before);
  const text = JSON.stringify(results.sort((a, b) => a.trial - b.trial));
  return { seconds, work: (user + system) / 1e6, text };
}

const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const ones: Run[] = [];
const twos: Run[] = [];
for (let round = 0; round < ROUNDS; round++) {
  // Other work comes and goes: each round compares its own two, and they take turns to go first.
  const order = round % 2 === 0 ? [1, 2] : [2, 1];
  for (const workers of order) (workers === 1 ? ones : twos).push(await search(workers));
}
const of = (pick: (run: Run) => number) =>
  `${median(ones.map(pick)).toFixed(2)} s, ${median(twos.map(pick)).toFixed(2)} s`;
const same = new Set([...ones, ...twos].map(({ text }) => text)).size === 1;
const gains = ones.map(({ seconds }, round) => seconds / (twos[round]?.seconds ?? Number.NaN));
say('trials, bars of each', `${tasks.length}, ${(BARS * 0.8).toLocaleString('en-US')}`);
say('processors, load of the last minute', `${availableParallelism()}, ${loadavg()[0]?.toFixed(1)}`);
say(
  'one thread, two threads: median time',
  of(({ seconds }) => seconds),
);
say(
  'one thread, two threads: median processor time',
  of(({ work }) => work),
);
say('two threads / one: median of the rounds (≥ 1.7)', median(gains).toFixed(2));
say(
  'gain that the processor time leaves where both processors are free',
  ((2 * median(ones.map(({ work }) => work))) / median(twos.map(({ work }) => work))).toFixed(2),
);
say('two threads / one: each round', gains.map((gain) => gain.toFixed(2)).join(', '));
say('results of one and two threads are the same bytes', String(same));
