import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { americanPrice } from '#core/analytics/options/american.ts';
import { blackScholes } from '#core/analytics/options/black-scholes.ts';
import { impliedVolatility } from '#core/analytics/options/implied-volatility.ts';
import type { SpotOption } from '#core/analytics/options/option.ts';

/** Even over the range: a double drawn by its bits alone would nearly always be tiny. */
const even = (min: number, max: number) =>
  fc.integer({ min: 0, max: 1_000_000 }).map((share) => min + ((max - min) * share) / 1_000_000);
const between = (min: number, max: number) =>
  fc.oneof(
    { weight: 4, arbitrary: even(min, max) },
    { weight: 1, arbitrary: fc.double({ min, max, noNaN: true }) },
  );
const price = between(0, 500).map((drawn) => (drawn < 1e-60 ? 0 : drawn));
const option: fc.Arbitrary<SpotOption> = fc.record({
  right: fc.constantFrom('call', 'put'),
  spot: price,
  strike: price,
  years: between(0, 5),
  volatility: between(0, 4),
  rate: between(-0.1, 0.2),
  dividendYield: between(-0.1, 0.2),
});
const priceOf = (terms: SpotOption) => blackScholes(terms).price;
const assetOf = ({ spot, dividendYield, years }: SpotOption) => spot * Math.exp(-dividendYield * years);
const cashOf = ({ strike, rate, years }: SpotOption) => strike * Math.exp(-rate * years);
/** Rounding of prices of some hundreds. */
const SLACK = 1e-11;

describe('European option prices', () => {
  it('obey put–call parity', () => {
    fc.assert(
      fc.property(option, (terms) => {
        const difference = priceOf({ ...terms, right: 'call' }) - priceOf({ ...terms, right: 'put' });
        expect(Math.abs(difference - (assetOf(terms) - cashOf(terms)))).toBeLessThan(SLACK);
      }),
      { seed: 21, numRuns: 500 },
    );
  });
  it('stay between discounted intrinsic value and upper bound', () => {
    fc.assert(
      fc.property(option, (terms) => {
        const [asset, cash] = [assetOf(terms), cashOf(terms)];
        const forward = terms.right === 'call' ? asset - cash : cash - asset;
        expect(priceOf(terms)).toBeGreaterThanOrEqual(Math.max(forward, 0) - SLACK);
        expect(priceOf(terms)).toBeLessThanOrEqual((terms.right === 'call' ? asset : cash) + SLACK);
      }),
      { seed: 22, numRuns: 500 },
    );
  });
  it('rise with volatility, and with spot for calls, with strike for puts; convex in the strike', () => {
    fc.assert(
      fc.property(option, between(0.01, 50), (terms, step) => {
        const price = priceOf(terms);
        const sign = terms.right === 'call' ? 1 : -1;
        const higherStrike = priceOf({ ...terms, strike: terms.strike + step });
        const highestStrike = priceOf({ ...terms, strike: terms.strike + 2 * step });
        expect(priceOf({ ...terms, volatility: terms.volatility + step / 50 })).toBeGreaterThanOrEqual(
          price - SLACK,
        );
        expect(sign * (priceOf({ ...terms, spot: terms.spot + step }) - price)).toBeGreaterThanOrEqual(
          -SLACK,
        );
        expect(sign * (price - higherStrike)).toBeGreaterThanOrEqual(-SLACK);
        expect(price + highestStrike - 2 * higherStrike).toBeGreaterThanOrEqual(-SLACK);
      }),
      { seed: 23, numRuns: 500 },
    );
  });
  it('and their Greeks are finite wherever they are defined, with the signs that they must have', () => {
    fc.assert(
      fc.property(option, (terms) => {
        const valuation = blackScholes(terms);
        if (valuation.kind === 'kink') return;
        const { kind: _, ...figures } = valuation;
        for (const [name, figure] of Object.entries(figures))
          expect(Number.isFinite(figure), name).toBe(true);
        expect(valuation.gamma).toBeGreaterThanOrEqual(0);
        expect(valuation.vega).toBeGreaterThanOrEqual(0);
        expect(valuation.delta * (terms.right === 'call' ? 1 : -1)).toBeGreaterThanOrEqual(0);
      }),
      { seed: 24, numRuns: 1_000 },
    );
  });
  it('are given back by their implied volatility', () => {
    fc.assert(
      fc.property(option, (terms) => {
        const price = priceOf(terms);
        const found = impliedVolatility(price, terms);
        if (found.kind === 'undefined') {
          expect(['no-randomness', 'no-time-value', 'above-upper-bound']).toContain(found.cause);
          return;
        }
        expect(Math.abs(priceOf({ ...terms, volatility: found.volatility }) - price)).toBeLessThan(SLACK);
      }),
      { seed: 25, numRuns: 1_000 },
    );
  });
});

describe('American option prices', () => {
  const american: fc.Arbitrary<SpotOption> = fc.record({
    right: fc.constantFrom('call', 'put'),
    spot: even(1, 500),
    strike: even(1, 500),
    years: even(0.01, 5),
    volatility: even(0.15, 3),
    rate: even(-0.1, 0.2),
    dividendYield: even(-0.1, 0.2),
  });
  const STEPS = 60;
  /** What so few steps leave of error. */
  const coarse = ({ spot, strike }: SpotOption) => 0.01 * Math.max(spot, strike);
  it('are not below payoff and European price, nor below that of a shorter life', () => {
    fc.assert(
      fc.property(american, (terms) => {
        const price = americanPrice(terms, STEPS);
        const payoff = terms.right === 'call' ? terms.spot - terms.strike : terms.strike - terms.spot;
        expect(price).toBeGreaterThanOrEqual(Math.max(payoff, 0));
        expect(price).toBeGreaterThanOrEqual(priceOf(terms) - coarse(terms));
        expect(price).toBeGreaterThanOrEqual(
          americanPrice({ ...terms, years: terms.years / 2 }, STEPS) - coarse(terms),
        );
      }),
      { seed: 26, numRuns: 200 },
    );
  });
  it('mirror each other: a call is the put with spot and strike, rate and yield exchanged', () => {
    // R. McDonald and M. Schroder (1998), A parity result for American options
    fc.assert(
      fc.property(american, (terms) => {
        const { spot, strike, rate, dividendYield } = terms;
        const call = americanPrice({ ...terms, right: 'call' }, STEPS);
        const mirrored = {
          right: 'put',
          spot: strike,
          strike: spot,
          rate: dividendYield,
          dividendYield: rate,
        } as const;
        expect(Math.abs(americanPrice({ ...terms, ...mirrored }, STEPS) - call)).toBeLessThan(coarse(terms));
      }),
      { seed: 27, numRuns: 200 },
    );
  });
});
