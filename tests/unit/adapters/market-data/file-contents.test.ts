import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { contentsOf } from '#adapters/market-data/file-contents.ts';
import { parquetFile } from './parquet-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'contents-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
function fileOf(content: string | Uint8Array, ending = 'csv'): string {
  const file = join(folder, `${++files}.${ending}`);
  writeFileSync(file, content);
  return file;
}
const bars = (times: readonly string[]) =>
  fileOf(`Date,Open,High,Low,Close\n${times.map((time) => `${time},1,1,1,1\n`).join('')}`);

describe('what a file holds', () => {
  it.each([
    [['2018-02-05', '2018-02-06'], { unit: 'session' }],
    [['2018-02-05', 'nonsense', '20180206'], { unit: 'session' }],
    [['2018-02-05T00:00:00Z', '2018-02-06T00:00:00Z'], { unit: 'session' }],
    [['1517788800000', '1517875200000', '1518048000000'], { unit: 'session' }],
    [[], { unit: 'session' }],
    [['2018-02-05 09:30', '2018-02-05 09:31', '2018-02-05 09:33'], { unit: 'minute', count: 1 }],
    [['2018-02-05T09:30-05:00', '2018-02-05T10:30-05:00'], { unit: 'minute', count: 60 }],
    [['1517841000', '1517841300', '1517841300', '1517842200'], { unit: 'minute', count: 5 }],
  ])('is bars as long as their times %j tell', async (times, interval) => {
    expect(await contentsOf(bars(times))).toEqual({ kind: 'bars', interval });
  });

  it('is bars as long as one says', async () => {
    const interval = { unit: 'minute', count: 30 } as const;
    expect(await contentsOf(bars(['2018-02-05 09:30']), { interval })).toEqual({ kind: 'bars', interval });
    await expect(contentsOf(bars(['2018-02-05 09:30']))).rejects.toThrow(/do not tell how long a bar is/);
    await expect(contentsOf(bars(['2018-02-05 09:30:01', '2018-02-05 09:30:31']))).rejects.toThrow(
      /how long/,
    );
  });

  it('is quotes or trades by their columns', async () => {
    expect(await contentsOf(fileOf('ts;Bid Price;Ask Price\n', 'txt'), { delimiter: ';' })).toEqual({
      kind: 'quotes',
    });
    expect(await contentsOf(fileOf('ts\tprice\tqty\n', 'tsv'))).toEqual({ kind: 'trades' });
    const columns = ['time', 'price', 'size'].map((name) => ({ name, kind: 'double' as const }));
    expect(await contentsOf(fileOf(parquetFile(columns, [[[1, 2, 3]]]), 'parquet'))).toEqual({
      kind: 'trades',
    });
  });

  it('is named where it is none of these', async () => {
    await expect(contentsOf(fileOf('a,b\n'))).rejects.toThrow(/"a, b" are neither those of bars/);
    await expect(contentsOf(fileOf(''))).rejects.toThrow(/is empty/);
    await expect(contentsOf(join(folder, 'none.csv'))).rejects.toThrow(/none\.csv: can't be read: ENOENT/);
    await expect(contentsOf(fileOf('', 'xlsx'))).rejects.toThrow(/the ending says nothing/);
  });
});
