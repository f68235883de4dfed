import { describe, expect, it } from 'vitest';
import {
  normalisedBlack,
  normalisedBlackShortfall,
  normalisedVega,
} from '#core/analytics/options/normalised-black.ts';
import { relativeError } from '../distributions/relative-error.ts';

/** s, w, b(s, w) and its distance from the upper bound: mpmath 1.3 with 80 digits. */
const REFERENCES: readonly (readonly [number, number, number, number])[] = [
  [0, 1e-9, 3.989422804014327e-10, 0.9999999996010577],
  [0, 0.005, 0.0019947093241847345, 0.9980052906758152],
  [0, 1, 0.3829249225480262, 0.6170750774519738],
  [1e-6, 1e-6, 8.331547058767969e-8, 0.9999994166846544],
  [0.001, 0.0099, 0.0034696441598555676, 0.9960304808193137],
  [0.3, 0.0099, 1.7043774970257614e-205, 0.8607079764250578],
  [0.3, 0.0101, 1.19242485929157e-197, 0.8607079764250578],
  [1, 0.03, 5.7061602972737865e-247, 0.6065306597126334],
  [2, 0.5, 3.4724760825473943e-6, 0.36787596869535977],
  [0.1, 0.5, 0.15149328081310298, 0.799736143687611],
  [0.1, 3, 0.8176638568093587, 0.1335655676913553],
  [5, 20, 0.0820849986238988, 1.4779636058862585e-23],
  [30, 0.9, 1.547463235245699e-245, 3.059023205018258e-7],
];

describe('normalised Black price', () => {
  it.each(REFERENCES)('at s = %d, w = %d is exact relatively, however small', (s, w, price, shortfall) => {
    expect(relativeError(normalisedBlack(s, w), price)).toBeLessThan(3e-13);
    expect(relativeError(normalisedBlackShortfall(s, w), shortfall)).toBeLessThan(3e-13);
  });
  it('has its vega as slope', () => {
    for (const [s, w] of [
      [0.1, 0.3],
      [1, 2],
      [0, 0.008],
    ] as const) {
      const slope = (normalisedBlack(s, w + 1e-6) - normalisedBlack(s, w - 1e-6)) / 2e-6;
      expect(normalisedVega(s, w)).toBeCloseTo(slope, 8);
    }
  });
});
