import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { judgePlausibility, type Plausibility } from '#core/analytics/performance/plausibility.ts';
import type { EquityCurve, Figure } from '#core/analytics/series.ts';
import { newYorkDate } from '#core/market/calendar.ts';
import type { SimulatedInstrument } from '#core/simulation/engine/options.ts';
import { simulate } from '#core/simulation/engine/simulate.ts';
import { buyAndHold } from '#core/simulation/strategies/buy-and-hold.ts';
import { gridPoints, type ParameterPoint, randomPoints } from '#core/simulation/validation/search-space.ts';
import {
  chained,
  curveFrom,
  type SearchVerdict,
  searchVerdict,
  untouchedFigures,
} from '#core/simulation/validation/search-verdict.ts';
import {
  type SearchWindow,
  searchWindows,
  trainingBars,
  wholeBars,
} from '#core/simulation/validation/search-windows.ts';
import type { CurveFigures } from '#core/simulation/validation/trial.ts';
import { seedOf } from '#core/values/random.ts';
import type { BacktestData } from '#local/backtest/backtest.ts';
import { isBuiltIn, type StrategyFactory, strategyFactoryNamed } from '#local/backtest/named-strategy.ts';
import { simulationOptions } from '#local/backtest/simulation-options.ts';
import { ConfigurationError } from '#local/day/errors.ts';
import type { SearchRequest } from './search-request.ts';
import type { TrialFile } from './trial-file.ts';
import { runTrials, sharedInstruments } from './trial-pool.ts';
import type { TrialResult, TrialTask } from './trial-thread.ts';

/** All trials of a search, planned and named. */
export interface PlannedSearch {
  readonly request: SearchRequest;
  readonly data: BacktestData;
  readonly windows: readonly SearchWindow[];
  readonly points: readonly ParameterPoint[];
  /** SHA-256 of all that determines the trials, in hexadecimal. */
  readonly id: string;
}

/** Figures that a result goes out with, and whether they may be believed. */
export type JudgedFigures = Omit<CurveFigures, 'sample'> & {
  readonly probabilistic: Figure;
  readonly plausibility: Plausibility;
};

/** One window: what was chosen on what, and what came of it. */
export interface WindowReport {
  readonly train: readonly [from: string, to: string];
  readonly test: readonly [from: string, to: string];
  readonly verdict: Omit<SearchVerdict, 'best'>;
  /** Undefined where no trial has a Sharpe ratio. */
  readonly best:
    | {
        readonly trial: number;
        readonly parameters: ParameterPoint;
        readonly inSample: Omit<CurveFigures, 'sample'>;
        readonly outOfSample: JudgedFigures;
      }
    | undefined;
  readonly buyAndHold: { readonly inSample: JudgedFigures; readonly outOfSample: JudgedFigures };
}

/** What a search came to. */
export interface SearchReport {
  readonly strategy: string;
  readonly method: 'grid' | 'random';
  readonly ranges: SearchRequest['ranges'];
  readonly windows: SearchRequest['windows'];
  readonly input: SearchRequest['input'];
  readonly data: { readonly sources: readonly string[]; readonly sha256: string };
  /** Points of the search; each is run once a window. */
  readonly trials: number;
  readonly search: string;
  readonly results: readonly WindowReport[];
  /** All tests one after the other; undefined where a window has no best trial. */
  readonly outOfSample: JudgedFigures | undefined;
  readonly buyAndHold: JudgedFigures;
}

/**
 * Plans a search: windows, points and a name. A strategy file counts with its text; what it imports does not.
 * @throws ConfigurationError, InvalidValidationError for what can't be searched
 */
export async function planSearch(request: SearchRequest, data: BacktestData): Promise<PlannedSearch> {
  const windows = searchWindows(data.instruments, request.windows);
  for (const window of windows)
    for (const { instrument, bars } of trainingBars(data.instruments, window))
      if (bars.length === 0)
        throw new ConfigurationError(
          `${instrument.id} has no bars to choose on from ${newYorkDate(window.trainFrom)} until ${newYorkDate(window.testFrom)}; leave it out or take other dates`,
        );
  const points =
    request.random === null
      ? gridPoints(request.ranges)
      : randomPoints(request.ranges, request.random, seedOf(request.input.seed));
  const code = isBuiltIn(request.strategy)
    ? null
    : await fileHash(request.strategy, points, data.instruments);
  const id = createHash('sha256')
    .update(JSON.stringify({ request, data: data.hash, code }))
    .digest('hex');
  return { request, data, windows, points, id };
}

