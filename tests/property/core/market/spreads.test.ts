import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Session, sessionOn } from '#core/market/calendar.ts';
import { quotedSpread, spreadsFromQuotes } from '#core/market/spreads.ts';
import { type Quote, quoteSeries } from '#core/market/ticks.ts';
import { nanosOf } from '#core/values/nanoseconds.ts';

const { open } = sessionOn('us-equity', '2018-02-05') as Session;
const price = fc.oneof(fc.integer({ min: 95, max: 105 }), fc.constant(Number.NaN));
/** Quotes some seconds apart, some of the same instant, in the first hour. */
const quotes = fc
  .array(fc.record({ wait: fc.nat(400), bid: price, ask: price }), { minLength: 1, maxLength: 40 })
  .map((steps) => {
    let second = 0;
    return steps.map(({ wait, bid, ask }): Quote => {
      second += wait % 7 === 0 ? 0 : wait % 90;
      return { time: nanosOf(open + second * 1_000), bid, bidSize: 1, ask, askSize: 1 };
    });
  });

describe('spreads by bucket', () => {
  it('are what looking at the standing quote each second gives', () => {
    fc.assert(
      fc.property(quotes, fc.constantFrom(1, 2, 5), (rows, count) => {
        const series = quoteSeries('AAPL', rows);
        const { spreads } = spreadsFromQuotes(series, { unit: 'minute', count }, 'us-equity');
        expect(spreads.quotes.reduce((sum, one) => sum + one, 0)).toBe(rows.length);
        for (let i = 0; i < spreads.length; i++) {
          const seen: number[] = [];
          const seconds = ((spreads.closeTime[i] as number) - (spreads.openTime[i] as number)) / 1_000;
          for (let second = 0; second < seconds; second++) {
            const at = nanosOf((spreads.openTime[i] as number) + second * 1_000);
            const standing = rows.findLast((row) => row.time <= at);
            const spread =
              standing === undefined ? Number.NaN : quotedSpread(standing.bid, standing.ask).spread;
            if (!Number.isNaN(spread)) seen.push(spread);
          }
          expect(spreads.coverage[i]).toBeCloseTo(seen.length / seconds, 12);
          if (seen.length === 0) expect(spreads.spread[i]).toBeNaN();
          else
            expect(spreads.spread[i]).toBeCloseTo(seen.reduce((sum, one) => sum + one, 0) / seen.length, 10);
        }
      }),
      { seed: 20261126, numRuns: 300 },
    );
  });
});
