import { describe, expect, it } from 'vitest';
import { black76 } from '#core/analytics/options/black-76.ts';
import type { FuturesOption } from '#core/analytics/options/option.ts';

const CALL: FuturesOption = {
  right: 'call',
  forward: 19,
  strike: 19,
  years: 0.75,
  volatility: 0.28,
  rate: 0.1,
};

describe('Black-76', () => {
  it('gives the values that Haug publishes', () => {
    // Haug (2007): 1.1.3, both rights at the money; 2.1.1, delta of futures options
    expect(black76(CALL).price).toBeCloseTo(1.7011, 4);
    expect(black76({ ...CALL, right: 'put' }).price).toBeCloseTo(1.7011, 4);
    const other = { forward: 105, strike: 100, years: 0.5, volatility: 0.36, rate: 0.1 };
    expect(black76({ ...other, right: 'call' })).toMatchObject({ delta: expect.closeTo(0.5946, 4) });
    expect(black76({ ...other, right: 'put' })).toMatchObject({ delta: expect.closeTo(-0.3566, 4) });
  });
  it('has theta, rho and charm as differences of its own prices', () => {
    const option = { ...CALL, forward: 21 };
    const value = black76(option);
    if (value.kind === 'kink') throw new Error(value.reason);
    const step = 1e-5;
    const slope = (change: (by: number) => Partial<FuturesOption>) =>
      (black76({ ...option, ...change(step) }).price - black76({ ...option, ...change(-step) }).price) /
      (2 * step);
    expect(value.theta).toBeCloseTo(-slope((by) => ({ years: option.years + by })), 7);
    expect(value.rho).toBeCloseTo(
      slope((by) => ({ rate: option.rate + by })),
      7,
    );
    const delta = (years: number) => {
      const found = black76({ ...option, years });
      return found.kind === 'value' ? found.delta : Number.NaN;
    };
    expect(value.charm).toBeCloseTo(
      -(delta(option.years + step) - delta(option.years - step)) / (2 * step),
      7,
    );
  });
  it('at the kink has a price only, and refuses a forward that is no price', () => {
    expect(black76({ ...CALL, years: 0 }).kind).toBe('kink');
    expect(() => black76({ ...CALL, forward: -1 })).toThrow('forward is -1: give 0 or a number');
    expect(() => black76({ ...CALL, forward: Number.NaN })).toThrow('forward is NaN: give');
  });
});
