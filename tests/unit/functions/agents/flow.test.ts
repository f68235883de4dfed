import { beforeAll, describe, expect, it } from 'vitest';
import { DATA_ANALYZERS, STRATEGY_ANALYZERS, VOTERS } from '#contracts/agents.ts';
import type { DeskEvent, EventType } from '#contracts/registry.ts';
import { ANALYZERS } from '#core/agents/analyzers.ts';
import type { MemoryStore } from '#core/agents/memory/memory-store.ts';
import { STRATEGISTS } from '#core/agents/strategists.ts';
import { stateKeys } from '#core/events/state-keys.ts';
import type { BarSeries } from '#core/market/bars.ts';
import { closedBy, sliceBars } from '#core/market/bars.ts';
import { EMPTY_BOOK } from '#core/portfolio/account-book.ts';
import { instantText } from '#core/values/clock.ts';
import { analyzes } from '#functions/agents/analyzer.ts';
import { DATA_TYPES, dataAgent } from '#functions/agents/data/data-agent.ts';
import { EXECUTION_TYPES, executionAgent } from '#functions/agents/execution/execution-agent.ts';
import { LEARNING_TYPES, learningAgent } from '#functions/agents/learning/learning-agent.ts';
import { MACRO_TYPES, macroAgent } from '#functions/agents/macro/macro-agent.ts';
import { MEMORY_TYPES, memoryAgent } from '#functions/agents/memory/memory-agent.ts';
import { reflectionAgent } from '#functions/agents/reflection/reflection-agent.ts';
import { RISK_TYPES, riskAgent } from '#functions/agents/risk/risk-agent.ts';
import { proposes } from '#functions/agents/strategist.ts';
import { STRATEGY_TYPES, strategyAgent } from '#functions/agents/strategy/strategy-agent.ts';
import { scheduledTask } from '#functions/cycle/schedule.ts';
import { DELIBERATION_TYPES, deliberate } from '#functions/deliberation/deliberate.ts';
import { passGate } from '#functions/risk/gate/gate.ts';
import { putContent } from '#functions/runtime/content.ts';
import type { UseCase } from '#functions/runtime/handler.ts';
import { modelledSession, newYorkSession, realDaily } from '../../../support/agent-context.ts';
import {
  accountObserved,
  barClosed,
  deskEvent,
  entryOf,
  folded,
  sessionPrepared,
} from '../../../support/desk-events.ts';
import { arrival, deskInForce, type MemoryDesk } from '../../../support/memory-desk.ts';

/** A day on which something is proposed, agreed, cleared and planned. */
const DATE = '2018-01-25';
const INSTRUMENTS = ['AAPL', 'SPX', 'SPX-PROXY'];
const session = newYorkSession(DATE);
const memories = new Map<string, Map<string, unknown>>();
const memory: MemoryStore = {
  async remember(collection, id, content) {
    memories.set(collection, (memories.get(collection) ?? new Map<string, unknown>()).set(id, content));
  },
  async recall(collection, limit) {
    return [...(memories.get(collection) ?? [])]
      .sort(([a], [b]) => (a < b ? 1 : -1))
      .slice(0, limit)
      .map(([, content]) => content);
  },
};

interface Consumer {
  readonly name: string;
  readonly types: readonly string[];
  readonly useCase: UseCase<EventType>;
  readonly deadline?: readonly string[];
}
const consumer = <T extends EventType>(
  name: string,
  types: readonly T[],
  useCase: UseCase<T>,
  deadline: readonly T[] = [],
): Consumer => ({ name, types, useCase: useCase as unknown as UseCase<EventType>, deadline });
const CONSUMERS: readonly Consumer[] = [
  consumer('macro', MACRO_TYPES, macroAgent),
  ...Object.values(ANALYZERS).map((one) => consumer(one.agent, ['MacroAssessed'], analyzes(one))),
  consumer('data', DATA_TYPES, dataAgent, ['MacroAssessed']),
  ...STRATEGISTS.map((one) => consumer(one.agent, ['MarketViewPublished'], proposes(one))),
  consumer('strategy', STRATEGY_TYPES, strategyAgent, ['MarketViewPublished']),
  consumer('risk', RISK_TYPES, riskAgent),
  consumer('execution', EXECUTION_TYPES, executionAgent),
  consumer('learning', LEARNING_TYPES, learningAgent),
  consumer('memory', MEMORY_TYPES, memoryAgent(memory)),
  consumer('deliberation', DELIBERATION_TYPES, deliberate, [
    'ProposalSynthesized',
    'DeliberationRoundOpened',
  ]),
  consumer('reflection', ['RiskAssessed'], reflectionAgent),
  consumer('gate', ['OrderPlanned'], passGate),
];

