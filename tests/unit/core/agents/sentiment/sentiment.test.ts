import { describe, expect, it } from 'vitest';
import type { View } from '#contracts/events/cycle.ts';
import { readFear, sentiment } from '#core/agents/sentiment/sentiment.ts';
import { contextOf, dailyFromCloses, drifting } from '../market-context.ts';

const SESSION = '2018-02-06';
const calm = drifting(320, 0.0005);
/** The same, with a month that falls hard at the end. */
const afraid = calm.map((close, at) => (at < 310 ? close : close * 0.97 ** (at - 309)));

function viewOf(aapl: readonly number[], spx: readonly number[] | null): View {
  const outcome = sentiment.analyze(
    contextOf({
      session: SESSION,
      daily: {
        AAPL: dailyFromCloses('AAPL', aapl, SESSION),
        ...(spx === null ? {} : { SPX: dailyFromCloses('SPX', spx, SESSION) }),
      },
    }),
    ['AAPL'],
  );
  if (outcome.kind !== 'completed') throw new Error(outcome.reason);
  return outcome.views[0] as View;
}

describe('sentiment from volatility', () => {
  it('is named for what it is', () => {
    expect(viewOf(calm, calm).method).toBe('sentiment-from-volatility');
  });

  it('falls with the fear of the instrument, of the market, and most of both', () => {
    const both = viewOf(afraid, afraid).direction;
    const own = viewOf(afraid, calm).direction;
    const market = viewOf(calm, afraid).direction;
    const none = viewOf(calm, calm).direction;
    expect(both).toBeLessThan(-0.7);
    expect(Math.max(own, market)).toBeLessThan(none - 0.2);
    expect(Math.min(own, market)).toBeGreaterThan(both + 0.2);
  });

  it('trusts itself less where the benchmark is missing', () => {
    expect(viewOf(calm, calm).dataQuality).toBe(0.8);
    expect(viewOf(calm, null).dataQuality).toBe(0.64);
    expect(viewOf(calm, null).measures['benchmark.fear.level']).toBeNull();
  });

  it('reads a rise in volatility and losses as fear, and gains as its opposite', () => {
    const up = readFear(
      Float64Array.from(calm, (close, at) => (at < 310 ? close : close * 1.03 ** (at - 309))),
    );
    const down = readFear(Float64Array.from(afraid));
    expect(down?.asymmetry).toBeLessThan(-0.5);
    expect(up?.asymmetry).toBeGreaterThan(0.5);
    expect(down?.level).toBeCloseTo(-1, 1);
  });

  it('is neutral on a constant series', () => {
    expect(readFear(new Float64Array(320).fill(7))).toMatchObject({
      level: 0,
      change: null,
      asymmetry: null,
    });
    expect(viewOf(new Array(320).fill(7), null)).toMatchObject({ direction: 0, confidence: 0.5 });
  });

  it('abstains with both reasons where there is neither text nor a year of bars', () => {
    const daily = { AAPL: dailyFromCloses('AAPL', drifting(100, 0), SESSION) };
    expect(sentiment.analyze(contextOf({ session: SESSION, daily }), ['AAPL'])).toEqual({
      kind: 'abstained',
      reason:
        'AAPL: no text, put/call or volatility-index source, and no sentiment from volatility: 100 daily bars; the longest window needs 274',
    });
  });
});
