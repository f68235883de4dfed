import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { backtestReport } from '#local/backtest/backtest-report.ts';
import { backtestCommand, backtestRequest } from '#local/command-line/backtest-command.ts';

const folder = mkdtempSync(join(tmpdir(), 'backtest-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => vi.restoreAllMocks());

async function run(...[name, options]: Parameters<typeof backtestCommand>): Promise<string> {
  let stdout = '';
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    stdout += String(text);
    return true;
  });
  expect(await backtestCommand(name, options)).toBe(0);
  return stdout;
}
/** The same without the thread that the command runs it in. */
const reportOf = async (...[name, options]: Parameters<typeof backtestCommand>) =>
  (await backtestReport(backtestRequest(name, options), () => {})).report;
const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

describe('abc backtest', () => {
  test('the default says costs, data, parameters and trials, with buy-and-hold beside it', async () => {
    const table = await run(undefined, {});
    for (const part of [
      'sma-cross',
      'buy-and-hold',
      'fast=20, slow=50',
      'trials 1',
      'IBKR tiered',
      'vega-datasets',
      'data hash',
    ])
      expect(table).toContain(part);
  });

  test('the same input gives the same JSON; other parameters another', async () => {
    const options = { json: true, from: '2008-01-02', to: '2009-12-31' };
    const first = await run('sma-cross', options);
    const again = await reportOf('sma-cross', options);
    expect(`${JSON.stringify(again, null, 2)}\n`).toBe(first);
    const other = await reportOf('sma-cross', { ...options, parameters: 'fast=5,slow=10' });
    expect(other.parameters).toEqual({ fast: 5, slow: 10, fraction: 0.98 });
    expect(other.result.orders).toBeGreaterThan(again.result.orders);
  });

  test('a strategy file that makes a strategy from parameters, on own bars', async () => {
    const strategy = file(
      'once.mjs',
      `export default ({ units }) => ({ name: 'once', parameters: { units }, start: () => (c) => {
        if (c.index === 0) c.submit({ side: 'buy', quantity: units, type: 'MKT' });
      } });`,
    );
    const data = file(
      'bars.csv',
      'date,open,high,low,close,volume\n2024-01-03,10,11,9,10,100000\n2024-01-04,10,11,9,11,100000\n',
    );
    const report = await reportOf(strategy, {
      symbols: 'SPY',
      data,
      from: '2024-01-01',
      to: '2024-02-01',
      parameters: 'units=7',
    });
    expect(report).toMatchObject({
      strategy: 'once',
      parameters: { units: 7 },
      result: {
        fills: 1,
        performance: {
          plausibility: { kind: 'plausible' },
          returns: { annual: { kind: 'undefined', reason: 'the marks span less than a month' } },
          costs: { commission: expect.any(Number) },
        },
      },
    });
  });

  test('a result that is too good is called implausible before its figures, in JSON too', async () => {
    const rising = file(
      'rising.csv',
      `date,open,high,low,close,volume\n${Array.from({ length: 60 }, (_, index) => {
        const date = new Date(Date.UTC(2024, 0, 2 + index));
        const price = (100 * 1.01 ** index).toFixed(2);
        return [0, 6].includes(date.getUTCDay()) ||
          ['01-15', '02-19'].includes(date.toISOString().slice(5, 10))
          ? ''
          : `${date.toISOString().slice(0, 10)},${price},${price},${price},${price},1000000\n`;
      }).join('')}`,
    );
    const options = { symbols: 'SPY', data: rising, from: '2024-01-01', to: '2024-03-31' };
    const table = await run('buy-and-hold', options);
    expect(table).toMatch(/^IMPLAUSIBLE: buy-and-hold.*\n {2}the daily Sharpe ratio is/);
    const report = await reportOf('buy-and-hold', options);
    expect(report.result.performance.plausibility.kind).toBe('implausible');
    expect(report.buyAndHold.performance.plausibility.kind).toBe('implausible');
  });

  test('a tear sheet is one whole file, the same for the same input; an earlier one is replaced', async () => {
    const place = join(folder, 'sheets');
    mkdirSync(place);
    const report = join(place, 'sheet.html');
    writeFileSync(report, 'an earlier one');
    const options = { from: '2008-01-02', to: '2009-12-31', report };
    await run('sma-cross', options);
    const page = readFileSync(report, 'utf8');
    expect(page).toMatch(/^<!doctype html>[\s\S]*<\/html>\n$/);
    expect(page).toContain('fast 20, slow 50, fraction 0.98, cash 100000');
    await run('sma-cross', options);
    expect(readFileSync(report, 'utf8')).toBe(page);
    expect(readdirSync(place)).toEqual(['sheet.html']);
  });

  test('a tear sheet that has no place is refused, and nothing is left', async () => {
    vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const report = join(folder, 'no-such-folder', 'sheet.html');
    await expect(
      backtestCommand('sma-cross', { from: '2008-01-02', to: '2008-12-31', report }),
    ).rejects.toThrow('cannot be written (ENOENT); choose another place with --report');
    expect(existsSync(report)).toBe(false);
  });

  test('a fault of a strategy is told with its code', async () => {
    vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const strategy = file(
      'ahead.mjs',
      `export default { name: 'ahead', parameters: {}, start: () => (c) => c.instruments[0].close.at(-1) };`,
    );
    await expect(backtestCommand(strategy, {})).rejects.toMatchObject({
      code: 'Strategy',
      message: expect.stringContaining('it sees closed bars only'),
    });
  });

  test('own minute bars are played as minutes', async () => {
    const minute = (day: number, at: string, price: number) =>
      `2024-01-0${day} ${at},${price},${price},${price},${price},100000`;
    const data = file(
      'minutes.csv',
      `time,open,high,low,close,volume\n${[
        minute(3, '09:30', 10),
        minute(3, '09:31', 10),
        minute(4, '09:30', 12),
        minute(4, '09:31', 12),
      ].join('\n')}\n`,
    );
    const options = { symbols: 'SPY', data, from: '2024-01-01', to: '2024-02-01' };
    expect((await reportOf('buy-and-hold', options)).data.sources).toEqual([
      expect.stringContaining('SPY: 4 bars, 2024-01-03 to 2024-01-04'),
    ]);
  });

  test.each([
    ['sma-cross', { from: '2020-13-01' }, '--from "2020-13-01" cannot be used'],
    ['sma-cross', { from: '2019-01-02', to: '2018-01-02' }, 'is after --to'],
    ['sma-cross', { cash: 'much' }, '--cash "much" cannot be used: expected an amount above zero'],
    ['sma-cross', { commission: 'free' }, '--commission "free"'],
    ['sma-cross', { symbols: 'SPY' }, 'there are no prices for SPY'],
    ['sma-cross', { from: '1999-01-04', to: '1999-02-01' }, 'has no bars from 1999-01-04'],
    ['sma-cross', { parameters: 'fast=x' }, '"fast=x" is not name=number'],
    ['sma-cross', { parameters: 'speed=3' }, 'has no parameter "speed"; it has fast, slow, fraction'],
    ['sma-cross', { parameters: 'fast=50,slow=20' }, '1 ≤ fast < slow'],
    ['momentum-rotation', { parameters: 'top=0' }, 'top 0 is not a whole number above zero'],
    ['buy-and-hold', { parameters: 'fraction=2' }, 'fraction 2'],
    ['no-such-file.mjs', {}, 'no-such-file.mjs cannot be loaded'],
  ])('%s %o is refused', async (name, options, message) => {
    await expect(reportOf(name, options)).rejects.toThrow(message);
  });

  test('a file that exports something else is refused', async () => {
    const strategy = file('number.mjs', 'export default 3;');
    await expect(reportOf(strategy, {})).rejects.toThrow('is no strategy');
  });
});
