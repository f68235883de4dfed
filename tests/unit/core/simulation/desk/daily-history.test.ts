import { describe, expect, test } from 'vitest';
import { historyObject } from '#core/broker/daily-history.ts';
import { sliceBars } from '#core/market/bars.ts';
import { newYorkDate } from '#core/market/calendar.ts';
import { instrumentOf } from '#core/market/catalog.ts';
import { digestedHistories, namedHistories } from '#core/simulation/desk/daily-history.ts';
import { dailyBars } from '../../../../support/simulated-bars.ts';

const daily = dailyBars(
  Array.from({ length: 12 }, (_, i) => [
    100 + i / 8,
    101.25 + i,
    99.1,
    100.3,
    i === 4 ? Number.NaN : 1e6 + i,
  ]),
  'AAPL',
);
const histories = digestedHistories(daily, 'simulation');
const opensAt = (index: number) => daily.openTime[index] as number;

/** The same bars as a broker tells them. */
const told = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => {
    const of = (column: Float64Array) => column[from + i] as number;
    return {
      time: newYorkDate(of(daily.closeTime)).replaceAll('-', ''),
      open: of(daily.open),
      high: of(daily.high),
      low: of(daily.low),
      close: of(daily.close),
      volume: Number.isNaN(of(daily.volume)) ? null : of(daily.volume),
    };
  });

describe('daily histories', () => {
  test('have the digest of the object that the live bridge would put', () => {
    for (const [instant, sessions, from, to] of [
      [opensAt(8), 100, 0, 8],
      [opensAt(8), 3, 5, 8],
      [opensAt(1), 3, 0, 1],
    ] as const) {
      const object = historyObject(instrumentOf('AAPL'), 'simulation', '2019-01-01', told(from, to));
      const { reference, first, last } = histories.before(instant, sessions);
      expect({ reference, first, last }).toEqual({
        reference: object.reference,
        first: object.first,
        last: object.last,
      });
    }
  });

  test('hold bars that had closed, and no other', () => {
    const { series } = histories.before(opensAt(8), 3);
    expect(series).toEqual(sliceBars(daily, 5, 8));
  });

  test('may be empty', () => {
    const { series, first, last, reference } = histories.before(opensAt(0), 3);
    expect([series.length, first, last]).toEqual([0, null, null]);
    expect(reference).toEqual(historyObject(instrumentOf('AAPL'), 'simulation', '2019-01-01', []).reference);
  });

  test('are the same under a name, another one for each history', () => {
    const named = namedHistories(daily);
    const digests = new Set<string>();
    for (const [index, sessions] of [
      [8, 100],
      [8, 3],
      [1, 3],
    ] as const) {
      const { reference: _, ...known } = histories.before(opensAt(index), sessions);
      const { reference, ...found } = named.before(opensAt(index), sessions);
      expect(found).toEqual(known);
      expect(reference.sha256).toMatch(/^[0-9a-f]{64}$/);
      digests.add(reference.sha256);
    }
    expect(digests.size).toBe(3);
  });
});
