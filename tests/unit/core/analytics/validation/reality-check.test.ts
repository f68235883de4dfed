import { describe, expect, test } from 'vitest';
import { realityCheck } from '#core/analytics/validation/reality-check.ts';
import {
  prefixSums,
  resampledSum,
  stationaryBootstrap,
} from '#core/analytics/validation/stationary-bootstrap.ts';
import { seededRandom } from '#core/values/random.ts';
import { parkMiller, sevenTrials } from './park-miller.ts';

describe('the reality check', () => {
  test('agrees with 100,000 resamples by numpy, White 0.029 and Hansen 0.023', () => {
    const { white, superiorAbility } = realityCheck(sevenTrials, {
      seed: 7,
      resamples: 20_000,
      meanBlock: 5,
    });
    expect(white).toEqual({ kind: 'value', value: expect.closeTo(0.0294, 2) });
    expect(superiorAbility).toEqual({ kind: 'value', value: expect.closeTo(0.0225, 2) });
  });

  test('many bad strategies weaken White, but not Hansen', () => {
    const bad = Array.from({ length: 40 }, (_, strategy) =>
      parkMiller(900 + strategy, 160).map((uniform) => (uniform - 0.5) * 0.2 - 0.05),
    );
    const settings = { seed: 1, resamples: 2_000, meanBlock: 5 };
    const alone = realityCheck(sevenTrials, settings);
    const among = realityCheck([...sevenTrials, ...bad], settings);
    const p = (figure: typeof alone.white) => (figure.kind === 'value' ? figure.value : Number.NaN);
    expect(p(among.white)).toBeGreaterThan(p(alone.white) + 0.2);
    expect(Math.abs(p(among.superiorAbility) - p(alone.superiorAbility))).toBeLessThan(0.02);
  });

  test('without skill the p-value is not small, with much it is as small as it can be', () => {
    const centred = sevenTrials.map((returns) => {
      const mean = returns.reduce((sum, item) => sum + item, 0) / returns.length;
      return returns.map((item) => item - mean);
    });
    const skilled = centred.map((returns) => returns.map((item) => item + 0.02));
    const { white } = realityCheck(centred, { seed: 1, resamples: 500 });
    expect(white.kind === 'value' && white.value).toBeGreaterThan(0.9);
    expect(realityCheck(skilled, { seed: 1, resamples: 499 }).white).toEqual({
      kind: 'value',
      value: 1 / 500,
    });
  });

  test('the same seed gives the same figures, another seed others', () => {
    const run = (seed: number) => realityCheck(sevenTrials, { seed, resamples: 400 });
    expect(run(5)).toEqual(run(5));
    expect(run(6)).not.toEqual(run(5));
  });

  test('short and constant series are undefined, broken ones faults', () => {
    expect(realityCheck([new Float64Array(19)], { seed: 1 }).white).toMatchObject({ kind: 'undefined' });
    expect(realityCheck([new Float64Array(50).fill(0.01)], { seed: 1 }).superiorAbility).toMatchObject({
      kind: 'undefined',
    });
    expect(() => realityCheck([], { seed: 1 })).toThrow('strategies 0');
    expect(() => realityCheck([new Float64Array(30), new Float64Array(31)], { seed: 1 })).toThrow(
      'strategy 1 has 31 returns',
    );
    expect(() => realityCheck([new Float64Array(30).fill(Number.NaN)], { seed: 1 })).toThrow(
      'excess return of strategy 0 NaN',
    );
    expect(() => realityCheck([parkMiller(1, 30)], { seed: 1, meanBlock: 31 })).toThrow('mean block 31');
    expect(() => realityCheck([parkMiller(1, 30)], { seed: 1, resamples: 0 })).toThrow('resamples 0');
  });
});

describe('the stationary bootstrap', () => {
  test('has blocks of the asked mean and as many items as the series', () => {
    const random = seededRandom(11);
    let [items, blocks] = [0, 0];
    for (let resample = 0; resample < 200; resample++) {
      const { length } = stationaryBootstrap(random, 1_000, 8);
      expect(length.reduce((sum, run) => sum + run, 0)).toBe(1_000);
      items += 1_000;
      blocks += length.length;
    }
    expect(items / blocks).toBeCloseTo(8, 0);
  });

  test('sums of runs are sums of the items they name, round the end', () => {
    const series = parkMiller(5, 37);
    const runs = stationaryBootstrap(seededRandom(2), 37, 6);
    let sum = 0;
    runs.start.forEach((start, run) => {
      for (let i = 0; i < (runs.length[run] ?? 0); i++) sum += series[(start + i) % 37] ?? Number.NaN;
    });
    expect(resampledSum(prefixSums(series), runs)).toBeCloseTo(sum, 12);
    expect(
      resampledSum(prefixSums(series), { start: Int32Array.of(35), length: Int32Array.of(4) }),
    ).toBeCloseTo((series[35] ?? 0) + (series[36] ?? 0) + (series[0] ?? 0) + (series[1] ?? 0), 14);
  });

  test('a mean block of one draws every item anew', () => {
    expect(stationaryBootstrap(seededRandom(1), 50, 1).length).toEqual(new Int32Array(50).fill(1));
    expect(() => stationaryBootstrap(seededRandom(1), 0, 1)).toThrow('count 0');
  });
});
