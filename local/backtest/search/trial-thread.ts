import { parentPort, workerData } from 'node:worker_threads';
import { MarkColumns } from '#core/simulation/engine/mark-columns.ts';
import type { SimulatedInstrument } from '#core/simulation/engine/options.ts';
import type { ParameterPoint } from '#core/simulation/validation/search-space.ts';
import { type SearchWindow, trainingBars } from '#core/simulation/validation/search-windows.ts';
import { runTrial, type TrialOutcome } from '#core/simulation/validation/trial.ts';
import type { BacktestParameters } from '#local/backtest/backtest-parameters.ts';
import { strategyFactoryNamed } from '#local/backtest/named-strategy.ts';
import { simulationOptions } from '#local/backtest/simulation-options.ts';

/** What a thread is given once; the columns of the bars are shared memory. */
export interface TrialThreadData {
  readonly strategy: string;
  readonly input: Pick<BacktestParameters, 'cash' | 'commission' | 'seed'>;
  readonly instruments: readonly SimulatedInstrument[];
  readonly windows: readonly SearchWindow[];
}

/** One point on one window. */
export interface TrialTask {
  readonly window: number;
  readonly trial: number;
  readonly parameters: ParameterPoint;
}

/** A task and what it came to. */
export interface TrialResult extends TrialTask {
  readonly outcome: TrialOutcome;
}

const data = workerData as TrialThreadData;
const options = simulationOptions(data.input);
const bars = data.windows.map((window) => trainingBars(data.instruments, window));
const columns = new MarkColumns();
const make = await strategyFactoryNamed(data.strategy);

parentPort?.on('message', (tasks: readonly TrialTask[]) => {
  const results = tasks.map((task): TrialResult => {
    const instruments = bars[task.window] ?? [];
    const strategy = () => make(task.parameters, instruments);
    return { ...task, outcome: runTrial(strategy, instruments, options, columns) };
  });
  parentPort?.postMessage(results);
});
