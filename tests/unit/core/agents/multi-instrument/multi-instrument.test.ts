import { describe, expect, it } from 'vitest';
import {
  alignPair,
  dickeyFuller,
  type LogCloses,
  logCloses,
  testCointegration,
  withSharedCalendars,
} from '#core/agents/multi-instrument/cointegration.ts';
import { multiInstrumentStrategist } from '#core/agents/multi-instrument/multi-instrument.ts';
import {
  commonCloses,
  equalRiskWeights,
  returnCovariance,
} from '#core/agents/multi-instrument/risk-parity.ts';
import { type BarSeries, barAt, barSeries, sliceBars } from '#core/market/bars.ts';
import { seededRandom } from '#core/values/random.ts';
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

const base = (id: string, options: Partial<Parameters<typeof syntheticDaily>[1]> = {}) =>
  syntheticDaily(id, { sessions: 700, before: '2018-01-22', ...options });

/** A partner whose log price is the other's plus a spread that halves every few sessions. */
function partner(of: BarSeries, finalSpread: number): BarSeries {
  const random = seededRandom(7);
  let spread = 0;
  const rows = Array.from({ length: of.length }, (_, index) => {
    spread = index === of.length - 1 ? finalSpread : 0.8 * spread + 0.006 * random.normal();
    const bar = barAt(of, index);
    const factor = Math.exp(spread);
    return {
      ...bar,
      open: bar.open * factor,
      high: bar.high * factor,
      low: bar.low * factor,
      close: bar.close * factor,
    };
  });
  return barSeries('AAPL', { unit: 'session' }, rows);
}

function propose(daily: Readonly<Record<string, BarSeries>>, changes: Partial<ContextOptions> = {}) {
  const context = agentContext({ session: '2018-01-22', minute: 60, daily, ...changes });
  const outcome = multiInstrumentStrategist.propose(context, macroAssessed(), marketPublished(context));
  if (outcome.kind === 'proposed') {
    expect(() =>
      parseBody('StrategyProposed', { agent: 'multi-instrument', agentVersion: '1', ...outcome }),
    ).not.toThrow();
  }
  return outcome;
}

function aligned(left: BarSeries, right: BarSeries, sessions: number) {
  const [one, other] = withSharedCalendars([logCloses(left), logCloses(right)]);
  return alignPair(one as LogCloses, other as LogCloses, sessions);
}

describe('cointegration', () => {
  it('finds a pair that belongs together, with its half-life', () => {
    const market = base('XLK');
    const test = testCointegration(aligned(partner(market, 0), market, 630), 126);

    expect(test?.cointegrated).toBe(true);
    expect(test?.slope).toBeCloseTo(1, 1);
    expect(test?.halfLife).toBeGreaterThan(1.5);
    expect(test?.halfLife).toBeLessThan(6);
  });

  it('is rarely fooled by independent walks', () => {
    const found = Array.from({ length: 40 }, (_, seed) => {
      const pair = aligned(base('AAPL', { seed: `l${seed}` }), base('XLK', { seed: `r${seed}` }), 630);
      return testCointegration(pair, 126)?.cointegrated === true;
    });

    expect(found.filter(Boolean).length).toBeLessThanOrEqual(3);
  });

  it('does not trust a pair that came apart in the holdout', () => {
    const market = base('XLK');
    const apart = partner(market, 0);
    const close = apart.close.map((value, index) => (index >= apart.length - 126 ? value * 1.3 : value));

    const test = testCointegration(aligned({ ...apart, close }, market, 630), 126);

    expect(test?.formationT).toBeLessThan(test?.formationCritical as number);
    expect(test?.cointegrated).toBe(false);
  });

  it('aligns by session and leaves out what only one side has', () => {
    const full = base('XLK');
    const pair = aligned(full, sliceBars(full, 100, 400), 1000);

    expect(pair.left).toHaveLength(300);
    expect(pair.closeTime[0]).toBe(full.closeTime[100]);
    expect(pair.left).toEqual(pair.right);
    expect(testCointegration(pair, 126)).toBeNull();
  });

  it('leaves out the sessions in which one of both has no positive price', () => {
    const full = base('XLK');
    const close = full.close.slice();
    close.set([0, Number.NaN, -1], full.length - 4);

    const pair = aligned({ ...full, close }, full, 100);

    expect([...pair.closeTime.slice(-2)]).toEqual(
      [full.length - 5, full.length - 1].map((index) => full.closeTime[index]),
    );
    expect(pair.left).toHaveLength(100);
    expect(pair.left).toEqual(pair.right);
  });

  it('takes the same sessions whether or not they have to be searched for', () => {
    const full = base('XLK');
    const close = full.close.slice();
    close[full.length - 120] = 0;
    const gapped = { ...full, close };
    const searched = aligned(gapped, full, 200);
    const atOnce = aligned(gapped, full, 100);

    expect(searched.left).toHaveLength(200);
    for (const name of ['closeTime', 'left', 'right'] as const)
      expect(searched[name].slice(-100)).toEqual(atOnce[name].slice());
    expect(aligned(full, sliceBars(full, 0, full.length - 1), 100).closeTime[99]).toBe(
      full.closeTime[full.length - 2],
    );
  });

  it('estimates the root of a reverting series', () => {
    const random = seededRandom(3);
    let value = 0;
    const { root, t } = dickeyFuller(
      Float64Array.from({ length: 5000 }, () => {
        value = 0.9 * value + random.normal();
        return value;
      }),
    );

    expect(root).toBeCloseTo(-0.1, 1);
    expect(t).toBeLessThan(-10);
  });
});

