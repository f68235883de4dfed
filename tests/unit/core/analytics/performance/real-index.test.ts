import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packagedBars } from '#adapters/market-data/packaged-bars.ts';
import { maximumDrawdown } from '#core/analytics/performance/drawdowns.ts';
import { dailyCurve, periodsPerYear, simpleReturns } from '#core/analytics/performance/equity-curve.ts';
import { judgePlausibility } from '#core/analytics/performance/plausibility.ts';
import {
  annualVolatility,
  compoundAnnualGrowth,
  sharpeRatio,
  sortinoRatio,
} from '#core/analytics/performance/ratios.ts';
import { historicalConditionalValueAtRisk } from '#core/analytics/performance/tail-risk.ts';

/** The closes straight from the package's text, by no code of the project. */
const text = readFileSync(
  join(dirname(createRequire(import.meta.url).resolve('vega-datasets')), '../data/sp500-2000.csv'),
  'utf8',
);
const rows = text
  .trim()
  .split('\n')
  .slice(1)
  .map((line) => line.split(','));
const closes = rows.map((row) => Math.round(Number(row[4]) * 100) / 100);
const { series } = packagedBars('SPX');
const curve = dailyCurve({ time: series.closeTime, equity: series.close });
const returns = simpleReturns(curve.equity);
const about = (number: number) => ({ kind: 'value', value: expect.closeTo(number, 9) });

describe('figures of the real S&P 500, 2000 to 2020', () => {
  const moves = closes.slice(1).map((close, index) => close / closes[index]! - 1);
  const mean = moves.reduce((sum, move) => sum + move, 0) / moves.length;
  const spread = Math.sqrt(moves.reduce((sum, move) => sum + (move - mean) ** 2, 0) / (moves.length - 1));
  const days = (Date.parse('2020-04-17T20:00Z') - Date.parse('2000-01-03T21:00Z')) / 86_400_000;
  const perYear = moves.length / (days / 365.25);

  it('agree with a computation from the file itself', () => {
    expect(returns).toHaveLength(5104);
    expect(periodsPerYear(curve.time)).toBeCloseTo(perYear, 9);
    expect(compoundAnnualGrowth(curve)).toEqual(about((closes.at(-1)! / closes[0]!) ** (365.25 / days) - 1));
    expect(annualVolatility(returns, perYear)).toEqual(about(spread * Math.sqrt(perYear)));
    expect(sharpeRatio(returns, 0, perYear)).toEqual(about((mean / spread) * Math.sqrt(perYear)));
    const downside = Math.sqrt(
      moves.reduce((sum, move) => sum + (move < 0 ? move * move : 0), 0) / moves.length,
    );
    expect(sortinoRatio(returns, 0, perYear)).toEqual(about((mean / downside) * Math.sqrt(perYear)));
    const worst = moves.toSorted((left, right) => left - right).slice(0, 52);
    expect(historicalConditionalValueAtRisk(returns, 0.99)).toEqual(
      about(-worst.reduce((sum, move) => sum + move, 0) / worst.length),
    );
  });
  it('show the fall from 9 October 2007 to 9 March 2009 of 56.8 %, made good in March 2013', () => {
    const worst = maximumDrawdown(curve)!;
    const date = (at: number) => new Date(at).toISOString().slice(0, 10);
    expect(worst.depth).toBeCloseTo(1 - 676.53 / 1565.15, 12);
    expect([worst.peakTime, worst.troughTime, worst.recoveryTime!].map(date)).toEqual([
      '2007-10-09',
      '2009-03-09',
      '2013-03-28',
    ]);
  });
  it('are plausible, though the largest rise alone is 16 % of the profit of 20 years', () => {
    const rises = closes.slice(1).map((close, index) => close - closes[index]!);
    expect(Math.max(...rises) / (closes.at(-1)! - closes[0]!)).toBeGreaterThan(0.16);
    expect(judgePlausibility(curve)).toEqual({ kind: 'plausible' });
  });
  it('break the bound on one bar in no year, from wherever it starts', () => {
    for (let start = 0; start + 253 <= closes.length; start += 21) {
      const judged = judgePlausibility({
        time: curve.time.slice(start, start + 253),
        equity: curve.equity.slice(start, start + 253),
      });
      const kinds = judged.kind === 'plausible' ? [] : judged.causes.map(({ kind }) => kind);
      expect(kinds).not.toContain('one-bar');
    }
  });
  it('are plausible over nearly every month, though 3 of 10 months have a Sharpe ratio above 3', () => {
    let [months, high, implausible] = [0, 0, 0];
    for (let start = 0; start + 22 <= closes.length; start += 7) {
      const [time, equity] = [curve.time.slice(start, start + 22), curve.equity.slice(start, start + 22)];
      months += 1;
      const sharpe = sharpeRatio(simpleReturns(equity), 0, periodsPerYear(time));
      if (sharpe.kind === 'value' && sharpe.value > 3) high += 1;
      if (judgePlausibility({ time, equity }).kind === 'implausible') implausible += 1;
    }
    expect(high / months).toBeGreaterThan(0.25);
    expect(implausible / months).toBeLessThan(0.01);
  });
  it('break it where one price of the file is wrong: a rise of 40 % that stays', () => {
    const broken = curve.equity.map((close, index) => (index < 3_000 ? close : close * 1.4));
    const judged = judgePlausibility({ time: curve.time, equity: broken });
    expect(judged.kind === 'implausible' && judged.causes).toEqual([
      expect.objectContaining({ kind: 'one-bar', text: expect.stringContaining('twice what any bar lost') }),
    ]);
  });
});
