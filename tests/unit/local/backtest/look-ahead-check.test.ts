import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { backtestCommand } from '#local/command-line/backtest-command.ts';

const folder = mkdtempSync(join(tmpdir(), 'look-ahead-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => vi.restoreAllMocks());

const SPAN = { from: '2015-01-02', to: '2016-06-30', checkLookahead: true };

async function run(...[name, options]: Parameters<typeof backtestCommand>) {
  let stdout = '';
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    stdout += String(text);
    return true;
  });
  return { code: await backtestCommand(name, options), stdout };
}
const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
/** Holds while `signal`, an expression of `close` and the bar number `bar`, is true. */
const holding = (name: string, signal: string, indicators = '{}') =>
  file(
    `${name}.mjs`,
    `export const indicators = ${indicators};
    export default (parameters, [{ bars: { close } }]) => ({ name: '${name}', parameters, start: () => (context) => {
      if (context.workingOrders(0) > 0) return;
      const bar = context.index;
      const [wanted, held] = [${signal}, context.position(0)];
      if (wanted && held === 0) context.submit({ side: 'buy', quantity: 10, type: 'MKT' });
      if (!wanted && held > 0) context.submit({ side: 'sell', quantity: held, type: 'MKT' });
    } });`,
  );

describe('abc backtest --check-lookahead', () => {
  test('catches a strategy that reads the close of tomorrow, with code 8 and the day', async () => {
    const peeking = holding('peeking', 'close[bar + 1] > close[bar]');
    const { code, stdout } = await run(peeking, SPAN);
    expect(code).toBe(8);
    expect(stdout).toMatch(
      /^look-ahead {2}LOOKS AHEAD: at 2015-\d\d-\d\d \(mark \d+\).*: (submit.*; with another future nothing|nothing; with another future submit.*)$/m,
    );
    const { lookAhead } = JSON.parse((await run(peeking, { ...SPAN, json: true })).stdout);
    expect(lookAhead).toMatchObject({
      clean: false,
      strategy: { kind: 'looks-ahead', bar: expect.any(Number), cut: expect.any(Number) },
      indicators: [],
    });
  });

  test('finds nothing in one that reads the same column up to its own bar', async () => {
    const { code, stdout } = await run(holding('honest', 'close[bar] > close[bar - 1]'), SPAN);
    expect(code).toBe(0);
    expect(stdout).toContain(
      'look-ahead  none: the past stayed the same to the bit in 32 runs on another future',
    );
  });

  test('checks what the file shows as indicators: for the future, and for where history began', async () => {
    const shown = `{
      tomorrow: { warmUp: 0, of: ({ close }) => close.map((_, bar) => close[bar + 1] ?? NaN) },
      average: { warmUp: 3, of: ({ close }) => close.map((_, bar) => (bar < 2 ? NaN : (close[bar] + close[bar - 1] + close[bar - 2]) / 3)) },
      total: { warmUp: 3, of: ({ close }) => { let sum = 0; return close.map((one) => (sum += one)); } },
      late: { warmUp: 100000, of: ({ close }) => close },
    }`;
    const { code, stdout } = await run(holding('shown', 'false', shown), { ...SPAN, json: true });
    expect(code).toBe(8);
    const { strategy, indicators } = JSON.parse(stdout).lookAhead;
    expect(strategy.kind).toBe('clean');
    expect(indicators).toMatchObject([
      { name: 'tomorrow', instrument: 'SPX-PROXY', causality: { kind: 'looks-ahead' } },
      { name: 'average', causality: { kind: 'causal' }, start: { kind: 'independent' } },
      { name: 'total', causality: { kind: 'causal' }, start: { kind: 'depends-on-start', start: 1 } },
      { name: 'late', causality: { kind: 'causal' }, start: { kind: 'too-short' } },
    ]);
  });

  test('says that a built-in strategy is clean, and that nothing was checked where it was not asked', async () => {
    const { code, stdout } = await run('sma-cross', SPAN);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^look-ahead {2}none/m);
    const unchecked = await run('sma-cross', { from: SPAN.from, to: SPAN.to });
    expect(unchecked.stdout).toContain('look-ahead  not checked (--check-lookahead)');
  });

  test.each([
    ['desk', '{}', '--check-lookahead is for strategies'],
    ['text', '"sma"', 'the export indicators of .*text.mjs is sma; expected'],
    ['nothing', '{ fast: null }', 'the indicator fast of .*nothing.mjs has no function of'],
    ['cold', '{ fast: { of: () => 1 } }', 'has the warmUp undefined; expected a whole number'],
    ['loose', '{ fast: { of: () => 1, warmUp: 1, tolerance: "x" } }', 'has the tolerance x'],
    ['scalar', '{ fast: { of: () => 1, warmUp: 1 } }', 'fast of .*scalar.mjs gives no Float64Array'],
  ])('refuses what it cannot check: %s', async (name, indicators, message) => {
    const strategy = name === 'desk' ? name : holding(name, 'false', indicators);
    await expect(run(strategy, SPAN)).rejects.toThrow(new RegExp(message));
  });
});

describe('abc backtest --monte-carlo', () => {
  const SPAN_OF_TRADES = { from: '2010-01-04', to: '2019-12-31', monteCarlo: '500' };
  test('gives the same paths for the same seed, in order and drawn again', async () => {
    const first = await run('sma-cross', { ...SPAN_OF_TRADES, json: true });
    expect(first.code).toBe(0);
    expect((await run('sma-cross', { ...SPAN_OF_TRADES, json: true })).stdout).toBe(first.stdout);
    const { monteCarlo } = JSON.parse(first.stdout);
    expect(monteCarlo).toMatchObject({ paths: 500, ruinAt: 0.5, drawdownLimit: 0.05, start: 100_000 });
    const { reshuffle, bootstrap } = monteCarlo;
    expect(reshuffle.endMultiple.p5).toBeCloseTo(reshuffle.endMultiple.p95, 10);
    expect(bootstrap.endMultiple.p5).toBeLessThan(bootstrap.endMultiple.p95);
    expect(reshuffle.breachProbability).toBe(1);
    const other = JSON.parse((await run('sma-cross', { ...SPAN_OF_TRADES, json: true, seed: 'b' })).stdout);
    expect(other.monteCarlo.bootstrap).not.toEqual(bootstrap);
  });
  test('is a table for people, and a reason where there are too few trades', async () => {
    const { stdout } = await run('sma-cross', SPAN_OF_TRADES);
    expect(stdout).toMatch(/^trades, 500 paths +other order +drawn again$/m);
    expect(stdout).toMatch(/^drawdown of 5\.00 % or more +100\.00 % +\d/m);
    expect((await run('buy-and-hold', SPAN_OF_TRADES)).stdout).toContain(
      'Monte Carlo of trades: undefined: 0 closed trades; at least 2 are needed',
    );
  });
  test.each(['0', 'many', '-5', '1.5', '2000000'])('refuses %s paths', async (monteCarlo) => {
    await expect(run('sma-cross', { monteCarlo })).rejects.toThrow(
      `--monte-carlo "${monteCarlo}" is no number of paths; write a whole number from 1 to 1000000`,
    );
  });
});
