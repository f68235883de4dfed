import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FlowRules } from '#core/agents/flow/flow-rules.ts';
import { scoreCandidates } from '#core/agents/macro/ranking.ts';
import { logCloses } from '#core/agents/multi-instrument/cointegration.ts';
import { pullbacksInUptrend, riskAdjustedMomentum } from '#core/agents/multi-instrument/rotation.ts';
import { tradeRecord } from '#core/agents/strategy/trade-record.ts';
import { type BarSeries, barAt, barSeries, sliceBars } from '#core/market/bars.ts';
import { syntheticDaily } from '../../../support/agent-context.ts';

const ALL = 420;
const PLAN = { nearestStop: 2, farthestStop: 3, target: 1.5, horizonSessions: 12, swingSessions: 20 };

/** Everything that is remembered by bar, of a few bars of a series, those near its ends among them. */
function saidOf(bars: BarSeries, indexes: readonly number[]) {
  const flow = new FlowRules(bars);
  const isPullback = pullbacksInUptrend(bars);
  const near = [0, 21, 22, 65, 66, 251, 252, 271, 272, bars.length - 1];
  return {
    bars: [...near, ...indexes]
      .filter((index) => index < bars.length)
      .map((index) => ({
        imbalance: flow.imbalance(index),
        follow: flow.fires('follow', index),
        pullback: isPullback(index),
        momentum: riskAdjustedMomentum(bars, index),
      })),
    fades: [...bars.close.keys()].filter((index) => flow.fires('fade', index)),
    follows: tradeRecord(bars, (index) => flow.fires('follow', index), PLAN, 'long'),
    shorts: tradeRecord(bars, isPullback, PLAN, 'short'),
    logs: [...logCloses(bars).value],
    scored: scoreCandidates([{ instrument: 'A', closeTime: bars.closeTime, close: bars.close }], null),
  };
}

const copyOf = (bars: BarSeries): BarSeries =>
  barSeries(
    bars.instrument,
    bars.interval,
    Array.from({ length: bars.length }, (_, index) => barAt(bars, index)),
  );

const view = fc
  .tuple(fc.nat(ALL - 1), fc.nat(ALL - 1))
  .map(([one, other]) => [Math.min(one, other), Math.max(one, other) + 1] as const);

describe('what agents remember of past bars', () => {
  it('says of any view what a copy says that was never seen, whatever was asked before, later bars among it', () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 4 }),
        fc.array(view, { minLength: 1, maxLength: 5 }),
        fc.array(fc.nat(ALL - 1), { maxLength: 5 }),
        (seed, views, indexes) => {
          const whole = syntheticDaily('AAPL', { sessions: ALL, before: '2018-01-22', seed });
          for (const [from, to] of [[0, ALL] as const, ...views]) {
            const bars = sliceBars(whole, from, to);
            expect(saidOf(bars, indexes)).toEqual(saidOf(copyOf(bars), indexes));
          }
        },
      ),
      { numRuns: 25 },
    );
  });
});
