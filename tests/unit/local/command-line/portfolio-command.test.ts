import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { sessionsBetween } from '#core/market/calendar.ts';
import { seededRandom } from '#core/values/random.ts';
import { portfolioCommand } from '#local/command-line/portfolio-command.ts';
import { PORTFOLIO_METHODS } from '#local/portfolio/portfolio-request.ts';

const folder = mkdtempSync(join(tmpdir(), 'portfolio-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => vi.restoreAllMocks());
const file = (name: string, text: string) => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

async function run(...[path, options]: Parameters<typeof portfolioCommand>): Promise<string> {
  let stdout = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    stdout += String(text);
    return true;
  });
  expect(await portfolioCommand(path, options)).toBe(0);
  return stdout;
}
const json = async (...[path, options]: Parameters<typeof portfolioCommand>) =>
  JSON.parse(await run(path, { ...options, json: true }));

// Independent names of 1 %, 2 % and 4 % a day, and D, which follows A; all drift upwards.
const random = seededRandom(8);
const level: [number, number, number, number] = [50, 50, 50, 50];
const moves: string[] = [];
const lines = sessionsBetween('us-equity', '2017-01-03', '2018-12-31').map(({ date }) => {
  const shock = random.normal();
  const move = [
    0.0004 + 0.01 * shock,
    0.0006 + 0.02 * random.normal(),
    0.0008 + 0.04 * random.normal(),
    0.0004 + 0.008 * shock + 0.006 * random.normal(),
  ] as const;
  level.forEach((one, at) => {
    level[at] = one * (1 + (move[at] ?? 0));
  });
  moves.push(`${date},${move.join(',')}`);
  return `${date},${level.join(',')}`;
});
const prices = file('prices.csv', `date,A,B,C,D\n${lines.join('\n')}\n`);
const sum = (numbers: object) =>
  Object.values(numbers).reduce((total: number, one) => total + Number(one), 0);

