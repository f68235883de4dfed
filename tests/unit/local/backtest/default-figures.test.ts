import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Figure } from '#core/analytics/series.ts';
import { type BacktestReport, backtestReport } from '#local/backtest/backtest-report.ts';
import { backtestRequest } from '#local/command-line/backtest-command.ts';
import { openImpact, openPrice, tieredFee } from '../../../support/documented-costs.ts';

/*
 * The default backtest once more, from the text of the data package, by no code of the project: bars, moving averages,
 * fills, costs, marks, and then every figure from the marks by its textbook formula.
 */
const text = readFileSync(
  join(dirname(createRequire(import.meta.url).resolve('vega-datasets')), '../data/sp500-2000.csv'),
  'utf8',
);
const rows = text
  .trim()
  .split('\n')
  .slice(1)
  .map((line) => line.split(','));
const dates = rows.map((row) => row[0]!);
const cents = (column: number) => rows.map((row) => Math.round(Number(row[column]) * 100) / 100);
const [open, high, low, close] = [cents(1), cents(2), cents(3), cents(4)] as const;
const bars = {
  open: Float64Array.from(open),
  high: Float64Array.from(high),
  low: Float64Array.from(low),
  volume: Float64Array.from(rows, (row) => Number(row[6])),
};
const COUNT = rows.length;
const DAYS = (Date.parse('2020-04-17T20:00Z') - Date.parse('2000-01-03T21:00Z')) / 86_400_000;
const YEARS = DAYS / 365.25;

interface Book {
  readonly equity: number[];
  readonly exposure: number[];
  readonly profits: number[];
  traded: number;
  fees: number;
  slipped: number;
  impact: number;
}

/** Plays a rule that says at each close how many units to hold (null: as they are). */
function play(rule: (i: number, held: number, equity: number) => number | null): Book {
  const book: Book = { equity: [], exposure: [], profits: [], traded: 0, fees: 0, slipped: 0, impact: 0 };
  let [cash, held, order, spent] = [100_000, 0, 0, 0];
  for (let i = 0; i < COUNT; i++) {
    if (order !== 0) {
      const size = Math.abs(order);
      const sign = order > 0 ? 1 : -1;
      const price = openPrice(bars, i, size, sign);
      const fee = tieredFee(size, price, order < 0);
      cash -= order * price + fee;
      book.traded += size * price;
      book.fees += fee;
      book.impact += openImpact(bars, i, size) * size;
      book.slipped += sign * (price - open[i]!) * size - openImpact(bars, i, size) * size;
      if (order > 0) spent = order * price + fee;
      else book.profits.push(size * price - fee - spent);
      held += order;
      order = 0;
    }
    const equity = cash + held * close[i]!;
    book.equity.push(equity);
    book.exposure.push(held * close[i]!);
    const wanted = rule(i, held, equity);
    if (wanted !== null) order = wanted - held;
  }
  return book;
}
const average = (i: number, count: number) =>
  close.slice(i + 1 - count, i + 1).reduce((sum, one) => sum + one, 0) / count;
const cross = play((i, held, equity) => {
  if (i < 49) return null;
  const above = average(i, 20) > average(i, 50);
  if (above && held === 0) return Math.floor((equity * 0.98) / close[i]!);
  return !above && held > 0 ? 0 : null;
});
const holding = play((i, held, equity) => (i === 0 ? Math.floor((equity * 0.98) / close[0]!) : held));

const movesOf = (equity: readonly number[]) => equity.slice(1).map((mark, i) => mark / equity[i]! - 1);
const sum = (list: readonly number[]) => list.reduce((total, one) => total + one, 0);
const mean = (list: readonly number[]) => sum(list) / list.length;
const covarianceOf = (left: readonly number[], right: readonly number[]) => {
  const [first, second] = [mean(left), mean(right)];
  return sum(left.map((one, i) => (one - first) * (right[i]! - second))) / (left.length - 1);
};
const deviation = (list: readonly number[]) => Math.sqrt(covarianceOf(list, list));
const own = movesOf(cross.equity);
const market = movesOf(holding.equity);
const yearly = Math.sqrt(own.length / YEARS);

