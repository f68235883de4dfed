import { describe, expect, it } from 'vitest';
import { type BarSeries, barSeries } from '#core/market/bars.ts';
import { sessionsBetween } from '#core/market/calendar.ts';
import type { CorporateAction } from '#core/market/corporate-actions.ts';
import {
  actionsOverHistory,
  delistingBy,
  joinSymbolHistory,
  symbolHistory,
  symbolOn,
} from '#core/market/symbol-history.ts';

const change = (instrument: string, newInstrument: string, exDate: string): CorporateAction => ({
  kind: 'symbol-change',
  instrument,
  newInstrument,
  exDate,
});
const split = (instrument: string, exDate: string): CorporateAction => ({
  kind: 'split',
  instrument,
  exDate,
  newUnits: 2,
  oldUnits: 1,
});

/** NEW was OLD until 2018-02-07; another company took OLD on 2018-02-08 and left the exchange on 2018-02-12. */
const actions: readonly CorporateAction[] = [
  change('OLD', 'NEW', '2018-02-07'),
  change('XYZ', 'OLD', '2018-02-08'),
  split('OLD', '2018-02-06'),
  split('OLD', '2018-02-09'),
  split('NEW', '2018-02-08'),
  { kind: 'delisting', instrument: 'OLD', exDate: '2018-02-12', finalValue: '3.50' },
];

function daily(id: string, from: string, to: string, level: number): BarSeries {
  const rows = sessionsBetween('us-equity', from, to).map(({ open, close }, i) => {
    const price = level + i;
    return {
      openTime: open,
      closeTime: close,
      open: price,
      high: price,
      low: price,
      close: price,
      volume: 1,
    };
  });
  return barSeries(id, { unit: 'session' }, rows);
}

describe('the ids of an instrument over time', () => {
  it('lead back through its changes, and not into companies that took an id later', () => {
    expect(symbolHistory(actions, 'NEW')).toEqual([
      { instrument: 'OLD', from: null, until: '2018-02-07' },
      { instrument: 'NEW', from: '2018-02-07', until: null },
    ]);
    expect(symbolHistory(actions, 'OLD')).toEqual([
      { instrument: 'XYZ', from: null, until: '2018-02-08' },
      { instrument: 'OLD', from: '2018-02-08', until: null },
    ]);
    expect(symbolHistory(actions, 'ABC')).toEqual([{ instrument: 'ABC', from: null, until: null }]);
  });

  it('lead forward from a holding to what it is called on a date', () => {
    expect(symbolOn(actions, 'OLD', '2018-02-01', '2018-02-06')).toBe('OLD');
    expect(symbolOn(actions, 'OLD', '2018-02-01', '2018-02-07')).toBe('NEW');
    expect(symbolOn(actions, 'OLD', '2018-02-08', '2018-02-20')).toBe('OLD');
    expect(symbolOn(actions, 'XYZ', '2018-01-01', '2018-02-20')).toBe('OLD');
  });

  it('end where an id goes back and forth', () => {
    const back = [change('A', 'B', '2010-01-04'), change('B', 'A', '2012-01-03')];
    expect(symbolHistory(back, 'A').map((span) => span.instrument)).toEqual(['A', 'B', 'A']);
    expect(symbolOn(back, 'A', '2009-01-01', '2013-01-01')).toBe('A');
  });
});

describe('actions and bars over all ids', () => {
  it('are those of the company, under its current id', () => {
    expect(actionsOverHistory(actions, 'NEW')).toEqual([
      split('NEW', '2018-02-06'),
      split('NEW', '2018-02-08'),
    ]);
    expect(actionsOverHistory(actions, 'OLD').map((action) => [action.kind, action.exDate])).toEqual([
      ['split', '2018-02-09'],
      ['delisting', '2018-02-12'],
    ]);
  });

  it('join each id’s bars inside its span', () => {
    const store: Record<string, BarSeries> = {
      OLD: daily('OLD', '2018-02-05', '2018-02-09', 10),
      NEW: daily('NEW', '2018-02-06', '2018-02-09', 50),
    };
    const joined = joinSymbolHistory((id) => store[id], actions, 'NEW', 'us-equity');
    expect(joined?.instrument).toBe('NEW');
    expect([...(joined?.close ?? [])]).toEqual([10, 11, 51, 52, 53]);
    const successor = joinSymbolHistory((id) => store[id], actions, 'OLD', 'us-equity');
    expect([...(successor?.close ?? [])]).toEqual([13, 14]);
    expect(joinSymbolHistory(() => undefined, actions, 'NEW', 'us-equity')).toBeUndefined();
  });

  it('refuse to join different intervals', () => {
    const minute: BarSeries = {
      ...daily('NEW', '2018-02-07', '2018-02-09', 1),
      interval: { unit: 'minute', count: 1 },
    };
    const store: Record<string, BarSeries> = {
      OLD: daily('OLD', '2018-02-05', '2018-02-06', 1),
      NEW: minute,
    };
    expect(() => joinSymbolHistory((id) => store[id], actions, 'NEW', 'us-equity')).toThrow(
      /another interval/,
    );
  });
});

describe('a delisting', () => {
  it('counts from the first date without trading', () => {
    const at = (text: string) => delistingBy(actions, 'OLD', 'us-equity', Date.parse(text));
    expect(at('2018-02-09T21:00:00Z')).toBeUndefined();
    expect(at('2018-02-12T14:30:00Z')?.finalValue).toBe('3.50');
    expect(delistingBy(actions, 'NEW', 'us-equity', Date.parse('2020-01-01T00:00:00Z'))).toBeUndefined();
  });
});
