import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadCorporateActions } from '#adapters/market-data/corporate-action-file.ts';
import { MarketFileError } from '#adapters/market-data/market-file.ts';
import { instrumentOf } from '#core/market/catalog.ts';

const folder = mkdtempSync(join(tmpdir(), 'actions-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'actions.csv');
const load = (text: string) => {
  writeFileSync(file, text);
  return loadCorporateActions(file, instrumentOf('AAPL'));
};

describe('a file of corporate actions', () => {
  it('gives actions of every kind', async () => {
    const text =
      'date,kind,value\n2014-06-09,split,7:1\n2014-08-07,Dividend,0.47\n2015-01-02,symbol-change,APPL.A\n2016-01-04,delisting,\n2016-01-05,delisting,12.50\n';
    const instrument = 'AAPL';
    expect(await load(text)).toEqual([
      { kind: 'split', instrument, exDate: '2014-06-09', newUnits: 7, oldUnits: 1 },
      { kind: 'cash-dividend', instrument, exDate: '2014-08-07', amount: '0.47', currency: 'USD' },
      { kind: 'symbol-change', instrument, exDate: '2015-01-02', newInstrument: 'APPL.A' },
      { kind: 'delisting', instrument, exDate: '2016-01-04', finalValue: null },
      { kind: 'delisting', instrument, exDate: '2016-01-05', finalValue: '12.50' },
    ]);
  });

  it.each([
    ['2014-06-31,split,7:1', /:2: column date is "2014-06-31"; expected a date/],
    ['2014-06-09,merger,1', /:2: column kind is "merger"; expected split, dividend/],
    ['2014-06-09,split,7', /:2: column value is "7"; expected new units for old ones, such as 7:1/],
    ['2014-06-09,split,0:1', /column value is "0:1"/],
    ['2014-06-09,dividend,-1', /column value is "-1"; expected an amount of USD a unit/],
    ['2014-06-09,dividend,NaN', /column value is "NaN"/],
    ['2014-06-09,symbol-change,', /column value is ""; expected the id/],
    ['2014-06-09,delisting,much', /column value is "much"/],
  ])('is refused as a whole for the line %s', async (line, message) => {
    const loading = load(`date,kind,value\n${line}\n2014-08-07,dividend,0.47\n`);
    await expect(loading).rejects.toThrow(MarketFileError);
    await expect(loading).rejects.toThrow(message);
    await expect(loading).rejects.toThrow(/1 of its lines/);
  });
});
