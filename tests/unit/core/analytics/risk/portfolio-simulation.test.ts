import { describe, expect, it } from 'vitest';
import { stationaryBlockLength } from '#core/analytics/risk/block-length.ts';
import { type Estimate, simulatePortfolio } from '#core/analytics/risk/portfolio-simulation.ts';
import { automaticBlockLength, pathDraw, type ReturnModel } from '#core/analytics/risk/return-paths.ts';
import { seededRandom } from '#core/values/random.ts';
import { indexReturns } from './reference-returns.ts';

const single = (mean: number, deviation: number): ReturnModel => ({
  kind: 'gaussian',
  mean: Float64Array.of(mean),
  covariance: Float64Array.of(deviation ** 2),
});
const whole = Float64Array.of(1);
/** The estimate is within four of its standard errors, and those are no excuse for everything. */
function near({ value, standardError }: Estimate, truth: number, atMost: number) {
  expect(standardError).toBeGreaterThan(0);
  expect(standardError).toBeLessThan(atMost);
  expect(Math.abs(value - truth)).toBeLessThan(4 * standardError);
}
const invalid = (message: string) =>
  expect.objectContaining({ code: 'InvalidSample', message: expect.stringContaining(message) });

describe('a simulated book', () => {
  it('has the value at risk and the mean beyond of a lognormal asset', () => {
    const simulated = simulatePortfolio(single(0.0004, 0.012), whole, {
      horizon: 10,
      paths: 40_000,
      confidence: 0.99,
      seed: ['lognormal'],
    });
    // M = 0.004, S = 0.012·√10: 1 − exp(M − 2.326 S) and 1 − exp(M + S²/2)Φ(z − S)/0.01, by scipy
    near(simulated.valueAtRisk, 0.08082494904255877, 0.002);
    near(simulated.conditionalValueAtRisk, 0.09250613344887315, 0.002);
    near(simulated.meanReturn, 0.004731156746374587, 0.001);
    near(simulated.probabilityOfLoss, 0.4580255361409482, 0.005);
    expect(simulated.probabilityOfRuin).toEqual({ value: 0, standardError: 0 });
  });
  it('has the drawdowns of two correlated positions that are held', () => {
    const simulated = simulatePortfolio(
      {
        kind: 'gaussian',
        mean: Float64Array.of(0.0003, 0.0001),
        covariance: Float64Array.of(1.44e-4, 4.32e-5, 4.32e-5, 3.6e-5),
      },
      Float64Array.of(0.6, 0.4),
      { horizon: 60, paths: 20_000, confidence: 0.975, seed: ['held'] },
    );
    // numpy, 400,000 paths of its own generator: their errors are a fifth of these
    near(simulated.maximumDrawdown.mean, 0.0676029, 0.001);
    near(simulated.maximumDrawdown.median, 0.061739, 0.001);
    near(simulated.maximumDrawdown.percentile95, 0.12475, 0.001);
    near(simulated.maximumDrawdown.percentile99, 0.1564615, 0.002);
    near(simulated.valueAtRisk, 0.1123526, 0.002);
  });
  it('states standard errors that are those of many draws', () => {
    const draws = Array.from({ length: 150 }, (_, seed) =>
      simulatePortfolio(single(0, 0.01), whole, { horizon: 1, paths: 1000, confidence: 0.95, seed: [seed] }),
    );
    for (const name of [
      'valueAtRisk',
      'conditionalValueAtRisk',
      'meanReturn',
      'probabilityOfLoss',
    ] as const) {
      const values = draws.map((draw) => draw[name].value);
      const mean = values.reduce((sum, item) => sum + item, 0) / values.length;
      const spread = Math.sqrt(
        values.reduce((sum, item) => sum + (item - mean) ** 2, 0) / (values.length - 1),
      );
      const stated = draws.reduce((sum, draw) => sum + draw[name].standardError, 0) / draws.length;
      expect(stated / spread).toBeGreaterThan(0.8);
      expect(stated / spread).toBeLessThan(1.25);
    }
  });
  it('is certain where nothing moves by chance', () => {
    const options = { horizon: 20, paths: 1000, confidence: 0.95, seed: [1] };
    const falling = simulatePortfolio(single(-0.01, 0), whole, options);
    const loss = { value: expect.closeTo(1 - Math.exp(-0.2), 12), standardError: expect.closeTo(0, 12) };
    expect(falling.valueAtRisk).toEqual(loss);
    expect(falling.conditionalValueAtRisk).toEqual(loss);
    expect(falling.maximumDrawdown.percentile99).toEqual(loss);
    expect(falling.probabilityOfLoss).toEqual({ value: 1, standardError: 0 });
    const rising = simulatePortfolio(single(0.01, 0), whole, options);
    expect(rising.maximumDrawdown.mean.value).toBe(0);
    expect(rising.valueAtRisk.value).toBeCloseTo(1 - Math.exp(0.2), 12);
  });
  it('loses nothing where a short is the same as the long, and is ruined by leverage', () => {
    const same: ReturnModel = {
      kind: 'gaussian',
      mean: Float64Array.of(0, 0),
      covariance: Float64Array.of(4e-4, 4e-4, 4e-4, 4e-4),
    };
    const options = { horizon: 5, paths: 1000, confidence: 0.95, seed: [2] };
    const hedged = simulatePortfolio(same, Float64Array.of(1, -1), options);
    expect(hedged.valueAtRisk.value).toBeCloseTo(0, 12);
    const levered = simulatePortfolio(single(-0.5, 0), Float64Array.of(3), options);
    expect(levered.probabilityOfRuin.value).toBe(1);
    // ends in the first period at 1 + 3(e^−0.5 − 1)
    expect(levered.meanReturn.value).toBeCloseTo(3 * Math.expm1(-0.5), 12);
  });
  it('is the same for the same seed and another for another', () => {
    const run = (...seed: (string | number)[]) =>
      simulatePortfolio(
        { kind: 'stationary-bootstrap', columns: [indexReturns.slice(-500).map((item) => item / 100)] },
        whole,
        { horizon: 10, paths: 1000, confidence: 0.95, seed },
      );
    expect(run('a', 1)).toEqual(run('a', 1));
    expect(run('a', 1)).not.toEqual(run('a', 2));
  });
  it('has fatter tails over a month from blocks of real returns than from single ones', () => {
    const columns = [indexReturns.map((item) => item / 100)];
    const run = (blockLength: number) =>
      simulatePortfolio({ kind: 'stationary-bootstrap', columns, blockLength }, whole, {
        horizon: 21,
        paths: 5000,
        confidence: 0.99,
        seed: ['blocks'],
      });
    const [blocks, alone] = [run(120), run(1)];
    const gap = blocks.conditionalValueAtRisk.value - alone.conditionalValueAtRisk.value;
    expect(gap).toBeGreaterThan(
      3 * (blocks.conditionalValueAtRisk.standardError + alone.conditionalValueAtRisk.standardError),
    );
  });
  it.each([
    [single(0, 0.01), new Float64Array(), {}, 'there are no weights'],
    [single(0, 0.01), Float64Array.of(Number.NaN), {}, 'weight 0 is NaN'],
    [single(0, 0.01), Float64Array.of(1, 1), {}, 'there are 1 means for 2 weights'],
    [single(Number.NaN, 0.01), whole, {}, 'mean 0 is NaN'],
    [single(0, 0.01), whole, { horizon: 0 }, 'the horizon is 0'],
    [single(0, 0.01), whole, { paths: 999 }, 'at least 1000 are needed'],
    [single(0, 0.01), whole, { confidence: 0.999 }, 'at least 10000 are needed'],
    [single(0, 0.01), whole, { confidence: 1 }, 'the confidence is 1'],
    [{ kind: 'stationary-bootstrap', columns: [whole] }, whole, {}, '1 returns; a block length needs'],
    [
      { kind: 'stationary-bootstrap', columns: [whole], blockLength: 2 },
      whole,
      {},
      'there are 1 returns; at least 2',
    ],
    [
      { kind: 'stationary-bootstrap', columns: [indexReturns], blockLength: 0.5 },
      whole,
      {},
      'the block length is 0.5',
    ],
    [
      { kind: 'stationary-bootstrap', columns: [indexReturns], blockLength: 5 },
      Float64Array.of(1, 1),
      {},
      'there are 1 columns for 2 weights',
    ],
  ] as const)('is refused for input that makes no sense %#', (model, weights, change, message) => {
    const options = { horizon: 5, paths: 1000, confidence: 0.95, seed: [1], ...change };
    expect(() => simulatePortfolio(model, weights, options)).toThrow(invalid(message));
  });
  it('is refused for a matrix that is no covariance', () => {
    const model: ReturnModel = {
      kind: 'gaussian',
      mean: Float64Array.of(0, 0),
      covariance: Float64Array.of(1, 2, 2, 1),
    };
    const options = { horizon: 5, paths: 1000, confidence: 0.95, seed: [1] };
    expect(() => simulatePortfolio(model, Float64Array.of(1, 1), options)).toThrow(
      expect.objectContaining({ code: 'NotPositiveSemidefinite' }),
    );
  });
});

