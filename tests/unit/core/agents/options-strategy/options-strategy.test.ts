import { describe, expect, it } from 'vitest';
import { STRATEGY_ANALYZERS } from '#contracts/agents.ts';
import { optionsStrategist } from '#core/agents/options-strategy/options-strategy.ts';
import { STRATEGISTS } from '#core/agents/strategists.ts';
import {
  agentContext,
  macroAssessed,
  marketPublished,
  syntheticDaily,
} from '../../../../support/agent-context.ts';

describe('optionsStrategist', () => {
  it('abstains for want of a chain and names whose', () => {
    const daily = { AAPL: syntheticDaily('AAPL', { sessions: 5, before: '2018-01-22' }) };
    const context = agentContext({ session: '2018-01-22', minute: 60, daily });

    const outcome = optionsStrategist.propose(context, macroAssessed(), marketPublished(context));

    expect(outcome).toMatchObject({
      kind: 'abstained',
      reason: expect.stringContaining('no option chain for AAPL'),
    });
  });

  it('is one of the four that the contract names', () => {
    expect(STRATEGISTS.map(({ agent }) => agent)).toEqual([...STRATEGY_ANALYZERS]);
  });
});
