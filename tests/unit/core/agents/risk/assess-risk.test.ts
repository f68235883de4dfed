import { describe, expect, it } from 'vitest';
import { assessRisk } from '#core/agents/risk/assess-risk.ts';
import { riskOpinionist } from '#core/agents/risk/risk-opinion.ts';
import { barSeries } from '#core/market/bars.ts';
import { DEFAULT_RISK_POLICY } from '#core/risk/policy.ts';
import {
  agentContext,
  type ContextOptions,
  longPosition,
  marketPublished,
  parseBody,
  portfolio,
  syntheticDaily,
} from '../../../../support/agent-context.ts';
import { consensusOn, dossierOf, openLong, synthesizedOf } from '../../../../support/proposals.ts';

/** A year of drift strong enough that a near target and a far stop are worth it. */
const rising = syntheticDaily('AAPL', {
  sessions: 600,
  before: '2018-01-22',
  drift: 0.002,
  volatility: 0.011,
});
const price = rising.close[rising.length - 1] as number;
const worthIt = openLong({
  entry: price.toFixed(2),
  invalidation: (price * 0.95).toFixed(2),
  target: (price * 1.03).toFixed(2),
});

function assess(proposal = worthIt, changes: Partial<ContextOptions> = {}) {
  const context = agentContext({ session: '2018-01-22', minute: 60, daily: { AAPL: rising }, ...changes });
  const market = marketPublished(context);
  const body = assessRisk(context, market, synthesizedOf([proposal]), consensusOn([proposal]));
  expect(() => parseBody('RiskAssessed', body)).not.toThrow();
  const [assessment] = body.assessments;
  if (assessment === undefined) throw new Error('nothing was assessed');
  return { assessment, context, market };
}

