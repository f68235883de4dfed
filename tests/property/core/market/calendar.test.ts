import fc from 'fast-check';
import { DateTime } from 'luxon';
import { describe, expect, it } from 'vitest';
import {
  isOpen,
  lastClosedSession,
  newYorkInstant,
  newYorkTime,
  nextClose,
  nextOpen,
  nextSession,
  previousSession,
  sessionAt,
  sessionOn,
  sessionsBetween,
} from '#core/market/calendar.ts';
import { dateOfDay, dayNumber } from '#core/market/civil-date.ts';

const template = fc.constantFrom('us-equity', 'forex', 'crypto');
const instant = fc.integer({
  min: Date.parse('1998-01-10T00:00:00Z'),
  max: Date.parse('2028-12-20T00:00:00Z'),
});
const date = fc.integer({ min: dayNumber('1998-01-10'), max: dayNumber('2028-12-20') }).map(dateOfDay);

describe('the calendars', () => {
  it('agree with themselves at every instant', () => {
    fc.assert(
      fc.property(template, instant, (which, at) => {
        const session = sessionAt(which, at);
        const open = nextOpen(which, at);
        const close = nextClose(which, at);
        const closed = lastClosedSession(which, at);
        expect(isOpen(which, at)).toBe(session !== null);
        expect(open).toBeGreaterThan(at);
        expect(close).toBeGreaterThan(at);
        expect(closed.close).toBeLessThanOrEqual(at);
        expect(sessionAt(which, open)?.open).toBe(open);
        if (session === null) {
          expect(close).toBeGreaterThan(open);
          expect(nextSession(which, closed.date).open).toBe(open);
        } else {
          expect(session.open).toBeLessThanOrEqual(at);
          expect(close).toBe(session.close);
          expect(previousSession(which, session.date)).toBe(closed);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('have sessions in order that never overlap, each under its date', () => {
    fc.assert(
      fc.property(template, date, fc.integer({ min: 0, max: 60 }), (which, from, days) => {
        const to = dateOfDay(dayNumber(from) + days);
        const sessions = sessionsBetween(which, from, to > '2028-12-31' ? '2028-12-31' : to);
        sessions.forEach((session, i) => {
          expect(session.close).toBeGreaterThan(session.open);
          expect(sessionOn(which, session.date)).toBe(session);
          expect(sessionAt(which, session.close - 1)).toBe(session);
          if (i > 0) expect(session.open).toBeGreaterThanOrEqual(sessions[i - 1]?.close ?? 0);
        });
      }),
      { numRuns: 200 },
    );
  });
});

describe('New York time', () => {
  it('goes there and back, as the time zone database has it', () => {
    fc.assert(
      fc.property(instant, (at) => {
        const minute = Math.floor(at / 60_000) * 60_000;
        const local = newYorkTime(minute);
        const reference = DateTime.fromMillis(minute, { zone: 'America/New_York' });
        expect(`${local.date} ${local.hour}:${local.minute}`).toBe(reference.toFormat('yyyy-MM-dd H:m'));
        const back = newYorkInstant(local.date, local.hour, local.minute);
        // In the hour that happens twice the first is meant.
        expect(back === minute || back === minute - 3_600_000).toBe(true);
        expect(newYorkTime(back)).toEqual(local);
      }),
      { numRuns: 1_000 },
    );
  });
});