describe('abc portfolio', () => {
  it.each(PORTFOLIO_METHODS)(
    '%s gives weights within the cap whose shares of the risk add up',
    async (method) => {
      const report = await json(prices, { method, cap: '0.4' });
      expect(sum(report.weights) + report.cash).toBeCloseTo(1, 9);
      for (const weight of Object.values(report.weights)) {
        expect(weight).toBeGreaterThanOrEqual(0);
        expect(weight).toBeLessThanOrEqual(0.4 + 1e-9);
      }
      expect(sum(report.riskShares.shares)).toBeCloseTo(1, 9);
      expect(report.binding).toContain('invested = 1');
      expect(report.annualVolatility).toBeGreaterThan(0);
    },
  );

  it('weights by what a name risks, and says which limit binds', async () => {
    const open = await json(prices, { method: 'inverse-volatility' });
    expect(open.weights.A / open.weights.C).toBeCloseTo(4, 0);
    expect(open.input.periodsPerYear).toBeCloseTo(252, -1);
    expect(open.annualVolatilities.A).toBeCloseTo(0.01 * Math.sqrt(252), 1);
    const capped = await json(prices, { method: 'min-variance', cap: 'A=0.1', floor: 'C=0.2' });
    expect(capped.binding).toEqual(['invested = 1', 'A ≤ 0.1', 'C ≥ 0.2']);
    expect(capped.weights).toMatchObject({ A: expect.closeTo(0.1, 9), C: expect.closeTo(0.2, 9) });
  });

  it('keeps cash where it may and nothing is expected to earn more', async () => {
    const words = { method: 'mean-variance', allowCash: true, riskFree: '0.5' };
    expect(await json(prices, words)).toMatchObject({
      cash: 1,
      annualExpectedReturn: { kind: 'value', value: expect.closeTo(0.5, 9) },
    });
  });

  it('takes yearly returns that it is given instead of the means, and views against the market', async () => {
    const expected = 'A=0.01,B=0.3,C=0.01,D=0.01';
    const chosen = await json(prices, { method: 'max-sharpe', expected });
    expect(chosen.annualExpectedReturns).toMatchObject({
      A: expect.closeTo(0.01, 9),
      B: expect.closeTo(0.3, 9),
    });
    expect(chosen.weights.B).toBeGreaterThan(0.5);
    const neutral = await json(prices, { method: 'black-litterman', market: 'A=0.5,B=0.5' });
    const views = await json(prices, { method: 'black-litterman', market: 'A=0.5,B=0.5', views: 'A:B=0.2' });
    expect(views.weights.A).toBeGreaterThan(neutral.weights.A);
    expect(views.weights.B).toBeLessThan(neutral.weights.B);
  });

  it('takes returns as they are, and gives the same weights for them', async () => {
    const returns = file('returns.csv', `date,A,B,C,D\n${moves.slice(1).join('\n')}\n`);
    const fromPrices = await json(prices, { method: 'hrp' });
    const fromReturns = await json(returns, { method: 'hrp', returns: true });
    for (const name of ['A', 'B', 'C', 'D'])
      expect(fromReturns.weights[name]).toBeCloseTo(fromPrices.weights[name], 9);
  });

  it('uses the estimator it is told', async () => {
    const sample = await json(prices, {});
    const shrunk = await json(prices, { covariance: 'ledoit-wolf' });
    const recent = await json(prices, { covariance: 'ewma' });
    expect(sample.covariance).toMatchObject({ estimator: 'sample', shrinkage: null });
    expect(shrunk.covariance.shrinkage).toBeGreaterThan(0);
    expect(new Set([sample, shrunk, recent].map((one) => one.annualVolatility)).size).toBe(3);
  });

  it('is a table for people', async () => {
    const table = await run(prices, { method: 'max-sharpe', cap: '0.3', covariance: 'ledoit-wolf' });
    expect(table).toMatch(/^ +weight +of the risk +volatility +expected$/m);
    expect(table).toMatch(/^[ABCD] +30\.00 %/m);
    expect(table).toMatch(/^binding +invested = 1, .*≤ 0\.3/m);
    expect(table).toMatch(
      /^covariance {2}ledoit-wolf, [\d.]+ % of it constant correlation; condition number/m,
    );
    expect(table).toMatch(/^data hash +[0-9a-f]{64}$/m);
  });

  const text = 'date,A,B\n2020-01-02,1,2\n2020-01-03,1.1,2.1\n2020-01-06,1,2.2\n';
  it.each([
    [
      'a price of zero',
      text.replace('2.1', '0'),
      {},
      /line 3, column B: "0" .* expected a number above zero/,
    ],
    ['an empty price', text.replace('1.1', ''), {}, /line 3, column A: "" cannot be used; expected a number/],
    ['a return below −1', text.replace('1.1', '-1.5'), { returns: true }, /"-1.5".* at least -1/],
    ['a name twice', text.replace('A,B', 'A,A'), {}, /line 1: A is there twice/],
    ['a column without a name', text.replace('A,B', 'A,'), {}, /line 1: a column has no name/],
    ['no name', 'date\n2020-01-02\n', {}, /no column beside the time/],
    ['no times', text.replace('date', 'x'), {}, /no column for the time/],
    ['too few lines', 'date,A\n2020-01-02,1\n2020-01-03,1\n', {}, /2 lines of prices; expected at least 3/],
    ['no such method', text, { method: 'best' }, /--method "best" is not known; use one of min-variance/],
    ['no such covariance', text, { covariance: 'x' }, /--covariance "x" is not known/],
    ['a cap that is none', text, { cap: 'high' }, /--cap "high" cannot be used; expected a fraction/],
    ['a cap of another name', text, { cap: 'Z=0.2' }, /--cap gives Z, which is not a column/],
    ['a cap twice', text, { cap: 'A=0.2,A=0.3' }, /--cap gives A twice/],
    ['caps too low', text, { cap: '0.3' }, /invested = 1 cannot be met: the caps of A, B add up to 0.6/],
    ['a floor above the cap', text, { floor: '0.6', cap: '0.5' }, /the weight of A/],
    ['part of the expected', text, { method: 'max-sharpe', expected: 'A=0.1' }, /--expected does not give B/],
    ['a list that is none', text, { method: 'max-sharpe', expected: 'A:0.1' }, /"A:0.1" is not name=number/],
    ['a view of three', text, { method: 'black-litterman', views: 'A:B:C=0.1' }, /"A:B:C" is not a view/],
    ['a view of another', text, { method: 'black-litterman', views: 'Z=0.1' }, /view Z is on Z/],
    [
      'an option of another method',
      text,
      { views: 'A=0.1' },
      /--views means nothing to --method min-variance/,
    ],
    [
      'a covariance for scenarios',
      text,
      { method: 'cvar', covariance: 'ewma' },
      /--covariance means nothing/,
    ],
    ['a confidence of 1', text, { method: 'cvar', confidence: '1' }, /--confidence "1" cannot be used/],
    ['too few scenarios', text, { method: 'cvar' }, /2 scenarios; at least 20 are needed/],
    ['an aversion of 0', text, { method: 'mean-variance', riskAversion: '0' }, /--risk-aversion "0"/],
    ['fewer returns than names', text, {}, /B is a combination of the variables before it.* give a ridge/],
    ['a name without risk', 'date,A\n2020-01-02,1\n2020-01-03,1\n2020-01-06,1\n', {}, /variance of A is 0/],
    [
      'nothing that earns',
      text,
      { method: 'max-sharpe', expected: 'A=-0.1,B=-0.1', ridge: '0.1' },
      /expected to earn more/,
    ],
  ])('refuses %s', async (_, content, options, message) => {
    await expect(portfolioCommand(file('bad.csv', content), options)).rejects.toThrow(message);
  });
});
