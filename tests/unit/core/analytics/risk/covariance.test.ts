import { describe, expect, it } from 'vitest';
import {
  correlationOf,
  ewmaCovariance,
  sampleCovariance,
  semidefiniteFactor,
} from '#core/analytics/risk/covariance.ts';
import { ledoitWolfCovariance } from '#core/analytics/risk/ledoit-wolf.ts';

/** Twelve returns of four assets by a formula, which the references in Python were computed from too. */
const table = Array.from({ length: 4 }, (_, i) =>
  Float64Array.from(
    { length: 12 },
    (__, t) => Math.sin(1.3 * t * t + 0.7 * i * t + i) + 0.4 * Math.cos(2.1 * t * t) * (i + 1),
  ),
);
/** Lower triangle, row by row, to 1e-9 relative. */
function agrees(matrix: Float64Array, lower: readonly number[]) {
  const size = Math.sqrt(matrix.length);
  let at = 0;
  for (let i = 0; i < size; i++)
    for (let j = 0; j <= i; j++, at++) {
      expect(matrix[i * size + j]! / lower[at]!).toBeCloseTo(1, 10);
      expect(matrix[j * size + i]).toBe(matrix[i * size + j]);
    }
  expect(at).toBe(lower.length);
}
const code = (name: string, message: string) =>
  expect.objectContaining({ code: name, message: expect.stringContaining(message) });

describe('covariance', () => {
  it('of the sample agrees with numpy.cov', () => {
    agrees(
      sampleCovariance(table),
      [
        0.5622105355952537, 0.02148751358453508, 1.0525191207874416, -0.026903525639350775,
        0.9807866973986499, 1.9243787260164678, 0.01742130769190318, 0.9453490241759896, 1.4312416602779778,
        2.036593868876188,
      ],
    );
  });
  it('with exponential weights agrees with numpy', () => {
    agrees(
      ewmaCovariance(table, 0.9),
      [
        0.5366558472967434, 0.11511432411450136, 0.8440857894839714, -0.05809917768047021, 0.7300545815468747,
        1.769364004703116, 0.03289081620975939, 0.7768597004846439, 1.2338880590829677, 1.8889343099817768,
      ],
    );
  });
  it.each([
    [[], 'there are no columns'],
    [[Float64Array.of(1)], 'there are 1 returns; at least 2'],
    [[Float64Array.of(1, 2), Float64Array.of(1)], 'column 1 has 1 returns and column 0 has 2'],
    [[Float64Array.of(1, 2), Float64Array.of(1, Number.NaN)], 'return of column 1 at 1 is NaN'],
  ])('is refused without a full table %#', (columns, message) => {
    expect(() => sampleCovariance(columns)).toThrow(code('InvalidSample', message));
    expect(() => ledoitWolfCovariance(columns, 'identity')).toThrow(code('InvalidSample', message));
  });
  it('with exponential weights needs one return and a decay', () => {
    expect(Array.from(ewmaCovariance([Float64Array.of(2), Float64Array.of(-3)]))).toEqual([4, -6, -6, 9]);
    expect(() => ewmaCovariance(table, 1)).toThrow(code('InvalidSample', 'the decay is 1'));
  });
});

