import { describe, expect, test } from 'vitest';
import { blockMoments, sharpeOfBlocks } from '#core/analytics/validation/block-moments.ts';
import { overfittingProbability } from '#core/analytics/validation/overfitting-probability.ts';
import { parkMiller, sevenTrials } from './park-miller.ts';

const blocksOf = (trials: readonly Float64Array[], blocks: number) =>
  trials.map((returns) => blockMoments(returns, blocks));

describe('probability of backtest overfitting', () => {
  test('agrees with a computation by numpy 2 and scipy 1.17 from whole columns', () => {
    const { probability, probabilityOfLoss, degradation, logits } = overfittingProbability(
      blocksOf(sevenTrials, 8),
    );
    expect(logits.length).toBe(70);
    expect(probability).toEqual({ kind: 'value', value: 48 / 70 });
    expect(probabilityOfLoss).toEqual({ kind: 'value', value: 10 / 70 });
    expect(degradation).toEqual({ kind: 'value', value: expect.closeTo(-0.7110330248760804, 11) });
    expect(logits.reduce((sum, logit) => sum + logit, 0) / 70).toBeCloseTo(-0.20547872993477273, 12);
  });

  test('is zero where one trial is better everywhere', () => {
    const better = sevenTrials.map((returns, trial) =>
      returns.map((item) => item + (trial === 2 ? 0.02 : 0)),
    );
    expect(overfittingProbability(blocksOf(better, 8)).probability).toEqual({ kind: 'value', value: 0 });
  });

  test('is one where what is good in one half is bad in the other', () => {
    const noise = parkMiller(3, 40);
    const swinging = [1, -1].map((sign) =>
      noise.map((item, i) => 0.01 * item + (i < 20 ? sign : -sign) * 0.05),
    );
    const { probability, probabilityOfLoss } = overfittingProbability(blocksOf(swinging, 2));
    expect(probability).toEqual({ kind: 'value', value: 1 });
    expect(probabilityOfLoss).toEqual({ kind: 'value', value: 1 });
  });

  test('equal trials share their rank: a choice between them is worth the median', () => {
    const [one = new Float64Array()] = sevenTrials;
    const { logits, degradation } = overfittingProbability(blocksOf([one, one, one], 4));
    expect([...logits]).toEqual(Array(6).fill(0));
    expect(degradation.kind).toBe('value');
  });

  test('a trial that holds nothing counts as a Sharpe ratio of zero', () => {
    const idle = new Float64Array(160);
    const { probability } = overfittingProbability(blocksOf([idle, ...sevenTrials], 8));
    expect(probability.kind).toBe('value');
    expect(overfittingProbability(blocksOf([idle, idle], 8))).toMatchObject({
      degradation: { kind: 'undefined' },
    });
  });

  test('undefined by reason for fewer than two trials and for constant returns', () => {
    expect(overfittingProbability([]).probability).toMatchObject({ kind: 'undefined' });
    expect(overfittingProbability(blocksOf(sevenTrials.slice(0, 1), 8)).probability).toMatchObject({
      kind: 'undefined',
    });
    const constant = new Float64Array(160).fill(0.01);
    expect(overfittingProbability(blocksOf([constant, ...sevenTrials], 8)).probability).toEqual({
      kind: 'undefined',
      reason: 'the returns of trial 0 are constant, but not zero, in half of the blocks',
    });
  });

  test('blocks that do not match or cannot be halved are faults', () => {
    const [one = new Float64Array(), two = new Float64Array()] = sevenTrials;
    expect(() => overfittingProbability(blocksOf([one, two], 7))).toThrow('7 blocks are not an even number');
    expect(() => overfittingProbability([blockMoments(one, 8), blockMoments(two, 4)])).toThrow(
      'trial 1 is cut into other blocks',
    );
    expect(() => blockMoments(one, 81)).toThrow('blocks 81 is not a whole number of 1 to 80');
    expect(() => blockMoments(Float64Array.of(1, Number.NaN), 1)).toThrow('return NaN at 1');
  });
});

test('the Sharpe ratio of blocks is that of their returns together', () => {
  const returns = sevenTrials[4] ?? new Float64Array();
  const both = [...returns.slice(0, 20), ...returns.slice(60, 80)];
  const mean = both.reduce((sum, item) => sum + item, 0) / 40;
  const deviation = Math.sqrt(both.reduce((sum, item) => sum + (item - mean) ** 2, 0) / 39);
  expect(sharpeOfBlocks(blockMoments(returns, 8), [0, 3])).toBeCloseTo(mean / deviation, 13);
});
