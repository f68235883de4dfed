import { describe, expect, test } from 'vitest';
import type { TradingStanding } from '#core/portfolio/trading-standing.ts';
import { SimulatedOperator } from '#core/simulation/simulated-operator.ts';

const standing = (state: TradingStanding['state'], since: string): TradingStanding => ({
  state,
  since,
  reason: 'the account has fallen',
  coolOffUntil: null,
  warned: true,
});

describe('a simulated operator', () => {
  test('asks from the given session after the stop on, each session until trading goes on', () => {
    const operator = new SimulatedOperator(3);
    const reducing = standing('REDUCING', '2018-01-23T15:00:00.000Z');
    expect([1, 2, 3, 4].map(() => operator.isDue(reducing))).toEqual([false, false, true, true]);
    expect(operator.isDue(standing('ACTIVE', '2018-01-29T11:00:00.000Z'))).toBe(false);
  });

  test('counts anew from each stop, also from the halt that a fall goes on to', () => {
    const operator = new SimulatedOperator(2);
    const reducing = standing('REDUCING', '2018-01-23T15:00:00.000Z');
    const halted = standing('HALTED', '2018-01-24T15:00:00.000Z');
    expect([reducing, halted, halted].map((one) => operator.isDue(one))).toEqual([false, false, true]);
    expect(operator.isDue(standing('REDUCING', '2018-02-05T15:00:00.000Z'))).toBe(false);
  });

  test('gives a name and a reason that a resumption takes', () => {
    expect(new SimulatedOperator(1).resumer).toEqual({
      by: 'simulated operator',
      reason: 'resumes from 1 session after a drawdown step on',
    });
  });
});
