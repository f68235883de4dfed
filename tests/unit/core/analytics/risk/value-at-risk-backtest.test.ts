import { describe, expect, it } from 'vitest';
import { backtestExpectedShortfall } from '#core/analytics/risk/expected-shortfall-backtest.ts';
import { trafficLight } from '#core/analytics/risk/traffic-light.ts';
import {
  backtestValueAtRisk,
  type HypothesisTest,
  valueAtRiskExceptions,
} from '#core/analytics/risk/value-at-risk-backtest.ts';

/** Marks of a given length with exceptions at the given places. */
const marks = (count: number, ...places: number[]) => {
  const exceptions = new Uint8Array(count);
  for (const place of places) exceptions[place] = 1;
  return exceptions;
};
const first = (count: number, hits: number) => marks(count, ...Array.from({ length: hits }, (_, at) => at));
function agrees(test: HypothesisTest, statistic: number, degrees: number, probability: number) {
  if (test.kind === 'undefined') throw new Error(test.reason);
  expect(test.statistic / statistic).toBeCloseTo(1, 10);
  expect(test.degrees).toBe(degrees);
  expect(test.probability / probability).toBeCloseTo(1, 10);
}
const invalid = (message: string) =>
  expect.objectContaining({ code: 'InvalidSample', message: expect.stringContaining(message) });

describe('the proportion of failures', () => {
  // scipy 1.17: 2·(binomial log-likelihoods) and chi2.sf
  it.each([
    [7, 250, 0.99, 5.496990447792683, 0.019049230890526535],
    [0, 250, 0.99, 5.025167926750726, 0.02498150305344973],
    [4, 250, 0.99, 0.7691383643858458, 0.380483738238954],
    [12, 1000, 0.975, 8.557307856115983, 0.003441379523960095],
  ])('of %i in %i at %f agrees with scipy', (hits, count, confidence, statistic, probability) => {
    const tested = backtestValueAtRisk(first(count, hits), confidence);
    agrees(tested.unconditional, statistic, 1, probability);
    expect(tested.exceptions).toBe(hits);
    expect(tested.expected).toBeCloseTo(count * (1 - confidence), 10);
  });
  it('is not zero where every observation is an exception, and exact where as many came as expected', () => {
    const all = backtestValueAtRisk(first(250, 250), 0.99).unconditional;
    expect(all).toMatchObject({ statistic: expect.closeTo(2302.585092994046, 8) });
    expect(backtestValueAtRisk(first(100, 25), 0.75).unconditional).toMatchObject({
      statistic: 0,
      probability: 1,
    });
  });
});

describe('the tests of exceptions in a row', () => {
  it('agree with the likelihoods of a Markov chain in scipy', () => {
    const tested = backtestValueAtRisk(marks(250, 10, 11, 12, 60, 130, 131, 249), 0.99);
    agrees(tested.independence, 14.697245974809107, 1, 0.0001262307284478528);
    agrees(tested.conditional, 20.231050238923288, 2, 4.04467153910395e-5);
  });
  it('are undefined where nothing follows an exception', () => {
    for (const exceptions of [marks(250), marks(250, 249), new Uint8Array()]) {
      const { independence, conditional } = backtestValueAtRisk(exceptions, 0.99);
      expect(independence.kind).toBe('undefined');
      expect(conditional.kind).toBe('undefined');
    }
    expect(backtestValueAtRisk(new Uint8Array(), 0.99).unconditional).toEqual({
      kind: 'undefined',
      reason: 'there are no observations',
    });
  });
  it('have all of the conditional test’s statistic in its parts, on the observations after the first', () => {
    const exceptions = marks(250, 3, 4, 100, 200);
    const whole = backtestValueAtRisk(exceptions, 0.99);
    const after = backtestValueAtRisk(exceptions.slice(1), 0.99);
    const statistic = (test: HypothesisTest) => (test.kind === 'tested' ? test.statistic : Number.NaN);
    expect(statistic(whole.conditional)).toBeCloseTo(
      statistic(whole.independence) + statistic(after.unconditional),
      10,
    );
  });
});

describe('exceptions', () => {
  it('are losses above the value at risk of their own period', () => {
    const found = valueAtRiskExceptions(
      Float64Array.of(-0.03, -0.02, 0.03),
      Float64Array.of(0.02, 0.02, 0.02),
    );
    expect(Array.from(found)).toEqual([1, 0, 0]);
  });
  it.each([
    [() => valueAtRiskExceptions(Float64Array.of(1), new Float64Array()), '1 returns for 0 values at risk'],
    [() => valueAtRiskExceptions(Float64Array.of(Number.NaN), Float64Array.of(1)), 'return 0 is NaN'],
    [() => valueAtRiskExceptions(Float64Array.of(1), Float64Array.of(Number.NaN)), 'value at risk 0 is NaN'],
    [() => backtestValueAtRisk(marks(9), 1), 'the confidence is 1'],
    [() => backtestValueAtRisk(Uint8Array.of(0, 2), 0.99), 'exception 1 is 2'],
  ])('of columns that cannot be compared are refused %#', (act, message) => {
    expect(act).toThrow(invalid(message));
  });
});

