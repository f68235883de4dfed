import { describe, expect, it } from 'vitest';
import { figureByBar } from '#core/market/figure-by-bar.ts';

const closes = Float64Array.from({ length: 10 }, (_, index) => index + 1);

/** The sum of the closes from two bars before to one after, as far as there are any; counts how often it is taken. */
function neighbourhoods() {
  const asked: number[] = [];
  const figures = figureByBar({
    reads: ['close'],
    before: 2,
    after: 1,
    at: ({ close }, index) => {
      asked.push(close[index] as number);
      return close.subarray(Math.max(0, index - 2), index + 2).reduce((sum, value) => sum + value, 0);
    },
  });
  return { figures, asked };
}

describe('figureByBar', () => {
  it('computes the figure of a bar once, whichever view of the columns it is asked in', () => {
    const { figures, asked } = neighbourhoods();
    const whole = figures({ close: closes });
    const moved = figures({ close: closes.subarray(3) });

    expect([whole.at(6), whole.at(6), moved.at(3), moved.at(3)]).toEqual([26, 26, 26, 26]);
    expect(asked).toEqual([7]);
  });

  it('answers from the view alone where the figure reaches beyond its ends', () => {
    const { figures } = neighbourhoods();
    const whole = figures({ close: closes });
    expect([3, 6].map((index) => whole.at(index))).toEqual([14, 26]);

    const cut = figures({ close: closes.subarray(3, 7) });
    expect([0, 1, 2, 3].map((index) => cut.at(index))).toEqual([9, 15, 22, 18]);
    expect([3, 6].map((index) => whole.at(index))).toEqual([14, 26]);
  });

  it('remembers a figure that is not a number', () => {
    let computed = 0;
    const figures = figureByBar({
      reads: ['close'],
      before: 0,
      at() {
        computed += 1;
        return Number.NaN;
      },
    });

    expect([figures({ close: closes }).at(1), figures({ close: closes }).at(1)]).toEqual([
      Number.NaN,
      Number.NaN,
    ]);
    expect(computed).toBe(1);
  });

  it('gives the figures of several bars at once, and none that reach beyond the view', () => {
    const { figures, asked } = neighbourhoods();
    const moved = figures({ close: closes.subarray(1) });

    expect([...moved.between(2, 5)]).toEqual([14, 18, 22]);
    expect([...figures({ close: closes }).between(3, 7)]).toEqual([14, 18, 22, 26]);
    expect(asked).toEqual([4, 5, 6, 7]);
    expect(() => moved.between(1, 5)).toThrow('the figures of bars 1 to 5 reach beyond those of 2 to 8');
    expect(() => moved.between(2, 9)).toThrow(RangeError);
  });

  it('knows nothing of bars that share their closes with others and differ in another column', () => {
    const sums = figureByBar({
      reads: ['close', 'high'],
      before: 0,
      at: ({ close, high }, index) => (close[index] as number) + (high[index] as number),
    });
    const high = closes.map((value) => value + 1);

    expect(sums({ close: closes, high }).at(2)).toBe(7);
    expect(sums({ close: closes, high: high.map((value) => value + 1) }).at(2)).toBe(8);
    expect(sums({ close: closes.subarray(2), high: high.subarray(1) }).at(0)).toBe(6);
    expect(sums({ close: closes.subarray(2), high: high.subarray(2) }).at(0)).toBe(7);
  });
});
