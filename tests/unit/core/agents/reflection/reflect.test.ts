import { describe, expect, it } from 'vitest';
import type { CycleBody } from '#core/agents/context.ts';
import { reflect } from '#core/agents/reflection/reflect.ts';
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
import { assessedOf, consensusOn, openLong, synthesizedOf } from '../../../../support/proposals.ts';

const daily = { AAPL: syntheticDaily('AAPL', { sessions: 700, before: '2018-01-22', volatility: 0.008 }) };
const open = openLong();
const close = openLong({ proposalId: 'close', action: 'close' });

interface Given {
  readonly context?: Partial<ContextOptions>;
  readonly macro?: Partial<CycleBody<'MacroAssessed'>>;
  readonly disagreement?: number | null;
  readonly assessed?: CycleBody<'RiskAssessed'>;
  readonly iteration?: number;
  readonly sources?: readonly string[];
  readonly oppose?: number;
}

function run(given: Given = {}, proposals = [open]) {
  const context = agentContext({ session: '2018-01-22', minute: 60, daily, ...given.context });
  const reflection = reflect(
    context,
    macroAssessed(given.macro),
    marketPublished(context, { AAPL: { referencePrice: 170, disagreement: given.disagreement ?? 0.2 } }),
    synthesizedOf(proposals, given.iteration, given.sources),
    consensusOn(proposals, given.oppose),
    given.assessed ?? assessedOf([{}]),
  );
  expect(() => parseBody(reflection.type, reflection.body)).not.toThrow();
  return reflection;
}

const rejected = assessedOf([{ verdict: 'reject', quantity: '0', reason: 'odds too low' }]);

describe('reflect', () => {
  it('clears what the risk agent accepted, at its size', () => {
    const { type, body } = run();

    expect(type).toBe('DecisionCleared');
    expect(body).toMatchObject({ approved: [{ proposalId: open.proposalId, quantity: '500' }] });
    expect(body.crisisScore).toBeLessThan(0.6);
    expect(Object.keys(body.components)).toEqual([
      'microstructure',
      'divergence',
      'precedents',
      'feasibility',
      'regime',
      'agentBehaviour',
    ]);
  });

  it('shares out the weight of a component without data instead of counting it as calm', () => {
    const short = { AAPL: syntheticDaily('AAPL', { sessions: 100, before: '2018-01-22' }) };

    const { body } = run({
      context: { daily: short },
      macro: { regime: 'crisis' },
      oppose: 2,
      disagreement: 1,
    });

    expect(body.components).toMatchObject({
      microstructure: null,
      precedents: null,
      regime: 1,
      divergence: 1,
    });
    const { feasibility, agentBehaviour } = body.components as Record<string, number>;
    const expected = (0.2 + 0.15 + 0.15 * (feasibility as number) + 0.05 * (agentBehaviour as number)) / 0.55;
    expect(body.crisisScore).toBeCloseTo(expected, 8);
  });

  it('vetoes opening when the present looks like a crisis, and still clears closing', () => {
    const storm = syntheticDaily('AAPL', {
      sessions: 700,
      before: '2018-01-22',
      step: (past, noise) => (past.length < 690 ? 0.008 * noise : 0.05 * noise),
    });
    const given: Given = {
      context: {
        daily: { AAPL: storm },
        account: portfolio({ positions: [longPosition('AAPL', '10', '170')] }),
      },
      macro: { regime: 'crisis' },
      disagreement: 1,
      oppose: 2,
    };

    const alone = run(given);
    const both = run({ ...given, assessed: assessedOf([{}, { proposalId: 'close', quantity: '10' }]) }, [
      open,
      close,
    ]);

    expect(alone.type).toBe('DecisionVetoed');
    expect(alone.type === 'DecisionVetoed' && alone.body.reason).toMatch(
      /crisis score of 0\.\d+ is at or above 0.60/,
    );
    expect(both).toMatchObject({
      type: 'DecisionCleared',
      body: { approved: [{ proposalId: 'close', quantity: '10' }] },
    });
  });

  it('vetoes what a repeat of 1987 would not let the account survive', () => {
    const { type, body } = run({ assessed: assessedOf([{ quantity: '2200' }]) });

    expect(type).toBe('DecisionVetoed');
    expect(type === 'DecisionVetoed' && body).toMatchObject({
      reason: expect.stringMatching(
        /1987-10-19 would cost 76670.00 .* more than 1.5 times the 50000.00 left/,
      ),
    });
  });

  it('counts what is held, and the drawdown already used, against a catastrophe', () => {
    const used = { account: portfolio({ equity: '970000', drawdown: 0.03 }) };
    const holding = { account: portfolio({ positions: [longPosition('MSFT', '3500', '85')] }) };

    expect(run({ context: used }).type).toBe('DecisionCleared');
    expect(run({ context: used, assessed: assessedOf([{ quantity: '1000' }]) }).type).toBe('DecisionVetoed');
    expect(run({ context: holding }).type).toBe('DecisionVetoed');
  });

  it('vetoes when the account is unknown', () => {
    expect(run({ context: { account: null } })).toMatchObject({
      type: 'DecisionVetoed',
      body: { reason: expect.stringContaining('unknown'), scenarios: [] },
    });
  });

  it('asks once for another iteration where the same trade was proposed by other levels too', () => {
    const first = run({ assessed: rejected, sources: ['flow', 'ml'] });
    const second = run({ assessed: rejected, sources: ['flow', 'ml'], iteration: 2 });
    const alone = run({ assessed: rejected });

    expect(first).toMatchObject({ type: 'IterationRequested', body: { exclude: [open.proposalId] } });
    expect(second.type).toBe('DecisionVetoed');
    expect(alone).toMatchObject({
      type: 'DecisionVetoed',
      body: { reason: expect.stringContaining('odds too low') },
    });
  });
});
