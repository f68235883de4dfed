import { describe, expect, it } from 'vitest';
import { checkTable, rowsOf } from '#core/analytics/models/feature-table.ts';

const of = (...values: number[]) => Float64Array.from(values);

describe('checkTable', () => {
  it('takes missing values and counts the rows', () => {
    expect(checkTable({ names: ['a', 'b'], columns: [of(1, Number.NaN), of(2, 3)] })).toBe(2);
  });

  it.each([
    ['no columns', { names: [], columns: [] }, /has no columns/],
    ['a name too few', { names: ['a'], columns: [of(1), of(2)] }, /1 names for 2 columns/],
    ['a name twice', { names: ['a', 'a'], columns: [of(1), of(2)] }, /column 1 is named "a"/],
    ['unequal lengths', { names: ['a', 'b'], columns: [of(1), of(2, 3)] }, /feature b has 2 rows, a 1/],
    ['an infinity', { names: ['a'], columns: [of(1, -Infinity)] }, /feature a is -Infinity in row 1/],
  ])('refuses %s', (_, table, message) => {
    expect(() => checkTable(table)).toThrow(message);
  });
});

describe('rowsOf', () => {
  it('copies the rows asked for, in that order', () => {
    const table = { names: ['a'], columns: [of(1, 2, 3)] };
    expect(rowsOf(table, [2, 0]).columns[0]).toEqual(of(3, 1));
    expect(() => rowsOf(table, [3])).toThrow(/row 3 does not exist; there are 3 rows/);
  });
});
