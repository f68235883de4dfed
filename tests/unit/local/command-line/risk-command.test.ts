import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { sessionsBetween } from '#core/market/calendar.ts';
import { seededRandom } from '#core/values/random.ts';
import { riskCommand } from '#local/command-line/risk-command.ts';
import { testedValuesAtRisk } from '#local/risk/value-at-risk-tests.ts';

const folder = mkdtempSync(join(tmpdir(), 'risk-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => vi.restoreAllMocks());
const file = (name: string, text: string) => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
function run(...[path, options]: Parameters<typeof riskCommand>): string {
  let stdout = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    stdout += String(text);
    return true;
  });
  expect(riskCommand(path, options)).toBe(0);
  return stdout;
}
const json = (...[path, options]: Parameters<typeof riskCommand>) =>
  JSON.parse(run(path, { ...options, json: true }));

// Normal days of 1 %, GARCH(1,1) with α 0.1 and β 0.85, and an account of half the market.
const random = seededRandom(12);
let [variance, level, equity] = [1e-4, 3_000, 100_000];
const marks: string[] = [];
const returns: string[] = [];
for (const { date } of sessionsBetween('us-equity', '2008-01-02', '2018-12-31')) {
  const move = Math.sqrt(variance) * random.normal();
  variance = 5e-6 + 0.1 * move ** 2 + 0.85 * variance;
  level *= 1 + move;
  equity *= 1 + move / 2;
  marks.push(`${date},${equity},${level}`);
  returns.push(`${date},${move}`);
}
const account = file('account.csv', `time,equity,benchmark\n${marks.join('\n')}\n`);
const market = file('market.csv', `date,return\n${returns.join('\n')}\n`);

