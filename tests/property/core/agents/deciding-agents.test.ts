import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { orderPlanned } from '#contracts/events/orders.ts';
import { planExecution } from '#core/agents/execution/plan-execution.ts';
import { reflect } from '#core/agents/reflection/reflect.ts';
import { assessRisk } from '#core/agents/risk/assess-risk.ts';
import { STRATEGISTS } from '#core/agents/strategists.ts';
import { type StrategyAnswer, synthesize } from '#core/agents/strategy/synthesize.ts';
import { type Bar, barAt, barSeries } from '#core/market/bars.ts';
import { instantText } from '#core/values/clock.ts';
import {
  agentContext,
  longPosition,
  macroAssessed,
  marketPublished,
  parseBody,
  portfolio,
  syntheticDaily,
} from '../../../support/agent-context.ts';
import { consensusOn, openLong, synthesizedOf } from '../../../support/proposals.ts';

/** Histories as they should not be: short, flat, without volume, without range, far too wild. */
const history = fc
  .record({
    sessions: fc.constantFrom(1, 2, 21, 260, 320, 800),
    seed: fc.string({ maxLength: 4 }),
    volatility: fc.constantFrom(0.0001, 0.01, 0.08),
    drift: fc.constantFrom(-0.003, 0, 0.003),
    flaw: fc.constantFrom(
      'none' as const,
      'flat' as const,
      'no volume' as const,
      'zero volume' as const,
      'no range' as const,
    ),
    start: fc.constantFrom(0.02, 5, 170, 90000),
  })
  .map(({ flaw, ...options }) => {
    const bars = syntheticDaily('AAPL', { before: '2018-01-22', ...options });
    const spoil: Readonly<Record<typeof flaw, (row: Bar) => Bar>> = {
      none: (row) => row,
      flat: (row) => ({ ...row, open: 10, high: 10, low: 10, close: 10 }),
      'no volume': (row) => ({ ...row, volume: Number.NaN }),
      'zero volume': (row) => ({ ...row, volume: 0 }),
      'no range': (row) => ({ ...row, open: row.close, high: row.close, low: row.close }),
    };
    const rows = Array.from({ length: bars.length }, (_, index) => spoil[flaw](barAt(bars, index)));
    return barSeries('AAPL', { unit: 'session' }, rows);
  });

const account = fc.option(
  fc
    .record({
      equity: fc.integer({ min: 0, max: 5_000_000 }),
      loss: fc.double({ min: 0, max: 0.06, noNaN: true }),
      held: fc.boolean(),
      tradingState: fc.constantFrom('ACTIVE' as const, 'REDUCING' as const, 'HALTED' as const),
    })
    .map(({ equity, loss, held, tradingState }) =>
      portfolio({
        equity: String(equity),
        highWater: (equity / (1 - loss)).toFixed(2),
        drawdown: loss,
        tradingState,
        grossExposure: held ? '17000' : '0',
        positions: held ? [longPosition('AAPL', '100', '170')] : [],
      }),
    ),
  { nil: null },
);

describe('the deciding agents on any history and account', () => {
  it('give bodies that their contracts accept, twice the same', () => {
    fc.assert(
      fc.property(history, account, fc.integer({ min: -60, max: 389 }), (bars, holdings, minute) => {
        const decide = () => {
          const context = agentContext({
            session: '2018-01-22',
            minute,
            daily: { AAPL: bars },
            account: holdings,
          });
          const market = marketPublished(context);
          const macro = macroAssessed();
          const answers = STRATEGISTS.map((strategist): StrategyAnswer => {
            const outcome = strategist.propose(context, macro, market);
            const sender = { eventId: '00000000-0000-4000-8000-000000000001', agent: strategist.agent };
            if (outcome.kind === 'abstained') {
              parseBody('StrategyAbstained', {
                ...sender,
                agentVersion: strategist.version,
                reason: outcome.reason,
              });
              return { ...sender, kind: 'abstained', reason: outcome.reason };
            }
            parseBody('StrategyProposed', { ...sender, agentVersion: strategist.version, ...outcome });
            return { ...sender, kind: 'proposed', proposals: outcome.proposals };
          });
          const synthesized = synthesize(context, macro, market, answers, [], { iteration: 1, exclude: [] });
          parseBody('ProposalSynthesized', synthesized);
          return synthesized;
        };

        expect(decide()).toEqual(decide());
      }),
      { numRuns: 40 },
    );
  });

  it('never size beyond a limit, never plan without a clearance, and always on tick and lot', () => {
    fc.assert(
      fc.property(
        history,
        account,
        fc.record({
          stop: fc.double({ min: 0.8, max: 0.999, noNaN: true }),
          target: fc.double({ min: 1.0005, max: 1.2, noNaN: true }),
          close: fc.boolean(),
        }),
        (bars, holdings, levels) => {
          const context = agentContext({
            session: '2018-01-22',
            minute: 60,
            daily: { AAPL: bars },
            account: holdings,
          });
          const market = marketPublished(context, {
            AAPL: { referenceAt: instantText(context.asOf) },
          });
          const price = bars.close[bars.length - 1] as number;
          const proposal = openLong({
            action: levels.close ? 'close' : 'open',
            entry: price.toFixed(2),
            invalidation: (price * levels.stop).toFixed(2),
            target: (price * levels.target).toFixed(2),
          });
          const synthesized = synthesizedOf([proposal]);
          const consensus = consensusOn([proposal]);

          const assessed = assessRisk(context, market, synthesized, consensus);
          parseBody('RiskAssessed', assessed);
          const reflection = reflect(context, macroAssessed(), market, synthesized, consensus, assessed);
          parseBody(reflection.type, reflection.body);

          const [assessment] = assessed.assessments;
          if (assessment?.verdict === 'accept' && !levels.close) {
            const value = Number(assessment.quantity) * price;
            const equity = Number(holdings?.equity);
            expect(value).toBeGreaterThan(0);
            expect(value).toBeLessThanOrEqual(0.15 * equity);
            expect(value).toBeLessThanOrEqual(250_000);
            expect(Number.isInteger(Number(assessment.quantity))).toBe(true);
            expect(assessment.probabilityOfProfit).toBeGreaterThanOrEqual(0.6);
          }
          if (reflection.type !== 'DecisionCleared') return;
          const { intents, declined } = planExecution(
            context,
            market,
            synthesized,
            reflection.body,
            assessed,
          );
          expect(intents.length + declined.length).toBeGreaterThan(0);
          for (const intent of intents) {
            expect(orderPlanned.safeParse({ intent }).success).toBe(true);
            expect(intent.intentId).toMatch(/^[\x20-\x7e]{1,32}$/);
            expect(Number(intent.quantity)).toBeLessThanOrEqual(Number(assessment?.quantity));
            if (intent.purpose === 'entry') {
              expect(Number(intent.protectiveStop)).toBeLessThan(Number(intent.referencePrice));
              expect(Number(intent.limitPrice)).toBeLessThanOrEqual(Number(intent.referencePrice) * 1.05);
              expect(intent.limitPrice).toMatch(/^\d+(\.\d{1,2})?$/);
            }
          }
        },
      ),
      { numRuns: 120 },
    );
  });
});
