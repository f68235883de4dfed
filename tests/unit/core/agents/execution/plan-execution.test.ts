import { describe, expect, it } from 'vitest';
import { orderPlanned } from '#contracts/events/orders.ts';
import type { CycleBody } from '#core/agents/context.ts';
import { executionOpinionist } from '#core/agents/execution/execution-opinion.ts';
import { planExecution } from '#core/agents/execution/plan-execution.ts';
import { instantText } from '#core/values/clock.ts';
import {
  agentContext,
  type ContextOptions,
  longPosition,
  marketPublished,
  portfolio,
  syntheticDaily,
} from '../../../../support/agent-context.ts';
import { assessedOf, clearedOf, dossierOf, openLong, synthesizedOf } from '../../../../support/proposals.ts';

const daily = { AAPL: syntheticDaily('AAPL', { sessions: 300, before: '2018-01-22', start: 170 }) };

function given(changes: Partial<ContextOptions> = {}, quantity = '500', spread: number | null = null) {
  const context = agentContext({ session: '2018-01-22', minute: 60, daily, ...changes });
  const market = marketPublished(context, {
    AAPL: {
      referencePrice: 170,
      referenceAt: instantText(context.asOf),
      measures: { 'spread.fraction': spread },
    },
  });
  const proposal = openLong({ entry: '170', invalidation: '165', target: '176' });
  const synthesized = synthesizedOf([proposal]);
  return { context, market, proposal, synthesized, quantity };
}

function plan(changes?: Partial<ContextOptions>, quantity?: string, spread?: number | null) {
  const setting = given(changes, quantity, spread);
  const cleared = clearedOf({ [setting.proposal.proposalId]: setting.quantity });
  return planExecution(setting.context, setting.market, setting.synthesized, cleared, assessedOf([]));
}

describe('planExecution', () => {
  it('enters by a marketable limit with a resting stop', () => {
    const { intents, declined } = plan();

    expect(declined).toEqual([]);
    expect(orderPlanned.safeParse({ intent: intents[0] }).success).toBe(true);
    expect(intents[0]).toMatchObject({
      intentId: 'I-20180122-1030-AAPL-1',
      positionId: 'I-20180122-1030-AAPL-1',
      purpose: 'entry',
      side: 'BUY',
      quantity: '500',
      orderType: 'LMT',
      limitPrice: '170.34',
      protectiveStop: '165',
      initialRisk: '5',
      closes: null,
      plannedAt: '2018-01-22T15:30:00.000Z',
      expiresAt: '2018-01-22T15:35:00.000Z',
    });
  });

  it('cuts the order to a tenth of the expected volume and says what is left out', () => {
    const { intents, declined } = plan({}, '90000');

    const [intent] = intents;
    expect(Number(intent?.quantity)).toBeLessThanOrEqual(Math.floor(0.1 * (intent?.expectedVolume ?? 0)));
    expect(declined[0]?.reason).toMatch(/units are left out: more than 10 % of the expected volume/);
  });

  it('declines what would slip more than the policy allows', () => {
    const { intents, declined } = plan({}, '500', 0.004);

    expect(intents).toEqual([]);
    expect(declined[0]?.reason).toMatch(/expected slippage of 0\.2\d+ % is above the 0\.10 % allowed/);
  });

  it.each([
    ['before the open', { minute: -30 }, /before the open/],
    ['in the last minutes', { minute: 386 }, /4 min are left/],
    ['while reducing', { account: portfolio({ tradingState: 'REDUCING' }) }, /trading is REDUCING/],
    ['without history', { daily: {} }, /0 daily bars/],
  ])('opens nothing %s', (_name, changes, reason) => {
    const { intents, declined } = plan(changes);

    expect(intents).toEqual([]);
    expect(declined[0]?.reason).toMatch(reason);
  });

  it('opens nothing where the price is already beyond the stop', () => {
    const { context, synthesized, proposal } = given();
    const market = marketPublished(context, {
      AAPL: { referencePrice: 164.9, referenceAt: instantText(context.asOf) },
    });
    const cleared = clearedOf({ [proposal.proposalId]: '500' });

    const { intents, declined } = planExecution(context, market, synthesized, cleared, assessedOf([]));

    expect(intents).toEqual([]);
    expect(declined[0]?.reason).toMatch(/already beyond the protective stop/);
  });

  it('opens nothing at a price from before the open', () => {
    const { context, synthesized, proposal } = given();
    const cleared = clearedOf({ [proposal.proposalId]: '500' });

    const plan = planExecution(context, marketPublished(context), synthesized, cleared, assessedOf([]));

    expect(plan).toMatchObject({
      intents: [],
      declined: [{ reason: expect.stringContaining('before the open') }],
    });
  });

  it('closes each layer by a market order of its own, even in the last minutes', () => {
    const position = longPosition('AAPL', '500', '170');
    const [layer] = position.layers;
    const account = portfolio({
      tradingState: 'REDUCING',
      positions: [
        {
          ...position,
          quantity: '800',
          layers: [
            ...position.layers,
            { ...layer, intentId: `${layer?.intentId}-L2`, quantity: '300' } as NonNullable<typeof layer>,
          ],
        },
      ],
    });
    const { context, market } = given({ minute: 387, account });
    const close = openLong({ action: 'close', proposalId: 'close' });

    const { intents } = planExecution(
      context,
      market,
      synthesizedOf([close]),
      clearedOf({ close: '800' }),
      assessedOf([]),
    );

    expect(
      intents.map(({ side, quantity, orderType, closes }) => ({ side, quantity, orderType, closes })),
    ).toEqual([
      { side: 'SELL', quantity: '500', orderType: 'MKT', closes: layer?.intentId },
      { side: 'SELL', quantity: '300', orderType: 'MKT', closes: `${layer?.intentId}-L2` },
    ]);
    expect(new Set(intents.map(({ intentId }) => intentId)).size).toBe(2);
    for (const intent of intents) expect(orderPlanned.safeParse({ intent }).success).toBe(true);
  });

  it('says so when something was cleared that nobody proposed', () => {
    const { context, market, synthesized } = given();
    const cleared: CycleBody<'DecisionCleared'> = clearedOf({ unknown: '1' });

    expect(planExecution(context, market, synthesized, cleared, assessedOf([])).declined).toEqual([
      { proposalId: 'unknown', reason: 'cleared, but not among the synthesized proposals' },
    ]);
  });
});

describe('executionOpinionist', () => {
  const voteOf = (changes: Partial<ContextOptions>, spread: number | null = null) => {
    const { context, market, synthesized } = given(changes, '500', spread);
    return executionOpinionist.opine(dossierOf(context, market, synthesized)).opinions[0];
  };

  it('supports what can be done cheaply, opposes what cannot, and cannot tell before the open', () => {
    expect(voteOf({})).toMatchObject({ vote: 'support' });
    expect(voteOf({}, 0.004)).toMatchObject({ vote: 'oppose' });
    expect(voteOf({ minute: 386 })).toMatchObject({ vote: 'oppose' });
    expect(voteOf({ minute: -30 })).toMatchObject({ vote: 'abstain' });
    expect(voteOf({ account: null })).toMatchObject({ vote: 'abstain' });
  });
});