describe('equalRiskWeights', () => {
  it('is inverse volatility for two instruments, whatever their correlation', () => {
    const weights = equalRiskWeights(Float64Array.of(0.04, 0.012, 0.012, 0.01), 2);

    expect([...weights]).toEqual([expect.closeTo(1 / 3, 9), expect.closeTo(2 / 3, 9)]);
  });

  it('gives every one of several the same share of the variance', () => {
    const covariance = returnCovariance(
      ['a', 'b', 'c', 'd'].map(
        (seed, index) => base('AAPL', { seed, volatility: 0.005 * (index + 1) }).close,
      ),
      250,
    );

    const weights = equalRiskWeights(covariance, 4);

    const shares = [...weights].map(
      (weight, i) =>
        weight * [...weights].reduce((sum, other, j) => sum + other * (covariance[i * 4 + j] as number), 0),
    );
    for (const share of shares) expect(share / (shares[0] as number)).toBeCloseTo(1, 6);
    expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
  });

  it('is measured on the sessions that all have', () => {
    const left = base('AAPL');
    const right = base('XLK');
    const holes = barSeries(
      'XLK',
      { unit: 'session' },
      Array.from({ length: right.length }, (_, index) => barAt(right, index)).filter(
        (_, index) => index % 3 !== 0,
      ),
    );

    const [a, b] = commonCloses([left, holes], 30);

    expect(a).toHaveLength(30);
    expect(b).toEqual(holes.close.slice(-30));
    expect(a?.at(-1)).toBe(left.close[left.length - ((left.length - 1) % 3 === 0 ? 2 : 1)]);
    expect(commonCloses([], 30)).toEqual([]);
  });

  it('refuses what does not move', () => {
    expect(() => equalRiskWeights(Float64Array.of(0), 1)).toThrow(/variance 0 is 0/);
  });
});

describe('multiInstrumentStrategist', () => {
  const strong = base('AAPL', {
    step: (past, noise) =>
      0.0015 + 0.006 * noise - 0.2 * past.slice(-5).reduce((sum, value) => sum + value, -0.0075),
  });
  const weak = base('XLK', { drift: -0.0005 });

  it('rotates into the stronger of two at a pullback, never into the weaker', () => {
    const outcomes = Array.from({ length: 30 }, (_, back) =>
      propose({ AAPL: sliceBars(strong, 0, 700 - back), XLK: sliceBars(weak, 0, 700 - back) }),
    );

    const proposals = outcomes.flatMap((outcome) => (outcome.kind === 'proposed' ? outcome.proposals : []));
    expect(proposals.length).toBeGreaterThan(0);
    for (const proposal of proposals) {
      expect(proposal).toMatchObject({
        instrument: 'AAPL',
        action: 'open',
        method: 'multi-instrument-rotation',
      });
      expect(proposal.measures['equalRiskWeight']).toBeGreaterThan(0.5);
    }
  });

  it('buys only the best third of four or more, however strong the rest', () => {
    const like = (id: string): BarSeries => ({ ...strong, instrument: id });
    const outcomes = Array.from({ length: 30 }, (_, back) =>
      propose(
        Object.fromEntries(
          ['AAPL', 'XLE', 'XLF', 'XLK', 'XLV'].map((id) => [id, sliceBars(like(id), 0, 700 - back)]),
        ),
      ),
    );

    for (const outcome of outcomes) {
      if (outcome.kind === 'proposed') expect(outcome.proposals.length).toBeLessThanOrEqual(2);
    }
    expect(outcomes.some(({ kind }) => kind === 'proposed')).toBe(true);
  });

  it('buys the cheap leg of a cointegrated pair and says that it is directional', () => {
    const market = base('XLK', { drift: 0.0015, volatility: 0.006 });

    const outcome = propose({ AAPL: partner(market, -0.03), XLK: market });

    const reasons = outcome.kind === 'proposed' ? outcome.proposals.map(({ rationale }) => rationale[0]) : [];
    expect(reasons[0]).toMatch(/AAPL is \d\.\d+ deviations cheap against XLK.*directional/);
  });

  it('gives up what lost its trend and keeps what did not', () => {
    const hold = (bars: BarSeries, openedAt = '2017-10-02T15:00:00.000Z') => {
      const position = longPosition('AAPL', '10', '100');
      const layers = position.layers.map((layer) => ({ ...layer, openedAt }));
      return propose({ AAPL: bars }, { account: portfolio({ positions: [{ ...position, layers }] }) });
    };
    const falling = base('AAPL', {
      step: (past, noise) => (past.length < 620 ? 0.002 : -0.004) + 0.005 * noise,
    });

    expect(hold(falling)).toMatchObject({ kind: 'proposed', proposals: [{ action: 'close' }] });
    expect(hold(falling, '2018-01-19T15:00:00.000Z')).toMatchObject({ kind: 'abstained' });
    expect(hold(strong)).toMatchObject({ kind: 'abstained', reason: expect.stringContaining('not lost') });
  });

  it('abstains with the reason on too little data', () => {
    expect(propose({ AAPL: sliceBars(strong, 0, 100) })).toMatchObject({
      kind: 'abstained',
      reason: expect.stringContaining('100 daily bars'),
    });
  });
});
