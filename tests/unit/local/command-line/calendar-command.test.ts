import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { calendarCommand } from '#local/command-line/calendar-command.ts';

let printed = '';
beforeEach(() => {
  printed = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text);
    return true;
  });
});
afterEach(() => void vi.restoreAllMocks());

describe('the calendar of the command line', () => {
  it('shows sessions in New York and UTC, with early closes and closures named', () => {
    expect(calendarCommand('2018-11-21', '2018-11-23', {})).toBe(0);
    expect(printed.split('\n')).toEqual([
      'NYSE and Nasdaq, 2018-11-21 to 2018-11-23: 2 sessions, 1 early close, 1 closure on weekdays',
      'date        New York               UTC',
      '2018-11-21  Wed 09:30 – Wed 16:00  2018-11-21 14:30 – 2018-11-21 21:00',
      '2018-11-22  closed: Thanksgiving Day',
      '2018-11-23  Fri 09:30 – Fri 13:00  2018-11-23 14:30 – 2018-11-23 18:00  early close: day after Thanksgiving',
      '',
    ]);
  });

  it('opens forex on Sunday at 17:00 in New York, on either side of daylight saving', () => {
    calendarCommand('2018-03-09', '2018-03-12', { market: 'forex' });
    expect(printed).toContain('2018-03-09  Thu 17:00 – Fri 17:00  2018-03-08 22:00 – 2018-03-09 22:00\n');
    expect(printed).toContain('2018-03-12  Sun 17:00 – Mon 17:00  2018-03-11 21:00 – 2018-03-12 21:00\n');
  });

  it('is one JSON document where asked, offsets of New York and all', () => {
    calendarCommand('2025-01-08', '2025-01-09', { market: 'nasdaq', json: true });
    expect(JSON.parse(printed)).toEqual({
      market: 'nasdaq',
      template: 'us-equity',
      from: '2025-01-08',
      to: '2025-01-09',
      calendar: { from: '1998-01-01', to: '2028-12-31' },
      sessions: [
        {
          date: '2025-01-08',
          openUtc: '2025-01-08T14:30:00.000Z',
          closeUtc: '2025-01-08T21:00:00.000Z',
          openNewYork: '2025-01-08T09:30:00-05:00',
          closeNewYork: '2025-01-08T16:00:00-05:00',
          minutes: 390,
          earlyClose: false,
          note: null,
        },
      ],
      closures: [{ date: '2025-01-09', reason: 'day of mourning for President Carter' }],
    });
  });

  it('names the value and the mend where it cannot', () => {
    expect(() => calendarCommand('2018-02-06', '2018-02-05', {})).toThrow(/2018-02-06 is after 2018-02-05/);
    expect(() => calendarCommand('2018-02-30', '2018-03-05', {})).toThrow(/"2018-02-30".*YYYY-MM-DD/);
    expect(() => calendarCommand('2028-12-01', '2029-01-05', {})).toThrow(
      /2029-01-05 is outside.*2028-12-31/,
    );
    expect(() => calendarCommand('2018-02-05', '2018-02-06', { market: 'toString' })).toThrow(
      /--market "toString".*nyse/,
    );
    expect(printed).toBe('');
  });
});