/** Hash of a strategy file that loads and makes strategies, or at least says itself why it takes not one of the points. */
async function fileHash(
  file: string,
  [first]: readonly ParameterPoint[],
  instruments: readonly SimulatedInstrument[],
): Promise<string> {
  const make = await strategyFactoryNamed(file);
  try {
    make(first ?? {}, instruments);
  } catch (error) {
    if (error instanceof ConfigurationError) throw error;
  }
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

/**
 * Runs the trials that the file does not have yet.
 * @returns false where `signal` ended it before
 * @throws TrialThreadError
 */
export async function runSearch(
  { request, data, windows, points }: PlannedSearch,
  file: TrialFile,
  workers: number,
  told: (done: number, of: number) => void,
  signal: AbortSignal,
): Promise<boolean> {
  const tasks = windows.flatMap((_, window) =>
    points.map((parameters, trial): TrialTask => ({ window, trial, parameters })),
  );
  const left = tasks.filter((task) => !file.has(task));
  let done = tasks.length - left.length;
  const { cash, commission, seed } = request.input;
  const finished = await runTrials(
    left,
    {
      strategy: request.strategy,
      input: { cash, commission, seed },
      instruments: sharedInstruments(data.instruments),
      windows,
    },
    workers,
    (results) => {
      file.append(results);
      done += results.length;
      told(done, tasks.length);
    },
    signal,
  );
  if (finished) file.finish();
  return finished;
}

/** What a search came to, from all of its trials. @throws whatever the simulation of a chosen strategy throws */
export async function searchReport(
  { request, data, windows, points, id }: PlannedSearch,
  results: readonly TrialResult[],
): Promise<SearchReport> {
  const make = await strategyFactoryNamed(request.strategy);
  const tested: (EquityCurve | undefined)[] = [];
  const held: EquityCurve[] = [];
  const reports = windows.map((window, index): WindowReport => {
    const trials = results.filter((result) => result.window === index);
    const { best, ...verdict } = searchVerdict(trials.map(({ outcome }) => outcome));
    const kept = played(buyAndHoldFactory, {}, wholeBars(data.instruments, window), request);
    const keptAfter = curveFrom(kept, window.testFrom);
    held.push(keptAfter);
    const training = played(buyAndHoldFactory, {}, trainingBars(data.instruments, window), request);
    const chosen = best === undefined ? undefined : trials[best];
    const tried =
      chosen === undefined
        ? undefined
        : curveFrom(
            played(make, chosen.parameters, wholeBars(data.instruments, window), request),
            window.testFrom,
          );
    tested.push(tried);
    return {
      ...datesOf(data.instruments, window),
      verdict,
      best:
        chosen === undefined || tried === undefined || chosen.outcome.kind === 'failed'
          ? undefined
          : {
              trial: chosen.trial,
              parameters: chosen.parameters,
              inSample: withoutSample(chosen.outcome.figures),
              outOfSample: judged(tried),
            },
      buyAndHold: { inSample: judged(training), outOfSample: judged(keptAfter) },
    };
  });
  const whole = tested.filter((curve) => curve !== undefined);
  return {
    strategy: request.strategy,
    method: request.random === null ? 'grid' : 'random',
    ranges: request.ranges,
    windows: request.windows,
    input: request.input,
    data: { sources: data.sources, sha256: data.hash },
    trials: points.length,
    search: id,
    results: reports,
    outOfSample: whole.length === tested.length ? judged(chained(whole)) : undefined,
    buyAndHold: judged(chained(held)),
  };
}

export const buyAndHoldFactory: StrategyFactory = () => buyAndHold();

/** The marks of a strategy with parameters over the bars of a window. */
export const played = (
  make: StrategyFactory,
  parameters: ParameterPoint,
  instruments: readonly SimulatedInstrument[],
  { input }: SearchRequest,
): EquityCurve => simulate(make(parameters, instruments), instruments, simulationOptions(input)).marks;

function datesOf(instruments: readonly SimulatedInstrument[], window: SearchWindow) {
  const last = Math.max(...trainingBars(instruments, window).map(({ bars }) => bars.closeTime.at(-1) ?? 0));
  return {
    train: [newYorkDate(window.trainFrom), newYorkDate(last)],
    test: [newYorkDate(window.testFrom), newYorkDate(window.testTo)],
  } as const;
}

function withoutSample({ sample: _, ...figures }: CurveFigures): Omit<CurveFigures, 'sample'> {
  return figures;
}

function judged(curve: EquityCurve): JudgedFigures {
  const { sample: _, ...figures } = untouchedFigures(curve);
  return { ...figures, plausibility: judgePlausibility(curve) };
}
