import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type CsvBarOptions, loadCsvBars, streamCsvBars } from '#adapters/market-data/csv-bars.ts';
import { MarketFileError, malformedText } from '#adapters/market-data/market-file.ts';
import { barAt } from '#core/market/bars.ts';
import { sessionsBetween } from '#core/market/calendar.ts';
import { instrumentOf } from '#core/market/catalog.ts';

const folder = mkdtempSync(join(tmpdir(), 'csv-bars-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
function fileOf(text: string): string {
  const file = join(folder, `${++files}.csv`);
  writeFileSync(file, text);
  return file;
}

const daily: CsvBarOptions = { instrument: instrumentOf('AAPL'), interval: { unit: 'session' } };
const minutes: CsvBarOptions = { instrument: instrumentOf('AAPL'), interval: { unit: 'minute', count: 1 } };
const HEADER = 'Date,Open,High,Low,Close,Volume\n';
const GOOD = '2018-02-05,159.1,163.88,156,156.49,72738500\n';

async function findings(text: string, options: CsvBarOptions = daily): Promise<string[]> {
  const { report } = await loadCsvBars(fileOf(text), options);
  return report.malformed.map((line) => malformedText({ ...line, file: 'f' }));
}

describe('a CSV file of daily bars', () => {
  it('becomes a series with the times of the calendar', async () => {
    const text = `${HEADER}${GOOD}2018-02-06,154.83,163.72,154,163.03,68243800\n`;
    const file = fileOf(text);
    const { series, report } = await loadCsvBars(file, daily);
    expect(series.length).toBe(2);
    expect(barAt(series, 0)).toEqual({
      openTime: Date.parse('2018-02-05T14:30:00Z'),
      closeTime: Date.parse('2018-02-05T21:00:00Z'),
      open: 159.1,
      high: 163.88,
      low: 156,
      close: 156.49,
      volume: 72_738_500,
    });
    expect(report).toMatchObject({ file, observed: 2, accepted: 2, malformed: [], quarantined: [] });
    expect(report.sha256).toBe(createHash('sha256').update(text).digest('hex'));
  });

  it('may have quotes, a byte order mark, CRLF, spaces, blank lines and columns that mean nothing', async () => {
    const text =
      '\uFEFF"Adj Close", "DATE" ,"o","h","l","c","vol"\r\n\r\n1,"20180205","159.1","163.88","156","156.49","7e3"\r\n' +
      '1,2018-02-06 00:00:00+00:00,154.83,163.72,154,163.03,\r\n';
    const { series, report } = await loadCsvBars(fileOf(text), daily);
    expect(report.malformed).toEqual([]);
    expect([...series.close]).toEqual([156.49, 163.03]);
    expect([...series.volume]).toEqual([7_000, Number.NaN]);
  });

  it('may lack a volume, and may name its columns as it likes', async () => {
    const text = 'd;a;b;c;e\n2018-02-05;159.1;163.88;156;156.49\n';
    const columns = { time: 'd', open: 'a', high: 'b', low: 'c', close: 'e' };
    const { series } = await loadCsvBars(fileOf(text), { ...daily, columns, delimiter: ';' });
    expect(series.length).toBe(1);
    expect(series.volume[0]).toBeNaN();
  });

  it.each([
    ['2018-02-30,1,1,1,1,1', 'f:3: column Date is "2018-02-30"; expected a date such as 2018-02-05'],
    ['02/05/2018,1,1,1,1,1', 'f:3: column Date is "02/05/2018"; expected a date such as 2018-02-05'],
    [
      '2018-02-06T09:30,1,1,1,1,1',
      'f:3: column Date is "2018-02-06T09:30"; expected a date such as 2018-02-05',
    ],
    ['2018-02-06,NaN,1,1,1,1', 'f:3: column Open is "NaN"; expected a number such as 123.45'],
    ['2018-02-06,1,1,1,,1', 'f:3: column Close is ""; expected a number such as 123.45'],
    ['2018-02-06,1,0x1,1,1,1', 'f:3: column High is "0x1"; expected a number such as 123.45'],
    ['2018-02-06,1,1,Infinity,1,1', 'f:3: column Low is "Infinity"; expected a number such as 123.45'],
    ['2018-02-06,1,1,1,1,many', 'f:3: column Volume is "many"; expected a number such as 1200, or nothing'],
    ['2018-02-06,1,1', 'f:3: column Low is ""; expected 6 cells, as in the header; the line has 3'],
    [
      '2018-02-06,1,1,1,1,1,200',
      'f:3: column 7 is "200"; expected 6 cells, as in the header; the line has 7',
    ],
    [
      '2018-02-06,1"2,1,1,1,1',
      'f:3: column the whole line is "2018-02-06,1\\"2,1,1,1,1"; expected cells whose quotes open and close (INVALID_OPENING_QUOTE)',
    ],
    [
      '2018-02-06,"1"2,1,1,1,1',
      'f:3: column the whole line is "2018-02-06,\\"1\\"2,1,1,1,1"; expected cells whose quotes open and close (CSV_INVALID_CLOSING_QUOTE)',
    ],
    [
      '2018-02-06,"1,1,1,1,1',
      'f:3: column the whole line is "2018-02-06,\\"1,1,1,1,1"; expected cells whose quotes open and close (CSV_QUOTE_NOT_CLOSED)',
    ],
  ])('says of the line %s what is wrong with it', async (line, message) => {
    const text = `${HEADER}${GOOD}${line}\n2018-02-07,163,163,160,160,1\n`;
    expect(await findings(text)).toEqual([message]);
    expect((await loadCsvBars(fileOf(text), daily)).series.length).toBe(2);
  });

  it('does not let a line without end fill the memory', async () => {
    const [finding, ...others] = await findings(
      `${HEADER}${GOOD}${'9'.repeat(3_000_000)}\n2018-02-07,1,1,1,1,1\n`,
    );
    expect(finding).toMatch(/^f:3: column the whole line is "9{80}"; expected at most 65536 characters$/);
    expect(others).toEqual([]);
  });

  it('quarantines bars that are readable and wrong, by line', async () => {
    const text = `${HEADER}${GOOD}2018-02-06,-1,1,1,1,1\n2018-02-10,1,1,1,1,1\n${GOOD}`;
    const { report } = await loadCsvBars(fileOf(text), daily);
    expect(report.quarantined.map((q) => [q.bar.source, q.reason])).toEqual([
      [3, 'not-positive'],
      [4, 'no-session'],
      [5, 'duplicate'],
    ]);
  });

  it('is an empty series where there is only a header', async () => {
    const { series, report } = await loadCsvBars(fileOf(HEADER), daily);
    expect(series.length).toBe(0);
    expect(report.observed).toBe(0);
  });

  it.each([
    ['', /is empty/],
    ['Date,Open,High,Low\n', /no column for the close among "Date, Open, High, Low"/],
    ['Date,Time,Open,High,Low,Close\n', /more than one column could be the time: Date, Time/],
    ['1,2\n3,4\n', /no column for the time/],
    ['Date,"Open\n3,4\n', /the header's quotes don't open and close/],
  ])('is refused where its header is %j', async (text, message) => {
    await expect(loadCsvBars(fileOf(text), daily)).rejects.toThrow(MarketFileError);
    await expect(loadCsvBars(fileOf(text), daily)).rejects.toThrow(message);
  });

  it('is refused where it is not there, and where it is nothing but errors', async () => {
    await expect(loadCsvBars(join(folder, 'none.csv'), daily)).rejects.toThrow(
      /none\.csv: can't be read: ENOENT/,
    );
    const text = HEADER + 'x,1,1,1,1,1\n'.repeat(12);
    await expect(loadCsvBars(fileOf(text), { ...daily, largestFindings: 10 })).rejects.toThrow(
      /more than 10 lines are malformed, the first: .*:2: column Date is "x"/,
    );
  });

  it('is refused where most of it can not be believed', async () => {
    const text = HEADER + GOOD.repeat(12);
    await expect(loadCsvBars(fileOf(text), { ...daily, largestFindings: 10 })).rejects.toThrow(
      /more than 10 rows up to line 13 can't be believed/,
    );
    expect(
      (await loadCsvBars(fileOf(text), { ...daily, largestFindings: 11 })).report.quarantined,
    ).toHaveLength(11);
  });

  it('lets the fault of a corporate action through as what it is', async () => {
    const action = {
      kind: 'split',
      instrument: 'AAPL',
      exDate: '2018-02-05',
      newUnits: 0,
      oldUnits: 1,
    } as const;
    await expect(loadCsvBars(fileOf(HEADER + GOOD), { ...daily, actions: [action] })).rejects.toMatchObject({
      code: 'InvalidCorporateAction',
    });
  });
});

describe('a CSV file of minute bars', () => {
  const HEAD = 'time,open,high,low,close,volume\n';
  const row = (time: string) => `${time},10,11,9,10,5\n`;
  const first = Date.parse('2018-02-05T14:30:00Z');

  it.each([
    ['2018-02-05T14:30:00Z'],
    ['2018-02-05 09:30:00-05:00'],
    ['2018-02-05T15:30:00.000+0100'],
    ['1517841000'],
    ['1517841000000'],
    ['1517841000000000'],
    ['1517841000000000000'],
  ])('reads the time %s', async (time) => {
    const { series } = await loadCsvBars(fileOf(HEAD + row(time)), minutes);
    expect([...series.openTime]).toEqual([first]);
  });

  it('reads local times in the zone it is told', async () => {
    const text = HEAD + row('2018-02-05 09:30') + row('2018-07-05 09:30:00');
    const { series } = await loadCsvBars(fileOf(text), { ...minutes, timeZone: 'America/New_York' });
    expect([...series.openTime]).toEqual([first, Date.parse('2018-07-05T13:30:00Z')]);
    const utc = await loadCsvBars(fileOf(HEAD + row('20180205 14:30')), { ...minutes, timeZone: 'UTC' });
    expect([...utc.series.openTime]).toEqual([first]);
  });

  it('does not guess the zone of a local time, nor take one that does not exist', async () => {
    expect(await findings(HEAD + row('2018-02-05 09:30'), minutes)).toEqual([
      'f:2: column time is "2018-02-05 09:30"; expected a time with its offset, such as 2018-02-05T09:30:00-05:00; or say the time zone of the file',
    ]);
    const newYork: CsvBarOptions = { ...minutes, timeZone: 'America/New_York' };
    expect(await findings(HEAD + row('2018-03-11 02:30'), newYork)).toEqual([
      'f:2: column time is "2018-03-11 02:30"; expected a time that exists in New York; clocks skip 02:00 to 03:00 that day, so give the offset, or the time zone the file really has',
    ]);
    expect(
      await findings(HEAD + row('2018-02-05T25:30:00Z') + row('12') + row('2018-02-31T10:00Z'), minutes),
    ).toHaveLength(3);
  });

  it('does not choose between the two instants of a time that comes twice, unless told', async () => {
    const bitcoin: CsvBarOptions = {
      ...minutes,
      instrument: instrumentOf('BTC-USD'),
      timeZone: 'America/New_York',
    };
    const text = HEAD + row('2018-11-04 00:59') + row('2018-11-04 01:30') + row('2018-11-04 02:00');
    expect(await findings(text, bitcoin)).toEqual([
      'f:3: column time is "2018-11-04 01:30"; expected a time that comes once in New York; clocks show 01:00 to 02:00 twice that day, so give the offset, or say whether the earlier or the later is meant',
    ]);
    for (const [ambiguousTime, instant] of [
      ['earlier', '2018-11-04T05:30:00Z'],
      ['later', '2018-11-04T06:30:00Z'],
    ] as const) {
      const { series } = await loadCsvBars(fileOf(text), { ...bitcoin, ambiguousTime });
      expect(series.length).toBe(3);
      expect(series.openTime[1]).toBe(Date.parse(instant));
    }
    const given = HEAD + row('2018-11-04 01:30:00-04:00') + row('2018-11-04 01:30:00-05:00');
    const { series } = await loadCsvBars(fileOf(given), bitcoin);
    expect([...series.openTime]).toEqual([
      Date.parse('2018-11-04T05:30:00Z'),
      Date.parse('2018-11-04T06:30:00Z'),
    ]);
  });

  it('takes times of the close back to the open, also for the short last bar', async () => {
    const hours: CsvBarOptions = { ...minutes, interval: { unit: 'minute', count: 60 }, stamp: 'close' };
    const text = HEAD + row('2018-02-05T15:30:00Z') + row('2018-02-05T21:00:00Z');
    const { series, report } = await loadCsvBars(fileOf(text), hours);
    expect(report.quarantined).toEqual([]);
    expect([...series.openTime]).toEqual([first, Date.parse('2018-02-05T20:30:00Z')]);
    expect([...series.closeTime]).toEqual([first + 3_600_000, Date.parse('2018-02-05T21:00:00Z')]);
  });
});

describe('a CSV file in a stream', () => {
  it('comes in batches that together are the whole, with the report at the end', async () => {
    const dates = sessionsBetween('us-equity', '2010-01-01', '2019-12-31').map((session) => session.date);
    const file = fileOf(HEADER + dates.map((date, i) => `${date},100,101,99,${100 + (i % 2)},1\n`).join(''));
    const whole = await loadCsvBars(file, daily);
    const stream = streamCsvBars(file, { ...daily, batchSize: 500 });
    const closes: number[] = [];
    let batches = 0;
    let step = await stream.next();
    for (; !step.done; step = await stream.next()) {
      batches++;
      expect(step.value.length).toBeLessThanOrEqual(501);
      closes.push(...step.value.close);
    }
    expect(batches).toBe(Math.floor(dates.length / 500) + 1);
    expect(closes).toEqual([...whole.series.close]);
    expect(step.value).toEqual(whole.report);
    expect(step.value.accepted).toBe(dates.length);
  });

  it('can be left early', async () => {
    const file = fileOf(HEADER + GOOD.repeat(10_000));
    for await (const batch of streamCsvBars(file, { ...daily, batchSize: 10 })) {
      expect(batch.length).toBeLessThanOrEqual(1);
      break;
    }
  });
});