let report: BacktestReport;
beforeAll(async () => {
  ({ report } = await backtestReport(backtestRequest(undefined, {}), () => {}));
});
const is = (figure: Figure | undefined, value: number, digits = 9) =>
  expect(figure).toEqual({ kind: 'value', value: expect.closeTo(value, digits) });

describe('the default backtest, every figure recomputed from the bars', () => {
  it('equity, returns and ratios, of the strategy and of buy-and-hold', () => {
    for (const [{ performance }, { equity }] of [
      [report.result, cross],
      [report.buyAndHold, holding],
    ] as const) {
      const moves = movesOf(equity);
      const { returns, ratios, equity: ends } = performance;
      is(ends.final, equity.at(-1)!, 4);
      is(returns.total, equity.at(-1)! / 100_000 - 1);
      is(returns.annual, (equity.at(-1)! / 100_000) ** (1 / YEARS) - 1);
      is(returns.volatility, deviation(moves) * yearly);
      is(ratios.sharpe, (mean(moves) / deviation(moves)) * yearly);
      const downside = Math.sqrt(mean(moves.map((move) => Math.min(move, 0) ** 2)));
      is(ratios.sortino, (mean(moves) / downside) * yearly);
      is(ratios.omega, sum(moves.filter((move) => move > 0)) / -sum(moves.filter((move) => move < 0)));
      is(returns.positiveDays, moves.filter((move) => move > 0).length / moves.length);
      expect(returns.worstDay).toEqual({
        date: dates[moves.indexOf(Math.min(...moves)) + 1],
        return: expect.closeTo(Math.min(...moves), 9),
      });
    }
  });
  it('drawdowns, with their dates', () => {
    const { equity } = cross;
    let [peak, depth, depthPeak, trough] = [0, 0, 0, 0];
    let beyond = 0;
    let [longest, longestFrom] = [0, 0];
    equity.forEach((mark, i) => {
      if (mark >= equity[peak]!) peak = i;
      const fall = 1 - mark / equity[peak]!;
      if (fall > 0.05) beyond++;
      if (fall > depth) [depth, depthPeak, trough] = [fall, peak, i];
      const span = Date.parse(dates[i]!) - Date.parse(dates[peak]!);
      if (span > longest) [longest, longestFrom] = [span, peak];
    });
    const { drawdown, ratios, returns } = report.result.performance;
    is(drawdown.maximum, depth);
    expect(drawdown.worst[0]).toMatchObject({ peak: dates[depthPeak], trough: dates[trough] });
    is(drawdown.beyondLimit, beyond / COUNT);
    expect(drawdown.longest!.peak).toBe(dates[longestFrom]);
    // The day on which the old peak is reached again is one session after the last one below it.
    expect(drawdown.longest!.days * 86_400_000).toBeGreaterThan(longest);
    is(ratios.calmar, (returns.annual.kind === 'value' ? returns.annual.value : Number.NaN) / depth);
    const squares = equity.map((mark, i) => (1 - mark / Math.max(...equity.slice(0, i + 1))) ** 2);
    is(drawdown.ulcer, Math.sqrt(mean(squares)));
  });
  it('the tail: historical and normal value at risk', () => {
    const sorted = own.toSorted((left, right) => left - right);
    const [row95] = report.result.performance.tail;
    const place = (sorted.length - 1) * 0.05;
    const quantile =
      sorted[Math.floor(place)]! +
      (place % 1) * (sorted[Math.floor(place) + 1]! - sorted[Math.floor(place)]!);
    is(row95?.historical, -quantile);
    is(row95?.conditional, -mean(sorted.filter((move) => move <= quantile)));
    is(row95?.normal, 1.6448536269514722 * deviation(own) - mean(own));
  });
  it('trades, exposure, turnover and costs', () => {
    const { trades, exposure, turnover, costs } = report.result.performance;
    const { profits } = cross;
    const wins = profits.filter((profit) => profit > 0);
    const losses = profits.filter((profit) => profit < 0);
    expect(trades?.closed).toBe(profits.length);
    is(trades?.winRate, wins.length / profits.length);
    is(trades?.profitFactor, sum(wins) / -sum(losses), 6);
    is(trades?.expectancy, mean(profits), 4);
    is(exposure?.averageGross, mean(cross.exposure.map((held, i) => held / cross.equity[i]!)));
    is(exposure?.averageNet, mean(cross.exposure.map((held, i) => held / cross.equity[i]!)));
    is(exposure?.timeInMarket, cross.exposure.filter((held) => held > 0).length / COUNT);
    is(turnover, cross.traded / 2 / mean(cross.equity) / YEARS);
    expect(costs?.commission).toBeCloseTo(cross.fees, 6);
    expect(costs?.impact).toBeCloseTo(cross.impact, 4);
    expect(costs?.spreadAndSlippage).toBeCloseTo(cross.slipped, 4);
    const total = cross.fees + cross.impact + cross.slipped;
    is(costs?.ofGrossProfit, total / (cross.equity.at(-1)! - 100_000 + total));
  });
  it('beta, alpha and the rest against buy-and-hold', () => {
    const covariance = covarianceOf(own, market);
    const slope = covariance / deviation(market) ** 2;
    const { relative } = report.result.performance;
    is(relative?.beta, slope);
    is(relative?.alpha, 252 * (mean(own) - slope * mean(market)));
    is(relative?.correlation, covariance / deviation(own) / deviation(market));
    const active = own.map((move, i) => move - market[i]!);
    is(relative?.trackingError, deviation(active) * Math.sqrt(252));
    is(relative?.informationRatio, (mean(active) / deviation(active)) * Math.sqrt(252));
    const up = market.flatMap((move, i) => (move > 0 ? [i] : []));
    is(relative?.upCapture, mean(up.map((i) => own[i]!)) / mean(up.map((i) => market[i]!)));
  });
  it('months, years, crises and the last rolling window', () => {
    const { months, years, crises, rolling } = report.result.performance;
    const lastOf = (period: string) => cross.equity[dates.findLastIndex((date) => date.startsWith(period))]!;
    expect(months.find(({ period }) => period === '2008-10')?.return).toBeCloseTo(
      lastOf('2008-10') / lastOf('2008-09') - 1,
      9,
    );
    expect(years.map(({ period }) => period)).toEqual([...new Set(dates.map((date) => date.slice(0, 4)))]);
    for (const { period, return: move } of years.slice(1))
      expect(move).toBeCloseTo(lastOf(period) / lastOf(String(Number(period) - 1)) - 1, 9);
    expect(crises).toHaveLength(6);
    for (const { from, to, return: move } of crises)
      expect(move).toBeCloseTo(cross.equity[dates.indexOf(to)]! / cross.equity[dates.indexOf(from)]! - 1, 9);
    const window = own.slice(-252);
    expect(rolling.months.at(-1)).toMatchObject({
      date: '2020-04-17',
      sharpe: expect.closeTo((mean(window) / deviation(window)) * yearly, 9),
      volatility: expect.closeTo(deviation(window) * yearly, 9),
    });
  });
  it('neither result is implausible, and both lost in the three crashes', () => {
    for (const { performance } of [report.result, report.buyAndHold]) {
      expect(performance.plausibility).toEqual({ kind: 'plausible' });
      const long = performance.crises.filter(({ from }) =>
        ['2000-03-24', '2007-10-09', '2020-02-19'].includes(from),
      );
      expect(long).toHaveLength(3);
      for (const crisis of long) expect(crisis.return).toBeLessThan(-0.09);
    }
  });
});
