import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { loadCsvBars, streamCsvBars } from '#adapters/market-data/csv-bars.ts';
import { sessionsBetween } from '#core/market/calendar.ts';
import { instrumentOf } from '#core/market/catalog.ts';

const folder = mkdtempSync(join(tmpdir(), 'csv-property-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'bars.csv');

const instrument = instrumentOf('AAPL');
const daily = { instrument, interval: { unit: 'session' } } as const;
const dates = sessionsBetween('us-equity', '2018-01-02', '2018-06-29').map((session) => session.date);

const close = fc.double({ min: 100, max: 140, noNaN: true });
const cell = fc.oneof(
  { weight: 6, arbitrary: fc.double({ min: 100, max: 140, noNaN: true }).map(String) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('', 'NaN', '1,5', '-3', '1e400', 'n/a', '"', 'a"b', '"120"', '  121  ', '\t'),
  },
  { weight: 1, arbitrary: fc.string({ maxLength: 6 }).map((text) => text.replace(/[\r\n]/g, '')) },
);

describe('a CSV file of bars', () => {
  it('gives back every number as it was written', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(close, { minLength: 1, maxLength: 100, size: 'max' }), async (closes) => {
        const rows = closes.map((value, i) => `${dates[i]},${value},${value},${value},${value},${i}`);
        writeFileSync(file, `date,open,high,low,close,volume\n${rows.join('\n')}\n`);
        const { series, report } = await loadCsvBars(file, daily);
        expect([...series.close]).toEqual(closes);
        expect([...series.volume]).toEqual(closes.map((_, i) => i));
        expect(report).toMatchObject({ observed: closes.length, accepted: closes.length, malformed: [] });
      }),
      { numRuns: 40 },
    );
  });

  it('accounts for every line, whatever stands in it, and the same in a stream', async () => {
    const line = fc
      .tuple(fc.oneof(fc.constantFrom(...dates.slice(0, 20)), cell), cell, cell, cell, cell, cell)
      .map((cells) => cells.join(','))
      .filter((text) => text.trim() !== '');
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 40, size: 'max' }), async (lines) => {
        writeFileSync(file, `date,open,high,low,close,volume\n${lines.join('\n')}\n`);
        const { series, report } = await loadCsvBars(file, daily);
        expect(report.accepted).toBe(series.length);
        expect(report.observed).toBe(report.accepted + report.quarantined.length);
        const told = [
          ...report.malformed.map((finding) => finding.line),
          ...report.quarantined.map((finding) => finding.bar.source),
        ];
        expect(new Set(told).size).toBe(told.length);
        expect(told.length + report.accepted).toBe(lines.length);
        const streamed: number[] = [];
        for await (const batch of streamCsvBars(file, { ...daily, batchSize: 3 }))
          streamed.push(...batch.close);
        expect(streamed).toEqual([...series.close]);
      }),
      { numRuns: 60 },
    );
  });
});
