import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { backtestCommand } from '#local/command-line/backtest-command.ts';

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
    expect(await run('sma-cross', options)).toBe(first);
    const other = JSON.parse(await run('sma-cross', { ...options, parameters: 'fast=5,slow=10' }));
    expect(other.parameters).toEqual({ fast: 5, slow: 10, fraction: 0.98 });
    expect(other.result.orders).toBeGreaterThan(JSON.parse(first).result.orders);
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
    const report = JSON.parse(
      await run(strategy, {
        json: true,
        symbols: 'SPY',
        data,
        from: '2024-01-01',
        to: '2024-02-01',
        parameters: 'units=7',
      }),
    );
    expect(report).toMatchObject({
      strategy: 'once',
      parameters: { units: 7 },
      result: { fills: 1, annualReturn: null },
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
    const table = await run('buy-and-hold', { symbols: 'SPY', data, from: '2024-01-01', to: '2024-02-01' });
    expect(table).toContain('SPY: 4 bars, 2024-01-03 to 2024-01-04');
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
    vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    await expect(backtestCommand(name, options)).rejects.toThrow(message);
  });

  test('a file that exports something else is refused', async () => {
    const strategy = file('number.mjs', 'export default 3;');
    await expect(backtestCommand(strategy, {})).rejects.toThrow('is no strategy');
  });
});