describe('assessRisk', () => {
  it('accepts a trade whose odds clear the floor, at the smallest of its sizes', () => {
    const { assessment } = assess();

    expect(assessment).toMatchObject({ verdict: 'accept', simulations: 8000 });
    expect(assessment.probabilityOfProfit).toBeGreaterThanOrEqual(0.6);
    const smallest = Math.min(...assessment.candidates.map(({ quantity }) => Number(quantity)));
    expect(Number(assessment.quantity)).toBe(smallest);
    expect(assessment.candidates.find(({ method }) => method === assessment.binding)?.quantity).toBe(
      assessment.quantity,
    );
    expect(assessment.stress.map(({ scenario }) => scenario)).toContain('1987-10-19');
    expect(assessment.stress).toHaveLength(6);
  });

  it('rejects a trade whose odds do not clear the floor', () => {
    const { assessment } = assess({
      ...worthIt,
      target: (price * 1.2).toFixed(2),
      invalidation: (price * 0.99).toFixed(2),
    });

    expect(assessment).toMatchObject({ verdict: 'reject', quantity: '0' });
    expect(assessment.reason).toMatch(/probability of profit of .* is below the floor of 60.0 %/);
  });

  it('draws the same paths for the same seed and others for another', () => {
    const odds = (seed: string) => assess(worthIt, { seed }).assessment.expectedReturn;

    expect(odds('a')).toBe(odds('a'));
    expect(odds('a')).not.toBe(odds('b'));
  });

  it.each([
    ['equity', { account: null }, /equity of the account is unknown/],
    ['positive equity', { account: portfolio({ equity: '0' }) }, /not positive/],
    ['history', { daily: {} }, /0 daily bars/],
  ])('rejects without %s: unknown is not zero', (_name, changes, reason) => {
    const { assessment } = assess(worthIt, changes);

    expect(assessment).toMatchObject({ verdict: 'reject', quantity: '0', probabilityOfProfit: null });
    expect(assessment.reason).toMatch(reason);
  });

  it('rejects where the volume is unknown', () => {
    const silent = barSeries(
      'AAPL',
      { unit: 'session' },
      Array.from({ length: rising.length }, (_, index) => ({
        openTime: rising.openTime[index] as number,
        closeTime: rising.closeTime[index] as number,
        open: rising.open[index] as number,
        high: rising.high[index] as number,
        low: rising.low[index] as number,
        close: rising.close[index] as number,
        volume: Number.NaN,
      })),
    );

    expect(assess(worthIt, { daily: { AAPL: silent } }).assessment.reason).toMatch(
      /usual volume of AAPL is unknown/,
    );
  });

  it('leaves no more than the limits: headroom of the position, its sector and the drawdown', () => {
    const account = portfolio({
      grossExposure: '240000',
      positions: [longPosition('XLK', '1000', '240', { marketValue: '240000' })],
    });

    const crowded = assess(worthIt, { account }).assessment;
    const wounded = assess(worthIt, {
      account: portfolio({ equity: '950400', drawdown: 0.0496 }),
    }).assessment;
    const lost = assess(worthIt, { account: portfolio({ equity: '950000', drawdown: 0.05 }) }).assessment;

    const quantityOf = (name: string) =>
      Number(crowded.candidates.find(({ method }) => method === name)?.quantity) * price;
    expect(quantityOf('gross-leverage')).toBeLessThanOrEqual(760_000);
    expect(quantityOf('position-limit')).toBeLessThanOrEqual(300_000);
    expect(wounded.binding).toBe('drawdown-headroom');
    expect(lost).toMatchObject({ verdict: 'reject', reason: 'drawdown-headroom allows nothing' });
  });

  it('halves the base size in a wild market and enlarges it in a calm one', () => {
    const baseOf = (volatility: number) => {
      const bars = syntheticDaily('AAPL', { sessions: 600, before: '2018-01-22', drift: 0.002, volatility });
      const last = bars.close[bars.length - 1] as number;
      const proposal = openLong({
        entry: last.toFixed(2),
        invalidation: (last * 0.95).toFixed(2),
        target: (last * 1.03).toFixed(2),
      });
      const { assessment } = assess(proposal, { daily: { AAPL: bars } });
      const units = Number(
        assessment.candidates.find(({ method }) => method === 'volatility-target')?.quantity,
      );
      return (units * last) / 1_000_000;
    };

    expect(baseOf(0.004)).toBeCloseTo(0.15, 2);
    expect(baseOf(0.013)).toBeCloseTo(0.1, 2);
    expect(baseOf(0.03)).toBeCloseTo(0.05, 2);
  });

  it('accepts closing in full, with nothing simulated', () => {
    const account = portfolio({ positions: [longPosition('AAPL', '500', '170')] });

    expect(assess({ ...worthIt, action: 'close' }, { account }).assessment).toMatchObject({
      verdict: 'accept',
      quantity: '500',
      simulations: 0,
      probabilityOfProfit: null,
    });
    expect(assess({ ...worthIt, action: 'close' }).assessment.verdict).toBe('reject');
  });

  it('counts what it accepts first against the leverage of what comes next', () => {
    const context = agentContext({
      session: '2018-01-22',
      minute: 60,
      daily: {
        AAPL: rising,
        XLK: syntheticDaily('XLK', { sessions: 600, before: '2018-01-22', drift: 0.002 }),
      },
      policy: { ...DEFAULT_RISK_POLICY, grossLeverage: 0.16 },
    });
    const market = marketPublished(context);
    const other = openLong({ ...worthIt, proposalId: 'second', instrument: 'AAPL' });

    const { assessments } = assessRisk(
      context,
      market,
      synthesizedOf([worthIt, other]),
      consensusOn([worthIt, other]),
    );

    const values = assessments.map(({ quantity }) => Number(quantity) * price);
    expect(values.reduce((sum, value) => sum + value, 0)).toBeLessThanOrEqual(160_000);
    expect(values[1]).toBeLessThan(values[0] as number);
  });
});

describe('riskOpinionist', () => {
  const voteOf = (proposal = worthIt, changes: Partial<ContextOptions> = {}) => {
    const { context, market } = assess(proposal, changes);
    return riskOpinionist.opine(dossierOf(context, market, synthesizedOf([proposal]))).opinions[0];
  };

  it('supports good odds, opposes bad ones and an account near its halt, abstains on the unknown', () => {
    expect(voteOf()).toMatchObject({ vote: 'support' });
    expect(voteOf({ ...worthIt, invalidation: (price * 0.995).toFixed(2) })).toMatchObject({
      vote: 'oppose',
    });
    expect(voteOf(worthIt, { account: portfolio({ drawdown: 0.045 }) })).toMatchObject({
      vote: 'oppose',
      confidence: 1,
    });
    expect(voteOf(worthIt, { account: null })).toMatchObject({ vote: 'abstain' });
  });
});
