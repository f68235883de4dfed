import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeskEvent, EventType } from '#contracts/registry.ts';
import { historiesOf, journalOf, linesOf, simulated, timelessLinesOf } from '../support/desk-parity.ts';
import { abc, stateDirectory } from './command-line.ts';

/** Three real sessions in which the desk buys twice: on the embedded cloud, and in one process on the same facts. */
const RUN = ['--from', '2018-01-23', '--to', '2018-01-25', '--json'] as const;
const LONGEST = 400_000;

/** Everything that anybody of the desk says in a cycle, at its end, and at the gate. */
const DECISIONS: readonly EventType[] = [
  'CycleRequested',
  'MacroAssessed',
  'AnalysisCompleted',
  'AnalysisAbstained',
  'MarketViewPublished',
  'StrategyProposed',
  'StrategyAbstained',
  'ProposalSynthesized',
  'OpinionGiven',
  'DeliberationRoundOpened',
  'ConsensusReached',
  'ConsensusFailed',
  'RiskAssessed',
  'IterationRequested',
  'DecisionCleared',
  'DecisionVetoed',
  'OrderPlanned',
  'OrderAuthorized',
  'OrderRefused',
  'CancelPlanned',
  'CancelAuthorized',
  'PlanCompleted',
  'SessionClosed',
  'LessonLearned',
  'MemoryRecorded',
];
/** What follows from the ledger. The live one gathers a second of bars first, so only its time differs. */
const VALUATIONS: readonly EventType[] = [
  'PortfolioRevalued',
  'DrawdownWarned',
  'TradingReducing',
  'TradingHalted',
  'StopMovePlanned',
  'StopMoveAuthorized',
  'StopMoveRefused',
];

describe('the desk in one process', () => {
  const state = stateDirectory();
  let live: readonly DeskEvent[] = [];
  let inProcess: readonly DeskEvent[] = [];

  beforeAll(async () => {
    const run = await abc('day', ...RUN, '--state', state.path).done;
    expect(run.code, run.stderr).toBe(0);
    live = journalOf(state.path);
    inProcess = simulated(live, historiesOf(state.path), {
      instruments: ['AAPL', 'SPX', 'SPX-PROXY'],
      seed: 'abc-application',
      barMinutes: 5,
    });
  }, LONGEST);
  afterAll(() => state.remove());

  it.each(DECISIONS)('says every %s of the live desk, byte for byte, and no other', (type) => {
    expect(linesOf(inProcess, [type])).toEqual(linesOf(live, [type]));
  });

  it.each(VALUATIONS)('says every %s of the live desk, but for its time, and no other', (type) => {
    expect(timelessLinesOf(inProcess, [type])).toEqual(timelessLinesOf(live, [type]));
  });

  it('was compared on a run in which orders were planned, authorized and filled', () => {
    for (const type of ['OpinionGiven', 'OrderAuthorized', 'OrderFilled', 'PortfolioRevalued'] as const)
      expect(linesOf(live, [type]).length, type).toBeGreaterThan(1);
  });
});
