import { describe, expect, it } from 'vitest';
import { memoize, memoizeByIdentity } from '#core/values/memo.ts';

function counted(most?: number) {
  let computed = 0;
  const total = memoize(
    (name: string, column: Float64Array) => ({ name, columns: [column] }),
    (name: string, column: Float64Array) => {
      computed += 1;
      return `${name} ${column.reduce((sum, value) => sum + value, 0)}`;
    },
    most,
  );
  return { total, computed: () => computed };
}

describe('a function that remembers its results', () => {
  it('computes once for the same contents, whichever arrays hold them, NaN included', () => {
    const { total, computed } = counted();
    expect(total('a', Float64Array.of(1, Number.NaN))).toBe('a NaN');
    expect(total('a', Float64Array.of(1, Number.NaN))).toBe('a NaN');
    expect(computed()).toBe(1);
  });

  it.each([
    ['another name', 'b', [1, 2]],
    ['another value', 'a', [1, 3]],
    ['another first value', 'a', [0, 2]],
    ['another length', 'a', [1, 2, 0]],
    ['nothing', 'a', []],
    ['another sign of zero', 'z', [-0]],
  ])('computes again for %s', (_, name, values) => {
    const { total, computed } = counted();
    total('a', Float64Array.of(1, 2));
    total('z', Float64Array.of(0));
    total(name, Float64Array.from(values));
    expect(computed()).toBe(3);
  });

  it('sees that a column has been written to since', () => {
    const { total } = counted();
    const column = Float64Array.of(1, 2);
    expect(total('a', column)).toBe('a 3');
    column[1] = 5;
    expect(total('a', column)).toBe('a 6');
  });

  it('forgets what was used longest ago', () => {
    const { total, computed } = counted(2);
    for (const value of [1, 2, 1, 3, 1, 2]) total('a', Float64Array.of(value));
    expect(computed()).toBe(4);
  });
});

describe('a function that remembers its results by identity', () => {
  it('computes once for an object, undefined included, and again for another that is equal', () => {
    let computed = 0;
    const first = memoizeByIdentity((values: readonly number[]) => {
      computed += 1;
      return values[0];
    });
    const [one, other, empty] = [[7], [7], []];

    expect([first(one), first(one), first(other), first(empty), first(empty)]).toEqual([
      7,
      7,
      7,
      undefined,
      undefined,
    ]);
    expect(computed).toBe(3);
  });
});
