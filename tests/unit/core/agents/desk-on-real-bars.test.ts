import { beforeAll, describe, expect, it } from 'vitest';
import { orderPlanned } from '#contracts/events/orders.ts';
import { agentContext, modelledSession, realDaily } from '../../../support/agent-context.ts';
import { type ReplayResult, replay, runCycle } from '../../../support/desk-replay.ts';

/**
 * The deciding agents on real daily bars (AAPL, S&P 500) over the fall of February 2018, with modelled paths inside the
 * days: what a trader would look at first. The thresholds are the desk's defaults; nothing here is fitted to the outcome.
 */
describe('the default desk from 2018-01-22 to 2018-02-16', () => {
  let result: ReplayResult;
  beforeAll(() => {
    result = replay({
      instruments: ['AAPL', 'SPX-PROXY'],
      from: '2018-01-22',
      to: '2018-02-16',
      every: 75,
    });
  });
  const entries = () => result.book.executions.filter(({ purpose }) => purpose === 'entry');

  it('trades a handful of times, first within the first sessions, and not every cycle', () => {
    expect(entries().length).toBeGreaterThanOrEqual(2);
    expect(entries().length).toBeLessThanOrEqual(8);
    expect(Date.parse(entries()[0]?.at ?? '')).toBeLessThan(Date.parse('2018-01-26'));
  });

  it('adds only layers smaller than the one before, and sells nothing that it does not hold', () => {
    const held = new Map<string, number>();
    let last = Number.NaN;
    for (const { instrument, side, quantity, purpose } of result.book.executions) {
      if (purpose === 'pyramid') expect(quantity).toBeLessThan(last);
      last = quantity;
      held.set(instrument, (held.get(instrument) ?? 0) + (side === 'BUY' ? quantity : -quantity));
      expect(held.get(instrument)).toBeGreaterThanOrEqual(0);
    }
  });

  it('opens nothing in the crisis and keeps the fall far from the drawdown limit', () => {
    const crises = result.traces.filter(({ macro }) => macro.regime === 'crisis');

    expect(crises.length).toBeGreaterThan(0);
    expect(crises.flatMap(({ intents }) => intents).filter(({ purpose }) => purpose === 'entry')).toEqual([]);
    expect(result.maximumDrawdown).toBeLessThan(0.03);
  });

  it('plans only what was accepted by real rules, within every limit', () => {
    const planned = result.traces.flatMap(({ intents, assessed }) =>
      intents.map((intent) => ({ intent, assessed })),
    );

    expect(planned.length).toBeGreaterThan(0);
    for (const { intent, assessed } of planned) {
      expect(orderPlanned.safeParse({ intent }).success).toBe(true);
      const assessment = assessed?.assessments.find(({ proposalId }) => proposalId === intent.proposalId);
      expect(assessment?.verdict).toBe('accept');
      if (intent.purpose === 'entry') {
        expect(assessment?.probabilityOfProfit).toBeGreaterThanOrEqual(0.6);
        expect(Number(intent.quantity) * Number(intent.referencePrice)).toBeLessThanOrEqual(151_000);
        expect(intent.expectedSlippage).toBeLessThanOrEqual(0.001);
      }
    }
  });

  it('has every strategist say why, where it proposes nothing', () => {
    const reasons = result.traces.flatMap(({ answers }) =>
      answers.flatMap((answer) => (answer.kind === 'abstained' ? [`${answer.agent}: ${answer.reason}`] : [])),
    );

    expect(reasons.some((reason) => /^ml: the model of AAPL is not above chance.*p = \d/.test(reason))).toBe(
      true,
    );
    expect(reasons.some((reason) => /^options-strategy: no option chain for AAPL/.test(reason))).toBe(true);
  });
});

describe('one decision cycle', () => {
  it('decides the same from the same context, byte for byte', () => {
    const ids = ['AAPL', 'SPX', 'SPX-PROXY'] as const;
    const of = <T>(make: (id: string) => T) => Object.fromEntries(ids.map((id) => [id, make(id)]));
    const decide = () => {
      const { synthesized, rounds, assessed, intents } = runCycle(
        agentContext({
          session: '2018-01-25',
          minute: 15,
          daily: of(realDaily),
          intraday: of((id) => modelledSession(id, '2018-01-25')),
        }),
      );
      const votes = rounds.map((round) => round.map(({ voter, opinions }) => ({ voter, opinions })));
      return JSON.stringify({ proposals: synthesized.proposals, votes, assessed, intents });
    };

    expect(decide()).toBe(decide());
  });
});
