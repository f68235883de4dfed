import { describe, expect, it } from 'vitest';
import { payoffAtExpiry, payoffProfile } from '#core/analytics/options/payoff.ts';
import {
  butterfly,
  calendarSpread,
  collar,
  coveredCall,
  ironCondor,
  netPremium,
  type OptionStructure,
  type QuotedOption,
  straddle,
  strangle,
  verticalSpread,
} from '#core/analytics/options/structure.ts';

const quote = (strike: number, price: number): QuotedOption => ({ strike, price, volatility: 0.2 });
const TERMS = { contracts: 2, multiplier: 100, years: 0.25 };
const bounded = (amount: number, at: number) => ({ kind: 'bounded', amount: expect.closeTo(amount, 9), at });
const closed = (structure: OptionStructure) => {
  const profile = payoffProfile(structure);
  if (profile.kind === 'not-closed') throw new Error(profile.reason);
  return profile;
};
const condor = () =>
  ironCondor(
    {
      boughtPut: quote(85, 0.5),
      writtenPut: quote(90, 1.5),
      writtenCall: quote(110, 1.75),
      boughtCall: quote(120, 0.25),
    },
    TERMS,
  );

describe('payoff at expiry', () => {
  it('of a call debit spread is its width less the debit, or the debit lost', () => {
    const spread = verticalSpread('call', quote(100, 5), quote(110, 2), TERMS);
    expect(spread.name).toBe('call debit spread');
    expect(netPremium(spread)).toBe(600);
    expect(payoffProfile(spread)).toEqual({
      kind: 'closed',
      breakEvens: [103],
      maximumProfit: bounded(1_400, 110),
      maximumLoss: bounded(600, 0),
    });
  });
  it('of a put credit spread is the credit, or the width less it', () => {
    const spread = verticalSpread('put', quote(90, 1), quote(95, 2.5), TERMS);
    expect(spread.name).toBe('put credit spread');
    expect(netPremium(spread)).toBe(-300);
    expect(closed(spread)).toMatchObject({
      breakEvens: [93.5],
      maximumProfit: bounded(300, 95),
      maximumLoss: bounded(700, 0),
    });
  });
  it('of straddles and strangles is unbounded on the side of the calls', () => {
    const long = closed(straddle('long', quote(100, 4), quote(100, 5), TERMS));
    expect(long).toMatchObject({
      breakEvens: [91, 109],
      maximumProfit: { kind: 'unbounded' },
      maximumLoss: bounded(1_800, 100),
    });
    const short = closed(strangle('short', quote(90, 2), quote(110, 3), TERMS));
    expect(short).toMatchObject({
      breakEvens: [85, 115],
      maximumProfit: bounded(1_000, 90),
      maximumLoss: { kind: 'unbounded' },
    });
  });
  it('of an iron condor is its credit between the written strikes, and the wider side less it', () => {
    expect(netPremium(condor())).toBe(-500);
    expect(closed(condor())).toMatchObject({
      breakEvens: [87.5, 112.5],
      maximumProfit: bounded(500, 90),
      maximumLoss: bounded(1_500, 120),
    });
  });
  it('of a butterfly peaks at the body', () => {
    const fly = butterfly('long', 'put', [quote(95, 2), quote(100, 4), quote(105, 7)], TERMS);
    expect(closed(fly)).toMatchObject({
      breakEvens: [96, 104],
      maximumProfit: bounded(800, 100),
      maximumLoss: bounded(200, 0),
    });
    const short = butterfly('short', 'call', [quote(95, 7), quote(100, 4), quote(105, 2)], TERMS);
    expect(closed(short)).toMatchObject({ maximumProfit: bounded(200, 0), maximumLoss: bounded(800, 100) });
  });
  it('of a covered call loses down to zero, of a collar down to the put', () => {
    expect(closed(coveredCall(100, quote(105, 3), TERMS))).toMatchObject({
      breakEvens: [97],
      maximumProfit: bounded(1_600, 105),
      maximumLoss: bounded(19_400, 0),
    });
    expect(closed(collar(100, quote(95, 2), quote(105, 3), TERMS))).toMatchObject({
      breakEvens: [99],
      maximumProfit: bounded(1_200, 105),
      maximumLoss: bounded(800, 0),
    });
  });
  it('names both ends of a stretch without profit or loss, and a loss that cannot come as a gain', () => {
    const free = verticalSpread('call', quote(100, 2), quote(110, 2), TERMS);
    expect(closed(free)).toMatchObject({ breakEvens: [0, 100], maximumLoss: bounded(0, 0) });
    const paid = verticalSpread('call', quote(100, 2), quote(110, 3), TERMS);
    expect(closed(paid)).toMatchObject({ breakEvens: [], maximumLoss: bounded(-200, 0) });
  });
  it('takes a profit of rounding for none', () => {
    const prices = verticalSpread('call', quote(100, 0.1 + 0.2), quote(110, 0.3), TERMS);
    expect(closed(prices).breakEvens).toEqual([0, 100]);
  });
  it('of a calendar spread is undefined, with the reason', () => {
    const calendar = calendarSpread('call', quote(100, 3), quote(100, 5), { ...TERMS, farYears: 0.5 });
    const reason = expect.stringContaining('call calendar spread expire at different times');
    expect(payoffProfile(calendar)).toEqual({ kind: 'not-closed', reason });
    expect(payoffAtExpiry(calendar, 100)).toEqual({ kind: 'undefined', reason });
    expect(netPremium(calendar)).toBe(400);
  });
  it('is given at any price', () => {
    expect(payoffAtExpiry(condor(), 114)).toEqual({ kind: 'value', value: -300 });
    expect(payoffAtExpiry(coveredCall(100, quote(105, 3), TERMS), 90)).toEqual({
      kind: 'value',
      value: -1_400,
    });
    expect(() => payoffAtExpiry(condor(), -1)).toThrow('spot is -1');
  });
});

