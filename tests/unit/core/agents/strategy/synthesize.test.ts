import { describe, expect, it } from 'vitest';
import type { Proposal } from '#contracts/events/cycle.ts';
import type { CycleBody } from '#core/agents/context.ts';
import { strategyOpinionist } from '#core/agents/strategy/strategy-opinion.ts';
import { type StrategyAnswer, type SynthesisOptions, synthesize } from '#core/agents/strategy/synthesize.ts';
import { type Bar, barSeries } from '#core/market/bars.ts';
import { DEFAULT_RISK_POLICY } from '#core/risk/policy.ts';
import {
  agentContext,
  type ContextOptions,
  longPosition,
  macroAssessed,
  marketPublished,
  newYorkSession,
  parseBody,
  portfolio,
  syntheticDaily,
} from '../../../../support/agent-context.ts';
import { dossierOf, openLong, synthesizedOf } from '../../../../support/proposals.ts';

const daily = { AAPL: syntheticDaily('AAPL', { sessions: 60, before: '2018-01-22', start: 170 }) };
const proposed = (agent: string, ...proposals: Proposal[]): StrategyAnswer => ({
  kind: 'proposed',
  eventId: `00000000-0000-4000-8000-${String(agent.length).padStart(12, '0')}`,
  agent,
  proposals,
});

interface Given {
  readonly context?: Partial<ContextOptions>;
  readonly macro?: Partial<CycleBody<'MacroAssessed'>>;
  readonly view?: Partial<CycleBody<'MarketViewPublished'>['instruments'][number]>;
  readonly options?: Partial<SynthesisOptions>;
}

function run(answers: readonly StrategyAnswer[], given: Given = {}) {
  const context = agentContext({ session: '2018-01-22', minute: 60, daily, ...given.context });
  const body = synthesize(
    context,
    macroAssessed(given.macro),
    marketPublished(context, { AAPL: { referencePrice: 170, ...given.view } }),
    answers,
    ['ml'],
    { iteration: 1, exclude: [], ...given.options },
  );
  expect(() => parseBody('ProposalSynthesized', body)).not.toThrow();
  return body;
}

const flow = openLong();
const rotation = openLong({
  proposalId: 'cycle:test/multi-instrument/AAPL/open',
  strategy: 'multi-instrument',
  confidence: 0.6,
});
const held = { account: portfolio({ positions: [longPosition('AAPL', '500', '170')] }) };
const close = openLong({ proposalId: 'cycle:test/flow/AAPL/close', action: 'close', confidence: 0.7 });
const onlyReason = (body: CycleBody<'ProposalSynthesized'>) => {
  expect(body.proposals).toEqual([]);
  return body.dropped[0]?.reason;
};