describe('paths', () => {
  it('of the Gaussian model have its means and covariances', () => {
    const periods = 50_000;
    const path = new Float64Array(2 * periods);
    const covariance = Float64Array.of(4, 1.5, 1.5, 1);
    pathDraw({ kind: 'gaussian', mean: Float64Array.of(1, -2), covariance }, 2)(
      seededRandom(9),
      periods,
      path,
    );
    const columns = [0, 1].map((asset) => path.filter((_, at) => at % 2 === asset));
    const means = columns.map((column) => column.reduce((sum, item) => sum + item, 0) / periods);
    expect(means[0]).toBeCloseTo(1, 1);
    expect(means[1]).toBeCloseTo(-2, 1);
    const product =
      columns[0]!.reduce((sum, item, at) => sum + (item - 1) * (columns[1]![at]! + 2), 0) / periods;
    expect(Math.abs(product - 1.5)).toBeLessThan(0.05);
  });
  it('of the bootstrap are rows of history in blocks of the stated mean length, all assets together', () => {
    const rows = 40;
    const first = Float64Array.from({ length: rows }, (_, row) => row);
    const columns = [first, first.map((item) => item + 1000)];
    const periods = 20_000;
    const path = new Float64Array(2 * periods);
    pathDraw({ kind: 'stationary-bootstrap', columns, blockLength: 8 }, 2)(seededRandom(4), periods, path);
    let breaks = 0;
    const visits = new Float64Array(rows);
    for (let period = 0; period < periods; period++) {
      const row = path[2 * period]!;
      visits[row]!++;
      expect(path[2 * period + 1]).toBe(row + 1000);
      if (period > 0 && row !== (path[2 * period - 2]! + 1) % rows) breaks++;
    }
    // a new block begins with 1/8 a period, and one in forty of them goes on by chance
    expect(periods / breaks).toBeGreaterThan(7.6);
    expect(periods / breaks).toBeLessThan(8.9);
    expect(Math.min(...visits)).toBeGreaterThan(200);
    expect(Math.max(...visits)).toBeLessThan(900);
  });
});

