import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readEquityFile } from '#local/metrics/equity-file.ts';
import { CsvTableError } from '#local/tables/csv-table.ts';

const folder = mkdtempSync(join(tmpdir(), 'equity-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
function read(text: string) {
  const path = join(folder, 'marks.csv');
  writeFileSync(path, text);
  return readEquityFile(path);
}
const at = (text: string) => Date.parse(text);

describe('a file of marks', () => {
  it('with dates alone is marked at the close in New York, summer and winter', () => {
    const { marks, benchmark, sha256 } = read('date,equity\n2020-01-02,100\n2020-07-01,101.5\n');
    expect(Array.from(marks.time)).toEqual([at('2020-01-02T21:00Z'), at('2020-07-01T20:00Z')]);
    expect(Array.from(marks.equity)).toEqual([100, 101.5]);
    expect(benchmark).toBeNull();
    expect(sha256).toMatch(/^[0-9a-f]{64}$/);
  });
  it('may have instants, epoch digits or New York times, other columns, quotes, a byte order mark and empty lines', () => {
    const { marks, benchmark } = read(
      '\ufeffnote,Time,"Equity",benchmark\r\nx,2020-01-02T14:45:00Z,100,3000\r\n\r\n"a, b",1577977200000,"101",3001\r\nx,2020-01-02 10:30:00,102,3002\r\n',
    );
    expect(Array.from(marks.time)).toEqual([
      at('2020-01-02T14:45Z'),
      1_577_977_200_000,
      at('2020-01-02T15:30Z'),
    ]);
    expect(Array.from(benchmark!.equity)).toEqual([3000, 3001, 3002]);
  });
  it('may end at zero or below, where the account ended', () => {
    expect(Array.from(read('time,equity\n2020-01-02,100\n2020-01-03,-5\n').marks.equity)).toEqual([100, -5]);
  });

  const header = 'date,equity\n2020-01-02,100\n';
  it.each([
    ['nothing', '', /has no marks; expected a header line/],
    ['a header alone', 'date,equity\n', /has no marks/],
    [
      'no column of marks',
      'date,close\n2020-01-02,1\n',
      /line 1: no column for the equity among "date,close"; expected one named equity/,
    ],
    [
      'two columns of time',
      'date,time,equity\n1,2,3\n',
      /line 1: more than one column could be the time: date, time/,
    ],
    [
      'text',
      `${header}2020-01-03,abc\n`,
      /line 3, column equity: "abc" cannot be used; expected a number such as 101250\.50/,
    ],
    ['NaN', `${header}2020-01-03,NaN\n`, /line 3, column equity: "NaN"/],
    [
      'infinity',
      `${header}2020-01-03,1e999\n`,
      /line 3, column equity: "1e999" cannot be used; expected a finite number/,
    ],
    ['nothing in a cell', `${header}2020-01-03,\n`, /line 3, column equity: ""/],
    [
      'zero with marks behind it',
      `${header}2020-01-03,0\n2020-01-06,1\n`,
      /line 3, column equity: "0" cannot be used; expected a number above zero, as marks follow/,
    ],
    [
      'a date that is none',
      `${header}2020-02-30,101\n`,
      /line 3, column date: "2020-02-30" cannot be used; expected a date such as/,
    ],
    [
      'a time that never was',
      `${header}2020-03-08T02:30:00,101\n`,
      /line 3, column date: "2020-03-08T02:30:00" cannot be used; expected a time that exists in New York/,
    ],
    [
      'the same time twice',
      `${header}\n2020-01-02,101\n`,
      /line 4, column date: "2020-01-02" cannot be used; expected a time after 2020-01-02T21:00:00\.000Z/,
    ],
    [
      'an unsorted time',
      `${header}2019-12-31,101\n`,
      /line 3, column date: "2019-12-31" cannot be used; expected a time after/,
    ],
    [
      'a date too early',
      'date,equity\n1950-01-03,1\n',
      /line 2, column date: "1950-01-03" cannot be used; expected a time from 1987 to 2037/,
    ],
    [
      'an instant too late',
      `${header}2050-01-03T00:00:00Z,1\n`,
      /line 3, column date: .* expected a time from 1987 to 2037/,
    ],
    [
      'a cell too many',
      `${header}2020-01-03,101,7\n`,
      /line 3, column 3: "7" cannot be used; expected 2 cells, as in the header; the line has 3/,
    ],
    [
      'a cell too few',
      `${header}2020-01-03\n`,
      /line 3, column equity: "2020-01-03" cannot be used; expected 2 cells/,
    ],
    [
      'quotes that stay open',
      `${header}"2020-01-03,101\n`,
      /is not CSV: .*; expected cells whose quotes open and close/,
    ],
    ['a benchmark of zero', 'date,equity,benchmark\n2020-01-02,1,0\n', /line 2, column benchmark: "0"/],
  ])('with %s is refused, with file, line, column, value and what was expected', (_, text, message) => {
    expect(() => read(text)).toThrow(CsvTableError);
    expect(() => read(text)).toThrow(message);
    expect(() => read(text)).toThrow('marks.csv');
  });
  it('that is not there is named', () => {
    expect(() => readEquityFile(join(folder, 'none.csv'))).toThrow('none.csv cannot be read (ENOENT)');
  });
});
