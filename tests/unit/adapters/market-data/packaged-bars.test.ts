import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import {
  AAPL_ACTIONS,
  hasPackagedBars,
  PACKAGED_INSTRUMENTS,
  packagedBars,
} from '#adapters/market-data/packaged-bars.ts';
import { barAt } from '#core/market/bars.ts';
import { newYorkDate } from '#core/market/calendar.ts';

const MODULES = fileURLToPath(new URL('../../../../node_modules', import.meta.url));

/** The file read without the code under test. */
function fileRows(path: string): { date: string; close: number; adjusted: number; volume: number }[] {
  const lines = readFileSync(join(MODULES, path), 'utf8').trim().split('\n').slice(1);
  return lines.map((line) => {
    const cells = line.split(',');
    return {
      date: cells[0] ?? '',
      close: Number(cells[4]),
      adjusted: Number(cells[5]),
      volume: Number(cells[6]),
    };
  });
}

const aaplRows = fileRows('@observablehq/sample-datasets/aapl.csv');

describe('the packaged AAPL bars', () => {
  it('are 1,260 sessions, all accepted, with times from the calendar', () => {
    const { series, report } = packagedBars('AAPL');
    expect(series.length).toBe(1_260);
    expect(report).toMatchObject({
      observed: 1_260,
      accepted: 1_260,
      quarantined: [],
      gaps: [],
      levelShifts: [],
    });
    expect(new Date(series.openTime[0] ?? 0).toISOString()).toBe('2013-05-13T13:30:00.000Z');
    expect(new Date(series.closeTime[1_259] ?? 0).toISOString()).toBe('2018-05-11T20:00:00.000Z');
  });

  it('are as traded in the raw view: cents and whole shares on both sides of the split', () => {
    const { series } = packagedBars('AAPL');
    expect(barAt(series, 0)).toMatchObject({
      open: 451.51,
      high: 457.9,
      low: 451.5,
      close: 454.74,
      volume: 11_319_600,
    });
    const split = series.openTime.findIndex((open) => newYorkDate(open) === '2014-06-09');
    expect(series.close[split - 1]).toBe(645.57);
    expect(series.close[split]).toBe(93.7);
    expect(series.volume.every(Number.isInteger)).toBe(true);
  });

  it('give back the file in the split-adjusted view', () => {
    const { series } = packagedBars('AAPL', 'split-adjusted');
    aaplRows.forEach((row, i) => {
      expect(newYorkDate(series.openTime[i] ?? 0)).toBe(row.date);
      expect(series.close[i]).toBeCloseTo(row.close, 4);
      expect(series.volume[i]).toBeCloseTo(row.volume, 4);
    });
  });

  it('agree with the file’s adjusted close in the total-return view wherever that is right: from the split on', () => {
    const { series } = packagedBars('AAPL', 'total-return');
    aaplRows.forEach((row, i) => {
      const ratio = (series.close[i] ?? 0) / row.adjusted;
      if (row.date >= '2014-05-08') expect(Math.abs(ratio - 1), row.date).toBeLessThan(1e-5);
    });
    // Before it, the file takes $3.05 off prices divided by seven: each such dividend counts seven times.
    expect((series.close[0] ?? 0) / (aaplRows[0]?.adjusted ?? 0)).toBeGreaterThan(1.15);
  });

  it('carry dividends that the file confirms, one by one', () => {
    const dividends = AAPL_ACTIONS.filter((action) => action.kind === 'cash-dividend');
    const implied: Record<string, number> = {};
    for (let i = 1; i < aaplRows.length; i++) {
      const [before, on] = [aaplRows[i - 1], aaplRows[i]];
      if (before === undefined || on === undefined) continue;
      const step = before.adjusted / before.close / (on.adjusted / on.close);
      if (step < 1 - 1e-4) implied[on.date] = before.close * (1 - step);
    }
    expect(Object.keys(implied)).toEqual(dividends.map((action) => action.exDate));
    for (const action of dividends) expect(implied[action.exDate]).toBeCloseTo(Number(action.amount), 3);
  });
});

describe('the packaged S&P 500 bars', () => {
  it('are 5,105 sessions from 2000-01-03 to 2020-04-17, all accepted, in hundredths', () => {
    const { series, report } = packagedBars('SPX');
    expect(report).toMatchObject({
      observed: 5_105,
      accepted: 5_105,
      quarantined: [],
      gaps: [],
      levelShifts: [],
    });
    expect(barAt(series, 0)).toMatchObject({ open: 1469.25, high: 1478, low: 1438.36, close: 1455.22 });
    const rows = fileRows('vega-datasets/data/sp500-2000.csv');
    rows.forEach((row, i) => {
      expect(newYorkDate(series.openTime[i] ?? 0)).toBe(row.date);
      expect(Math.abs((series.close[i] ?? 0) - row.close)).toBeLessThan(5e-4);
    });
  });

  it('stand for the proxy as well, under its own name', () => {
    const index = packagedBars('SPX');
    const proxy = packagedBars('SPX-PROXY');
    expect(proxy.series.instrument).toBe('SPX-PROXY');
    expect(proxy.series.close).toEqual(index.series.close);
    expect(proxy.source.notes.some((note) => note.includes('simulated proxy'))).toBe(true);
  });

  it('are the same in every view, for want of dividends', () => {
    expect(packagedBars('SPX', 'total-return').series).toEqual(packagedBars('SPX').series);
  });
});

describe('the sources of packaged bars', () => {
  it('state package, version as installed, licence, hash and rights', () => {
    for (const id of PACKAGED_INSTRUMENTS) {
      const { source } = packagedBars(id);
      const installed = JSON.parse(readFileSync(join(MODULES, source.package, 'package.json'), 'utf8'));
      expect(source.version).toBe(installed.version);
      expect(source.sha256).toMatch(/^[0-9a-f]{64}$/);
      expect(source.notes.some((note) => note.includes('no right to the exchange'))).toBe(true);
    }
  });

  it('are not changed by what a caller does to its bars', () => {
    const { series } = packagedBars('AAPL');
    series.close.fill(1);
    series.openTime.fill(1);
    expect(packagedBars('AAPL').series.close[0]).toBe(454.74);
    expect(packagedBars('AAPL', 'split-adjusted').series.openTime[0]).toBeGreaterThan(1);
  });

  it('are known by id', () => {
    expect(hasPackagedBars('AAPL')).toBe(true);
    expect(hasPackagedBars('XLK')).toBe(false);
  });
});