/** Hands every journaled event to whoever takes it, each twice, until nobody says anything more; deadlines only at the end. */
async function settle(desk: MemoryDesk, silent: readonly string[] = []): Promise<void> {
  const handed = new Set<string>();
  for (let busy = true; busy; ) {
    busy = false;
    const events = desk.store.all().map(({ canonical }) => JSON.parse(canonical) as DeskEvent);
    for (const { name, types, useCase, deadline = [] } of CONSUMERS) {
      if (silent.includes(name)) continue;
      for (const event of events) {
        const key = `${name}/${event.metadata.id}`;
        if (!types.includes(event.metadata.type) || deadline.includes(event.metadata.type) || handed.has(key))
          continue;
        handed.add(key);
        busy = true;
        for (let time = 0; time < 2; time++)
          await useCase({ ...desk, clock: desk.clock, name }, [arrival(event)]);
      }
    }
  }
}
async function deadlines(desk: MemoryDesk): Promise<void> {
  const events = desk.store.all().map(({ canonical }) => JSON.parse(canonical) as DeskEvent);
  for (const { name, useCase, deadline = [] } of CONSUMERS)
    for (const event of events)
      if (deadline.includes(event.metadata.type))
        await useCase({ ...desk, clock: desk.clock, name }, [arrival(event)]);
}

async function deskWithHistory(): Promise<MemoryDesk> {
  const plain = await deskInForce('cycle');
  const desk = { ...plain, environment: { ...plain.environment, INSTRUMENTS, BAR_MINUTES: 5 } };
  const time = { now: session.open + 60 * 60_000 };
  const dated: MemoryDesk = { ...desk, clock: { now: () => time.now } };
  let book = folded(EMPTY_BOOK, accountObserved('1000000'), sessionPrepared(DATE));
  for (const instrument of INSTRUMENTS) {
    const daily = realDaily(instrument);
    const last = daily.openTime.indexOf(session.open);
    const columns = (bars: BarSeries) => ({
      openTime: [...bars.openTime],
      closeTime: [...bars.closeTime],
      open: [...bars.open],
      high: [...bars.high],
      low: [...bars.low],
      close: [...bars.close],
      volume: [...bars.volume],
    });
    const history = await putContent(dated.objects, 'history', {
      version: 1,
      instrument,
      source: 'test',
      bars: columns(sliceBars(daily, Math.max(0, last - 520), last)),
    });
    await dated.put(stateKeys.daily(instrument), { session: DATE, history });
    const running = closedBy(
      modelledSession(instrument === 'SPX-PROXY' ? 'SPX' : instrument, DATE),
      time.now,
    );
    const lastClose = String(running.close[running.length - 1]);
    book = folded(book, barClosed(lastClose, 60, { instrument, closeTime: instantText(time.now) }));
    await dated.put(stateKeys.intraday(instrument), {
      session: DATE,
      minutes: 5,
      modelled: true,
      bars: columns(running),
    });
  }
  await dated.put(stateKeys.book, book);
  return dated;
}
const open = (desk: MemoryDesk) =>
  scheduledTask(desk)({ task: 'decision', scheduledTime: instantText(session.open + 60 * 60_000) });

