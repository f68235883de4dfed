import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { abc, stateDirectory } from './command-line.ts';

describe('what cannot be done', () => {
  const state = stateDirectory();
  afterAll(() => state.remove());
  const file = (name: string, text: string) => {
    const path = join(state.path, name);
    writeFileSync(path, text);
    return path;
  };

  const header = 'date,open,high,low,close,volume';
  it.each<readonly [string, () => readonly string[], number, RegExp]>([
    ['an unknown option', () => ['day', '--form', '2018-01-22'], 2, /--form/],
    ['an unknown command', () => ['dya'], 2, /dya/],
    ['a date that is none', () => ['day', '--from', '2018-13-40'], 3, /--from "2018-13-40"/],
    [
      'a range the wrong way round',
      () => ['day', '--from', '2018-02-01', '--to', '2018-01-01'],
      3,
      /after --to/,
    ],
    [
      'a range without a session',
      () => ['day', '--from', '2018-01-20', '--to', '2018-01-21'],
      3,
      /no session with prices/,
    ],
    ['an unknown isolation', () => ['day', '--isolation', 'process'], 3, /"process".*use shared/],
    ['an unknown symbol', () => ['day', '--symbols', 'AAPL,NOPE'], 3, /"NOPE".*catalog/],
    ['a known symbol without prices', () => ['day', '--symbols', 'AAPL,SPY'], 3, /no prices for SPY/],
    [
      'a data file that is not there',
      () => ['day', '--data', join(state.path, 'none.csv')],
      3,
      /none\.csv cannot be read/,
    ],
    [
      'a malformed data file',
      () => [
        'day',
        '--symbols',
        'AAPL',
        '--data',
        file('bad.csv', `${header}\n2018-01-22,170,171,169,170.5,100\n2018-01-23,abc,171,169,170,100\n`),
      ],
      3,
      /bad\.csv, line 3, column open: "abc"/,
    ],
    [
      'a state directory that is a file',
      () => ['day', '--state', file('plain', 'text')],
      3,
      /plain cannot be used/,
    ],
    [
      'a state directory with a corrupt marker',
      () => {
        mkdirSync(join(state.path, 'corrupt'), { recursive: true });
        writeFileSync(join(state.path, 'corrupt', 'replay.json'), '{"digest":');
        return ['day', '--state', join(state.path, 'corrupt')];
      },
      3,
      /cannot be read as the marker/,
    ],
    [
      'a calendar of no market',
      () => ['calendar', '2018-01-02', '2018-01-05', '--market', 'lse'],
      3,
      /"lse"/,
    ],
    [
      'a calendar beyond its years',
      () => ['calendar', '2018-01-02', '2040-01-05'],
      3,
      /2040-01-05.*2028-12-31/,
    ],
    ['a data file of an unknown kind', () => ['data', 'check', file('table.csv', 'a,b\n')], 3, /"a, b"/],
    ['an export that is none', () => ['verify', state.path], 3, /not whole/],
    [
      'an equity file that is not there',
      () => ['metrics', join(state.path, 'none.csv')],
      3,
      /none\.csv cannot be read \(ENOENT\)/,
    ],
    [
      'a mark that is no number',
      () => ['metrics', file('equity.csv', 'date,equity\n2020-01-02,100\n2020-01-03,abc\n')],
      3,
      /equity\.csv, line 3, column equity: "abc" cannot be used; expected a number/,
    ],
    [
      'a risk-free rate that is none',
      () => [
        'metrics',
        file('two.csv', 'date,equity\n2020-01-02,100\n2020-01-03,101\n'),
        '--risk-free',
        '2%',
      ],
      3,
      /--risk-free "2%" is not a yearly rate/,
    ],
    [
      'paths that are none',
      () => ['backtest', '--monte-carlo', 'many'],
      3,
      /--monte-carlo "many" is no number of paths/,
    ],
    [
      'a price that is no number',
      () => ['portfolio', file('prices.csv', 'date,A,B\n2020-01-02,1,2\n2020-01-03,1,x\n')],
      3,
      /prices\.csv, line 3, column B: "x" cannot be used; expected a number/,
    ],
    [
      'caps that cannot invest everything',
      () => [
        'portfolio',
        file('capped.csv', 'date,A,B\n2020-01-02,1,2\n2020-01-03,2,1\n2020-01-06,1,3\n2020-01-07,3,1\n'),
        '--cap',
        '0.3',
      ],
      3,
      /invested = 1 cannot be met: the caps of A, B add up to 0\.6/,
    ],
    ['a portfolio of nothing', () => ['portfolio'], 2, /missing required argument/],
    [
      'a factor that is none',
      () => ['risk', join(state.path, 'none.csv'), '--sensitivities', 'gold=1'],
      3,
      /gold, which is no factor/,
    ],
    [
      'an option without a strike',
      () => ['option', 'price', '--spot', '100', '--days', '30', '--volatility', '0.2'],
      3,
      /--strike is missing/,
    ],
    [
      'a leg that is none',
      () => ['option', 'structure', '--spot', '100', '--days', '30', 'put:95'],
      3,
      /"put:95" is no leg/,
    ],
    ['metrics of nothing', () => ['metrics'], 2, /missing required argument/],
    ['no running desk', () => ['status', '--state', state.path], 3, /no running desk/],
    ['a port that is none', () => ['paper-gateway', '--port', 'http'], 3, /"http" is not a port/],
  ])('names the value and the mend for %s', async (_name, parameters, code, message) => {
    const finished = await abc(...parameters()).done;
    expect(finished.stderr).toMatch(message);
    expect(finished.code).toBe(code);
    expect(finished.stdout).toBe('');
  });

  it('says that a port is busy', async () => {
    const server = createServer();
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const { port } = server.address() as { readonly port: number };
    const finished = await abc('paper-gateway', '--port', String(port)).done;
    await new Promise((closed) => server.close(closed));
    expect(finished.stderr).toMatch(new RegExp(`port ${port} is in use`));
    expect(finished.code).toBe(3);
  });
});
