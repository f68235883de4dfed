import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadQuotes, loadTrades, streamQuotes, streamTrades } from '#adapters/market-data/load-ticks.ts';
import { type MalformedLine, MarketFileError, malformedText } from '#adapters/market-data/market-file.ts';
import { instrumentOf } from '#core/market/catalog.ts';
import { type ParquetColumn, parquetFile } from './parquet-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'ticks-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
function fileOf(content: string | Uint8Array, ending = 'csv'): string {
  const file = join(folder, `${++files}.${ending}`);
  writeFileSync(file, content);
  return file;
}

const options = { instrument: instrumentOf('AAPL') };
const OPEN = 1_517_841_000_000_000_000n; // 2018-02-05T14:30:00Z
const findings = async (loaded: Promise<{ report: { malformed: readonly MalformedLine[] } }>) =>
  (await loaded).report.malformed.map((line) => malformedText({ ...line, file: 'f' }));

describe('a file of trades', () => {
  it('keeps nanoseconds, whatever way they are written', async () => {
    const times = [
      '2018-02-05T14:30:00.000000001Z',
      '2018-02-05 09:30:00.000000002-05:00',
      '1517841000000000003',
      '1517841000000001',
      '2018-02-05T14:30:00.0005Z',
      '1517841000001',
      '1517841001',
    ];
    const text = `Timestamp,Price,Size\n${times.map((time) => `${time},100,5\n`).join('')}`;
    const { series, report } = await loadTrades(fileOf(text), options);
    expect([...series.time].map((time) => time - OPEN)).toEqual([
      1n,
      2n,
      3n,
      1_000n,
      500_000n,
      1_000_000n,
      1_000_000_000n,
    ]);
    expect(report).toMatchObject({
      observed: 7,
      accepted: 7,
      outsideSessions: 0,
      quarantined: [],
      malformed: [],
    });
    expect(report.sha256).toBe(createHash('sha256').update(text).digest('hex'));
  });

  it('is the same as Parquet, its timestamps to the nanosecond', async () => {
    const columns: ParquetColumn[] = [
      { name: 'ts', kind: 'nanos' },
      { name: 'p', kind: 'double' },
      { name: 'qty', kind: 'int64' },
    ];
    const groups = [
      [
        [OPEN + 1n, 100.25, 5],
        [OPEN + 2n, 100.5, 6],
      ],
      [[OPEN + 3n, -1, 7]],
    ];
    const { series, report } = await loadTrades(fileOf(parquetFile(columns, groups), 'parquet'), options);
    expect([...series.time]).toEqual([OPEN + 1n, OPEN + 2n]);
    expect([...series.price]).toEqual([100.25, 100.5]);
    expect([...series.size]).toEqual([5, 6]);
    expect(report.quarantined).toMatchObject([{ tick: { source: 3 }, reason: 'bad-price' }]);
  });

  it.each([
    [
      'yesterday,1,1',
      'f:2: column time is "yesterday"; expected a time such as 2018-02-05T14:30:00Z, or epoch milliseconds',
    ],
    ['2018-02-05 14:30:00,1,1', /expected a time with its offset/],
    ['9999-02-05T14:30:00Z,1,1', /expected a time from 1678 to 2262/],
    ['1517841000,,1', 'f:2: column price is ""; expected a number such as 123.45'],
    ['1517841000,1,many', 'f:2: column size is "many"; expected a number such as 100'],
    ['1517841000,1', /column size is ""; expected 3 cells/],
  ])('says of the line %s what is wrong with it', async (line, message) => {
    const found = await findings(loadTrades(fileOf(`time,price,size\n${line}\n`), options));
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(message);
  });

  it('quarantines what can be read and not believed, by line', async () => {
    const text = 'time,price,size\n1517841001,100,1\n1517841000,100,1\n1517841002,151,1\n1517841003,100,0\n';
    const { report } = await loadTrades(fileOf(text), options);
    expect(report.quarantined.map(({ tick, reason }) => [tick.source, reason])).toEqual([
      [3, 'out-of-order'],
      [4, 'excessive-move'],
      [5, 'bad-size'],
    ]);
  });

  it('comes in batches that together are the whole', async () => {
    const rows = Array.from({ length: 1_000 }, (_, i) => `${OPEN + BigInt(i)},${100 + (i % 3)},1\n`);
    const file = fileOf(`time,price,size\n${rows.join('')}`);
    const loaded = await loadTrades(file, options);
    const prices: number[] = [];
    const stream = streamTrades(file, { ...options, batchSize: 64 });
    let step = await stream.next();
    for (; !step.done; step = await stream.next()) {
      expect(step.value.length).toBeLessThanOrEqual(64);
      prices.push(...step.value.price);
    }
    expect(prices).toEqual([...loaded.series.price]);
    expect(step.value).toEqual(loaded.report);
  });

  it('is refused without its columns, and with an ending that says nothing', async () => {
    await expect(loadTrades(fileOf('time,price\n'), options)).rejects.toThrow(/no column for the size among/);
    await expect(loadTrades(fileOf('', 'json'), options)).rejects.toThrow(MarketFileError);
    await expect(loadTrades(fileOf(''), options)).rejects.toThrow(/is empty/);
  });
});

describe('a file of quotes', () => {
  it('may have empty sides, and lack sizes', async () => {
    const text = 'time;bid price;ask price\n1517841000;99;101\n1517841001;;101\n1517841002;102;101\n';
    const { series, report } = await loadQuotes(fileOf(text), { ...options, delimiter: ';' });
    expect([...series.bid]).toEqual([99, Number.NaN, 102]);
    expect([...series.ask]).toEqual([101, 101, 101]);
    expect(series.bidSize.every(Number.isNaN)).toBe(true);
    expect(report.states).toEqual({ normal: 1, 'one-sided': 1, locked: 0, crossed: 1 });
  });

  it('is the same as Parquet', async () => {
    const columns: ParquetColumn[] = [
      { name: 'timestamp', kind: 'timestamp' },
      { name: 'bid', kind: 'double' },
      { name: 'bid_size', kind: 'double' },
      { name: 'offer', kind: 'double' },
      { name: 'ask_size', kind: 'double' },
    ];
    const file = fileOf(parquetFile(columns, [[[1_517_841_000_000, 99, 5, 101, 6]]]), 'pq');
    const { series } = await loadQuotes(file, options);
    expect(series).toMatchObject({ length: 1, instrument: 'AAPL' });
    expect([series.time[0], series.bid[0], series.bidSize[0], series.ask[0], series.askSize[0]]).toEqual([
      OPEN,
      99,
      5,
      101,
      6,
    ]);
  });

  it('names the cell that is wrong', async () => {
    const text = 'time,bid,bidsize,ask,asksize\n1517841000,99,x,101,1\n';
    expect(await findings(loadQuotes(fileOf(text), options))).toEqual([
      'f:2: column bidsize is "x"; expected a number such as 100, or nothing',
    ]);
  });

  it('comes in batches', async () => {
    const rows = Array.from({ length: 10 }, (_, i) => `${OPEN + BigInt(i)},99,101\n`);
    const lengths: number[] = [];
    for await (const batch of streamQuotes(fileOf(`time,bid,ask\n${rows.join('')}`), {
      ...options,
      batchSize: 4,
    }))
      lengths.push(batch.length);
    expect(lengths).toEqual([4, 4, 2]);
  });
});