describe('structures that are none', () => {
  it('are refused with the strike that is wrong', () => {
    expect(() => verticalSpread('put', quote(90, 1), quote(90, 1), TERMS)).toThrow(
      'strike of the written option is 90',
    );
    expect(() => straddle('long', quote(90, 1), quote(95, 1), TERMS)).toThrow(
      'strike of the call is 95: give that of the put, 90',
    );
    expect(() => strangle('long', quote(95, 1), quote(90, 1), TERMS)).toThrow(
      "strike of the call is 90: give one above the put's, 95",
    );
    expect(() => collar(100, quote(95, 1), quote(95, 1), TERMS)).toThrow('strike of the call is 95');
    expect(() => butterfly('long', 'call', [quote(95, 1), quote(95, 1), quote(96, 1)], TERMS)).toThrow(
      'strike of the body is 95',
    );
    expect(() => calendarSpread('put', quote(95, 1), quote(96, 1), { ...TERMS, farYears: 1 })).toThrow(
      'strike of the far option is 96',
    );
    expect(() => calendarSpread('put', quote(95, 1), quote(95, 1), { ...TERMS, farYears: 0.25 })).toThrow(
      'far expiry is 0.25',
    );
  });
  it('are refused with the term that is wrong', () => {
    const spread =
      (terms: object, price = 1) =>
      () =>
        verticalSpread('put', quote(90, price), quote(95, 2), { ...TERMS, ...terms });
    expect(spread({ contracts: 0 })).toThrow('contracts is 0: give a whole number above 0');
    expect(spread({ contracts: 1.5 })).toThrow('contracts is 1.5');
    expect(spread({ multiplier: Number.NaN })).toThrow('multiplier is NaN');
    expect(spread({ years: -1 })).toThrow('years is -1');
    expect(spread({}, Number.NaN)).toThrow('option price is NaN');
    expect(() => coveredCall(Number.NaN, quote(105, 3), TERMS)).toThrow('stock price is NaN');
  });
});