describe('a decision cycle through every agent', () => {
  let desk: MemoryDesk;
  beforeAll(async () => {
    desk = await deskWithHistory();
    await open(desk);
    await settle(desk);
  });

  it('has one answer of every analyzer, one view, and one synthesis', () => {
    const answered = desk.said('AnalysisCompleted', 'AnalysisAbstained').map(({ data }) => data.agent);
    expect(answered.sort()).toEqual([...DATA_ANALYZERS].sort());
    expect(desk.said('MarketViewPublished')).toMatchObject([{ data: { missing: [] } }]);
    expect(
      desk
        .said('StrategyProposed', 'StrategyAbstained')
        .map(({ data }) => data.agent)
        .sort(),
    ).toEqual([...STRATEGY_ANALYZERS].sort());
    expect(desk.said('ProposalSynthesized')[0]?.data.missing).toEqual([]);
  });

  it('has one opinion of every voter a round, and one outcome of the deliberation', () => {
    const first = desk.said('OpinionGiven').filter(({ data }) => data.iteration === 1 && data.round === 1);
    expect(first.map(({ data }) => data.voter).sort()).toEqual([...VOTERS].sort());
    expect(
      desk.said('ConsensusReached', 'ConsensusFailed').filter(({ data }) => data.iteration === 1),
    ).toHaveLength(1);
  });

  it('comes from the bars to one order that the gate authorized, and to its end', () => {
    expect(desk.said('RiskAssessed')).toHaveLength(1);
    expect(desk.said('DecisionCleared')).toHaveLength(1);
    const [completed] = desk.said('PlanCompleted');
    expect(completed?.data.planned).toHaveLength(1);
    expect(desk.said('OrderPlanned').map(({ data }) => data.intent.intentId)).toEqual(
      completed?.data.planned,
    );
    expect(desk.said('OrderRefused').map(({ data }) => data.explanation)).toEqual([]);
    expect(desk.said('OrderAuthorized')).toHaveLength(1);
  });

  it('is changed by no deadline and no vote that comes late', async () => {
    const before = desk.store.all().length;
    await deadlines(desk);
    const opinion = desk.said('OpinionGiven')[0];
    if (opinion === undefined) throw new Error('nobody voted');
    await deliberate({ ...desk, name: 'deliberation' }, [arrival(opinion)]);
    expect(desk.store.all()).toHaveLength(before);
  });

  it('keeps the outcome that a deadline brought, though late votes would have brought another', async () => {
    const again = await deskWithHistory();
    await open(again);
    await settle(again, ['deliberation', 'learning', 'memory', 'execution', 'risk']);
    const [proposed] = again.said('ProposalSynthesized');
    if (proposed === undefined) throw new Error('nothing was put to the vote');
    const counting = { ...again, name: 'deliberation' };
    const outcomes = () =>
      again
        .said('ConsensusReached', 'ConsensusFailed', 'DeliberationRoundOpened')
        .map(({ metadata }) => metadata.type);
    await deliberate(counting, [arrival(proposed)]);
    const [brought, ...more] = outcomes();
    expect(['ConsensusFailed', 'DeliberationRoundOpened']).toContain(brought);
    expect(more).toEqual([]);

    await settle(again, ['deliberation', 'reflection']);
    const late = again.said('OpinionGiven').filter(({ data }) => data.round === 1);
    expect(late).toHaveLength(VOTERS.length);
    await deliberate(
      counting,
      late.map((event) => arrival(event)),
    );
    expect(outcomes()).toEqual([brought]);
  });

  it('synthesizes once more without what was sent back', async () => {
    const again = await deskWithHistory();
    await open(again);
    await settle(again, ['reflection']);
    const [first] = again.said('ProposalSynthesized');
    const [proposal] = first?.data.proposals ?? [];
    if (first === undefined || proposal === undefined) throw new Error('nothing was proposed');
    const { cycleId, session: date, kind, snapshot } = first.data;
    const sentBack = entryOf(
      'IterationRequested',
      {
        cycleId,
        session: date,
        kind,
        snapshot,
        iteration: 1,
        crisisScore: 0.5,
        components: {},
        scenarios: [],
        agentVersion: 'x',
        reason: 'too like what is held',
        exclude: [proposal.proposalId],
      },
      { correlationId: first.metadata.correlationId, key: '1' },
    );
    await again.store.commit({ entries: [sentBack] });
    for (let time = 0; time < 2; time++)
      await strategyAgent({ ...again, name: 'strategy' }, [arrival(sentBack.event)]);

    expect(
      again.said('ProposalSynthesized').map(({ data }) => [data.iteration, data.proposals.length]),
    ).toEqual([
      [1, 1],
      [2, 0],
    ]);
    await deliberate(
      { ...again, name: 'deliberation' },
      again
        .said('ProposalSynthesized')
        .slice(1)
        .map((event) => arrival(event)),
    );
    expect(again.said('ConsensusFailed')).toMatchObject([{ data: { iteration: 2 } }]);
  });

  it('is the same, byte for byte, in a second run', async () => {
    const again = await deskWithHistory();
    await open(again);
    await settle(again);
    const [cycle] = desk.said('CycleRequested');
    const journal = (one: MemoryDesk) => one.store.journal(cycle?.metadata.correlationId ?? '');
    expect(await journal(again)).toEqual(await journal(desk));
  });

  it('teaches at the end of the session, once', async () => {
    const closed = deskEvent('SessionClosed', {
      session: DATE,
      equity: null,
      realized: null,
      fees: null,
      openPositions: 0,
      cycles: desk.said('CycleRequested').map(({ metadata }) => metadata.correlationId),
    });
    for (let time = 0; time < 2; time++) {
      await learningAgent({ ...desk, name: 'learning' }, [arrival(closed)]);
      await memoryAgent(memory)({ ...desk, name: 'memory' }, [arrival(closed)]);
    }
    expect(desk.said('LessonLearned')).toHaveLength(1);
    expect(await desk.get(stateKeys.learning)).toMatchObject({ lesson: { session: DATE } });
    // Five sessions back no cycle is known: there is nothing to remember, and nothing is said.
    const remembered = desk
      .said('MemoryRecorded')
      .filter(({ metadata }) => metadata.correlationId === `session:${DATE}`);
    expect(remembered).toEqual([]);
    const racing = {
      ...desk,
      name: 'learning',
      store: { ...desk.store, commit: async () => ({ kind: 'conflict' as const, keys: [] }) },
    };
    await expect(learningAgent(racing, [arrival(closed)])).rejects.toThrow('changed while session');
  });

  it('remembers what the cases of a session came to once its horizon has passed', async () => {
    const closed = deskEvent('SessionClosed', {
      session: '2018-02-02',
      equity: null,
      realized: null,
      fees: null,
      openPositions: 0,
      cycles: [],
    });
    const later = { ...desk, name: 'memory', clock: { now: () => newYorkSession('2018-02-02').close } };
    for (const instrument of INSTRUMENTS) {
      const daily = realDaily(instrument);
      const upTo = sliceBars(
        daily,
        daily.openTime.indexOf(session.open) - 520,
        daily.openTime.indexOf(newYorkSession('2018-02-02').open),
      );
      const history = await putContent(desk.objects, 'history', {
        version: 1,
        instrument,
        source: 'test',
        bars: {
          openTime: [...upTo.openTime],
          closeTime: [...upTo.closeTime],
          open: [...upTo.open],
          high: [...upTo.high],
          low: [...upTo.low],
          close: [...upTo.close],
          volume: [...upTo.volume],
        },
      });
      await desk.put(stateKeys.daily(instrument), { session: '2018-02-02', history });
    }
    await memoryAgent(memory)(later, [arrival(closed)]);
    const [recorded] = desk.said('MemoryRecorded');
    expect(recorded?.data.session).toBe(DATE);
    expect(memories.get('episodes')?.size ?? 0).toBe(recorded?.data.episodes.length);
  });
});

