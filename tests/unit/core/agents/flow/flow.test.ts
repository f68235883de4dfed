import { describe, expect, it } from 'vitest';
import { packagedBars } from '#adapters/market-data/packaged-bars.ts';
import { flowStrategist } from '#core/agents/flow/flow.ts';
import { FlowRules, latestFlow } from '#core/agents/flow/flow-rules.ts';
import { closeLocation, moneyFlow, trailingRank, volumeProfile } from '#core/agents/flow/volume-measures.ts';
import { type Bar, type BarSeries, barAt, barSeries, sliceBars } from '#core/market/bars.ts';
import {
  agentContext,
  type ContextOptions,
  longPosition,
  macroAssessed,
  marketPublished,
  parseBody,
  portfolio,
  syntheticDaily,
} from '../../../../support/agent-context.ts';

const walk = syntheticDaily('AAPL', { sessions: 700, before: '2018-01-22', drift: 0.0008, volatility: 0.01 });

/** The walk with its last `count` sessions closing at the high (or the low) of a wide range on heavy volume. */
function pressed(count: number, side: 'buying' | 'selling'): BarSeries {
  const rows = Array.from({ length: walk.length }, (_, index): Bar => barAt(walk, index));
  let close = rows[walk.length - count - 1]?.close ?? 100;
  for (const [index, row] of rows.entries()) {
    if (index < walk.length - count) continue;
    const open = close;
    close *= side === 'buying' ? 1.002 : 0.996;
    const wide = side === 'buying' ? open * 0.995 : open * 1.005;
    rows[index] = {
      ...row,
      open,
      close,
      high: Math.max(open, close, wide),
      low: Math.min(open, close, wide),
      volume: 2e7,
    };
  }
  return barSeries('AAPL', { unit: 'session' }, rows);
}

function propose(daily: BarSeries, changes: Partial<ContextOptions> = {}) {
  const context = agentContext({ session: '2018-01-22', minute: 60, daily: { AAPL: daily }, ...changes });
  return flowStrategist.propose(context, macroAssessed(), marketPublished(context));
}

const series = (rows: readonly (readonly [number, number, number, number])[]) =>
  barSeries(
    'AAPL',
    { unit: 'session' },
    rows.map(([high, low, close, volume], index) => ({
      openTime: index,
      closeTime: index + 1,
      open: close,
      high,
      low,
      close,
      volume,
    })),
  );

describe('volume measures', () => {
  it('locates a close in its range', () => {
    expect([
      closeLocation(10, 8, 10),
      closeLocation(10, 8, 8),
      closeLocation(10, 8, 9),
      closeLocation(9, 9, 9),
    ]).toEqual([1, -1, 0, 0]);
  });

  it('weighs money flow by volume, by hand', () => {
    const bars = series([
      [10, 8, 10, 100],
      [10, 8, 8, 300],
      [10, 8, 9, 100],
    ]);

    expect([0, 1, 2].map((index) => moneyFlow(bars, 2, index))).toEqual([Number.NaN, -0.5, -0.75]);
  });

  it('leaves money flow undefined where a volume is unknown', () => {
    const bars = series([
      [10, 8, 10, 100],
      [10, 8, 8, Number.NaN],
    ]);

    expect(moneyFlow(bars, 2, 1)).toBeNaN();
  });

  it('ranks a value among those before it', () => {
    const values = Float64Array.of(1, 2, 3, 0);

    expect([2, 3].map((index) => trailingRank(values, 3, index))).toEqual([2.5 / 3, 0.5 / 3]);
  });

  it('finds the price at which most was traded', () => {
    const profile = volumeProfile(
      series([
        [124, 100, 110, 240],
        [105.5, 105.1, 105.3, 1000],
      ]),
      60,
    );

    expect(profile?.pointOfControl).toBeCloseTo(105.5, 9);
    expect(profile?.valueLow).toBeLessThanOrEqual(105);
    expect(volumeProfile(series([[10, 10, 10, 5]]), 60)).toBeNull();
    expect(volumeProfile(series([[11, 10, 10, Number.NaN]]), 60)).toBeNull();
  });
});

/** What the rules say of the bars of a series from one on. */
const said = (bars: BarSeries, from: number, to: number, rules = new FlowRules(bars)) =>
  Array.from({ length: to - from }, (_, at) => {
    const index = from + at;
    return {
      imbalance: rules.imbalance(index),
      unusual: rules.unusualVolume(index),
      value: rules.value(index),
      follow: rules.fires('follow', index),
      fade: rules.fires('fade', index),
    };
  });

