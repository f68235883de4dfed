import { describe, expect, it } from 'vitest';
import { DATA_ANALYZERS } from '#contracts/agents.ts';
import { ANALYZERS } from '#core/agents/analyzers.ts';
import { AAPL, contextOf, dailyFromCloses, drifting, instrumentOf } from './market-context.ts';

const SESSION = '2018-02-06';
const EURUSD = instrumentOf('EURUSD', { assetClass: 'forex' });
const context = contextOf({
  session: SESSION,
  universe: [AAPL, EURUSD],
  daily: { AAPL: dailyFromCloses('AAPL', drifting(300, 0.001), SESSION) },
});

describe('analyzers without a source', () => {
  it.each([
    [
      'premium-market-data',
      /no source of real-time quotes and order-book depth is connected; needs .*entitlement/,
    ],
    ['fundamental', /no source of company facts as filed is connected; needs SEC EDGAR/],
    ['institutional', /no source of institutional holdings or fund flows is connected; needs 13F/],
    ['news', /no source of news items is connected/],
    ['options', /no source of option chains is connected/],
    ['prediction-market', /no source of event-contract prices is connected/],
  ] as const)('%s abstains although bars are there, and names what is missing', (agent, reason) => {
    const outcome = ANALYZERS[agent].analyze(context, ['AAPL']);
    expect(outcome.kind).toBe('abstained');
    if (outcome.kind === 'abstained') expect(outcome.reason).toMatch(reason);
  });

  it('give the reason that is true of each instrument', () => {
    expect(ANALYZERS.fundamental.analyze(context, ['EURUSD'])).toEqual({
      kind: 'abstained',
      reason: 'EURUSD: a forex pair files no accounts',
    });
    const both = ANALYZERS.options.analyze(context, ['AAPL', 'EURUSD']);
    expect(both).toMatchObject({
      reason: expect.stringMatching(/^AAPL: no source of option chains.*; EURUSD: no listed option chain/),
    });
  });

  it('know that a stand-in has no quotes, accounts, holders, options or trading of its own', () => {
    const proxy = instrumentOf('SPX-PROXY', { proxyFor: 'SPX' });
    const traded = contextOf({
      session: SESSION,
      universe: [proxy],
      daily: { 'SPX-PROXY': dailyFromCloses('SPX-PROXY', drifting(300, 0.001), SESSION) },
    });
    const reasonOf = (agent: keyof typeof ANALYZERS) => {
      const outcome = ANALYZERS[agent].analyze(traded, ['SPX-PROXY']);
      return outcome.kind === 'abstained' ? outcome.reason : null;
    };
    expect(reasonOf('fundamental')).toBe(
      'SPX-PROXY: it stands for SPX and has no company facts as filed of its own',
    );
    for (const agent of ['premium-market-data', 'institutional', 'options'] as const) {
      expect(reasonOf(agent)).toContain('it stands for SPX and has no');
    }
    expect(reasonOf('news')).toContain('no source of news items is connected');
    expect(reasonOf('microstructure')).toContain('not those of its own trading');
    expect(reasonOf('market-data')).toBeNull();
  });

  it('are listed under their own names, with a version each', () => {
    for (const agent of DATA_ANALYZERS) {
      expect(ANALYZERS[agent].agent).toBe(agent);
      expect(ANALYZERS[agent].version).toBe(`${agent}/1`);
    }
  });
});
