import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { instantText, parseInstant } from '#core/values/clock.ts';
import { Decimal, decimalText, numberText } from '#core/values/decimal.ts';

/** Instants that share a place in what is remembered: whole hours and a little more apart. */
const instants = fc.array(
  fc
    .tuple(fc.integer({ min: -30_000, max: 500_000 }), fc.integer({ min: 0, max: 120_000 }))
    .map(([hours, millis]) => hours * 64 * 60_000 + millis),
  { minLength: 1, maxLength: 40 },
);

describe('the text of an instant', () => {
  it('is that of the instant whatever has been written before, and reads back to it', () => {
    fc.assert(
      fc.property(instants, (all) => {
        for (const at of [...all, ...all]) {
          expect(instantText(at)).toBe(new Date(at).toISOString());
          expect(parseInstant(instantText(at))).toBe(at);
        }
      }),
    );
  });

  it('refuses what is no instant, every time', () => {
    for (let time = 0; time < 2; time++)
      expect(() => parseInstant('today')).toThrow('not an instant: "today"');
  });
});

describe('the text of a number', () => {
  it('is that of the decimal', () => {
    const number = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e25, max: 1e25 }),
      fc.double({ noNaN: true, min: -1e-5, max: 1e-5 }),
      fc.integer({ min: -1_000_000, max: 100_000_000 }).map((cents) => cents / 100),
    );
    fc.assert(fc.property(number, (value) => numberText(value) === decimalText(new Decimal(value))));
  });

  it.each([
    [-0, '0'],
    [1e21, '1000000000000000000000'],
    [1.5e-7, '0.00000015'],
  ])('of %d is %s', (value, text) => {
    expect(numberText(value)).toBe(text);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('refuses %d', (value) => {
    expect(() => numberText(value)).toThrow('not a finite decimal');
  });
});
