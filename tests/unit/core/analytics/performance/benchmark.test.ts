import { describe, expect, it } from 'vitest';
import {
  alpha,
  beta,
  capture,
  informationRatio,
  pairedReturns,
  trackingError,
} from '#core/analytics/performance/benchmark.ts';

const DAY = 86_400_000;
const START = Date.UTC(2018, 0, 2, 21);
const market = Float64Array.of(0.01, -0.02, 0.03, -0.01);
const paired = (account: Float64Array) => ({ account, benchmark: market });
const about = (number: number) => ({ kind: 'value', value: expect.closeTo(number, 10) });

describe('figures against a benchmark', () => {
  it('find slope and intercept of returns that are a line of the benchmark', () => {
    const line = paired(market.map((item) => 0.0004 + 1.5 * item));
    expect(beta(line)).toEqual(about(1.5));
    expect(alpha(line, 0)).toEqual(about(252 * 0.0004));
    // with a rate, r(1 − beta) is taken off the intercept
    const each = 1.05 ** (1 / 252) - 1;
    expect(alpha(line, 0.05)).toEqual(about(252 * (0.0004 + 0.5 * each)));
  });
  it('measure active returns', () => {
    // active 0.01, −0.01, 0.02, 0: mean 0.005, squares of deviations 0.0005
    const active = paired(Float64Array.of(0.02, -0.03, 0.05, -0.01));
    const deviation = Math.sqrt(0.0005 / 3);
    expect(trackingError(active)).toEqual(about(deviation * Math.sqrt(252)));
    expect(informationRatio(active)).toEqual(about((0.005 / deviation) * Math.sqrt(252)));
    expect(capture(active, 'up')).toEqual(about(0.035 / 0.02));
    expect(capture(active, 'down')).toEqual(about(0.02 / 0.015));
  });
  it('stay undefined without spread or days', () => {
    const flat = Float64Array.of(0, 0);
    expect(beta({ account: flat, benchmark: flat }).kind).toBe('undefined');
    expect(alpha({ account: flat, benchmark: flat }, 0).kind).toBe('undefined');
    expect(informationRatio(paired(market)).kind).toBe('undefined');
    expect(trackingError({ account: flat.slice(1), benchmark: flat.slice(1) }).kind).toBe('undefined');
    expect(capture({ account: flat, benchmark: flat }, 'up')).toEqual({
      kind: 'undefined',
      reason: 'the benchmark rose on no day',
    });
  });
  it('pair the days that both curves have, whatever their times of day', () => {
    const curve = (days: readonly number[], equity: readonly number[], shift: number) => ({
      time: Float64Array.from(days, (day) => START + day * DAY + shift),
      equity: Float64Array.from(equity),
    });
    const { account, benchmark } = pairedReturns(
      curve([0, 1, 2], [100, 110, 121], 0),
      curve([0, 2, 3], [10, 11, 12], -3_600_000),
    );
    expect(Array.from(account)).toEqual([expect.closeTo(0.21, 12)]);
    expect(Array.from(benchmark)).toEqual([expect.closeTo(0.1, 12)]);
  });
});
