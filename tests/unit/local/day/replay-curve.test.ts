import { describe, expect, it } from 'vitest';
import type { EventData } from '#contracts/registry.ts';
import { judgePlausibility } from '#core/analytics/performance/plausibility.ts';
import { replayCurve } from '#local/day/replay-curve.ts';
import { deskEvent, intentOf, OPEN, SESSION } from '../../../support/desk-events.ts';

const MINUTE = 60_000;
function revalued(minutes: number, equity: string) {
  const data: EventData<'PortfolioRevalued'> = {
    session: SESSION,
    cause: 'bar',
    instrument: null,
    equity,
    cash: equity,
    realized: '0',
    unrealized: '0',
    fees: '0',
    highWater: equity,
    drawdown: 0,
    dayPnl: '0',
    grossExposure: '0',
    tradingState: 'ACTIVE',
    openPositions: 0,
    positions: [],
    volume: '0',
  };
  return deskEvent('PortfolioRevalued', data, { occurredAt: OPEN + minutes * MINUTE });
}
const other = deskEvent('OrderPlanned', { intent: intentOf() });

describe('the curve of a replay', () => {
  it('are the revaluations in order of time, the last of each instant', () => {
    const curve = replayCurve([revalued(2, '102'), other, revalued(1, '100.5'), revalued(2, '101.25')]);
    expect(Array.from(curve.time)).toEqual([OPEN + MINUTE, OPEN + 2 * MINUTE]);
    expect(Array.from(curve.equity)).toEqual([100.5, 101.25]);
  });
  it('ends where nothing is left, so that it can be judged', () => {
    const curve = replayCurve([revalued(1, '100'), revalued(2, '-1'), revalued(3, '5')]);
    expect(Array.from(curve.equity)).toEqual([100, -1]);
    expect(judgePlausibility(curve)).toEqual({ kind: 'plausible' });
  });
  it('is judged like every other result', () => {
    const curve = replayCurve([revalued(1, '100'), revalued(24 * 60, '350')]);
    expect(judgePlausibility(curve)).toMatchObject({ kind: 'implausible', causes: [{ kind: 'growth' }] });
  });
  it('of no revaluation is empty', () => {
    expect(replayCurve([other]).time).toHaveLength(0);
  });
});
