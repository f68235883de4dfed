import { describe, expect, it } from 'vitest';
import type { Figure } from '#core/analytics/series.ts';
import { fixedRatioSize } from '#core/analytics/sizing/fixed-ratio.ts';
import {
  fractionalKelly,
  kellyExposureSize,
  kellyFromMoments,
  kellyFromWinRate,
  kellyRiskSize,
} from '#core/analytics/sizing/kelly.ts';
import { type SizingContext, wholeLots } from '#core/analytics/sizing/position-size.ts';
import { averageTrueRangeSize, volatilityTargetSize } from '#core/analytics/sizing/volatility-sizing.ts';

const CONTEXT: SizingContext = {
  equity: 100_000,
  price: 50,
  multiplier: 1,
  lot: 1,
  caps: { exposure: 2, units: Infinity },
};
const QUARTER = { fraction: 0.25, cap: 0.5 };
const value = (number: number): Figure => ({ kind: 'value', value: expect.closeTo(number, 12) });

describe('volatility target', () => {
  it('is equity × target over volatility, in whole lots', () => {
    expect(volatilityTargetSize(CONTEXT, 0.1, 0.2)).toEqual({
      kind: 'size',
      units: 1_000,
      exposure: 0.5,
      boundBy: 'method',
    });
    expect(volatilityTargetSize({ ...CONTEXT, lot: 300 }, 0.1, 0.2)).toMatchObject({
      units: 900,
      exposure: 0.45,
    });
    expect(volatilityTargetSize({ ...CONTEXT, multiplier: 50 }, 0.1, 0.2)).toMatchObject({ units: 20 });
  });
  it('stays within both caps, and names the one that bound', () => {
    const capped = { ...CONTEXT, caps: { exposure: 0.3, units: 700 } };
    expect(volatilityTargetSize(capped, 0.1, 0.2)).toMatchObject({
      units: 600,
      exposure: 0.3,
      boundBy: 'exposure',
    });
    const thin = { ...CONTEXT, caps: { exposure: 0.3, units: 70 } };
    expect(volatilityTargetSize(thin, 0.1, 0.2)).toMatchObject({ units: 70, boundBy: 'units' });
  });
  it('is none without volatility, equity or room for a lot', () => {
    expect(volatilityTargetSize(CONTEXT, 0.1, 0)).toEqual({
      kind: 'none',
      reason: expect.stringContaining('volatility is 0'),
    });
    expect(volatilityTargetSize({ ...CONTEXT, equity: 0 }, 0.1, 0.2)).toMatchObject({
      reason: expect.stringContaining('equity is 0'),
    });
    expect(volatilityTargetSize({ ...CONTEXT, equity: -5 }, 0.1, 0.2)).toMatchObject({ kind: 'none' });
    expect(volatilityTargetSize({ ...CONTEXT, lot: 1_001 }, 0.1, 0.2)).toEqual({
      kind: 'none',
      reason: '1000 units are less than a lot of 1001',
    });
  });
});

describe('risk by average true range', () => {
  it('loses its share of equity at the stop', () => {
    // 1 % of 100,000 over two ranges of 2.5
    expect(averageTrueRangeSize(CONTEXT, 0.01, 2.5, 2)).toMatchObject({ units: 200, exposure: 0.1 });
    expect(averageTrueRangeSize({ ...CONTEXT, multiplier: 10 }, 0.01, 2.5, 2)).toMatchObject({ units: 20 });
    expect(averageTrueRangeSize(CONTEXT, 0.01, 0, 2)).toMatchObject({ kind: 'none' });
  });
});

describe('Kelly', () => {
  it('by win rate and payoff is the published bet', () => {
    // Kelly (1956): 2p − 1 at even odds; Thorp (2006): no edge, no bet
    expect(kellyFromWinRate(0.6, 1)).toEqual(value(0.2));
    expect(kellyFromWinRate(0.5, 2)).toEqual(value(0.25));
    expect(kellyFromWinRate(0.4, 1)).toEqual(value(-0.2));
    expect(kellyFromWinRate(1, 3)).toEqual(value(1));
    expect(kellyFromWinRate(0.5, 0)).toMatchObject({ kind: 'undefined' });
  });
  it('by win rate grows more than its neighbours do', () => {
    const growth = (share: number) => 0.55 * Math.log(1 + 1.4 * share) + 0.45 * Math.log(1 - share);
    const kelly = kellyFromWinRate(0.55, 1.4);
    const best = kelly.kind === 'value' ? kelly.value : Number.NaN;
    expect(growth(best)).toBeGreaterThan(growth(best + 0.001));
    expect(growth(best)).toBeGreaterThan(growth(best - 0.001));
  });
  it('by mean and variance is Thorp’s exposure to the S&P 500', () => {
    // Thorp (2006), section 7.1: mean 11 %, deviation 15 %, rate 6 %: 2.22
    expect(kellyFromMoments(0.11 - 0.06, 0.15 ** 2)).toEqual(value(0.05 / 0.0225));
    expect(kellyFromMoments(0.01, 0)).toMatchObject({ kind: 'undefined' });
  });
  it('is taken in part, capped, and not at all without an edge', () => {
    expect(fractionalKelly({ kind: 'value', value: 0.8 }, QUARTER)).toEqual(value(0.2));
    expect(fractionalKelly({ kind: 'value', value: 8 }, QUARTER)).toEqual(value(0.5));
    expect(fractionalKelly({ kind: 'value', value: -1 }, QUARTER)).toEqual({ kind: 'value', value: 0 });
    expect(fractionalKelly({ kind: 'undefined', reason: 'why' }, QUARTER)).toEqual({
      kind: 'undefined',
      reason: 'why',
    });
  });
  it('sizes by the loss at the stop or by exposure', () => {
    // a quarter of 0.2 is 5 % of 100,000, lost over 5 of price; a quarter of 2 is an exposure of 0.5
    expect(kellyRiskSize(CONTEXT, { kind: 'value', value: 0.2 }, QUARTER, 5)).toMatchObject({ units: 1_000 });
    expect(kellyExposureSize(CONTEXT, { kind: 'value', value: 2 }, QUARTER)).toMatchObject({
      units: 1_000,
      exposure: 0.5,
    });
    const none = { kind: 'none', reason: expect.stringContaining('no edge') };
    expect(kellyRiskSize(CONTEXT, { kind: 'value', value: -0.2 }, QUARTER, 5)).toEqual(none);
    expect(kellyExposureSize(CONTEXT, { kind: 'value', value: 0 }, QUARTER)).toEqual(none);
    const unknown: Figure = { kind: 'undefined', reason: 'why' };
    expect(kellyRiskSize(CONTEXT, unknown, QUARTER, 5)).toEqual({ kind: 'none', reason: 'why' });
    expect(kellyExposureSize(CONTEXT, unknown, QUARTER)).toEqual({ kind: 'none', reason: 'why' });
  });
});

