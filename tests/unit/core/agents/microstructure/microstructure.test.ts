import { describe, expect, it } from 'vitest';
import type { View } from '#contracts/events/cycle.ts';
import { microstructure } from '#core/agents/microstructure/microstructure.ts';
import {
  abdiRanaldoSpread,
  amihudIlliquidity,
  bulkVolumeImbalance,
  corwinSchultzSpread,
  invarianceSpread,
  rollSpread,
  squareRootImpact,
} from '#core/agents/microstructure/spread-estimators.ts';
import { type Bar, barSeries } from '#core/market/bars.ts';
import { AAPL, contextOf, dailyFromCloses, drifting, instrumentOf } from '../market-context.ts';

const SESSION = '2018-02-06';
const bars = (rows: readonly Partial<Bar>[]) =>
  barSeries(
    'AAPL',
    { unit: 'session' },
    rows.map((row, at) => ({
      openTime: at,
      closeTime: at + 1,
      open: 100,
      high: 100,
      low: 100,
      close: 100,
      volume: 1_000,
      ...row,
    })),
  );

describe('spread estimators', () => {
  const spread = 0.01;
  const ask = 100 * (1 + spread / 2);
  const bid = 100 * (1 - spread / 2);

  it('Corwin–Schultz finds the spread where highs and lows are only ask and bid', () => {
    expect(corwinSchultzSpread(bars(new Array(21).fill({ high: ask, low: bid })))).toBeCloseTo(spread, 10);
  });

  it('Corwin–Schultz takes an overnight gap out of the range', () => {
    const gapped = bars([
      { high: ask, low: bid, close: bid },
      { high: ask + 5, low: bid + 5, close: 105 },
    ]);
    // The second day is moved back until its low meets the close before: the gap itself is no spread.
    expect(corwinSchultzSpread(gapped)).toBeCloseTo(spread, 10);
    const fallen = bars([
      { high: ask, low: bid, close: ask },
      { high: ask - 5, low: bid - 5, close: 95 },
    ]);
    expect(corwinSchultzSpread(fallen)).toBeCloseTo(spread, 10);
  });

  it('Abdi–Ranaldo finds the spread where closes bounce between bid and ask', () => {
    const rows = Array.from({ length: 20 }, (_, at) => ({
      high: ask,
      low: bid,
      close: at % 2 === 0 ? ask : bid,
    }));
    expect(abdiRanaldoSpread(bars(rows))).toBeCloseTo(spread, 4);
  });

  it('Roll finds the spread of a random bounce and is undefined in a trend', () => {
    // A linear congruential sequence stands for independent sides of the quote.
    let state = 1;
    const sides = Array.from({ length: 4_000 }, () => {
      state = (state * 48271) % 2147483647;
      return state % 2 === 0 ? 1 : -1;
    });
    expect(rollSpread(Float64Array.from(sides, (side) => 100 * (1 + (side * spread) / 2)))).toBeCloseTo(
      spread,
      3,
    );
    const rising = Float64Array.from({ length: 30 }, (_, at) => 100 * Math.exp(at * at * 1e-4));
    expect(rollSpread(rising)).toBeUndefined();
  });

  it('Amihud is return per million traded, and undefined without trading', () => {
    const rows = [{ close: 100 }, { close: 100 * Math.exp(0.02), volume: 1e6 }];
    expect(amihudIlliquidity(bars(rows))).toBeCloseTo(0.02 / (100 * Math.exp(0.02)), 12);
    expect(amihudIlliquidity(bars(rows.map((row) => ({ ...row, volume: 0 }))))).toBeUndefined();
  });

  it('invariance gives the benchmark stock its 16.42 basis points and a more active one less', () => {
    expect(invarianceSpread(0.02, 40e6)).toBeCloseTo(0.001642, 12);
    expect(invarianceSpread(0.02, 320e6)).toBeCloseTo(0.000821, 12);
    expect(invarianceSpread(0, 40e6)).toBeUndefined();
  });

  it('impact grows with the square root of participation', () => {
    expect(squareRootImpact(0.02, 0.04)).toBeCloseTo(2 * squareRootImpact(0.02, 0.01), 12);
  });

  it('bulk classification gives rising volume to buyers', () => {
    const rising = bars([{ close: 100 }, { close: 103, volume: 9_000 }, { close: 102, volume: 100 }]);
    expect(bulkVolumeImbalance(rising)).toBeGreaterThan(0.5);
    expect(bulkVolumeImbalance(bars(new Array(5).fill({})))).toBeUndefined();
  });
});

describe('microstructure', () => {
  const analyze = (daily: ReturnType<typeof dailyFromCloses>, instrument = AAPL) =>
    microstructure.analyze(
      contextOf({ session: SESSION, universe: [instrument], daily: { [instrument.id]: daily } }),
      [instrument.id],
    );

  it.each([
    ['zero', 0],
    ['unknown', Number.NaN],
  ])('abstains where volume is %s', (_, volume) => {
    expect(analyze(dailyFromCloses('AAPL', drifting(200, 0), SESSION, () => ({ volume })))).toEqual({
      kind: 'abstained',
      reason: 'AAPL: no volume over the last 120 sessions',
    });
  });

  it('abstains on an index, which is not traded itself', () => {
    const index = instrumentOf('NDX', { assetClass: 'index', tradable: false });
    expect(analyze(dailyFromCloses('NDX', drifting(200, 0), SESSION), index)).toEqual({
      kind: 'abstained',
      reason: 'NDX: an index has no quotes or trades of its own',
    });
  });

  it('sees buying where closes stand at the high on volume, selling where at the low', () => {
    const at = (where: 'high' | 'low') =>
      dailyFromCloses('AAPL', drifting(200, where === 'high' ? 0.002 : -0.002), SESSION, (close) => ({
        high: where === 'high' ? close : close * 1.02,
        low: where === 'high' ? close * 0.98 : close,
      }));
    const directionOf = (where: 'high' | 'low') => {
      const outcome = analyze(at(where));
      if (outcome.kind !== 'completed') throw new Error(outcome.reason);
      return (outcome.views[0] as View).direction;
    };
    expect(directionOf('high')).toBeGreaterThan(0.25);
    expect(directionOf('low')).toBeLessThan(-0.25);
  });

  it('never states a spread below one tick', () => {
    const huge = dailyFromCloses('AAPL', drifting(200, 0, 2), SESSION, () => ({ volume: 1e12 }));
    const outcome = analyze(huge);
    if (outcome.kind !== 'completed') throw new Error(outcome.reason);
    const view = outcome.views[0] as View;
    expect(view.measures['spread.invariance']).toBeLessThan(0.001);
    expect(view.measures['spread.fraction']).toBeGreaterThanOrEqual(0.004);
  });

  it('is defined on constant prices with volume', () => {
    const outcome = analyze(
      dailyFromCloses('AAPL', new Array(200).fill(10), SESSION, () => ({ high: 10, low: 10 })),
    );
    expect(outcome).toMatchObject({
      kind: 'completed',
      views: [
        { direction: 0, confidence: 0.5, measures: { 'spread.fraction': null, 'flow.bulkImbalance': null } },
      ],
    });
  });
});