describe('a cycle with agents that do not answer', () => {
  it('waits for them until the deadline and goes on without them; what comes late is kept and changes nothing', async () => {
    const desk = await deskWithHistory();
    await open(desk);
    await settle(desk, ['sentiment', 'ml', 'memory']);
    expect(desk.said('MarketViewPublished')).toEqual([]);

    await deadlines(desk);
    expect(desk.said('MarketViewPublished')).toMatchObject([{ data: { missing: ['sentiment'] } }]);
    await settle(desk, ['sentiment', 'ml', 'memory']);
    await deadlines(desk);
    expect(desk.said('ProposalSynthesized')).toMatchObject([{ data: { missing: ['ml'] } }]);
    await settle(desk, ['memory']);
    await deadlines(desk);
    expect(desk.said('AnalysisCompleted', 'AnalysisAbstained').map(({ data }) => data.agent)).toContain(
      'sentiment',
    );
    expect(desk.said('MarketViewPublished')).toHaveLength(1);
    const decided = desk
      .said('ConsensusReached', 'ConsensusFailed', 'DeliberationRoundOpened')
      .filter(({ data }) => data.iteration === 1);
    expect(decided.length).toBeGreaterThan(0);
    await settle(desk);
    const rounds = desk
      .said('ConsensusReached', 'ConsensusFailed')
      .filter(({ data }) => data.iteration === 1);
    expect(rounds.length).toBeLessThanOrEqual(1);
  });

  it('tries a voter again whose causes are not journaled yet', async () => {
    const desk = await deskWithHistory();
    await open(desk);
    const [requested] = desk.said('CycleRequested');
    if (requested === undefined) throw new Error('no cycle was asked for');
    const { snapshot, cycleId, session: date, kind } = requested.data;
    const synthesized = entryOf(
      'ProposalSynthesized',
      {
        cycleId,
        session: date,
        kind,
        snapshot,
        iteration: 1,
        proposals: [],
        dropped: [],
        answered: [],
        abstained: [],
        missing: [],
        inputs: [],
        agentVersion: 'x',
      },
      { correlationId: cycleId },
    );
    await expect(macroAgent(desk, [arrival(synthesized.event)])).rejects.toThrow('in the journal yet');
  });

  it('fails a deliberation over nothing at once, without waiting for votes', async () => {
    const desk = await deskWithHistory();
    await open(desk);
    const [requested] = desk.said('CycleRequested');
    if (requested === undefined) throw new Error('no cycle was asked for');
    const { snapshot, cycleId, session: date, kind } = requested.data;
    const entry = entryOf(
      'ProposalSynthesized',
      {
        cycleId,
        session: date,
        kind,
        snapshot,
        iteration: 1,
        proposals: [],
        dropped: [],
        answered: [],
        abstained: [],
        missing: [],
        inputs: [],
        agentVersion: 'x',
      },
      { correlationId: cycleId, key: '1' },
    );
    await desk.store.commit({ entries: [entry] });
    const racing = {
      ...desk,
      name: 'deliberation',
      store: { ...desk.store, commit: async () => ({ kind: 'conflict' as const, keys: [] }) },
    };
    await expect(deliberate(racing, [arrival(entry.event)])).rejects.toThrow('being counted twice at once');
    await deliberate({ ...desk, name: 'deliberation' }, [arrival(entry.event)]);
    expect(desk.said('ConsensusFailed')).toHaveLength(1);
  });
});
