import {
  type Causality,
  checkCausality,
  checkWarmUp,
  type StartDependence,
} from '#core/analytics/validation/indicator-checks.ts';
import type { BarSeries } from '#core/market/bars.ts';
import { newYorkDate } from '#core/market/calendar.ts';
import { detectLookAhead, type LookAhead } from '#core/simulation/validation/look-ahead.ts';
import { seedOf } from '#core/values/random.ts';
import type { BacktestData } from './backtest.ts';
import type { BacktestParameters } from './backtest-parameters.ts';
import { isBuiltIn, type StrategyFactory } from './named-strategy.ts';
import { simulationOptions } from './simulation-options.ts';
import { strategyModule } from './strategy-file.ts';
import { exportedIndicators, type NamedIndicator } from './strategy-indicators.ts';

/** What corrupting the future and shortening the past showed of a strategy and its indicators. */
export interface LookAheadReport {
  readonly clean: boolean;
  readonly strategy: LookAhead;
  /** Each exported indicator on the bars of each instrument; none for a built-in strategy. */
  readonly indicators: readonly IndicatorReport[];
}

export interface IndicatorReport {
  readonly name: string;
  readonly instrument: string;
  readonly causality: Causality;
  /** `too-short`: no bars are left to compare after the warm-up. */
  readonly start: StartDependence | { readonly kind: 'too-short' };
}

/**
 * Checks whether a strategy, or an indicator that its file exports, sees what has not happened yet, and whether an indicator
 * forgets where its history began.
 * @param file name of a built-in strategy or a strategy file
 * @throws ConfigurationError for indicators that are none; whatever the strategy throws on corrupted bars
 */
export async function checkLookAhead(
  file: string,
  make: StrategyFactory,
  strategyParameters: Readonly<Record<string, number>>,
  data: BacktestData,
  parameters: BacktestParameters,
  followed: (runs: number, most: number) => void,
): Promise<LookAheadReport> {
  const seed = seedOf(parameters.seed, 'look-ahead');
  const indicators = isBuiltIn(file)
    ? []
    : exportedIndicators(file, await strategyModule(file), strategyParameters);
  const strategy = detectLookAhead(
    (instruments) => make(strategyParameters, instruments),
    data.instruments,
    simulationOptions(parameters),
    { seed },
    followed,
  );
  const reports = indicators.flatMap((indicator) =>
    data.instruments.map(({ bars }) => indicatorReport(indicator, bars, seed)),
  );
  const clean =
    strategy.kind === 'clean' &&
    reports.every(({ causality, start }) => causality.kind === 'causal' && start.kind !== 'depends-on-start');
  return { clean, strategy, indicators: reports };
}

function indicatorReport(
  { name, of, warmUp }: NamedIndicator,
  bars: BarSeries,
  seed: number,
): IndicatorReport {
  const last = bars.length - warmUp.bars - 1;
  return {
    name,
    instrument: bars.instrument,
    causality: checkCausality(of, bars, { seed }),
    start: last < 1 ? { kind: 'too-short' } : checkWarmUp(of, bars, warmUp, startsUpTo(last)),
  };
}

/** Bars that shorter histories begin with: the second, and others evenly apart. */
const STARTS = 8;

function startsUpTo(last: number): readonly number[] {
  return [
    ...new Set(Array.from({ length: STARTS }, (_, at) => 1 + Math.floor(((last - 1) * at) / (STARTS - 1)))),
  ];
}

/** The findings for people, a line each. */
export function lookAheadLines({ strategy, indicators }: LookAheadReport): readonly string[] {
  return [strategyLine(strategy), ...indicators.flatMap(indicatorLines)];
}

function strategyLine(strategy: LookAhead): string {
  switch (strategy.kind) {
    case 'clean':
      return `none: the past stayed the same to the bit in ${strategy.runs} runs on another future`;
    case 'looks-ahead':
      return `LOOKS AHEAD: at ${newYorkDate(strategy.time)} (mark ${strategy.bar}) it did what only the future can tell, with all bars to mark ${strategy.cut} the same: ${strategy.what}`;
  }
}

function indicatorLines({ name, instrument, causality, start }: IndicatorReport): readonly string[] {
  const subject = `indicator ${name} on ${instrument}`;
  return [
    causality.kind === 'causal'
      ? `${subject}: sees closed bars only`
      : `${subject} LOOKS AHEAD: its value at bar ${causality.bar} changed with bars after ${causality.cut}`,
    startLine(subject, start),
  ];
}

function startLine(subject: string, start: IndicatorReport['start']): string {
  switch (start.kind) {
    case 'independent':
      return `${subject}: does not show where history began once it is warm`;
    case 'depends-on-start':
      return `${subject} DEPENDS ON ITS START: at bar ${start.bar} it differs by ${start.difference.toPrecision(3)} of its largest value where history begins at bar ${start.start}; state a longer warmUp`;
    case 'too-short':
      return `${subject}: not checked for its start, there are no bars left after its warm-up`;
  }
}
