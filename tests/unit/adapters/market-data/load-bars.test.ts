import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadBars } from '#adapters/market-data/load-bars.ts';
import { instrumentOf } from '#core/market/catalog.ts';
import { parquetFile } from './parquet-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'load-bars-'));
afterAll(() => rmSync(folder, { recursive: true }));

const options = { instrument: instrumentOf('AAPL'), interval: { unit: 'session' } } as const;
const CELLS = ['2018-02-05', 1, 2, 1, 2];
const NAMES = ['date', 'open', 'high', 'low', 'close'];

describe('a file of bars', () => {
  it.each([
    ['bars.csv', `${NAMES.join(',')}\n${CELLS.join(',')}\n`],
    ['bars.TSV', `${NAMES.join('\t')}\n${CELLS.join('\t')}\n`],
    [
      'bars.parquet',
      parquetFile(
        NAMES.map((name, i) => ({ name, kind: i === 0 ? ('text' as const) : ('double' as const) })),
        [[CELLS]],
      ),
    ],
  ])('is read as its ending says: %s', async (name, content) => {
    const file = join(folder, name);
    writeFileSync(file, content);
    const { series } = await loadBars(file, options);
    expect([...series.close]).toEqual([2]);
  });

  it('is refused where its ending says nothing', async () => {
    await expect(loadBars('bars.json', options)).rejects.toThrow(
      /bars\.json: the ending says nothing.*\.parquet/,
    );
  });
});
