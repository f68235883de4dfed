import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { dataCheckCommand } from '#local/command-line/data-command.ts';

const MODULES = fileURLToPath(new URL('../../../../node_modules', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'data-check-'));
afterAll(() => rmSync(folder, { recursive: true }));

let printed = '';
beforeEach(() => {
  printed = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text);
    return true;
  });
});
afterEach(() => void vi.restoreAllMocks());

function fileOf(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}
const BARS = `date,open,high,low,close,volume
2018-02-05,100,101,99,100,5
2018-02-06,100,101,99,x,5
2018-02-07,100,101,99,100,5
2018-02-08,100,160,99,100,5
2018-02-09,100,101,99,100,5
2018-02-09,100,101,99,100,5
2018-02-10,100,101,99,100,5
2018-02-13,100,101,99,100,
`;

describe('the check of a data file', () => {
  it('is clean, code 0, for the real bars of AAPL', async () => {
    const file = join(MODULES, '@observablehq/sample-datasets/aapl.csv');
    expect(await dataCheckCommand(file, {})).toBe(0);
    expect(printed).toContain(
      'contents  session bars, 2013-05-13T13:30:00.000Z to 2018-05-11T20:00:00.000Z\n',
    );
    expect(printed).toContain(
      'judged    AAPL as equity, sessions of us-equity; moves above 50 % not believed;',
    );
    expect(printed).toContain('AAPL: 1260 bars read, 1260 accepted, 0 quarantined\n');
    expect(printed).toMatch(/\nCLEAN\n$/);
  });

  it('tells everything that is wrong, with code 8', async () => {
    const file = fileOf('own.csv', BARS);
    expect(await dataCheckCommand(file, {})).toBe(8);
    const lines = printed.split('\n').slice(5, -1);
    expect(lines).toEqual([
      '1 malformed line',
      `  ${file}:3: column close is "x"; expected a number such as 123.45`,
      'FILE: 7 bars read, 4 accepted, 3 quarantined',
      'quarantined: 1 excessive-move, 1 duplicate, 1 no-session',
      '  row 5 (2018-02-08): excessive-move: high 160 is 60.0 % from the last close 100; more than 50 % without a corporate action',
      '  row 7 (2018-02-09): duplicate: the same as row 6',
      '  row 8 (2018-02-10): no-session: 2018-02-10 is not a session of the us-equity calendar',
      'sessions without a bar',
      '  2018-02-06',
      '  2018-02-08',
      '  2018-02-12',
      '',
      'FINDINGS: 1 malformed line, 3 quarantined, 3 missing sessions',
    ]);
  });

  it('is one JSON document where asked, with every finding', async () => {
    const file = fileOf('own.csv', BARS);
    expect(await dataCheckCommand(file, { json: true, symbol: 'own' })).toBe(8);
    const document = JSON.parse(printed);
    expect(document).toMatchObject({
      clean: false,
      contents: { kind: 'bars', interval: { unit: 'session' } },
      instrument: { id: 'OWN', assetClass: 'equity' },
      largestMove: 0.5,
      range: { from: '2018-02-05T14:30:00.000Z', to: '2018-02-13T21:00:00.000Z' },
      quarantinedByReason: { duplicate: 1, 'no-session': 1, 'excessive-move': 1 },
      report: { file, observed: 7, accepted: 4, malformed: [{ line: 3, column: 'close', value: 'x' }] },
    });
    expect(document.report.quarantined).toHaveLength(3);
    expect(document.report.gaps).toEqual([
      { from: '2018-02-06', to: '2018-02-06', sessions: 1 },
      { from: '2018-02-08', to: '2018-02-08', sessions: 1 },
      { from: '2018-02-12', to: '2018-02-12', sessions: 1 },
    ]);
  });

  it('judges by the class and the corporate actions it is given', async () => {
    const file = fileOf(
      'split.csv',
      BARS.split('\n').slice(0, 2).join('\n').concat('\n2018-02-06,14,15,13,14,35\n'),
    );
    expect(await dataCheckCommand(file, {})).toBe(8);
    const actions = fileOf('actions.csv', 'date,kind,value\n2018-02-06,split,7:1\n');
    expect(await dataCheckCommand(file, { actions })).toBe(0);
    expect(printed).toContain('; 1 corporate action\n');
    const oil = fileOf(
      'oil.csv',
      'date,open,high,low,close\n2020-04-17,18,18,18,18\n2020-04-20,18,18,-40,-37\n',
    );
    expect(await dataCheckCommand(oil, {})).toBe(8);
    expect(await dataCheckCommand(oil, { assetClass: 'future' })).toBe(0);
    const euro = fileOf(
      'eur.usd.csv',
      'date,open,high,low,close\n2018-02-05,1,1,1,1\n2018-02-06,1,1.2,1,1\n',
    );
    expect(await dataCheckCommand(euro, {})).toBe(8);
    expect(printed).toContain('EUR.USD as forex, sessions of forex; moves above 10 % not believed');
  });

  it('takes minute bars, trades and quotes', async () => {
    const minutes = fileOf(
      'minutes.csv',
      'time,open,high,low,close\n2018-02-05 09:31,1,1,1,1\n2018-02-05 09:32,1,1,1,1\n',
    );
    expect(await dataCheckCommand(minutes, {})).toBe(8);
    expect(printed).toContain('or say the time zone of the file');
    printed = '';
    expect(await dataCheckCommand(minutes, { timeZone: 'America/New_York', stamp: 'close' })).toBe(0);
    expect(printed).toContain(
      'contents  1-minute bars, 2018-02-05T14:30:00.000Z to 2018-02-05T14:32:00.000Z\n',
    );
    expect(printed).toContain('  2018-02-05: 2 of 390\n');
    printed = '';
    const trades = fileOf(
      'trades.csv',
      'time,price,size\n1517841000000000001,1,1\n1517841000000000000,1,1\n',
    );
    expect(await dataCheckCommand(trades, {})).toBe(8);
    expect(printed).toContain('FILE: 2 trades read, 1 accepted, 0 outside the sessions, 1 quarantined\n');
    expect(printed).toContain('row 3: out-of-order: it stands after 1517841000000000001 (row 2)\n');
    printed = '';
    const quotes = fileOf('quotes.csv', 'time,bid,ask\n1517841000,1,2\n1517841001,2,2\n1517841002,,2\n');
    expect(await dataCheckCommand(quotes, { json: true })).toBe(0);
    expect(JSON.parse(printed)).toMatchObject({
      contents: { kind: 'quotes' },
      largestMove: null,
      range: { from: '2018-02-05T14:30:00.000Z', to: '2018-02-05T14:30:02.000Z' },
      report: { states: { normal: 1, locked: 1, 'one-sided': 1, crossed: 0 } },
    });
  });

  it('asks for the class where it was assumed and the hours speak against it', async () => {
    const days = ['05', '06', '07', '08', '09', '10', '11', '12', '13'];
    const file = fileOf(
      'coin.csv',
      `date,open,high,low,close\n${days.map((day) => `2018-02-${day},1,1,1,1\n`).join('')}`,
    );
    expect(await dataCheckCommand(file, {})).toBe(8);
    expect(printed).toContain(
      'hint      2 rows lie outside the sessions of equities: is it --asset-class forex or crypto?\n',
    );
    printed = '';
    expect(await dataCheckCommand(file, { assetClass: 'equity' })).toBe(8);
    expect(await dataCheckCommand(file, { assetClass: 'crypto' })).toBe(0);
    expect(printed).not.toContain('hint');
  });

  it('takes a tab as it is typed', async () => {
    const file = fileOf('tabs.txt', 'time\tbid\task\n1517841000\t1\t2\n');
    expect(await dataCheckCommand(file, { delimiter: '\\t' })).toBe(0);
  });

  it('holds an empty file against it', async () => {
    expect(await dataCheckCommand(fileOf('empty.csv', 'date,open,high,low,close\n'), {})).toBe(8);
    expect(printed).toMatch(/FINDINGS: nothing accepted\n$/);
  });

  it.each([
    [{ assetClass: 'bond' }, /--asset-class "bond" is not known; use one of equity/],
    [{ interval: '0' }, /--interval "0" is no length of a bar; use session/],
    [{ timeZone: 'Mars' }, /--time-zone "Mars"/],
    [{ ambiguousTime: 'both' }, /--ambiguous-time "both".*earlier, later/],
    [{ stamp: 'middle' }, /--stamp "middle"/],
    [{ delimiter: ';;' }, /--delimiter ";;" is not one character/],
    [{ symbol: 'A B' }, /--symbol: the id of instrument "A B"/],
    [{ actions: join(folder, 'none.csv') }, /none\.csv: can't be read: ENOENT/],
  ])('names the option, its value and the mend for %j', async (options, message) => {
    await expect(dataCheckCommand(fileOf('own.csv', BARS), options)).rejects.toThrow(message);
    expect(printed).toBe('');
  });
});
