import { describe, expect, it } from 'vitest';
import { REGULATION_T_RATES, structureMargin } from '#core/analytics/options/margin.ts';
import {
  butterfly,
  calendarSpread,
  collar,
  coveredCall,
  ironCondor,
  type OptionStructure,
  type QuotedOption,
  straddle,
  strangle,
  verticalSpread,
} from '#core/analytics/options/structure.ts';

const quote = (strike: number, price: number): QuotedOption => ({ strike, price, volatility: 0.2 });
const TERMS = { contracts: 1, multiplier: 100, years: 0.25 };
const amountOf = (structure: OptionStructure, spot: number) => {
  const margin = structureMargin(structure, spot);
  if (margin.kind === 'undefined') throw new Error(margin.reason);
  expect(margin.maintenance).toBe(margin.initial);
  return margin.initial;
};
const alone = (structure: OptionStructure, leg: 0 | 1): OptionStructure => ({
  ...structure,
  options: [structure.options[leg] ?? structure.options[0]],
});

describe('strategy-based margin', () => {
  it('of an iron condor is the one that Interactive Brokers publishes as example', () => {
    // Knowledge base, “Iron condor”: ten of SPY 160/170/180/190 take 10 × 10 × 100
    const condor = ironCondor(
      {
        boughtPut: quote(160, 0.4),
        writtenPut: quote(170, 1.5),
        writtenCall: quote(180, 1.6),
        boughtCall: quote(190, 0.3),
      },
      { ...TERMS, contracts: 10 },
    );
    expect(amountOf(condor, 175)).toBe(10_000);
  });
  it('of a written option is its price and 20 % less what it is out of the money, at least 10 %', () => {
    const short = strangle('short', quote(90, 1), quote(110, 2), TERMS);
    const [put, call] = [alone(short, 0), alone(short, 1)];
    // put: 1 + max(20 − 10, 9); call: 2 + max(20 − 10, 10)
    expect(amountOf(put, 100)).toBeCloseTo(1_100, 9);
    expect(amountOf(call, 100)).toBeCloseTo(1_200, 9);
    // far out of the money: 10 % of the strike for the put, of the underlying for the call
    expect(amountOf(put, 130)).toBeCloseTo(1_000, 9);
    expect(amountOf(call, 70)).toBeCloseTo(900, 9);
    // in the money nothing is taken off
    expect(amountOf(call, 120)).toBeCloseTo(2_600, 9);
  });
  it('of a written straddle or strangle is the dearer side and the price of the other', () => {
    expect(amountOf(strangle('short', quote(90, 1), quote(110, 2), TERMS), 100)).toBeCloseTo(1_200 + 100, 9);
    expect(amountOf(straddle('short', quote(100, 6), quote(100, 5), TERMS), 100)).toBeCloseTo(2_600 + 500, 9);
  });
  it('pairs puts and calls as long as there are both', () => {
    const short = straddle('short', quote(100, 6), quote(100, 5), TERMS);
    const [put, call] = short.options;
    const ratio: OptionStructure = { ...short, options: [put, { ...(call ?? put), quantity: -3 }] };
    // one pair at 26 + 5, two calls alone at 25
    expect(amountOf(ratio, 100)).toBeCloseTo(3_100 + 2 * 2_500, 9);
    const cheap = { ...(call ?? put), strike: 110, price: 2 };
    const mixed: OptionStructure = { ...short, options: [cheap, put, call ?? put] };
    // the dearer call is paired, at 26 + 5, and the cheaper one stands alone at 2 + 10
    expect(amountOf(mixed, 100)).toBeCloseTo(3_100 + 1_200, 9);
  });
  it('of a spread is at most its greatest loss of intrinsic value', () => {
    expect(amountOf(verticalSpread('put', quote(90, 1), quote(95, 2), TERMS), 100)).toBe(500);
    expect(amountOf(verticalSpread('call', quote(100, 5), quote(110, 2), TERMS), 100)).toBe(0);
    expect(
      amountOf(butterfly('long', 'call', [quote(95, 7), quote(100, 4), quote(105, 2)], TERMS), 100),
    ).toBe(0);
    expect(
      amountOf(butterfly('short', 'call', [quote(95, 7), quote(100, 4), quote(105, 2)], TERMS), 100),
    ).toBe(500);
    // a width of 60 would ask for more than the written put does alone
    expect(amountOf(verticalSpread('put', quote(40, 0.1), quote(100, 6), TERMS), 100)).toBeCloseTo(2_600, 9);
  });
  it('counts bought options only where they last as long as the written ones', () => {
    const terms = { ...TERMS, farYears: 0.5 };
    const calendar = calendarSpread('call', quote(100, 3), quote(100, 5), terms);
    expect(amountOf(calendar, 100)).toBe(0);
    const [near, far] = calendar.options;
    const reversed: OptionStructure = {
      ...calendar,
      options: [
        { ...near, quantity: 1 },
        { ...(far ?? near), quantity: -1 },
      ],
    };
    expect(amountOf(reversed, 100)).toBeCloseTo(2_500, 9);
  });
  it('takes a ratio with unbounded loss as uncovered', () => {
    const spread = verticalSpread('call', quote(100, 5), quote(110, 2), TERMS);
    const [bought, written] = spread.options;
    const ratio: OptionStructure = { ...spread, options: [bought, { ...(written ?? bought), quantity: -2 }] };
    expect(structureMargin(ratio, 100)).toMatchObject({ initial: 2_400, rule: 'uncovered options' });
  });
  it('of bought options is nothing', () => {
    expect(structureMargin(straddle('long', quote(100, 6), quote(100, 5), TERMS), 100)).toMatchObject({
      initial: 0,
    });
  });
  it('of stock with a written call is that of the stock up to the strike, and what is above', () => {
    expect(structureMargin(coveredCall(100, quote(105, 3), TERMS), 100)).toEqual({
      kind: 'value',
      initial: 5_000,
      maintenance: 2_500,
      rule: 'covered call',
    });
    expect(structureMargin(coveredCall(100, quote(105, 3), TERMS), 120)).toMatchObject({
      initial: 5_250 + 1_500,
      maintenance: 2_625 + 1_500,
    });
  });
  it('of a collar is kept at the lesser of what the put leaves and a quarter of the call’s strike', () => {
    const tight = collar(100, quote(95, 2), quote(105, 3), TERMS);
    expect(structureMargin(tight, 100)).toMatchObject({ initial: 5_000, maintenance: 1_450, rule: 'collar' });
    const wide = collar(100, quote(60, 1), quote(105, 3), TERMS);
    expect(structureMargin(wide, 100)).toMatchObject({ maintenance: 2_500 });
  });
  it('takes other rates, such as those of broad indices', () => {
    const call = alone(strangle('short', quote(90, 1), quote(100, 2), TERMS), 1);
    const rates = { ...REGULATION_T_RATES, uncovered: 0.15 };
    expect(structureMargin(call, 100, rates)).toMatchObject({ initial: 1_700 });
  });
  it('says where the rule has no line, and refuses a spot that is none', () => {
    const covered = coveredCall(100, quote(105, 3), TERMS);
    const half = { ...covered, stock: { quantity: 50, price: 100 } };
    expect(structureMargin(half, 100)).toEqual({
      kind: 'undefined',
      reason: expect.stringContaining('50 units of stock'),
    });
    expect(() => structureMargin(covered, Number.NaN)).toThrow('spot is NaN');
  });
});
