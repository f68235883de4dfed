import { describe, expect, it } from 'vitest';
import { sessionsBetween } from '#core/market/calendar.ts';
import { instrumentOf } from '#core/market/catalog.ts';
import { inspectBars, type ObservedBar } from '#core/market/quality.ts';
import { qualityLines } from '#core/market/quality-text.ts';

const aapl = instrumentOf('AAPL');
const bar = (source: number, time: string | number, close = 100): ObservedBar => ({
  source,
  time,
  open: close,
  high: close,
  low: close,
  close,
  volume: 1,
});

describe('a quality report in words', () => {
  it('is one line where all is well', () => {
    const { report } = inspectBars(aapl, { unit: 'session' }, [bar(2, '2018-02-05')]);
    expect(qualityLines(report)).toEqual(['AAPL: 1 bar read, 1 accepted, 0 quarantined']);
  });

  it('names each finding, with its row, and gaps and shifts', () => {
    const bars = [
      bar(2, '2018-02-02', 700),
      bar(3, '2018-02-03', 700),
      bar(4, '2018-02-07', 700),
      ...sessionsBetween('us-equity', '2018-02-08', '2018-02-13').map(({ date }, i) => bar(5 + i, date, 100)),
    ];
    const { report } = inspectBars(aapl, { unit: 'session' }, bars);
    expect(qualityLines(report, 2)).toEqual([
      'AAPL: 7 bars read, 2 accepted, 5 quarantined',
      'quarantined: 1 no-session, 4 excessive-move',
      '  row 3 (2018-02-03): no-session: 2018-02-03 is not a session of the us-equity calendar',
      '  row 5 (2018-02-08): excessive-move: close 100 is -85.7 % from the last close 700; more than 50 % without a corporate action',
      '  … and 3 more',
      'level shifts (a split that the corporate actions lack, or that the prices are adjusted for already?)',
      '  from row 5 (2018-02-08): 4 bars at 0.1429 of the level before',
      'sessions without a bar',
      '  2018-02-05 to 2018-02-06: 2 sessions',
    ]);
  });

  it('gives instants of minute bars, and sessions that are short of bars', () => {
    const bars = [
      bar(2, Date.parse('2018-02-05T14:30:00Z')),
      bar(3, Date.parse('2018-02-05T14:00:00Z')),
      bar(4, 1e300),
    ];
    const { report } = inspectBars(aapl, { unit: 'minute', count: 1 }, bars);
    const lines = qualityLines(report);
    expect(lines[2]).toMatch(/^ {2}row 3 \(2018-02-05T14:00:00\.000Z\): no-session/);
    expect(lines[3]).toMatch(/^ {2}row 4 \(1e\+300\): outside-calendar/);
    expect(lines.slice(4)).toEqual([
      'sessions with fewer bars than their length allows',
      '  2018-02-05: 1 of 390',
    ]);
  });
});