describe('fixed ratio', () => {
  const contracts = (profit: number, delta = 5_000) => {
    const context = { ...CONTEXT, equity: 100_000 + profit, price: 1 };
    const size = fixedRatioSize(context, 100_000, delta);
    return size.kind === 'size' ? size.units : 0;
  };
  it('adds a contract at Jones’s levels of profit, and not before', () => {
    // Jones (1999): with a delta of 5,000 the second at 5,000, the third at 15,000, the fourth at 30,000
    expect([4_999, 5_000, 14_999, 15_000, 29_999, 30_000].map((profit) => contracts(profit))).toEqual([
      1, 2, 2, 3, 3, 4,
    ]);
  });
  it('adds at every level exactly, whatever the delta', () => {
    for (const delta of [0.3, 1.1, 2.7, 777.77, 5_000])
      for (let n = 2; n < 200; n++) expect(contracts((delta * n * (n - 1)) / 2, delta)).toBe(n);
  });
  it('keeps one contract in a loss, none when the equity is gone, and multiplies by the contract', () => {
    expect(contracts(-50_000)).toBe(1);
    expect(contracts(-100_000)).toBe(0);
    expect(fixedRatioSize({ ...CONTEXT, equity: 115_000 }, 100_000, 5_000, 100)).toMatchObject({
      units: 300,
    });
  });
});

describe('whole lots', () => {
  it('loses no lot to the rounding of a decimal lot, and never rounds up', () => {
    expect(wholeLots(0.3, 0.1)).toBeCloseTo(0.3, 15);
    expect(wholeLots(0.3, 0.1)).toBeLessThanOrEqual(0.3);
    expect(wholeLots(0.29999, 0.1)).toBeCloseTo(0.2, 15);
    expect(wholeLots(-3, 1)).toBe(-3);
  });
});

describe('sizing', () => {
  it.each([
    ['equity', { equity: Number.NaN }],
    ['price', { price: 0 }],
    ['price', { price: Infinity }],
    ['multiplier', { multiplier: -1 }],
    ['lot', { lot: 0 }],
    ['exposure cap', { caps: { exposure: Number.NaN, units: 1 } }],
    ['cap of units', { caps: { exposure: 1, units: -1 } }],
  ])('refuses a context with a wrong %s', (name, change) => {
    const size = () => volatilityTargetSize({ ...CONTEXT, ...change }, 0.1, 0.2);
    expect(size).toThrow(expect.objectContaining({ code: 'InvalidSizing', retryable: false }));
    expect(size).toThrow(new RegExp(`^${name} is .*: give`));
  });
  it('refuses parameters that are none, naming them', () => {
    expect(() => volatilityTargetSize(CONTEXT, 0, 0.2)).toThrow('target volatility is 0');
    expect(() => volatilityTargetSize(CONTEXT, 0.1, Number.NaN)).toThrow('annual volatility is NaN');
    expect(() => averageTrueRangeSize(CONTEXT, 1.5, 2, 2)).toThrow('risk is 1.5');
    expect(() => averageTrueRangeSize(CONTEXT, 0.01, -2, 2)).toThrow('average true range is -2');
    expect(() => averageTrueRangeSize(CONTEXT, 0.01, 2, Infinity)).toThrow('multiple is Infinity');
    expect(() => kellyFromWinRate(1.1, 1)).toThrow('win rate is 1.1');
    expect(() => kellyFromWinRate(0.5, Number.NaN)).toThrow('payoff is NaN');
    expect(() => kellyFromMoments(Number.NaN, 1)).toThrow('mean is NaN');
    expect(() => kellyFromMoments(0.1, -1)).toThrow('variance is -1');
    expect(() => fractionalKelly({ kind: 'value', value: 1 }, { fraction: 2, cap: 1 })).toThrow(
      'fraction is 2',
    );
    expect(() => fractionalKelly({ kind: 'value', value: 1 }, { fraction: 1, cap: Number.NaN })).toThrow(
      'cap is NaN',
    );
    expect(() => kellyRiskSize(CONTEXT, { kind: 'value', value: 1 }, QUARTER, 0)).toThrow(
      'stop distance is 0',
    );
    expect(() => fixedRatioSize(CONTEXT, 0, 5_000)).toThrow('starting equity is 0');
    expect(() => fixedRatioSize(CONTEXT, 1, Number.NaN)).toThrow('delta is NaN');
    expect(() => fixedRatioSize(CONTEXT, 1, 1, 0)).toThrow('contract is 0');
    expect(() => fixedRatioSize({ ...CONTEXT, equity: Infinity }, 1, 1)).toThrow('equity is Infinity');
  });
});
