import { describe, expect, it } from 'vitest';
import { playedBars } from '#local/day/played-bars.ts';
import { realTape } from '#local/day/real-tape.ts';
import { intradayHistory } from '#local/paper-gateway/history.ts';
import { SessionBars } from '#local/paper-gateway/session-bars.ts';

const { instruments } = await playedBars(['AAPL'], null);
const tape = realTape(instruments, 'seed');
const [apple] = tape.instruments;
const LATE = Date.UTC(2018, 0, 22, 16);

describe('a request that reaches behind the first day of the tape', () => {
  const sessions = new SessionBars(tape);

  it.each([
    ['ends there', 0, Date.UTC(1970, 0, 1)],
    ['begins there', 0, LATE],
    ['begins before the calendar does', -1e13, LATE],
  ])('%s and gets the sessions there are', (_what, from, to) => {
    const first = sessions.daily('AAPL').openTime[0] as number;
    const found = sessions.sessions('AAPL', from, to);
    expect(found.length > 0).toBe(to === LATE);
    expect(found.every(({ closeTime }) => closeTime > first)).toBe(true);
  });

  it('in years of minutes is no error', () => {
    if (apple === undefined) throw new Error('the tape has no instrument');
    const end = (sessions.daily('AAPL').openTime[3] as number) + 1;
    expect(
      intradayHistory(sessions, apple, end, { kind: 'sessions', count: 999_999 }, 60).length,
    ).toBeGreaterThan(0);
    expect(intradayHistory(sessions, apple, 0, { kind: 'span', millis: 60_000 }, 1)).toEqual([]);
  });
});
