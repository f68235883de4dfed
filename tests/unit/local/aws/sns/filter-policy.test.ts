import { describe, expect, it } from 'vitest';
import { attributeLookup, bodyLookup, compileFilter } from '#local/aws/sns/filter-policy.ts';
import { AwsError } from '#local/host/kernel.ts';

const text = (StringValue: string) => ({ DataType: 'String', StringValue });
const number = (value: number) => ({ DataType: 'Number', StringValue: String(value) });

describe('filter policies', () => {
  it.each<
    [
      name: string,
      policy: object,
      attributes: Record<string, { DataType: string; StringValue: string }>,
      passes: boolean,
    ]
  >([
    ['one of several values', { a: ['x', 'y'] }, { a: text('y') }, true],
    ['every key must match', { a: ['x'], b: ['y'] }, { a: text('x') }, false],
    ['text is not a number', { a: [1] }, { a: text('1') }, false],
    ['numbers', { a: [1] }, { a: number(1) }, true],
    ['a list of values', { a: ['y'] }, { a: { DataType: 'String.Array', StringValue: '["x","y"]' } }, true],
    ['prefix', { a: [{ prefix: 'or' }] }, { a: text('order') }, true],
    ['suffix', { a: [{ suffix: 'or' }] }, { a: text('order') }, false],
    ['equals-ignore-case', { a: [{ 'equals-ignore-case': 'BUY' }] }, { a: text('buy') }, true],
    ['anything-but a value', { a: [{ 'anything-but': ['x', 'y'] }] }, { a: text('z') }, true],
    ['anything-but, absent', { a: [{ 'anything-but': 'x' }] }, {}, false],
    ['anything-but a prefix', { a: [{ 'anything-but': { prefix: 'or' } }] }, { a: text('order') }, false],
    ['exists', { a: [{ exists: true }] }, {}, false],
    ['exists not', { a: [{ exists: false }] }, {}, true],
    ['a range of numbers', { a: [{ numeric: ['>', 1, '<=', 5] }] }, { a: number(5) }, true],
    ['outside a range', { a: [{ numeric: ['>', 1, '<=', 5] }] }, { a: number(1) }, false],
    ['$or', { $or: [{ a: ['x'] }, { b: ['y'] }] }, { b: text('y') }, true],
    ['$or, none', { $or: [{ a: ['x'] }, { b: ['y'] }] }, { b: text('x') }, false],
  ])('%s', (_, policy, attributes, passes) => {
    expect(compileFilter(policy)(attributeLookup(attributes))).toBe(passes);
  });

  it('look into nested members of a body', () => {
    const filter = compileFilter({ order: { side: ['BUY'], tags: ['urgent'], limit: [null] } });

    expect(filter(bodyLookup('{"order":{"side":"BUY","tags":["urgent","x"],"limit":null}}'))).toBe(true);
    expect(filter(bodyLookup('{"order":{"side":"SELL","tags":["urgent"],"limit":null}}'))).toBe(false);
    expect(filter(bodyLookup('not JSON'))).toBe(false);
  });

  it.each([
    { a: 'x' },
    { a: [{ cidr: '10.0.0.0/8' }] },
    { a: [{ numeric: ['~', 1] }] },
    { a: [{ numeric: ['>'] }] },
  ])('refuse %j', (policy) => {
    expect(() => compileFilter(policy)).toThrow(AwsError);
  });
});