describe('FlowRules', () => {
  it('depend on no later bar', () => {
    expect(said(sliceBars(walk, 0, 500), 0, 500)).toEqual(said(walk, 0, 500));
  });

  it.each([100, 300, 700])('say of the last of %i bars the same from the part that this takes', (length) => {
    const bars = sliceBars(walk, 0, length);
    const { fires, imbalance, unusualVolume, value } = latestFlow(bars);

    expect([
      { imbalance, unusual: unusualVolume, value, follow: fires('follow'), fade: fires('fade') },
    ]).toEqual(said(bars, length - 1, length));
  });

  it('fire in some bars of the real index, a wave of selling rarely', () => {
    const rules = new FlowRules(sliceBars(packagedBars('SPX-PROXY', 'split-adjusted').series, 0, 1500));
    const count = (rule: 'follow' | 'fade') =>
      Array.from({ length: 1500 }, (_, index) => rules.fires(rule, index)).filter(Boolean).length;

    expect([count('follow'), count('fade')]).toEqual([397, 4]);
  });
});

describe('flowStrategist', () => {
  it('follows persistent buying with levels on the tick and a measured confidence', () => {
    const outcome = propose(pressed(15, 'buying'));

    expect(outcome.kind).toBe('proposed');
    if (outcome.kind !== 'proposed') return;
    expect(() =>
      parseBody('StrategyProposed', { agent: 'flow', agentVersion: '1', ...outcome }),
    ).not.toThrow();
    const [proposal] = outcome.proposals;
    expect(proposal).toMatchObject({
      proposalId: 'cycle:2018-01-22:60/flow/AAPL/open',
      method: 'flow-follow',
      direction: 'long',
    });
    expect(Number(proposal?.invalidation)).toBeLessThan(Number(proposal?.entry));
    expect(Number(proposal?.target)).toBeGreaterThan(Number(proposal?.entry));
    expect(proposal?.entry).toMatch(/^\d+(\.\d{1,2})?$/);
    expect(proposal?.confidence).toBeLessThan(1);
  });

  it('does not chase a price that has run away from the signal', () => {
    const daily = pressed(15, 'buying');
    const context = agentContext({ session: '2018-01-22', minute: 60, daily: { AAPL: daily } });
    const last = daily.close[daily.length - 1] as number;
    const market = marketPublished(context, { AAPL: { referencePrice: last * 1.05 } });

    expect(flowStrategist.propose(context, macroAssessed(), market)).toMatchObject({
      kind: 'abstained',
      reason: expect.stringContaining('not chased'),
    });
  });

  it('gives up a long only when selling persists and the price is below value', () => {
    const since = (openedAt: string) => {
      const position = longPosition('AAPL', '100', '100');
      const layers = position.layers.map((layer) => ({ ...layer, openedAt }));
      return { account: portfolio({ positions: [{ ...position, layers }] }) };
    };

    const selling = propose(pressed(25, 'selling'), since('2017-12-01T15:00:00.000Z'));
    const buying = propose(pressed(15, 'buying'), since('2017-12-01T15:00:00.000Z'));
    const boughtAgainstIt = propose(pressed(25, 'selling'), since('2018-01-22T15:00:00.000Z'));

    expect(selling).toMatchObject({
      kind: 'proposed',
      proposals: [{ action: 'close', method: 'flow-abandon' }],
    });
    expect(buying.kind).toBe('abstained');
    expect(boughtAgainstIt).toMatchObject({
      kind: 'abstained',
      reason: expect.stringContaining('is no news'),
    });
  });

  it.each([
    ['a short history', sliceBars(walk, 0, 200), /200 daily bars; at least 273/],
    ['unknown volume', { ...walk, volume: new Float64Array(walk.length).fill(Number.NaN) }, /unknown volume/],
  ])('abstains on %s', (_name, daily, reason) => {
    expect(propose(daily)).toMatchObject({ kind: 'abstained', reason: expect.stringMatching(reason) });
  });

  it('abstains without a tradable instrument', () => {
    expect(propose(walk, { daily: {} })).toEqual({
      kind: 'abstained',
      reason: 'no tradable instrument has data',
    });
  });
});
