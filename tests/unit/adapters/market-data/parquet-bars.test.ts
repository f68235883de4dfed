import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import type { BarFileOptions } from '#adapters/market-data/bar-cells.ts';
import { MarketFileError } from '#adapters/market-data/market-file.ts';
import { loadParquetBars, streamParquetBars } from '#adapters/market-data/parquet-bars.ts';
import { instrumentOf } from '#core/market/catalog.ts';
import { dayNumber } from '#core/market/civil-date.ts';
import { type ParquetColumn, parquetFile } from './parquet-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'parquet-bars-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
function write(bytes: Uint8Array): string {
  const file = join(folder, `${++files}.parquet`);
  writeFileSync(file, bytes);
  return file;
}

const prices: readonly ParquetColumn[] = [
  { name: 'open', kind: 'double' },
  { name: 'high', kind: 'double' },
  { name: 'low', kind: 'double' },
  { name: 'close', kind: 'double' },
];
const daily: BarFileOptions = { instrument: instrumentOf('AAPL'), interval: { unit: 'session' } };

describe('a Parquet file of bars', () => {
  it('becomes a series, over several row groups, with extra columns left alone', async () => {
    const columns: ParquetColumn[] = [
      { name: 'note', kind: 'text' },
      { name: 'Date', kind: 'date' },
      ...prices,
      { name: 'volume', kind: 'int64' },
    ];
    const row = (date: string, close: number) => [
      'x',
      dayNumber(date),
      close,
      close + 1,
      close - 1,
      close,
      500,
    ];
    const bytes = parquetFile(columns, [
      [row('2018-02-05', 156), row('2018-02-06', 163)],
      [row('2018-02-07', 159)],
    ]);
    const { series, report } = await loadParquetBars(write(bytes), daily);
    expect([...series.close]).toEqual([156, 163, 159]);
    expect([...series.volume]).toEqual([500, 500, 500]);
    expect(series.closeTime[2]).toBe(Date.parse('2018-02-07T21:00:00Z'));
    expect(report).toMatchObject({ observed: 3, accepted: 3, malformed: [], quarantined: [] });
    expect(report.sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
  });

  describe('that is packed', () => {
    const columns: ParquetColumn[] = [{ name: 'date', kind: 'date' }, ...prices];
    const days = ['2018-02-05', '2018-02-06'].map((date, i) => [dayNumber(date), 10 + i, 12, 9, 11]);

    it.each(['gzip', 'brotli', 'zstd'] as const)('in %s reads as the unpacked one', async (codec) => {
      const packed = await loadParquetBars(write(parquetFile(columns, [days], codec)), daily);
      const plain = await loadParquetBars(write(parquetFile(columns, [days])), daily);
      expect(packed.series).toEqual(plain.series);
      expect(packed.series.open).toHaveLength(2);
    });

    it('in another way is refused by name', async () => {
      await expect(loadParquetBars(write(parquetFile(columns, [days], 'lz4')), daily)).rejects.toThrow(
        /LZ4.*expected .*uncompressed or in Snappy, gzip, Brotli or Zstandard/,
      );
    });

    it('and damaged is refused, without a page growing beyond what it says', async () => {
      const bytes = parquetFile(columns, [days], 'zstd');
      bytes.fill(0, 30, 40);
      await expect(loadParquetBars(write(bytes), daily)).rejects.toThrow(MarketFileError);
    });
  });

  it('takes timestamps at midnight for dates, and no others', async () => {
    const midnight = Date.UTC(2018, 1, 5);
    const rows = [
      [midnight, 1, 1, 1, 1],
      [midnight + 86_400_000 + 1, 1, 1, 1, 1],
    ];
    const bytes = parquetFile([{ name: 'date', kind: 'timestamp' }, ...prices], [rows]);
    const { series, report } = await loadParquetBars(write(bytes), daily);
    expect([...series.openTime]).toEqual([Date.parse('2018-02-05T14:30:00Z')]);
    expect(report.malformed).toMatchObject([
      { line: 2, value: '2018-02-06T00:00:00.001000000Z', expected: 'a date such as 2018-02-05' },
    ]);
  });

  it('reads timestamps and epoch numbers of minute bars', async () => {
    const minutes: BarFileOptions = { ...daily, interval: { unit: 'minute', count: 1 } };
    const open = Date.parse('2018-02-05T14:30:00Z');
    for (const kind of ['timestamp', 'int64'] as const) {
      const bytes = parquetFile([{ name: 'timestamp', kind }, ...prices], [[[open, 1, 1, 1, 1]]]);
      const { series } = await loadParquetBars(write(bytes), minutes);
      expect([...series.openTime]).toEqual([open]);
      expect(series.volume[0]).toBeNaN();
    }
  });

  it('reports rows that are no bars, and quarantines bad ones, by row', async () => {
    const columns: ParquetColumn[] = [{ name: 'date', kind: 'text' }, ...prices];
    const rows = [
      ['2018-02-05', 1, 1, 1, 1],
      ['yesterday', 1, 1, 1, 1],
      ['2018-02-06', 1, Number.NaN, 1, 1],
    ];
    const { report } = await loadParquetBars(write(parquetFile(columns, [rows])), daily);
    expect(report.malformed).toMatchObject([{ line: 2, column: 'date', value: 'yesterday' }]);
    expect(report.quarantined).toMatchObject([
      { bar: { source: 3 }, reason: 'not-finite', detail: 'high is NaN' },
    ]);
  });

  it('comes in batches when streamed', async () => {
    const columns: ParquetColumn[] = [{ name: 'date', kind: 'text' }, ...prices];
    const days = ['2018-02-05', '2018-02-06', '2018-02-07', '2018-02-08'].map((date) => [date, 1, 1, 1, 1]);
    const lengths: number[] = [];
    for await (const batch of streamParquetBars(write(parquetFile(columns, [days])), {
      ...daily,
      batchSize: 2,
    })) {
      lengths.push(batch.length);
    }
    expect(lengths).toEqual([1, 2, 1]);
  });

  it('is refused where it is no Parquet file, not there, or without a column', async () => {
    await expect(loadParquetBars(write(Buffer.from('date,open\n')), daily)).rejects.toThrow(
      /can't be read as Parquet/,
    );
    await expect(loadParquetBars(join(folder, 'none.parquet'), daily)).rejects.toThrow(/ENOENT/);
    const flights = fileURLToPath(
      new URL('../../../../node_modules/vega-datasets/data/flights-3m.parquet', import.meta.url),
    );
    await expect(loadParquetBars(flights, daily)).rejects.toThrow(MarketFileError);
    await expect(loadParquetBars(flights, daily)).rejects.toThrow(/no column for the open/);
  });
});