describe('the block length', () => {
  it('agrees with the Python package arch 8.0.0', () => {
    const squares = indexReturns.map((item) => item * item);
    expect(stationaryBlockLength(squares)).toBeCloseTo(121.98661424, 7);
    expect(stationaryBlockLength(indexReturns.slice(-500).map(Math.abs))).toBeCloseTo(31.7152809, 6);
    // the packages norm autocorrelations otherwise, so that the window is one lag apart
    expect(Math.abs(stationaryBlockLength(indexReturns) - 6.92)).toBeLessThan(0.8);
    expect(automaticBlockLength([indexReturns])).toBe(stationaryBlockLength(squares));
  });
  it('is 1 without dependence and for a constant series', () => {
    const random = seededRandom(8);
    expect(stationaryBlockLength(Float64Array.from({ length: 2000 }, () => random.normal()))).toBeLessThan(5);
    expect(stationaryBlockLength(new Float64Array(100).fill(3))).toBe(1);
  });
  it('is bounded where the series hardly forgets', () => {
    const trend = Float64Array.from({ length: 100 }, (_, at) => at);
    expect(stationaryBlockLength(trend)).toBeLessThanOrEqual(30);
    expect(stationaryBlockLength(trend)).toBeGreaterThan(10);
  });
  it('needs some returns, all finite', () => {
    expect(() => stationaryBlockLength(new Float64Array(19))).toThrow(invalid('19 returns'));
    expect(() => stationaryBlockLength(Float64Array.of(Number.NaN))).toThrow(invalid('return 0 is NaN'));
  });
});
