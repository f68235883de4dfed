import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aggregateBars } from '#core/market/aggregate.ts';
import { type BarSeries, barAt } from '#core/market/bars.ts';
import { type Session, sessionMinutes, sessionOn } from '#core/market/calendar.ts';
import { instrumentOf } from '#core/market/catalog.ts';
import { intradayPath, type SessionPrices } from '#core/market/intraday-path.ts';

const aapl = instrumentOf('AAPL');
const FULL = sessionOn('us-equity', '2018-02-05') as Session;
const SHORT = sessionOn('us-equity', '2018-11-23') as Session;

/** Days on the tick, from none to wide ranges, with the open and close anywhere in them, the ends included. */
const tickDay: fc.Arbitrary<SessionPrices> = fc
  .record({
    low: fc.integer({ min: 1, max: 100_000 }),
    range: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 5_000 })),
    open: fc.oneof(fc.constantFrom(0, 1), fc.double({ min: 0, max: 1, noNaN: true })),
    close: fc.oneof(fc.constantFrom(0, 1), fc.double({ min: 0, max: 1, noNaN: true })),
    volume: fc.oneof(fc.constantFrom(0, 1, 2, 389), fc.integer({ min: 0, max: 2_000_000_000 })),
  })
  .map(({ low, range, open, close, volume }) => ({
    low: low / 100,
    high: (low + range) / 100,
    open: (low + Math.round(range * open)) / 100,
    close: (low + Math.round(range * close)) / 100,
    volume,
  }));

const session = fc.constantFrom(FULL, SHORT);
const seed = fc.integer();

function dayOf(minutes: BarSeries): SessionPrices {
  const { open, high, low, close, volume } = barAt(
    aggregateBars(minutes, { unit: 'session' }, 'us-equity'),
    0,
  );
  return { open, high, low, close, volume };
}

describe('the one-minute model of a session', () => {
  it('honours the open, high, low, close and volume of the real day exactly', () => {
    fc.assert(
      fc.property(tickDay, session, seed, (day, when, number) => {
        const minutes = intradayPath(aapl, when, day, number);
        expect(minutes.length).toBe(sessionMinutes(when));
        expect(dayOf(minutes)).toEqual({ ...day });
        expect(minutes.openTime[0]).toBe(when.open);
        expect(minutes.closeTime[minutes.length - 1]).toBe(when.close);
      }),
      { numRuns: 300 },
    );
  });

  it('gives valid bars on the tick and whole volumes in every minute', () => {
    fc.assert(
      fc.property(tickDay, session, seed, (day, when, number) => {
        const minutes = intradayPath(aapl, when, day, number);
        for (let i = 0; i < minutes.length; i++) {
          const { open, high, low, close, volume } = barAt(minutes, i);
          if (!(low <= Math.min(open, close) && high >= Math.max(open, close)))
            throw new Error(`minute ${i}`);
          if (!Number.isInteger(volume) || volume < 0) throw new Error(`volume ${volume} in minute ${i}`);
          for (const price of [open, high, low, close]) {
            if (price !== Math.round(price * 100) / 100) throw new Error(`${price} is off the tick`);
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  it('honours days off the tick too, as float prices of an adjusted file are', () => {
    const offTick = fc
      .tuple(
        fc.double({ min: 0.001, max: 500, noNaN: true }),
        fc.double({ min: 0, max: 0.2, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
      )
      .map(([low, range, open, close]) => {
        const high = low * (1 + range);
        const inside = (share: number) => Math.min(high, Math.max(low, low + (high - low) * share));
        return { low, high, open: inside(open), close: inside(close), volume: 1_234.5 };
      });
    fc.assert(
      fc.property(offTick, session, seed, (day, when, number) => {
        expect(dayOf(intradayPath(aapl, when, day, number))).toEqual({ ...day });
      }),
      { numRuns: 200 },
    );
  });

  it('is the same for the same seed, instrument and date, and another for another', () => {
    fc.assert(
      fc.property(tickDay, seed, (day, number) => {
        fc.pre(day.high - day.low > 0.5 && day.volume > 10_000);
        const once = intradayPath(aapl, FULL, day, number);
        expect(intradayPath(aapl, FULL, day, number)).toEqual(once);
        expect(intradayPath(aapl, FULL, day, `${number}x`).close).not.toEqual(once.close);
        expect(intradayPath({ ...aapl, id: 'MSFT' }, FULL, day, number).close).not.toEqual(once.close);
      }),
      { numRuns: 50 },
    );
  });
});
