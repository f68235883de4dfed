import { describe, expect, it } from 'vitest';
import { americanOption, americanPrice, binomialAmericanPrice } from '#core/analytics/options/american.ts';
import { americanImpliedVolatility } from '#core/analytics/options/american-implied-volatility.ts';
import { blackScholes } from '#core/analytics/options/black-scholes.ts';
import type { OptionRight, SpotOption } from '#core/analytics/options/option.ts';
import { relativeError } from '../distributions/relative-error.ts';

type Terms = readonly [number, number, number, number, number, number];
const optionOf = (
  right: OptionRight,
  [spot, strike, years, volatility, rate, dividendYield]: Terms,
): SpotOption => ({
  right,
  spot,
  strike,
  years,
  volatility,
  rate,
  dividendYield,
});

/**
 * Right; spot, strike, years, volatility, rate, dividend yield; price. A tree of its own in Python (numpy): means of
 * 12,000 and 12,001 steps, extrapolated from those of 6,000 and 6,001; good to 1e-4.
 */
const PRICES: readonly (readonly [OptionRight, Terms, number])[] = [
  ['put', [36, 40, 1, 0.2, 0.06, 0], 4.48668],
  ['put', [44, 40, 2, 0.4, 0.06, 0], 5.64682],
  ['put', [100, 100, 0.5, 0.25, 0.03, 0.05], 7.40496],
  ['call', [100, 100, 0.5, 0.25, 0.03, 0.07], 6.14461],
  ['call', [110, 100, 1, 0.3, 0.02, 0.06], 15.87757],
  ['put', [100, 120, 0.25, 0.15, 0.08, 0.01], 20],
  ['call', [100, 90, 2, 0.2, -0.02, -0.05], 21.79416],
  ['put', [100, 105, 1, 0.3, -0.01, 0.02], 16.59792],
];
/** Delta, gamma, vega, theta, rho by differences of the same tree's prices. */
const GREEKS: readonly (readonly [OptionRight, Terms, readonly number[]])[] = [
  ['put', [36, 40, 1, 0.2, 0.06, 0], [-0.69742, 0.08671, 10.92565, -0.47358, -10.33466]],
  ['put', [100, 100, 0.5, 0.25, 0.03, 0.05], [-0.47547, 0.02199, 27.50023, -7.60435, -27.43582]],
  ['call', [110, 100, 1, 0.3, 0.02, 0.06], [0.64385, 0.01279, 37.86677, -3.81217, 34.42199]],
];
const PUT = optionOf('put', [36, 40, 1, 0.2, 0.06, 0]);
const flat = { years: 1, volatility: 0, rate: 0.05, dividendYield: 0.02 } as const;

