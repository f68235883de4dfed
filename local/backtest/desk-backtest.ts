import { createHash } from 'node:crypto';
import type { BarSeries } from '#core/market/bars.ts';
import { ibkrFixedUsStocks, ibkrTieredUsStocks } from '#core/simulation/commission.ts';
import { type DeskRun, LIVE_CYCLES, runDesk } from '#core/simulation/desk/run-desk.ts';
import type { EngineResult } from '#core/simulation/engine/options.ts';
import { simulate } from '#core/simulation/engine/simulate.ts';
import { buyAndHold } from '#core/simulation/strategies/buy-and-hold.ts';
import { ConfigurationError } from '#local/day/errors.ts';
import { playedBars } from '#local/day/played-bars.ts';
import { within } from './backtest.ts';
import type { BacktestParameters } from './backtest-parameters.ts';
import { simulationOptions } from './simulation-options.ts';

/** The word that stands for the whole desk where a strategy is asked for. */
export const DESK = 'desk';

/** What the desk's run is determined by, beside what every backtest is. */
export interface DeskParameters {
  /** New York times of the decision cycles, such as `09:45,15:45`; `live` for the 25 of the live desk. */
  readonly cycles: string;
  readonly barMinutes: number;
  readonly historySessions: number;
  /** Sessions after a drawdown step from which on a simulated person resumes trading. */
  readonly resumeAfter: number | 'never';
}

export interface DeskBacktest {
  readonly run: DeskRun;
  readonly benchmark: EngineResult;
  readonly sources: readonly string[];
  /** SHA-256 over all daily bars that the desk could see, in hexadecimal. */
  readonly hash: string;
  /** Daily bars of what can be traded, in the range. */
  readonly bars: readonly BarSeries[];
}

const DEFAULTS = { barMinutes: 5, historySessions: 1260 };

/** @throws ConfigurationError for a parameter that the desk does not have */
export function deskParameters(
  given: Readonly<Record<string, number>>,
  cycles: string | null,
  resumeAfter: number | null,
): DeskParameters {
  const unknown = Object.keys(given).find((name) => !(name in DEFAULTS));
  if (unknown !== undefined)
    throw new ConfigurationError(
      `--parameters: the desk has no parameter ${JSON.stringify(unknown)}; it has ${Object.keys(DEFAULTS).join(', ')}`,
    );
  return {
    ...DEFAULTS,
    ...given,
    cycles: cycles ?? '09:45,15:45',
    resumeAfter: resumeAfter ?? 'never',
  };
}

/**
 * Runs the whole desk, and buy-and-hold of what it may trade at the same costs beside it, both on split-adjusted daily bars.
 * @throws ConfigurationError for symbols without bars in the range; the errors of {@link runDesk}
 */
export async function deskBacktest(
  parameters: BacktestParameters,
  desk: DeskParameters,
  loaded: (sources: readonly string[]) => void,
  tell: (date: string, done: number) => void,
): Promise<DeskBacktest> {
  const { symbols, data, from, to, seed, cash, commission } = parameters;
  const { instruments, sources: files } = await playedBars(symbols, data);
  const sources = [
    ...files,
    'inside the days: a seeded path through each day, a model and not the market, where you give no bars of your own',
  ];
  loaded(sources);
  const hash = createHash('sha256');
  for (const { daily } of instruments)
    for (const column of [daily.closeTime, daily.open, daily.high, daily.low, daily.close, daily.volume])
      hash.update(new Uint8Array(column.buffer, column.byteOffset, column.byteLength));
  const held = instruments
    .filter(({ instrument }) => instrument.tradable)
    .map(({ instrument, daily }) => ({ instrument, bars: within(daily, from, to) }))
    .filter(({ bars }) => bars.length > 0);
  if (held.length === 0)
    throw new ConfigurationError(
      `nothing of ${symbols.join(', ')} can be traded from ${from} to ${to}: ${files.join('; ')}`,
    );
  const run = runDesk({
    instruments,
    from,
    to,
    seed,
    cash,
    barMinutes: desk.barMinutes,
    historySessions: desk.historySessions,
    ...(desk.resumeAfter === 'never' ? {} : { resumeAfter: desk.resumeAfter }),
    ...(desk.cycles === 'live'
      ? { cycles: LIVE_CYCLES, preMarket: true }
      : { cycles: desk.cycles.split(',').map((time) => time.trim()) }),
    commission: commission === 'fixed' ? ibkrFixedUsStocks() : ibkrTieredUsStocks(),
    onSession: ({ date }, played, of) => tell(date, played / of),
  });
  return {
    run,
    benchmark: simulate(buyAndHold(), held, simulationOptions(parameters)),
    sources,
    hash: hash.digest('hex'),
    bars: held.map(({ bars }) => bars),
  };
}

/** What trading is taken to cost the desk, for people. */
export const deskCostModel = ({ commission }: BacktestParameters): string =>
  `IBKR ${commission}; spread 2 bp, slippage 1 bp, square-root impact, at most 10 % of a bar's volume; no interest, no dividends`;
