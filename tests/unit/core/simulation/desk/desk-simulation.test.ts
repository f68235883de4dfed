import { describe, expect, test } from 'vitest';
import type { JournalEntry } from '#core/events/new-event.ts';
import { type Session, sessionOn } from '#core/market/calendar.ts';
import type { AccountBook } from '#core/portfolio/account-book.ts';
import type { LedgerInput } from '#core/portfolio/keep-book.ts';
import { DEFAULT_RISK_POLICY } from '#core/risk/policy.ts';
import { DeskSimulation } from '#core/simulation/desk/desk-simulation.ts';
import {
  accountObserved,
  barClosed,
  bookOf,
  CLOSE,
  folded,
  holding,
  NOW,
  orderFilled,
  SESSION,
  sessionPrepared,
} from '../../../../support/desk-events.ts';

const MINUTE = 60_000;
const session = sessionOn('us-equity', SESSION) as Session;
const simulation = (book?: AccountBook) => {
  const desk = new DeskSimulation({
    instruments: ['AAPL'],
    seed: 'test',
    barMinutes: 15,
    policy: DEFAULT_RISK_POLICY,
    history: (sha256) => {
      throw new RangeError(`no history ${sha256}`);
    },
  });
  if (book !== undefined) desk.book = book;
  return desk;
};
const fact = (event: JournalEntry<LedgerInput>['event']): JournalEntry<LedgerInput> => ({
  key: event.metadata.id,
  event,
});
const typesOf = (entries: readonly JournalEntry[]) => entries.map(({ event }) => event.metadata.type);

describe('the ledger and what follows it', () => {
  test('values a held position at each bar, and says nothing of what is not held', () => {
    const desk = simulation(holding(bookOf()));
    expect(typesOf(desk.receive([fact(barClosed('100.50', 75))], NOW))).toEqual(['PortfolioRevalued']);
    expect(typesOf(simulation(bookOf()).receive([fact(barClosed('100.50', 75))], NOW))).toEqual([]);
  });

  test('a drawdown halt throws the switch, cancels what works and has the closing orders authorized', () => {
    const desk = simulation({ ...holding(bookOf()), highWater: '200000' });
    const said = desk.receive([fact(barClosed('90', 75))], NOW);
    expect(desk.halt).toMatchObject({ halted: true, by: 'drawdown-breaker' });
    expect([...typesOf(said)].sort()).toEqual([
      'CancelAuthorized',
      'CancelPlanned',
      'OrderAuthorized',
      'OrderPlanned',
      'PortfolioRevalued',
      'TradingHalted',
    ]);
  });

  test('while it is halted the next bar plans no second closing of the layer that passes the gate', () => {
    const desk = simulation({ ...holding(bookOf()), highWater: '200000' });
    desk.receive([fact(barClosed('90', 75))], NOW);
    const said = desk.receive([fact(barClosed('89', 90))], NOW + 15 * MINUTE);
    expect(typesOf(said)).toEqual(['PortfolioRevalued', 'OrderPlanned', 'OrderRefused']);
  });

  test('a person resumes after a halt once the layer is sold and the cool-off over, not before, and the switch is let go', () => {
    const ana = { by: 'ana', reason: 'the cause was found' };
    const desk = simulation({ ...holding(bookOf()), highWater: '200000' });
    desk.receive([fact(barClosed('90', 75))], NOW);
    const later = NOW + 24 * 60 * MINUTE;
    expect(desk.resume(ana, later)).toBeNull();
    const intentId = Object.keys(desk.book.orders).find((id) => id.startsWith('F')) as string;
    const sold = { intentId, execId: 'f.01', side: 'SELL', quantity: '50', price: '90' } as const;
    desk.receive([fact(orderFilled(sold))], NOW + MINUTE);
    expect(desk.resume(ana, later - 1)).toBeNull();
    expect(desk.halt?.halted).toBe(true);

    const resumed = desk.resume(ana, later);
    expect(resumed?.event.data).toEqual({ ...ana, highWater: 'anew' });
    desk.receive(resumed === null ? [] : [resumed], later);
    expect(desk.halt).toMatchObject({ halted: false, by: 'ana' });
    expect(desk.book).toMatchObject({ highWater: '99500', trading: { state: 'ACTIVE' } });
  });

  test('a winner is added to, and an addition without a history to price it is refused', () => {
    const desk = simulation(folded(holding(bookOf()), barClosed('101', 60)));
    const said = desk.receive([fact(barClosed('103', 75))], NOW + 15 * MINUTE);
    expect(typesOf(said)).toEqual(['PortfolioRevalued', 'OrderPlanned', 'OrderRefused']);
    expect(said.at(-1)?.event.data).toMatchObject({ limit: 'slippage' });
  });
});

describe('a cycle', () => {
  test('ends with its market view before the market opens', () => {
    const before = session.open - 120 * MINUTE;
    const said = typesOf(simulation().openCycle(session, 'pre-market', before));
    expect(said.slice(0, 2)).toEqual(['CycleRequested', 'MacroAssessed']);
    expect(said.filter((type) => type.startsWith('Analysis'))).toHaveLength(10);
    expect(said.at(-1)).toBe('MarketViewPublished');
  });

  test('decides nothing where nothing is known, and everybody says so', () => {
    const said = typesOf(simulation(bookOf()).openCycle(session, 'decision', NOW));
    expect(said.filter((type) => type === 'StrategyAbstained')).toHaveLength(4);
    expect(said.slice(-2)).toEqual(['ProposalSynthesized', 'ConsensusFailed']);
  });

  test('the same facts give the same events, to the byte', () => {
    const run = () => {
      const desk = simulation();
      return [
        ...desk.receive([fact(sessionPrepared()), fact(accountObserved('100000'))], NOW),
        ...desk.openCycle(session, 'decision', NOW),
        ...desk.closeSession(session, CLOSE + 30 * MINUTE),
      ].map(({ event: { data, metadata } }) => ({ type: metadata.type, id: metadata.correlationId, data }));
    };
    const first = run();
    expect(first.map(({ type }) => type)).toContain('LessonLearned');
    expect(run()).toEqual(first);
  });
});