describe('Ledoit–Wolf shrinkage', () => {
  it('to the identity agrees with scikit-learn 1.9.1', () => {
    const { covariance, intensity } = ledoitWolfCovariance(table, 'identity');
    expect(intensity).toBeCloseTo(0.20280240849348666, 11);
    agrees(
      covariance,
      [
        0.6699773174383872, 0.01570231123730028, 1.0282774053810506, -0.019660140355830486,
        0.7167240602021786, 1.6654014180164165, 0.012730872488472518, 0.6908274681056207, 1.0459005374009385,
        1.747404256166551,
      ],
    );
  });
  it('to constant correlation agrees with the vector form of the paper in numpy', () => {
    const { covariance, intensity } = ledoitWolfCovariance(table, 'constant-correlation');
    expect(intensity).toBeCloseTo(0.35430098610223343, 11);
    agrees(
      covariance,
      [
        0.5153596576289826, 0.0991665596404008, 0.9648091940551549, 0.10096857344764237, 0.7404567978643798,
        1.764013832181762, 0.13056388826640053, 0.7240786891291249, 1.0696179383423776, 1.8668777131365057,
      ],
    );
  });
  it('is whole with few returns of many assets and nothing for one', () => {
    const wide = Array.from({ length: 30 }, (_, i) =>
      Float64Array.from({ length: 5 }, (__, t) => Math.sin((i + 1) * (t + 1) ** 2)),
    );
    const { covariance, intensity } = ledoitWolfCovariance(wide, 'identity');
    expect(intensity).toBeGreaterThan(0.5);
    // no column of the factor is empty, as those of the sample are: it has rank four
    const factor = semidefiniteFactor(covariance, 30);
    const filled = Array.from({ length: 30 }, (_, column) =>
      factor.some((entry, at) => at % 30 === column && Math.abs(entry) > 0.1),
    );
    expect(filled).not.toContain(false);
    const ranked = semidefiniteFactor(sampleCovariance(wide), 30);
    expect(ranked.every((entry, at) => at % 30 < 4 || entry === 0)).toBe(true);
    for (const target of ['identity', 'constant-correlation'] as const)
      expect(ledoitWolfCovariance([Float64Array.of(1, 3)], target)).toEqual({
        covariance: Float64Array.of(1),
        intensity: 0,
      });
  });
  it('has no correlation for a constant column', () => {
    const columns = [Float64Array.of(1, 2, 4), Float64Array.of(3, 3, 3)];
    expect(() => ledoitWolfCovariance(columns, 'constant-correlation')).toThrow(
      code('InvalidSample', 'the variance of column 1 is 0'),
    );
    expect(ledoitWolfCovariance(columns, 'identity').covariance[3]).toBeGreaterThan(0);
  });
});

describe('correlation', () => {
  it('is covariance over both deviations, 1 with itself', () => {
    expect(Array.from(correlationOf(Float64Array.of(4, 3, 3, 9), 2))).toEqual([1, 0.5, 0.5, 1]);
    expect(() => correlationOf(Float64Array.of(4, 3, 3), 2)).toThrow(code('InvalidSample', 'expected 2 × 2'));
  });
});

describe('the factor of a semidefinite matrix', () => {
  it('is that of Cholesky where the matrix is definite', () => {
    const factor = semidefiniteFactor(Float64Array.of(4, 2, 2, 10), 2);
    expect(Array.from(factor)).toEqual([2, 0, 1, 3].map((entry) => expect.closeTo(entry, 14)));
  });
  it('has an empty column for what others make up', () => {
    // the third is the sum of the first two
    const lower = semidefiniteFactor(Float64Array.of(1, 0, 1, 0, 4, 4, 1, 4, 5), 3);
    expect(Array.from(lower)).toEqual([1, 0, 0, 0, 2, 0, 1, 2, 0].map((entry) => expect.closeTo(entry, 14)));
    expect(Array.from(semidefiniteFactor(new Float64Array(4), 2))).toEqual([0, 0, 0, 0]);
  });
  it.each([
    [[1, 2, 2, 1], 'at column 1 the variance left is -3'],
    [[-1, 0, 0, 1], 'at column 0 the variance left is -1'],
    [[0, 0.5, 0.5, 1], 'at column 0 the variance left is -0.5'],
    [[1, 1, 0, 1, 1, 0.5, 0, 0.5, 1], 'at column 1 the variance left is -0.25'],
  ])('does not exist where a combination would have a negative variance %#', (entries, message) => {
    expect(() => semidefiniteFactor(Float64Array.from(entries), Math.sqrt(entries.length))).toThrow(
      code('NotPositiveSemidefinite', message),
    );
  });
  it('is refused for what is no symmetric matrix', () => {
    expect(() => semidefiniteFactor(Float64Array.of(1, 0.5, 0.4, 1), 2)).toThrow(
      code('InvalidSample', '0.4 at 1, 0 and 0.5'),
    );
    expect(() => semidefiniteFactor(Float64Array.of(1, Number.NaN, 0, 1), 2)).toThrow(
      code('InvalidSample', 'matrix entry 1 is NaN'),
    );
    expect(() => semidefiniteFactor(new Float64Array(), 0)).toThrow(code('InvalidSample', '0 × 0'));
  });
});
