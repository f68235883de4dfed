import { describe, expect, it } from 'vitest';
import type { View } from '#contracts/events/cycle.ts';
import { marketData } from '#core/agents/market-data/market-data.ts';
import type { BarSeries } from '#core/market/bars.ts';
import {
  AAPL,
  type ContextParts,
  contextOf,
  dailyFromCloses,
  drifting,
  intradayFromCloses,
} from '../market-context.ts';

const SESSION = '2018-02-06';

function analyze(daily: BarSeries | null, parts: Partial<ContextParts> = {}) {
  return marketData.analyze(
    contextOf({ session: SESSION, universe: [AAPL], daily: daily === null ? {} : { AAPL: daily }, ...parts }),
    ['AAPL'],
  );
}
function viewOf(daily: BarSeries, parts: Partial<ContextParts> = {}): View {
  const outcome = analyze(daily, parts);
  if (outcome.kind !== 'completed') throw new Error(outcome.reason);
  return outcome.views[0] as View;
}

describe('market-data', () => {
  it('points up in a rising series and down in a falling one', () => {
    const up = viewOf(dailyFromCloses('AAPL', drifting(260, 0.002), SESSION));
    const down = viewOf(dailyFromCloses('AAPL', drifting(260, -0.002), SESSION));

    expect(up.direction).toBeGreaterThan(0.5);
    expect(down.direction).toBeLessThan(-0.5);
    expect(up.confidence).toBeGreaterThan(0.56);
    expect(up.measures['trend']).toBeGreaterThan(0);
    expect(down.measures['momentum.63']).toBeLessThan(0);
  });

  it('has no direction and a coin toss of confidence on a constant series', () => {
    const view = viewOf(
      dailyFromCloses('AAPL', new Array(220).fill(50), SESSION, (close) => ({ high: close, low: close })),
    );

    expect(view.direction).toBe(0);
    expect(view.confidence).toBe(0.5);
    expect(view.measures['volatility.annual']).toBe(0);
    expect(view.measures['volatility.ratio']).toBeNull();
    expect(view.measures['channel.position']).toBeNull();
    expect(view.measures['atr.14']).toBe(0);
  });

  it.each([
    ['no daily bars', null],
    ['1 daily bars; the longest window needs 201', dailyFromCloses('AAPL', [100], SESSION)],
    ['200 daily bars; the longest window needs 201', dailyFromCloses('AAPL', drifting(200, 0), SESSION)],
  ])('abstains with the reason: %s', (reason, daily) => {
    expect(analyze(daily)).toEqual({ kind: 'abstained', reason: `AAPL: ${reason}` });
  });

  it('abstains where a price of its window is not a positive number', () => {
    const daily = dailyFromCloses('AAPL', drifting(260, 0), SESSION);
    daily.low[250] = Number.NaN;
    expect(analyze(daily)).toEqual({
      kind: 'abstained',
      reason: 'AAPL: the low of 2018-01-23 is NaN, not a positive price',
    });
    daily.low[250] = 0;
    expect(analyze(daily)).toMatchObject({ kind: 'abstained' });
  });

  it('does not mind a bad price older than its windows', () => {
    const daily = dailyFromCloses('AAPL', drifting(260, 0.001), SESSION);
    daily.close[3] = Number.NaN;
    expect(viewOf(daily).measures['momentum.126']).not.toBeNull();
  });

  it('abstains when the bars end long before the session, and trusts them less when they end a little before', () => {
    const closes = drifting(260, 0.001);
    expect(analyze(dailyFromCloses('AAPL', closes, '2018-01-10'))).toMatchObject({
      reason: 'AAPL: the last daily bar is 18 sessions behind; at most 5 are usable',
    });
    expect(viewOf(dailyFromCloses('AAPL', closes, '2018-02-02')).dataQuality).toBeCloseTo(0.64);
  });

  it('leaves volume out, without inventing one, where it is unknown or zero', () => {
    for (const volume of [Number.NaN, 0]) {
      const view = viewOf(dailyFromCloses('AAPL', drifting(260, 0.001), SESSION, () => ({ volume })));
      expect(view.measures['volume.signed']).toBeNull();
      expect(view.measures['adv.20']).toBe(volume === 0 ? 0 : null);
      expect(view.evidence.some((field) => field.includes('volume'))).toBe(false);
      expect(view.dataQuality).toBe(0.95);
    }
  });

  it('looks at the running session, and says so where its path is a model', () => {
    const daily = dailyFromCloses('AAPL', drifting(260, 0.001), SESSION);
    const last = daily.close[259] as number;
    const intraday = { AAPL: intradayFromCloses('AAPL', SESSION, last, [last * 0.98, last * 0.95]) };

    const before = viewOf(daily);
    const real = viewOf(daily, { intraday });
    const modelled = viewOf(daily, { intraday, modelled: true });

    expect(before.measures['session.move.sigmas']).toBeNull();
    expect(real.measures['session.move.sigmas']).toBeLessThan(-5);
    expect(real.direction).toBeLessThan(before.direction - 0.1);
    expect(modelled.direction).toBeGreaterThan(real.direction);
    expect(modelled.dataQuality).toBe(0.95);
    expect(real.evidence).toContain('AAPL.intraday.close[-1]');
    expect(modelled.evidence).toContain('AAPL.intraday-modelled.close[-1]');
    expect(real.dataTime).toBe('2018-02-06T15:00:00.000Z');
  });

  it('reads the running session: its average price and the break of its first half hour', () => {
    const daily = dailyFromCloses('AAPL', drifting(260, 0.001), SESSION);
    const last = daily.close[259] as number;
    const measuresOf = (...path: readonly number[]) =>
      viewOf(daily, {
        intraday: {
          AAPL: intradayFromCloses(
            'AAPL',
            SESSION,
            last,
            path.map((step) => last * step),
          ),
        },
      }).measures;

    const broken = measuresOf(1, 1.002, 1.01);
    expect(broken['session.openingBreak']).toBe(1);
    expect(broken['session.vwap.sigmas']).toBeGreaterThan(0);
    expect(measuresOf(1, 1.002, 0.99)['session.openingBreak']).toBe(-1);
    expect(measuresOf(1, 1.002, 1.001)['session.openingBreak']).toBe(0);
    // The range of the first half hour is not known before something follows it.
    expect(measuresOf(1, 1.002)['session.openingBreak']).toBeNull();
  });

  it('distrusts a series with a move far outside its own past', () => {
    const closes = drifting(260, 0.001);
    const split = closes.map((close, at) => (at < 255 ? close : close / 2));
    expect(viewOf(dailyFromCloses('AAPL', split, SESSION)).dataQuality).toBe(0.7);
  });

  it('judges what it can and abstains from the rest', () => {
    const daily = dailyFromCloses('AAPL', drifting(260, 0.001), SESSION);
    const outcome = marketData.analyze(contextOf({ session: SESSION, daily: { AAPL: daily } }), [
      'AAPL',
      'SPX',
    ]);
    expect(outcome).toMatchObject({
      kind: 'completed',
      views: [{ instrument: 'AAPL' }],
      abstentions: [{ instrument: 'SPX', reason: 'no daily bars' }],
    });
  });

  it('abstains when asked about nothing', () => {
    expect(marketData.analyze(contextOf({ session: SESSION, daily: {} }), [])).toEqual({
      kind: 'abstained',
      reason: 'asked about no instrument',
    });
  });
});
