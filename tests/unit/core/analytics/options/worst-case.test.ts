import { describe, expect, it } from 'vitest';
import { americanPrice } from '#core/analytics/options/american.ts';
import { blackScholes } from '#core/analytics/options/black-scholes.ts';
import {
  calendarSpread,
  coveredCall,
  type QuotedOption,
  strangle,
  verticalSpread,
} from '#core/analytics/options/structure.ts';
import { type OptionMarket, PORTFOLIO_MARGIN_GRID, worstCase } from '#core/analytics/options/worst-case.ts';

const MARKET: OptionMarket = { spot: 100, rate: 0.03, dividendYield: 0.01, style: 'european' };
const TERMS = { contracts: 1, multiplier: 100, years: 0.25 };
const priceOf = (right: 'call' | 'put', strike: number, spot: number, years: number, volatility: number) =>
  blackScholes({ right, strike, spot, years, volatility, rate: 0.03, dividendYield: 0.01 }).price;
const quote = (right: 'call' | 'put', strike: number, volatility: number): QuotedOption => ({
  strike,
  volatility,
  price: priceOf(right, strike, 100, 0.25, volatility),
});
const short = strangle('short', quote('put', 90, 0.25), quote('call', 110, 0.2), TERMS);

describe('worst case over a grid', () => {
  it('of a written strangle is the largest move with volatility up, revalued option by option', () => {
    const { worst, scenarios } = worstCase(short, MARKET);
    expect(scenarios).toHaveLength(33);
    expect(worst).toMatchObject({ priceMove: 0.15, volatilityMove: 0.1 });
    const before = priceOf('put', 90, 100, 0.25, 0.25) + priceOf('call', 110, 100, 0.25, 0.2);
    const after = priceOf('put', 90, 115, 0.25, 0.35) + priceOf('call', 110, 115, 0.25, 0.3);
    expect(worst.profit).toBeCloseTo(100 * (before - after), 8);
    expect(worst.profit).toBe(Math.min(...scenarios.map((scenario) => scenario.profit)));
  });
  it('without moves or time loses nothing', () => {
    const still = { priceMoves: [0], volatilityMoves: [0], yearsPassed: 0 };
    expect(worstCase(short, MARKET, still).worst.profit).toBeCloseTo(0, 9);
  });
  it('after all time has passed is the payoff, with volatilities that cannot fall below zero', () => {
    const spread = verticalSpread('call', quote('call', 100, 0.2), quote('call', 110, 0.2), TERMS);
    const grid = { priceMoves: [-1, 0, 0.2], volatilityMoves: [-5], yearsPassed: 1 };
    const { scenarios, worst } = worstCase(spread, MARKET, grid);
    const debit = 100 * (quote('call', 100, 0.2).price - quote('call', 110, 0.2).price);
    expect(scenarios.map(({ profit }) => profit)).toEqual(
      [-debit, -debit, 1_000 - debit].map((p) => expect.closeTo(p, 8)),
    );
    expect(worst.priceMove).toBe(-1);
  });
  it('values a calendar spread, whose expiries differ, and stock beside options', () => {
    const near = quote('call', 100, 0.2);
    const far = { ...near, price: priceOf('call', 100, 100, 0.5, 0.2) };
    const calendar = calendarSpread('call', near, far, { ...TERMS, farYears: 0.5 });
    const { worst } = worstCase(calendar, MARKET, {
      priceMoves: [0],
      volatilityMoves: [0],
      yearsPassed: 0.25,
    });
    const [left, paid] = [priceOf('call', 100, 100, 0.25, 0.2), far.price - near.price];
    expect(worst.profit).toBeCloseTo(100 * (left - paid), 8);
    const covered = coveredCall(100, quote('call', 110, 0.2), TERMS);
    const moved = worstCase(covered, MARKET, { priceMoves: [-0.1], volatilityMoves: [0], yearsPassed: 0 });
    const kept = priceOf('call', 110, 100, 0.25, 0.2) - priceOf('call', 110, 90, 0.25, 0.2);
    expect(moved.worst.profit).toBeCloseTo(100 * (kept - 10), 8);
  });
  it('revalues American options on a tree', () => {
    const put = { strike: 120, volatility: 0.2, price: 21 };
    const spread = verticalSpread('put', put, { strike: 90, volatility: 0.2, price: 1 }, TERMS);
    const american: OptionMarket = { ...MARKET, style: 'american' };
    const grid = { priceMoves: [-0.05], volatilityMoves: [0], yearsPassed: 0 };
    const value = (strike: number) =>
      americanPrice(
        { right: 'put', strike, spot: 95, years: 0.25, volatility: 0.2, rate: 0.03, dividendYield: 0.01 },
        200,
      );
    const expected = 100 * (value(120) - 21 - (value(90) - 1));
    expect(worstCase(spread, american, grid).worst.profit).toBeCloseTo(expected, 8);
    expect(worstCase(spread, MARKET, grid).worst.profit).toBeLessThan(expected);
  });
  it('refuses a grid that is none', () => {
    const grid = (change: object) => () => worstCase(short, MARKET, { ...PORTFOLIO_MARGIN_GRID, ...change });
    expect(grid({ priceMoves: [] })).toThrow('scenarios is 0: give at least one');
    expect(grid({ volatilityMoves: [] })).toThrow('scenarios is 0');
    expect(grid({ priceMoves: [-1.1] })).toThrow('price move is -1.1');
    expect(grid({ priceMoves: [Number.NaN] })).toThrow('price move is NaN');
    expect(grid({ volatilityMoves: [Infinity] })).toThrow('volatility move is Infinity');
    expect(grid({ yearsPassed: -1 })).toThrow('years passed is -1');
    expect(() => worstCase(short, { ...MARKET, spot: Number.NaN })).toThrow('spot is NaN');
  });
});