describe('American option', () => {
  it.each(PRICES)('as a %s with terms %j is within 1e-5 of the strike', (right, terms, price) => {
    const error = Math.abs(americanPrice(optionOf(right, terms)) - price);
    expect(error).toBeLessThan(1e-5 * terms[1]);
  });
  it.each(GREEKS)('as a %s with terms %j has its Greeks to 0.4 %', (right, terms, expected) => {
    const { kind, price, ...greeks } = americanOption(optionOf(right, terms)) as Record<string, unknown>;
    expect([kind, price]).toEqual(['value', americanPrice(optionOf(right, terms))]);
    expect(Object.keys(greeks)).toEqual(['delta', 'gamma', 'vega', 'theta', 'rho']);
    for (const [index, found] of Object.values(greeks).entries())
      expect(relativeError(Number(found), expected[index]!)).toBeLessThan(4e-3);
  });
  it('on the plain tree gives the values that Hull publishes', () => {
    // Hull, Options, Futures and Other Derivatives, 8th ed., example 20.1 and what follows
    const put = optionOf('put', [50, 50, 5 / 12, 0.4, 0.1, 0]);
    const prices = [30, 50, 100, 500].map((steps) => binomialAmericanPrice(put, steps).toFixed(3));
    expect(prices).toEqual(['4.263', '4.272', '4.278', '4.283']);
  });
  it('with very long life is near Merton’s perpetual put', () => {
    const [rate, dividendYield, variance] = [0.06, 0.01, 0.09];
    const half = 0.5 - (rate - dividendYield) / variance;
    const power = half - Math.sqrt(half * half + (2 * rate) / variance);
    const boundary = (40 * power) / (power - 1);
    const perpetual = (40 - boundary) * (40 / boundary) ** power;
    const long = americanPrice(optionOf('put', [40, 40, 150, 0.3, rate, dividendYield]), 2_000);
    expect(long).toBeLessThan(perpetual);
    expect(relativeError(long, perpetual)).toBeLessThan(2e-3);
  });
  it('without a reason to exercise early is the European one, with its Greeks', () => {
    const call = optionOf('call', [100, 110, 0.75, 0.3, 0.04, 0]);
    const european = blackScholes(call);
    const american = americanOption(call, 800);
    if (european.kind === 'kink' || american.kind === 'kink') throw new Error('no kink here');
    expect(relativeError(american.price, european.price)).toBeLessThan(1e-5);
    for (const name of ['delta', 'gamma', 'theta', 'vega', 'rho'] as const)
      expect(relativeError(american[name], european[name]), name).toBeLessThan(1e-3);
  });
  it('is smoother by its last step than the plain tree, and converges', () => {
    const errorOf = (price: number) => Math.abs(price - 4.48668);
    expect(errorOf(americanPrice(PUT, 100))).toBeLessThan(errorOf(binomialAmericanPrice(PUT, 100)) / 2);
    expect(errorOf(americanPrice(PUT, 3_200))).toBeLessThan(2e-5);
  });
  it('without randomness is exercised at the best instant', () => {
    expect(americanOption({ right: 'put', spot: 90, strike: 100, ...flat })).toMatchObject({
      price: 10,
      delta: -1,
    });
    expect(americanOption({ right: 'call', spot: 110, strike: 100, ...flat })).toMatchObject({
      price: 110 * Math.exp(-0.02) - 100 * Math.exp(-0.05),
      delta: Math.exp(-0.02),
      rho: 100 * Math.exp(-0.05),
    });
    expect(americanOption({ right: 'put', spot: 110, strike: 100, ...flat })).toMatchObject({
      price: 0,
      delta: 0,
    });
    // Between now and expiry: the stock's decay outruns the strike's from ln(rK/qS)/(r − q) on.
    const call = {
      right: 'call',
      spot: 100,
      strike: 100,
      years: 30,
      volatility: 0,
      rate: 0.08,
      dividendYield: 0.04,
    } as const;
    const instant = Math.log(2) / 0.04;
    const found = americanOption(call);
    expect(found).toMatchObject({
      price: 100 * Math.exp(-0.04 * instant) - 100 * Math.exp(-0.08 * instant),
      theta: 0,
    });
    const step = 0.01;
    const near = (by: number) => americanPrice({ ...call, spot: 100 + by });
    const gamma = (near(step) - 2 * near(0) + near(-step)) / (step * step);
    expect(found.kind === 'value' ? found.gamma : Number.NaN).toBeCloseTo(gamma, 6);
  });
  it('is never below what it surely pays, although a tree exercises at few instants', () => {
    const call = optionOf('call', [70, 40, 1, 0.01, 0.06, 0.03]);
    expect(americanPrice(call)).toBeGreaterThanOrEqual(americanPrice({ ...call, volatility: 0 }));
  });
  it('has the slopes of its certain price', () => {
    const call = { right: 'call', spot: 110, strike: 100, ...flat } as const;
    const found = americanOption(call);
    const slope = (change: (by: number) => object) =>
      (americanPrice({ ...call, ...change(1e-6) }) - americanPrice({ ...call, ...change(-1e-6) })) / 2e-6;
    expect(found).toMatchObject({
      theta: expect.closeTo(-slope((by) => ({ years: 1 + by })), 5),
      rho: expect.closeTo(
        slope((by) => ({ rate: 0.05 + by })),
        5,
      ),
    });
  });
  it('at expiry is its payoff, at the kink a price only', () => {
    expect(americanOption({ ...PUT, years: 0 })).toMatchObject({
      kind: 'value',
      price: 4,
      delta: -1,
      gamma: 0,
    });
    expect(americanOption({ ...PUT, years: 0, spot: 40 })).toMatchObject({ kind: 'kink', price: 0 });
    expect(americanPrice({ ...PUT, spot: 0 })).toBe(40);
    expect(americanPrice({ ...PUT, strike: 0 })).toBe(0);
  });
  it('refuses terms and steps that make no tree, saying what would', () => {
    expect(() => americanPrice(PUT, 7)).toThrow('steps is 7: give a whole number from 8 to 20000');
    expect(() => americanPrice(PUT, 100.5)).toThrow('steps is 100.5');
    expect(() => americanPrice(PUT, Number.NaN)).toThrow('steps is NaN');
    expect(() => americanPrice({ ...PUT, spot: Number.NaN })).toThrow('spot is NaN');
    expect(() => americanPrice({ ...PUT, volatility: 0.001 })).toThrow('the carry outruns the volatility');
    expect(() => americanPrice({ ...PUT, volatility: 900 })).toThrow('over 200 prices overflow');
    expect(americanPrice({ ...PUT, volatility: 0.002 }, 4_000)).toBeCloseTo(4, 10);
  });
});

describe('American implied volatility', () => {
  it.each(PRICES)(
    'gives back what a %s with terms %j was priced with, where it was worth its time',
    (right, terms, price) => {
      const { volatility, ...rest } = optionOf(right, terms);
      const found = americanImpliedVolatility(americanPrice({ ...rest, volatility }, 100), rest, 100);
      if (price === 20) expect(found).toMatchObject({ kind: 'undefined', cause: 'no-time-value' });
      else expect(found).toMatchObject({ kind: 'value', volatility: expect.closeTo(volatility, 9) });
    },
  );
  it('takes few trees, and finds 200 % as well', () => {
    const { volatility: _, ...terms } = PUT;
    for (const volatility of [0.2, 0.9, 2]) {
      const found = americanImpliedVolatility(americanPrice({ ...terms, volatility }), terms);
      expect(found).toMatchObject({ kind: 'value', volatility: expect.closeTo(volatility, 9) });
      expect(found.kind === 'value' ? found.iterations : 99).toBeLessThan(20);
      expect(found.kind === 'value' ? found.uncertainty : 1).toBeLessThan(1e-11);
    }
  });
  it('says why there is none', () => {
    const { volatility: _, ...terms } = PUT;
    const causeOf = (price: number, change = {}) => {
      const found = americanImpliedVolatility(price, { ...terms, ...change }, 50);
      return found.kind === 'undefined' ? found.cause : found.volatility;
    };
    expect(causeOf(3.9)).toBe('below-intrinsic');
    expect(causeOf(4)).toBe('no-time-value');
    expect(causeOf(40)).toBe('above-upper-bound');
    expect(causeOf(50)).toBe('above-upper-bound');
    expect(causeOf(1, { spot: 0 })).toBe('no-randomness');
    expect(causeOf(1, { years: 0 })).toBe('no-randomness');
    expect(causeOf(38 - 40 * Math.exp(-0.06) + 1e-9, { right: 'call', spot: 38 })).toBe('below-tree');
    expect(() => causeOf(-1)).toThrow('price is -1');
    expect(() => americanImpliedVolatility(5, terms, 3)).toThrow('steps is 3');
  });
});
