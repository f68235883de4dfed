import { describe, expect, it } from 'vitest';
import { barFeatures, type FeatureDefinition, warmUpOf } from '#core/analytics/models/bar-features.ts';
import { checkCausality } from '#core/analytics/validation/indicator-checks.ts';
import { syntheticDaily } from '../../../../support/agent-context.ts';

const ALL: readonly FeatureDefinition[] = [
  { kind: 'log-return', period: 5 },
  { kind: 'mean-distance', period: 20 },
  { kind: 'volatility', estimator: 'close-to-close', period: 20 },
  { kind: 'volatility', estimator: 'parkinson', period: 10 },
  { kind: 'volatility', estimator: 'yang-zhang', period: 10 },
  { kind: 'range', period: 14 },
  { kind: 'rsi', period: 14 },
  { kind: 'adx', period: 7 },
  { kind: 'money-flow', period: 14 },
  { kind: 'macd', fast: 12, slow: 26, signal: 9 },
  { kind: 'band-position', period: 20 },
  { kind: 'volume', period: 20 },
];
const bars = syntheticDaily('AAPL', { sessions: 200, before: '2018-01-22' });

describe('barFeatures', () => {
  it.each(ALL)('starts where it states: $kind', (definition) => {
    const { table, warmUp } = barFeatures(bars, [definition]);
    expect(warmUp).toBe(warmUpOf(definition));
    expect(table.columns[0]!.findIndex((value) => !Number.isNaN(value))).toBe(warmUp);
    expect(table.columns[0]!.slice(warmUp).every(Number.isFinite)).toBe(true);
  });

  it.each(ALL)('sees no later bar: $kind', (definition) => {
    const column = (series: typeof bars) => barFeatures(series, [definition]).table.columns[0]!;
    expect(checkCausality(column, bars)).toEqual({ kind: 'causal' });
  });

  it('names its columns and waits for the slowest', () => {
    const { table, warmUp } = barFeatures(bars, ALL);
    expect(table.names).toEqual([
      'log-return(5)',
      'mean-distance(20)',
      'volatility(close-to-close,20)',
      'volatility(parkinson,10)',
      'volatility(yang-zhang,10)',
      'range(14)',
      'rsi(14)',
      'adx(7)',
      'money-flow(14)',
      'macd(12,26,9)',
      'band-position(20)',
      'volume(20)',
    ]);
    expect(warmUp).toBe(33);
  });

  it('computes the figures worked out by hand', () => {
    const column = (definition: FeatureDefinition) => {
      const close = Float64Array.of(10, 12, 11, 14);
      const volume = Float64Array.of(100, 200, 0, 300);
      const series = { ...bars, length: 4, open: close, high: close, low: close, close, volume };
      return [...barFeatures(series, [definition]).table.columns[0]!];
    };
    expect(column({ kind: 'log-return', period: 2 })).toEqual([
      Number.NaN,
      Number.NaN,
      Math.log(11 / 10),
      Math.log(14 / 12),
    ]);
    expect(column({ kind: 'mean-distance', period: 2 })[3]).toBeCloseTo(Math.log(14 / 12.5), 12);
    expect(column({ kind: 'range', period: 2 })[2]).toBeCloseTo(1.5 / 11, 12);
    // Deviation 1.5 (population) around 12.5.
    expect(column({ kind: 'band-position', period: 2 })[3]).toBeCloseTo(1, 12);
    // No volume has no logarithm: missing, not minus infinity.
    expect(column({ kind: 'volume', period: 2 })).toEqual([
      Number.NaN,
      Math.log(200 / 150),
      Number.NaN,
      Math.log(300 / 150),
    ]);
  });

  it.each([
    ['no definitions', [], /there are no feature definitions/],
    ['one twice', [ALL[6]!, ALL[6]!], /the feature rsi\(14\) is defined twice/],
    ['a period of zero', [{ kind: 'rsi', period: 0 } as const], /the period is 0/],
  ])('refuses %s', (_, definitions, message) => {
    expect(() => barFeatures(bars, definitions)).toThrow(message);
  });
});
