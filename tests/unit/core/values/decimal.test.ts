import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decimalText as decimalTextSchema } from '#contracts/primitives.ts';
import { Decimal, decimalText, money } from '#core/values/decimal.ts';

describe('the text of a decimal', () => {
  it('is what a boundary takes, and reads back as the number to thirty places, also of a quotient that does not end', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -1e12, max: 1e12 }),
        fc.integer({ min: 1, max: 1e9 }),
        fc.integer({ min: 0, max: 6 }),
        (numerator, denominator, places) => {
          const value = new Decimal(numerator).div(denominator).div(new Decimal(10).pow(places));
          const text = decimalText(value);
          expect(decimalTextSchema.safeParse(text).success, text).toBe(true);
          expect(new Decimal(text).minus(value).abs().lte('1e-30')).toBe(true);
          expect(decimalText(money(text))).toBe(text);
        },
      ),
    );
  });

  it.each([
    ['302.03', '3', `100.67${'6'.repeat(27)}7`],
    ['1', '8', '0.125'],
    ['-2', '3', `-0.${'6'.repeat(29)}7`],
    ['-0', '3', '0'],
    ['1', '3e31', '0'],
  ])('%s / %s is %s', (numerator, denominator, text) => {
    expect(decimalText(new Decimal(numerator).div(denominator))).toBe(text);
  });

  it.each([new Decimal(Number.NaN), new Decimal(1).div(0)])('is refused for %s', (value) => {
    expect(() => decimalText(value)).toThrow(/not a finite decimal/);
  });
});
