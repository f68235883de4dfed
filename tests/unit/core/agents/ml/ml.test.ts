import { describe, expect, it } from 'vitest';
import { featureRow } from '#core/agents/ml/features.ts';
import { forecastDirection, ML_MINIMUM_SESSIONS } from '#core/agents/ml/forecast-direction.ts';
import { mlStrategist } from '#core/agents/ml/ml.ts';
import { sliceBars } from '#core/market/bars.ts';
import {
  agentContext,
  longPosition,
  macroAssessed,
  marketPublished,
  parseBody,
  portfolio,
  syntheticDaily,
} from '../../../../support/agent-context.ts';

/** A market that reverts: after a week's fall it rises. Only such a market may be spoken of. */
const reverting = (seed: string) =>
  syntheticDaily('AAPL', {
    sessions: 1300,
    before: '2018-01-22',
    seed,
    step: (past, noise) => -0.35 * past.slice(-5).reduce((sum, value) => sum + value, 0) + 0.01 * noise,
  });
const noise = (seed: string) =>
  syntheticDaily('AAPL', { sessions: 1300, before: '2018-01-22', seed, drift: 0 });

function propose(daily: ReturnType<typeof noise>, account = portfolio()) {
  const context = agentContext({ session: '2018-01-22', minute: 60, daily: { AAPL: daily }, account });
  return mlStrategist.propose(context, macroAssessed(), marketPublished(context));
}

describe('forecastDirection', () => {
  it('finds a planted pattern out of sample', () => {
    const forecasts = ['a', 'b', 'c', 'd'].map((seed) => forecastDirection(reverting(seed)));

    expect(forecasts.filter((forecast) => forecast?.skill.passed).length).toBeGreaterThanOrEqual(3);
  });

  it('finds nothing in noise, about as often as its significance says', () => {
    const passed = Array.from({ length: 16 }, (_, seed) => forecastDirection(noise(String(seed)))).filter(
      (forecast) => forecast?.skill.passed,
    );

    expect(passed.length).toBeLessThanOrEqual(3);
  });

  it('is made by one model from the first day of a quarter to the last, however far the history has slid', () => {
    const bars = reverting('a');
    const skillAt = (end: number) => forecastDirection(sliceBars(bars, end - 1260, end))?.skill;
    // 13 sessions of January stand at the end, 63 of the last quarter of 2017 before them.
    const [first, last] = [1300 - 13 - 63 + 1, 1300 - 13];

    expect(skillAt(first)).toBeDefined();
    expect(skillAt(last)).toEqual(skillAt(first));
    expect(skillAt(first - 1)).not.toEqual(skillAt(first));
    expect(skillAt(last + 1)).not.toEqual(skillAt(last));
  });

  it('has a model that rests on no bar of the quarter it forecasts', () => {
    const bars = reverting('a');
    const known = forecastDirection(bars);
    const close = bars.close.map((value, index) => (index >= 1287 && index < 1295 ? value * 1.5 : value));

    const forecast = forecastDirection({ ...bars, close });

    expect(forecast?.skill).toEqual(known?.skill);
    expect(forecast?.probability).not.toBe(known?.probability);
  });

  it('needs fewer bars than it says on no day of a quarter', () => {
    const bars = noise('a');
    const forecasts = Array.from({ length: 70 }, (_, back) =>
      forecastDirection(sliceBars(bars, 1300 - back - ML_MINIMUM_SESSIONS, 1300 - back)),
    );

    expect(forecasts).not.toContain(null);
  });

  it('rests on no later bar: a corrupted future leaves the features of a bar as they were', () => {
    const bars = reverting('a');
    const spoil = (column: Float64Array) => column.map((value, index) => (index > 1199 ? value * 3 : value));
    const spoilt = {
      ...bars,
      close: spoil(bars.close),
      high: spoil(bars.high),
      low: spoil(bars.low),
      volume: spoil(bars.volume),
    };

    expect(featureRow(spoilt, 1199)).toEqual(featureRow(bars, 1199));
    expect(featureRow(spoilt, 1200)).not.toEqual(featureRow(bars, 1200));
  });

  it('is undefined where a volume is unknown', () => {
    const bars = noise('a');
    const volume = bars.volume.slice();
    volume[volume.length - 1] = Number.NaN;

    expect(forecastDirection({ ...bars, volume })).toBeNull();
  });
});

describe('mlStrategist', () => {
  it('abstains with the measured skill when it is not above chance', () => {
    const outcome = propose(noise('0'));

    expect(outcome).toMatchObject({
      kind: 'abstained',
      reason: expect.stringMatching(
        /not above chance out of sample: Brier skill -?\d\.\d+ over \d+ .* p = \d/,
      ),
    });
  });

  it('abstains on too short a history', () => {
    expect(propose(sliceBars(noise('0'), 0, 500))).toMatchObject({
      reason: expect.stringContaining('AAPL has 500 daily bars'),
    });
  });

  it('opens on a skilled forecast, closes when it turns, stays silent in between', () => {
    const bars = reverting('a');
    const held = portfolio({ positions: [longPosition('AAPL', '100', '100')] });
    let opened = 0;
    let closed = 0;
    for (let end = 1290; end < 1300; end++) {
      const known = sliceBars(bars, 0, end);
      const probability = forecastDirection(known)?.probability ?? 0.5;
      const flat = propose(known);
      const holding = propose(known, held);
      for (const outcome of [flat, holding]) {
        if (outcome.kind === 'proposed') {
          expect(() =>
            parseBody('StrategyProposed', { agent: 'ml', agentVersion: '1', ...outcome }),
          ).not.toThrow();
        }
      }
      if (flat.kind === 'proposed') {
        opened++;
        expect(probability).toBeGreaterThanOrEqual(0.58);
        expect(flat.proposals[0]).toMatchObject({ action: 'open', direction: 'long' });
      }
      if (holding.kind === 'proposed') {
        closed++;
        expect(probability).toBeLessThanOrEqual(0.42);
        expect(holding.proposals[0]).toMatchObject({ action: 'close' });
      }
    }
    expect(opened).toBeGreaterThan(0);
    expect(closed).toBeGreaterThan(0);
    expect(opened + closed).toBeLessThan(10);
  });
});
