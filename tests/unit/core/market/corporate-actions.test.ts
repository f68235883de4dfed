import { describe, expect, it } from 'vitest';
import { type BarSeries, barSeries } from '#core/market/bars.ts';
import { sessionsBetween } from '#core/market/calendar.ts';
import {
  actionsOf,
  adjustBars,
  type CorporateAction,
  effectiveAt,
  InvalidCorporateActionError,
} from '#core/market/corporate-actions.ts';

/** Five sessions from Monday 2018-02-05, closes as given. */
function week(closes: readonly number[]): BarSeries {
  const sessions = sessionsBetween('us-equity', '2018-02-05', '2018-02-09');
  return barSeries(
    'XYZ',
    { unit: 'session' },
    closes.map((close, i) => ({
      openTime: sessions[i]?.open ?? 0,
      closeTime: sessions[i]?.close ?? 0,
      open: close,
      high: close + 1,
      low: close - 1,
      close,
      volume: 1_000,
    })),
  );
}
const split = (exDate: string, newUnits: number, oldUnits = 1): CorporateAction => ({
  kind: 'split',
  instrument: 'XYZ',
  exDate,
  newUnits,
  oldUnits,
});
const dividend = (exDate: string, amount: string): CorporateAction => ({
  kind: 'cash-dividend',
  instrument: 'XYZ',
  exDate,
  amount,
  currency: 'USD',
});
const closes = (series: BarSeries) => [...series.close];

describe('views of raw prices', () => {
  it('are the raw series itself without actions or in the raw view', () => {
    const raw = week([10, 11]);
    expect(adjustBars(raw, [split('2018-02-06', 2)], 'raw', 'us-equity')).toBe(raw);
    expect(adjustBars(raw, [], 'total-return', 'us-equity')).toBe(raw);
    expect(
      adjustBars(raw, [{ ...split('2018-02-06', 2), instrument: 'ABC' }], 'split-adjusted', 'us-equity'),
    ).toBe(raw);
  });

  it('divide prices and multiply volume before a split, and before a reverse split the other way', () => {
    const forward = adjustBars(week([40, 42, 21]), [split('2018-02-07', 2)], 'split-adjusted', 'us-equity');
    expect(closes(forward)).toEqual([20, 21, 21]);
    expect([...forward.high]).toEqual([20.5, 21.5, 22]);
    expect([...forward.volume]).toEqual([2_000, 2_000, 1_000]);
    const reverse = adjustBars(week([1, 1, 10]), [split('2018-02-07', 1, 10)], 'split-adjusted', 'us-equity');
    expect(closes(reverse)).toEqual([10, 10, 10]);
    expect([...reverse.volume]).toEqual([100, 100, 1_000]);
  });

  it('compound several splits', () => {
    const actions = [split('2018-02-08', 3), split('2018-02-06', 2)];
    expect(closes(adjustBars(week([60, 30, 30, 10]), actions, 'split-adjusted', 'us-equity'))).toEqual([
      10, 10, 10, 10,
    ]);
  });

  it('take dividends out of the past in the total-return view only', () => {
    const raw = week([100, 98, 98]);
    expect(closes(adjustBars(raw, [dividend('2018-02-06', '2')], 'split-adjusted', 'us-equity'))).toEqual([
      100, 98, 98,
    ]);
    expect(closes(adjustBars(raw, [dividend('2018-02-06', '2')], 'total-return', 'us-equity'))).toEqual([
      98, 98, 98,
    ]);
  });

  it('reckon a dividend in the units of its ex-date, also where a split falls on it', () => {
    // 200 before; 2-for-1, then 1.00 a new share: worth 99 ex.
    const actions = [dividend('2018-02-06', '1.00'), split('2018-02-06', 2)];
    expect(closes(adjustBars(week([200, 99]), actions, 'total-return', 'us-equity'))).toEqual([99, 99]);
  });

  it('reckon a dividend before a split from the raw close of its day', () => {
    const actions = [dividend('2018-02-06', '10'), split('2018-02-07', 10)];
    const view = adjustBars(week([100, 90, 9]), actions, 'total-return', 'us-equity');
    closes(view).forEach((close) => void expect(close).toBeCloseTo(9, 12));
  });

  it('leave out actions that a decision in the past could not know', () => {
    const raw = week([40, 42, 21]);
    const before = raw.closeTime[1] as number;
    expect(adjustBars(raw, [split('2018-02-07', 2)], 'split-adjusted', 'us-equity', before)).toBe(raw);
    const on = raw.openTime[2] as number;
    expect(closes(adjustBars(raw, [split('2018-02-07', 2)], 'split-adjusted', 'us-equity', on))).toEqual([
      20, 21, 21,
    ]);
  });

  it('take effect on the next session where the date has none', () => {
    expect(effectiveAt(split('2018-02-03', 2), 'us-equity')).toBe(Date.parse('2018-02-05T14:30:00Z'));
    const raw = week([10, 10]);
    expect(adjustBars(raw, [split('2018-02-03', 2)], 'split-adjusted', 'us-equity')).toBe(raw);
  });

  it('ignore a dividend with no bar before it, and what is not a price', () => {
    const raw = week([10, 10]);
    expect(adjustBars(raw, [dividend('2018-02-05', '1')], 'total-return', 'us-equity')).toBe(raw);
    const delisted: CorporateAction = {
      kind: 'delisting',
      instrument: 'XYZ',
      exDate: '2018-02-06',
      finalValue: null,
    };
    expect(adjustBars(raw, [delisted], 'total-return', 'us-equity')).toBe(raw);
  });

  it.each([
    [split('2018-02-06', 0), /the ratio 0:1/],
    [split('2018-02-06', 2, -1), /the ratio 2:-1/],
    [dividend('2018-02-06', '-1'), /amount "-1"/],
    [dividend('2018-02-06', ''), /amount ""/],
    [dividend('2018-02-06', 'one'), /amount "one"/],
    [dividend('2018-02-06', '10'), /10 is not below the last close before it, 10/],
  ])('refuse an action that makes no sense', (action, message) => {
    const adjust = () => adjustBars(week([10, 10]), [action], 'total-return', 'us-equity');
    expect(adjust).toThrow(InvalidCorporateActionError);
    expect(adjust).toThrow(message);
  });
});

describe('the actions of an instrument', () => {
  it('come by date, splits before dividends', () => {
    const actions = [dividend('2018-02-06', '1'), split('2018-02-06', 2), split('2018-02-05', 3)];
    expect(actionsOf([...actions, { ...split('2018-02-05', 2), instrument: 'ABC' }], 'XYZ')).toEqual([
      actions[2],
      actions[1],
      actions[0],
    ]);
  });
});
