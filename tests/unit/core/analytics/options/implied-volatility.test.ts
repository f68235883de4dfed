import { describe, expect, it } from 'vitest';
import { black76 } from '#core/analytics/options/black-76.ts';
import { blackScholes } from '#core/analytics/options/black-scholes.ts';
import { impliedVolatility, impliedVolatility76 } from '#core/analytics/options/implied-volatility.ts';
import { relativeError } from '../distributions/relative-error.ts';

const TERMS = { right: 'call', spot: 100, strike: 105, years: 0.5, rate: 0.03, dividendYield: 0.01 } as const;
const causeOf = (price: number, terms = {}) => {
  const found = impliedVolatility(price, { ...TERMS, ...terms });
  return found.kind === 'undefined' ? found.cause : found.volatility;
};

describe('implied volatility', () => {
  it('gives back every volatility that the price determines, in few steps', () => {
    let solved = 0;
    let most = 0;
    for (const right of ['call', 'put'] as const) {
      for (const strike of [1, 40, 80, 99, 100, 101, 125, 250, 1e4]) {
        for (const years of [1 / 365, 0.1, 1, 20]) {
          for (const volatility of [0.005, 0.05, 0.2, 0.7, 3, 12]) {
            const terms = { ...TERMS, right, strike, years };
            const { price } = blackScholes({ ...terms, volatility });
            const found = impliedVolatility(price, terms);
            if (found.kind === 'undefined') continue;
            solved += 1;
            most = Math.max(most, found.iterations);
            expect(Math.abs(found.volatility - volatility)).toBeLessThanOrEqual(
              1e-11 * volatility + 10 * found.uncertainty,
            );
          }
        }
      }
    }
    expect(solved).toBeGreaterThan(250);
    expect(most).toBeLessThanOrEqual(25);
  });
  it('solves a price of 1e-200 as exactly as one of a dollar', () => {
    for (const volatility of [0.0331, 0.05, 0.2, 2]) {
      const terms = { ...TERMS, strike: 200 };
      const found = impliedVolatility(blackScholes({ ...terms, volatility }).price, terms);
      expect(found.kind === 'value' && relativeError(found.volatility, volatility)).toBeLessThan(1e-12);
    }
    expect(blackScholes({ ...TERMS, strike: 200, volatility: 0.0331 }).price).toBeLessThan(1e-180);
  });
  it('states how little a price in the money says', () => {
    const terms = { ...TERMS, strike: 60 };
    const sure = impliedVolatility(blackScholes({ ...TERMS, volatility: 0.2 }).price, TERMS);
    const vague = impliedVolatility(blackScholes({ ...terms, volatility: 0.14 }).price, terms);
    expect(sure).toMatchObject({ kind: 'value', uncertainty: expect.toSatisfy((by: number) => by < 1e-15) });
    expect(vague).toMatchObject({ kind: 'value', uncertainty: expect.toSatisfy((by: number) => by > 1e-9) });
  });
  it('of the least price that a double holds is finite, and so is its uncertainty', () => {
    const found = impliedVolatility(Number.MIN_VALUE, { ...TERMS, spot: 1e-20, strike: 1e10 });
    if (found.kind === 'undefined') throw new Error(found.reason);
    expect(found.volatility).toBeGreaterThan(0);
    expect(found.uncertainty).toBeLessThanOrEqual(found.volatility);
    expect(causeOf(Number.MIN_VALUE, { spot: 1e-20, strike: 1e40 })).toBe('no-time-value');
  });
  it('says why there is none', () => {
    const floor = 100 * Math.exp(-0.005) - 90 * Math.exp(-0.015);
    expect(causeOf(floor - 0.01, { strike: 90 })).toBe('below-intrinsic');
    expect(causeOf(floor, { strike: 90 })).toBe('no-time-value');
    expect(causeOf(0)).toBe('no-time-value');
    expect(causeOf(100 * Math.exp(-0.005))).toBe('above-upper-bound');
    expect(causeOf(200)).toBe('above-upper-bound');
    expect(causeOf(105, { right: 'put' })).toBe('above-upper-bound');
    expect(causeOf(5, { years: 0 })).toBe('no-randomness');
    expect(causeOf(5, { spot: 0 })).toBe('no-randomness');
    expect(causeOf(5, { strike: 0 })).toBe('no-randomness');
    expect(impliedVolatility(200, TERMS)).toMatchObject({
      reason: expect.stringContaining('price 200 is not below'),
    });
  });
  it('refuses a price or a term that is none', () => {
    for (const price of [Number.NaN, -1, Infinity])
      expect(() => impliedVolatility(price, TERMS)).toThrow(`price is ${price}: give a number from 0`);
    expect(() => impliedVolatility(5, { ...TERMS, years: -1 })).toThrow('years is -1');
  });
  it('of a futures option is that of its own model', () => {
    const terms = { right: 'put', forward: 80, strike: 75, years: 0.4, rate: -0.01 } as const;
    const found = impliedVolatility76(black76({ ...terms, volatility: 0.33 }).price, terms);
    expect(found).toMatchObject({ kind: 'value', volatility: expect.closeTo(0.33, 12) });
    expect(() => impliedVolatility76(5, { ...terms, forward: Number.NaN })).toThrow('forward is NaN');
  });
});
