import { describe, expect, it } from 'vitest';
import { type Session, sessionOn } from '#core/market/calendar.ts';
import { instrumentOf } from '#core/market/catalog.ts';
import type { CorporateAction } from '#core/market/corporate-actions.ts';
import { futureInstrument } from '#core/market/instrument-contracts.ts';
import { quoteInspector, tradeInspector } from '#core/market/tick-quality.ts';
import { nanosOf } from '#core/values/nanoseconds.ts';

const aapl = instrumentOf('AAPL');
const { open, close } = sessionOn('us-equity', '2018-02-05') as Session;
const next = sessionOn('us-equity', '2018-02-06') as Session;
type Row = readonly [time: number, price: number, size?: number];

function inspect(rows: readonly Row[], instrument = aapl, actions: readonly CorporateAction[] = []) {
  const inspector = tradeInspector(instrument, actions);
  rows.forEach(([time, price, size = 1], row) => {
    inspector.observe({ source: row + 1, time: nanosOf(time), price, size });
  });
  return inspector.finish();
}
const reasons = (...parameters: Parameters<typeof inspect>) =>
  inspect(...parameters).report.quarantined.map(({ tick, reason }) => [tick.source, reason]);

describe('trades from a source', () => {
  it('are accepted in order, those outside sessions counted', () => {
    const { series, report } = inspect([
      [open - 1, 100],
      [open, 101],
      [open, 101],
      [close, 102],
    ]);
    expect([...series.price]).toEqual([100, 101, 101, 102]);
    expect(report).toEqual({
      instrument: 'AAPL',
      observed: 4,
      accepted: 4,
      outsideSessions: 2,
      first: nanosOf(open - 1),
      last: nanosOf(close),
      quarantined: [],
    });
  });

  it('are quarantined with a reason where they cannot be', () => {
    const rows: readonly Row[] = [
      [open, 100],
      [open + 1, Number.NaN],
      [open + 1, Number.POSITIVE_INFINITY],
      [open + 1, 0],
      [open + 1, 100, 0],
      [open + 1, 100, Number.NaN],
      [open - 1, 100],
      [open + 1, 151],
      [open + 1, 150],
      [Date.UTC(2031, 0, 1), 150],
    ];
    expect(reasons(rows)).toEqual([
      [2, 'bad-price'],
      [3, 'bad-price'],
      [4, 'bad-price'],
      [5, 'bad-size'],
      [6, 'bad-size'],
      [7, 'out-of-order'],
      [8, 'excessive-move'],
      [10, 'outside-calendar'],
    ]);
    const [first] = inspect(rows).report.quarantined;
    expect(first).toMatchObject({
      tick: { source: 2, price: Number.NaN },
      detail: 'the price is NaN; expected a finite number',
    });
  });

  it('may move where a split explains it', () => {
    const rows: readonly Row[] = [
      [close - 1, 700],
      [next.open, 100],
    ];
    const split = {
      kind: 'split',
      instrument: 'AAPL',
      exDate: '2018-02-06',
      newUnits: 7,
      oldUnits: 1,
    } as const;
    expect(reasons(rows)).toEqual([[2, 'excessive-move']]);
    expect(reasons(rows, aapl, [split])).toEqual([]);
  });

  it('end with the instrument', () => {
    const delisting = {
      kind: 'delisting',
      instrument: 'AAPL',
      exDate: '2018-02-06',
      finalValue: null,
    } as const;
    const rows: readonly Row[] = [
      [close - 1, 100],
      [next.open, 100],
    ];
    expect(reasons(rows, aapl, [delisting])).toEqual([[2, 'delisted']]);
    const oil = futureInstrument({
      underlying: 'CL',
      expiry: '2018-02-05',
      name: 'oil',
      currency: 'USD',
      tick: '0.01',
      multiplier: '1000',
      sessionTemplate: 'us-equity',
    });
    const oilInspector = tradeInspector(oil);
    oilInspector.observe({ source: 1, time: nanosOf(close - 1), price: -37, size: 1 });
    oilInspector.observe({ source: 2, time: nanosOf(next.open), price: -37, size: 1 });
    expect(oilInspector.finish().report.quarantined.map(({ reason }) => reason)).toEqual(['expired']);
  });

  it('come in batches', () => {
    const inspector = tradeInspector(aapl);
    inspector.observe({ source: 1, time: nanosOf(open), price: 100, size: 1 });
    expect([...inspector.take().price]).toEqual([100]);
    inspector.observe({ source: 2, time: nanosOf(open), price: 101, size: 1 });
    inspector.observe({ source: 3, time: nanosOf(open), price: 0, size: 1 });
    expect(inspector.quarantined).toBe(1);
    const { series, report } = inspector.finish();
    expect([...series.price]).toEqual([101]);
    expect(report.accepted).toBe(2);
  });
});

describe('quotes from a source', () => {
  it('are counted by state, and may have empty sides and unknown sizes', () => {
    const inspector = quoteInspector(aapl);
    const rows: readonly (readonly [number, number, number?])[] = [
      [99, 101],
      [100, 100],
      [101, 100],
      [Number.NaN, 100],
      [Number.NaN, Number.NaN],
      [0, 100],
      [99, Number.POSITIVE_INFINITY],
      [99, 101, -1],
      [99, 101, Number.NaN],
    ];
    rows.forEach(([bid, ask, size = 1], row) => {
      inspector.observe({ source: row + 1, time: nanosOf(open), bid, bidSize: size, ask, askSize: 1 });
    });
    const { series, report } = inspector.finish();
    expect(series.length).toBe(6);
    expect(report.states).toEqual({ normal: 2, locked: 1, crossed: 1, 'one-sided': 2 });
    expect(report.quarantined.map(({ tick, reason, detail }) => [tick.source, reason, detail])).toEqual([
      [6, 'bad-price', 'the bid is 0; expected more than 0'],
      [7, 'bad-price', 'the ask is Infinity; expected a finite number'],
      [8, 'bad-size', 'the bid size is -1; expected 0 or more'],
    ]);
  });
});
