import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileEventPattern, InvalidEventPatternError } from '#local/aws/events/event-pattern.ts';

const event = {
  source: 'desk',
  'detail-type': 'OrderFilled.v1',
  detail: {
    symbol: 'AAPL',
    price: 101.5,
    tags: ['a', 'b'],
    note: '',
    none: null,
    ip: '10.0.7.9',
    fills: [
      { venue: 'X', size: 5 },
      { venue: 'Y', size: 50 },
    ],
  },
};
const detail = (pattern: unknown) => compileEventPattern({ detail: pattern })(event);

describe('event patterns', () => {
  it.each([
    ['exact text', { symbol: ['AAPL'] }, true],
    ['exact text, none of them', { symbol: ['MSFT', 'IBM'] }, false],
    ['exact number', { price: [101.5] }, true],
    ['number is not text', { price: ['101.5'] }, false],
    ['null', { none: [null] }, true],
    ['null is not absent', { none: [{ exists: false }] }, false],
    ['empty text', { note: [''] }, true],
    ['any element of an array', { tags: ['b'] }, true],
    ['prefix', { symbol: [{ prefix: 'AA' }] }, true],
    ['prefix without case', { symbol: [{ prefix: { 'equals-ignore-case': 'aap' } }] }, true],
    ['suffix', { symbol: [{ suffix: 'PL' }] }, true],
    ['suffix without case', { symbol: [{ suffix: { 'equals-ignore-case': 'pl' } }] }, true],
    ['equals-ignore-case', { symbol: [{ 'equals-ignore-case': 'aapl' }] }, true],
    ['wildcard', { symbol: [{ wildcard: 'A*L' }] }, true],
    ['wildcard that does not fit', { symbol: [{ wildcard: 'A*X' }] }, false],
    ['wildcard with an escaped star', { symbol: [{ wildcard: 'A\\*L' }] }, false],
    ['numeric equal', { price: [{ numeric: ['=', 101.5] }] }, true],
    ['numeric range', { price: [{ numeric: ['>', 100, '<=', 101.5] }] }, true],
    ['numeric range, open end', { price: [{ numeric: ['>=', 100, '<', 101.5] }] }, false],
    ['numeric on text', { symbol: [{ numeric: ['>', 0] }] }, false],
    ['cidr', { ip: [{ cidr: '10.0.0.0/16' }] }, true],
    ['cidr outside', { ip: [{ cidr: '10.1.0.0/16' }] }, false],
    ['exists', { symbol: [{ exists: true }] }, true],
    ['exists on an object is no leaf', { fills: [{ exists: true }] }, false],
    ['absent', { missing: [{ exists: false }] }, true],
    ['absent below something absent', { missing: { deeper: [{ exists: false }] } }, true],
    ['anything-but', { symbol: [{ 'anything-but': 'MSFT' }] }, true],
    ['anything-but a list', { symbol: [{ 'anything-but': ['MSFT', 'AAPL'] }] }, false],
    ['anything-but numbers', { price: [{ 'anything-but': [100, 101] }] }, true],
    ['anything-but on something absent', { missing: [{ 'anything-but': 'x' }] }, false],
    ['anything-but prefix', { symbol: [{ 'anything-but': { prefix: 'AA' } }] }, false],
    ['anything-but prefixes', { symbol: [{ 'anything-but': { prefix: ['M', 'I'] } }] }, true],
    ['anything-but suffix', { symbol: [{ 'anything-but': { suffix: 'PL' } }] }, false],
    [
      'anything-but without case',
      { symbol: [{ 'anything-but': { 'equals-ignore-case': ['aapl'] } }] },
      false,
    ],
    ['anything-but wildcard', { symbol: [{ 'anything-but': { wildcard: 'A*' } }] }, false],
    ['fields of one element of an array', { fills: { venue: ['X'], size: [{ numeric: ['<', 10] }] } }, true],
    [
      'fields of two elements do not add up',
      { fills: { venue: ['X'], size: [{ numeric: ['>', 10] }] } },
      false,
    ],
    ['either of two', { $or: [{ symbol: ['MSFT'] }, { price: [{ numeric: ['>', 100] }] }] }, true],
    ['either of two, and a third', { $or: [{ symbol: ['AAPL'] }, { price: [1] }], note: ['x'] }, false],
  ])('%s', (_name, pattern, expected) => {
    expect(detail(pattern)).toBe(expected);
  });

  it.each([
    ['an empty pattern', {}],
    ['a scalar where an array must be', { source: 'desk' }],
    ['an empty array', { source: [] }],
    ['an unknown matcher', { source: [{ like: 'x' }] }],
    ['two matchers in one object', { source: [{ prefix: 'a', suffix: 'b' }] }],
    ['two stars in a row', { source: [{ wildcard: 'a**' }] }],
    ['a numeric operator that is none', { detail: { price: [{ numeric: ['~', 1] }] } }],
    ['a range that is none', { detail: { price: [{ numeric: ['<', 1, '>', 2] }] } }],
    ['an alternative alone', { $or: [{ source: ['a'] }] }],
    ['a malformed network', { source: [{ cidr: '10.0.0.0/99' }] }],
    ['mixed exclusions', { source: [{ 'anything-but': ['a', 1] }] }],
  ])('refuses %s', (_name, pattern) => {
    expect(() => compileEventPattern(pattern)).toThrow(InvalidEventPatternError);
  });

  it('matches a value by itself and by nothing else, for any text', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (wanted, given) => {
        const matches = compileEventPattern({ value: [wanted] });
        const excludes = compileEventPattern({ value: [{ 'anything-but': [wanted] }] });
        expect(matches({ value: given })).toBe(wanted === given);
        expect(excludes({ value: given })).toBe(wanted !== given);
      }),
      { numRuns: 100 },
    );
  });

  it('a wildcard made of the text itself with any part replaced by a star fits the text', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 20 }), fc.nat(20), fc.nat(20), (text, first, second) => {
        const [start, end] = [
          Math.min(first, second, text.length),
          Math.min(Math.max(first, second), text.length),
        ];
        const escaped = (part: string): string => part.replace(/[\\*]/g, '\\$&');
        const wildcard = `${escaped(text.slice(0, start))}*${escaped(text.slice(end))}`;
        expect(compileEventPattern({ value: [{ wildcard }] })({ value: text })).toBe(true);
      }),
      { numRuns: 100 },
    );
  });
});
