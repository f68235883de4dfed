import { describe, expect, it } from 'vitest';
import {
  inSignedUnitInterval,
  inUnitInterval,
  measured,
  NotFiniteError,
  significant,
} from '#core/values/round.ts';

describe('rounding of analytic figures', () => {
  it('keeps ten significant digits at any magnitude', () => {
    expect(significant(1 / 3)).toBe(0.3333333333);
    expect(significant(123456789012345)).toBe(123456789000000);
    expect(significant(-1.23456789012e-7)).toBe(-1.23456789e-7);
  });

  it('knows one zero only', () => {
    expect(Object.is(significant(-0), 0)).toBe(true);
    expect(Object.is(inSignedUnitInterval(-0), 0)).toBe(true);
  });

  it('refuses what is not finite, unless the figure may be undefined', () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      expect(() => significant(value)).toThrow(NotFiniteError);
      expect(measured(value)).toBeNull();
    }
    expect([measured(undefined), measured(null), measured(0.1 + 0.2)]).toEqual([null, null, 0.3]);
  });

  it('holds figures inside their interval', () => {
    expect([inUnitInterval(1.2), inUnitInterval(-0.1), inSignedUnitInterval(-7)]).toEqual([1, 0, -1]);
    expect(() => inUnitInterval(Number.NaN)).toThrow('must be finite, not NaN');
  });
});