describe('the traffic light', () => {
  it('has the zones and multipliers of the Basel Committee for 250 observations at 99 %', () => {
    const lights = Array.from({ length: 13 }, (_, exceptions) => trafficLight(exceptions, 250));
    expect(lights.map(({ zone }) => zone)).toEqual([
      ...Array(5).fill('green'),
      ...Array(5).fill('yellow'),
      ...Array(3).fill('red'),
    ]);
    expect(lights.map(({ multiplier }) => multiplier)).toEqual([
      1.5, 1.5, 1.5, 1.5, 1.5, 1.7, 1.76, 1.83, 1.88, 1.92, 2, 2, 2,
    ]);
    // table 2 of the framework of 1996: 8.11, 28.58, 54.32, 75.81, 89.22, 95.88, 98.63, 99.60, 99.89, 99.97, 99.99 %
    expect(
      lights.slice(0, 11).map(({ cumulativeProbability }) => Math.round(cumulativeProbability * 1e4)),
    ).toEqual([811, 2858, 5432, 7581, 8922, 9588, 9863, 9960, 9989, 9997, 9999]);
    expect(lights[5]?.cumulativeProbability).toBeCloseTo(0.9588168159301514, 12);
  });
  it.each([
    [500, 0.99, 8, 15],
    [250, 0.975, 10, 17],
    [1000, 0.99, 14, 24],
  ])('has the zones of the binomial distribution for %i at %f', (observations, confidence, green, red) => {
    const light = trafficLight(green, observations, confidence);
    expect(light).toMatchObject({ zone: 'green', mostGreen: green, fewestRed: red, multiplier: undefined });
    expect(trafficLight(green + 1, observations, confidence).zone).toBe('yellow');
    expect(trafficLight(red - 1, observations, confidence).zone).toBe('yellow');
    expect(trafficLight(red, observations, confidence).zone).toBe('red');
  });
  it('counts a hundred thousand observations and a single one', () => {
    expect(trafficLight(1000, 100_000).zone).toBe('green');
    expect(trafficLight(1200, 100_000).zone).toBe('red');
    expect(trafficLight(0, 1).zone).toBe('green');
    expect(trafficLight(0, 5, 0.99999)).toMatchObject({ zone: 'green', fewestRed: 1 });
    expect(trafficLight(1, 1)).toMatchObject({ zone: 'red', cumulativeProbability: 1 });
  });
  it.each([
    [-1, 250],
    [1.5, 250],
    [3, 2],
    [0, 0],
  ])('refuses %f exceptions of %f', (exceptions, observations) => {
    expect(() => trafficLight(exceptions, observations)).toThrow(invalid('expected whole counts'));
  });
});

describe('the backtest of an expected shortfall', () => {
  const constant = (item: number) => new Float64Array(250).fill(item);
  const losing = (...losses: number[]) => {
    const returns = constant(0.001);
    losses.forEach((loss, index) => {
      returns[index * 7] = -loss;
    });
    return returns;
  };
  const test = (...losses: number[]) =>
    backtestExpectedShortfall(losing(...losses), constant(0.02), constant(0.03), 0.975);
  it('is zero where as much was lost beyond the value at risk as stated', () => {
    // 250 · 2.5 % = 6.25 exceptions of 0.03: 0.1875 lost
    const tested = test(0.03, 0.03, 0.03, 0.03, 0.03, 0.0375);
    expect(tested.secondStatistic).toEqual({ kind: 'value', value: expect.closeTo(0, 12) });
    expect(tested).toMatchObject({ observations: 250, exceptions: 6, verdict: 'kept' });
  });
  it('is −1 where twice as much was lost, and judged by the published critical values', () => {
    const twice = test(...Array<number>(10).fill(0.0375));
    expect(twice.secondStatistic).toEqual({ kind: 'value', value: expect.closeTo(-1, 12) });
    expect(twice.verdict).toBe('doubtful');
    expect(test(...Array<number>(10).fill(0.05)).verdict).toBe('doubtful');
    expect(test(...Array<number>(10).fill(0.06)).verdict).toBe('rejected');
    expect(backtestExpectedShortfall(losing(), constant(0.02), constant(0.03), 0.99).verdict).toBeUndefined();
  });
  it('tests the size of exceptions apart from their number', () => {
    // residuals 0.2, 0.5, −0.1, 0.9, 0.3: scipy.stats.ttest_1samp, alternative greater
    agrees(
      test(...[1.2, 1.5, 0.9, 1.9, 1.3].map((ratio) => 0.03 * ratio)).exceedance,
      2.1669453555438456,
      4,
      0.04806914245650364,
    );
    expect(test(0.05).exceedance).toEqual({
      kind: 'undefined',
      reason: 'of the exceptions: 1 returns; at least 2 are needed',
    });
  });
  it('is undefined without observations and refused for shortfalls that are none', () => {
    const empty = new Float64Array();
    expect(backtestExpectedShortfall(empty, empty, empty, 0.975).secondStatistic.kind).toBe('undefined');
    expect(() => backtestExpectedShortfall(losing(), constant(0.02), constant(0), 0.975)).toThrow(
      invalid('expected shortfall 0 is 0'),
    );
    expect(() => backtestExpectedShortfall(losing(), constant(0.02), empty, 0.975)).toThrow(
      invalid('0 expected shortfalls'),
    );
  });
});