describe('synthesize', () => {
  it('lets the strongest of the proposals that agree lead and names the others as its sources', () => {
    const body = run([proposed('multi-instrument', rotation), proposed('flow', flow)]);

    expect(body.proposals).toHaveLength(1);
    expect(body.proposals[0]).toMatchObject({
      proposalId: flow.proposalId,
      rank: 1,
      sources: ['flow', 'multi-instrument'],
    });
    expect(body.proposals[0]?.confidence).toBeCloseTo((0.62 * 0.62 + 0.6 * 0.6) / 1.22, 9);
    expect(body.dropped).toEqual([
      { proposalId: rotation.proposalId, reason: `agrees with ${flow.proposalId}, which leads` },
    ]);
    expect(body).toMatchObject({ answered: ['flow', 'multi-instrument'], missing: ['ml'] });
  });

  it('gives the same result in whatever order answers arrive', () => {
    const answers = [
      proposed('flow', flow, close),
      proposed('multi-instrument', rotation),
      {
        kind: 'abstained',
        eventId: '00000000-0000-4000-8000-000000000099',
        agent: 'ml',
        reason: 'no skill',
      } as const,
    ];

    expect(run([...answers].reverse())).toEqual(run(answers));
  });

  it('follows measured weights rather than stated confidence', () => {
    const weights = { 'multi-instrument': 0.9, flow: 0.1 };

    const body = run([proposed('flow', flow), proposed('multi-instrument', rotation)], {
      context: { weights },
    });

    expect(body.proposals[0]?.proposalId).toBe(rotation.proposalId);
  });

  it.each<[string, Given, RegExp]>([
    ['in a crisis', { macro: { regime: 'crisis' } }, /crisis: no new longs/],
    ['in a bear market, unless sure', { macro: { regime: 'bear' } }, /needs a confidence of 0.65/],
    ['against the market view', { view: { direction: -0.5, confidence: 0.6 } }, /market view is against it/],
    ['what is held already', { context: held }, /already held in this direction/],
    ['while reducing', { context: { account: portfolio({ tradingState: 'REDUCING' }) } }, /REDUCING/],
    ['what reflection excluded', { options: { exclude: [flow.proposalId] } }, /at the request of reflection/],
    [
      'while an entry is working',
      {
        context: {
          pendingEntries: [{ instrument: 'AAPL', intentId: 'I-1' }],
        },
      },
      /already working \(I-1\)/,
    ],
    [
      'directly after a stop-out',
      { options: { recentExits: [{ instrument: 'AAPL', session: '2018-01-22', by: 'stop' }] } },
      /ended in this session \(by stop\)/,
    ],
  ])('opens nothing %s', (_name, given, reason) => {
    expect(onlyReason(run([proposed('flow', flow)], given))).toMatch(reason);
  });

  it('opens again in the session after a stop-out', () => {
    const body = run([proposed('flow', flow)], {
      options: { recentExits: [{ instrument: 'AAPL', session: '2018-01-19', by: 'stop' }] },
    });

    expect(body.proposals).toHaveLength(1);
  });

  it('reads a stop-out from the tape when nobody reports it', () => {
    const { open } = newYorkSession('2018-01-22');
    const bar = (index: number, high: number, low: number): Bar => ({
      openTime: open + index * 300_000,
      closeTime: open + (index + 1) * 300_000,
      open: high,
      high,
      low,
      close: low,
      volume: 1000,
    });
    const fallen = barSeries('AAPL', { unit: 'minute', count: 5 }, [bar(0, 175, 174), bar(1, 174, 169.9)]);
    const risen = barSeries('AAPL', { unit: 'minute', count: 5 }, [bar(0, 170, 169.9), bar(1, 175, 174)]);

    const afterBars = (intraday: typeof fallen) =>
      run([proposed('flow', flow)], { context: { intraday: { AAPL: intraday } } });

    expect(onlyReason(afterBars(fallen))).toMatch(/already moved 5.10 against it/);
    expect(afterBars(risen).proposals).toHaveLength(1);
  });

  it('opens no shorts unless the policy allows them', () => {
    const short = openLong({ direction: 'short', invalidation: '175', target: '164' });

    expect(onlyReason(run([proposed('flow', short)]))).toMatch(/allows no short selling/);
  });

  it('nets what points both ways: the stronger side wins, an even split trades nothing', () => {
    const policy = { ...DEFAULT_RISK_POLICY, shortSelling: true };
    const short = (confidence: number) =>
      openLong({ proposalId: 'short', strategy: 'ml', direction: 'short', confidence });
    const both = (confidence: number) =>
      run([proposed('flow', flow), proposed('ml', short(confidence))], { context: { policy } });

    expect(both(0.3).proposals.map(({ proposalId }) => proposalId)).toEqual([flow.proposalId]);
    expect(both(0.3).dropped).toEqual([
      { proposalId: 'short', reason: 'netted against stronger evidence for long' },
    ]);
    expect(both(0.6).proposals).toEqual([]);
    expect(both(0.6).dropped.map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/the evidence is split: net 0.02 is below 0.15/),
      'netted against stronger evidence for long',
    ]);
  });

  it('puts at most three opens to the vote, and every close', () => {
    const names = ['AAPL', 'XLK', 'XLE', 'XLF', 'XLV'];
    const many = Object.fromEntries(
      names.map((id) => [id, syntheticDaily(id, { sessions: 60, before: '2018-01-22', start: 170 })]),
    );
    const opens = names
      .slice(1)
      .map((instrument, index) =>
        openLong({ proposalId: instrument, instrument, confidence: 0.6 + index / 100 }),
      );

    const body = run([proposed('flow', close, ...opens)], { context: { ...held, daily: many } });

    expect(body.proposals.map(({ proposalId }) => proposalId)).toEqual([
      close.proposalId,
      'XLV',
      'XLF',
      'XLE',
    ]);
    expect(body.dropped).toEqual([{ proposalId: 'XLK', reason: 'not among the 3 best' }]);
  });

  it('closes what is held, and nothing that is not', () => {
    expect(run([proposed('flow', close)], { context: held }).proposals[0]).toMatchObject({ action: 'close' });
    expect(onlyReason(run([proposed('flow', close)]))).toMatch(/nothing is held/);
  });

  it('carries out the plan at its target and at its horizon without any strategist', () => {
    const target = run([], { context: held, view: { referencePrice: 180 } });
    const horizon = run([], { context: { ...held, session: '2018-02-16' } });

    expect(target.proposals[0]).toMatchObject({ action: 'close', strategy: 'strategy' });
    expect(target.proposals[0]?.rationale[0]).toMatch(/target of 180 is reached/);
    expect(horizon.proposals[0]?.rationale[0]).toMatch(/held for 19 sessions/);
    expect(run([], { context: held }).proposals).toEqual([]);
  });
});

describe('strategyOpinionist', () => {
  const voteOf = (proposal: Proposal, sources?: readonly string[]) => {
    const context = agentContext({ session: '2018-01-22', minute: 60, daily });
    const synthesized = synthesizedOf([proposal], 1, sources);
    return strategyOpinionist.opine(dossierOf(context, marketPublished(context), synthesized)).opinions[0];
  };

  it('supports by the record’s odds and more when seconded', () => {
    expect(voteOf(openLong())).toMatchObject({ vote: 'support', confidence: 0.62 });
    expect(voteOf(openLong(), ['flow', 'ml'])?.confidence).toBeCloseTo(0.65, 9);
  });

  it('opposes a plan that wins often and loses more', () => {
    expect(voteOf(openLong({ target: '171' }))).toMatchObject({ vote: 'oppose' });
    expect(voteOf(openLong({ measures: { expectedR: -0.1 } }))).toMatchObject({ vote: 'oppose' });
  });

  it('supports closing what is no longer supported', () => {
    expect(voteOf(close)).toMatchObject({ vote: 'support', confidence: 0.7 });
  });
});