describe('abc risk', () => {
  it('states losses of one day that grow with confidence and agree where returns are near to normal', () => {
    const { valueAtRisk } = json(market, {});
    expect(valueAtRisk.map(({ confidence }: { confidence: number }) => confidence)).toEqual([
      0.95, 0.975, 0.99,
    ]);
    const [low, , high] = valueAtRisk;
    expect(low.historical.value).toBeCloseTo(low.normal.value, 2);
    expect(high.historical.value).toBeGreaterThan(low.historical.value);
    expect(low.conditional.value).toBeGreaterThan(low.historical.value);
    expect(low.cornishFisher.figure.kind).toBe('value');
  });

  it('finds the parameters that the returns were drawn with, and forecasts towards the long run', () => {
    const { garch, gjr } = json(market, { horizon: '250' }).volatility;
    expect(garch.parameters.alpha).toBeCloseTo(0.1, 1);
    expect(garch.persistence).toBeCloseTo(0.95, 1);
    expect(Math.abs(gjr.parameters.gamma)).toBeLessThan(0.1);
    expect(garch.days).toHaveLength(250);
    expect(garch.days[0]).toBeCloseTo(garch.next, 12);
    expect(garch.days[249]).toBeCloseTo(Math.sqrt(garch.longRunVariance.value), 4);
    expect(json(market, { innovations: 'student-t' }).volatility.garch.innovations).toBe('student-t');
  });

  it('tests values at risk by the days before each day alone', () => {
    const { models } = json(market, { window: '500', confidence: '0.95' }).tests;
    for (const { kind, backtest, trafficLight } of models) {
      expect(kind).toBe('tested');
      expect(backtest.observations).toBe(returns.length - 500);
      expect(backtest.exceptions / backtest.expected).toBeGreaterThan(0.7);
      expect(backtest.exceptions / backtest.expected).toBeLessThan(1.4);
      expect(trafficLight.observations).toBe(250);
    }
  });

  it('calls a value at risk wrong that never saw a loss, and says where there are too few days', () => {
    const calm = Float64Array.from({ length: 300 }, (_, day) => (day % 2 === 0 ? 0.001 : -0.001));
    const shocked = Float64Array.from(
      { length: 600 },
      (_, day) => calm[day] ?? (day % 10 === 0 ? -day / 10_000 : 0.001),
    );
    const [historical] = testedValuesAtRisk(shocked, 0.99, 299);
    if (historical?.kind !== 'tested') throw new Error('it was not tested');
    expect(historical.trafficLight.zone).toBe('red');
    expect(testedValuesAtRisk(calm, 0.99, 300)).toMatchObject([
      { kind: 'undefined', reason: '300 returns; more than the window of 300 are needed' },
      { kind: 'undefined' },
    ]);
  });

  it('looks back on the window before a day, neither further nor at the day itself', () => {
    /** Days of ±0.1 %, with these losses at these days. */
    const exceptions = (losses: Readonly<Record<number, number>>) =>
      testedValuesAtRisk(
        Float64Array.from({ length: 200 }, (_, day) => -(losses[day] ?? (day % 2 === 0 ? 0.001 : -0.001))),
        0.99,
        20,
      ).map((one) => (one.kind === 'tested' ? one.backtest.exceptions : Number.NaN));
    // A fall of 5 % is in the window for the twenty days after it.
    expect(exceptions({ 100: 0.05 })[0]).toBe(1);
    expect(exceptions({ 100: 0.05, 120: 0.01 })[0]).toBe(1);
    expect(exceptions({ 100: 0.05, 121: 0.01 })[0]).toBe(2);
    // 0.25 % is beyond 2.33 deviations of 0.1 %, though not once it counts itself.
    expect(exceptions({ 100: 0.0025 })[1]).toBe(1);
    expect(exceptions({})).toEqual([0, 0]);
  });

  it('shocks by the beta to the benchmark, else as it is told, and knows what is not known', () => {
    const byBeta = json(account, {}).stress;
    expect(byBeta.sensitivities.equity).toBeCloseTo(0.5, 6);
    expect(byBeta.scenarios[0]).toMatchObject({ name: '1987-10-19', atLow: null });
    expect(byBeta.scenarios[0].atClose.value).toBeCloseTo(-0.1025, 6);
    expect(json(market, {}).stress.assumption).toContain('moves as the S&P 500');
    const told = json(account, { sensitivities: 'equity=2,bitcoin=0.1' }).stress;
    expect(told.assumption).toBeNull();
    const crash = told.scenarios.find(({ name }: { name: string }) => name === '2020-03-12');
    expect(crash.atClose.value).toBeCloseTo(2 * -0.095 + 0.1 * -0.372, 9);
    expect(told.scenarios[0].atClose).toEqual({
      kind: 'undefined',
      reason: 'of the account: the bitcoin shock is not known',
    });
    const names = told.scenarios.map(({ name }: { name: string }) => name.slice(0, 7));
    for (const day of ['1987-10', '2008-10', '2010-05', '2015-08', '2020-03', '2025-04'])
      expect(names).toContain(day);
  });

  it('is tables for people, with the reason of what cannot be told', () => {
    const table = run(account, {});
    expect(table).toMatch(/^ {2}GJR-GARCH\(1,1\) +\d\.\d\d %$/m);
    expect(table).toMatch(/^ {2}historical +\d+ of \d+ +[\d.]+ +p [\d.]+/m);
    expect(table).toMatch(/^ {2}2020-03-16 +−6\.00 % +−[\d,.]+$/m);
    const short = run(file('short.csv', 'time,equity\n2020-01-02,100\n2020-01-03,101\n2020-01-06,99\n'), {});
    expect(short).toContain('undefined at 95.0 %: 2 returns; at least 20 are needed');
    expect(short).toContain('GARCH(1,1): no fit: 2 returns; a GARCH model needs at least 100');
    expect(short).toContain('historical: undefined: 2 returns; more than the window of 250 are needed');
  });

  const text = 'time,equity\n2020-01-02,100\n2020-01-03,101\n2020-01-06,102\n';
  it.each([
    ['text for equity', text.replace('101', 'abc'), {}, /line 3, column equity: "abc" cannot be used/],
    ['a return below −1', 'date,return\n2020-01-02,-2\n', {}, /line 2, column return: "-2" .* at least -1/],
    ['no column', 'date,close\n2020-01-02,1\n', {}, /no column for the equity/],
    ['two columns', 'date,equity,return\n2020-01-02,1,0\n', {}, /both equity and return could be measured/],
    [
      'one day',
      'time,equity\n2020-01-02,1\n2020-01-03,1\n',
      {},
      /gives 1 daily returns; expected at least 2/,
    ],
    ['an account that is gone', text.replace('102', '0'), {}, /ends with an equity of 0/],
    ['a confidence in percent', text, { confidence: '99' }, /--confidence "99" cannot be used/],
    ['half a window', text, { window: '20.5' }, /--window "20.5" cannot be used; expected a whole number/],
    ['no horizon', text, { horizon: '0' }, /--horizon "0"/],
    ['other innovations', text, { innovations: 'cauchy' }, /--innovations "cauchy" is not known/],
    ['another factor', text, { sensitivities: 'gold=1' }, /gives gold, which is no factor; use equity/],
  ])('refuses %s', (_, content, options, message) => {
    expect(() => riskCommand(file('bad.csv', content), options)).toThrow(message);
  });
});
