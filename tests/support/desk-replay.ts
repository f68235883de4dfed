import type { Opinion } from '#contracts/events/cycle.ts';
import type { Intent } from '#contracts/events/orders.ts';
import { ANALYZERS } from '#core/agents/analyzers.ts';
import type { AgentContext, CycleBody, Dossier, Opinionist } from '#core/agents/context.ts';
import { publishMarketView } from '#core/agents/data/data.ts';
import { dataOpinionist } from '#core/agents/data/data-opinion.ts';
import { executionOpinionist } from '#core/agents/execution/execution-opinion.ts';
import { planExecution } from '#core/agents/execution/plan-execution.ts';
import { assessMacro } from '#core/agents/macro/macro.ts';
import { macroOpinionist } from '#core/agents/macro/macro-opinion.ts';
import { reflect } from '#core/agents/reflection/reflect.ts';
import { assessRisk } from '#core/agents/risk/assess-risk.ts';
import { riskOpinionist } from '#core/agents/risk/risk-opinion.ts';
import { STRATEGISTS } from '#core/agents/strategists.ts';
import type { RecentExit } from '#core/agents/strategy/proposal-screen.ts';
import { strategyOpinionist } from '#core/agents/strategy/strategy-opinion.ts';
import { type StrategyAnswer, synthesize } from '#core/agents/strategy/synthesize.ts';
import { type Round, tally } from '#core/deliberation/tally.ts';
import { type BarSeries, barAt } from '#core/market/bars.ts';
import { sessionsBetween } from '#core/market/calendar.ts';
import { findInstrument } from '#core/market/catalog.ts';
import { DEFAULT_RISK_POLICY } from '#core/risk/policy.ts';
import { planPyramiding } from '#core/risk/pyramiding.ts';
import { instantText } from '#core/values/clock.ts';
import { agentContext, modelledSession, realDaily } from './agent-context.ts';
import { ReplayBook } from './replay-book.ts';

/** One cycle's way through the deciding agents, stage by stage, until it ended. */
export interface CycleTrace {
  readonly context: AgentContext;
  readonly macro: CycleBody<'MacroAssessed'>;
  readonly market: CycleBody<'MarketViewPublished'>;
  readonly answers: readonly StrategyAnswer[];
  readonly synthesized: CycleBody<'ProposalSynthesized'>;
  readonly rounds: readonly Round[];
  readonly outcome: string;
  readonly reason: string;
  readonly assessed: CycleBody<'RiskAssessed'> | null;
  readonly intents: readonly Intent[];
}

const VOTERS: readonly Opinionist[] = [
  dataOpinionist,
  strategyOpinionist,
  riskOpinionist,
  executionOpinionist,
  macroOpinionist,
];

let names = 0;
/** Ids as the journal would give them; only their uniqueness matters here. */
const eventId = () => `00000000-0000-4000-8000-${String(names++).padStart(12, '0')}`;

/** Macro, the ten analyzers and the data agent on a context: what the deciding agents start from. */
export function observe(context: AgentContext) {
  const macro = assessMacro(context);
  const answers = Object.values(ANALYZERS).map((analyzer) => ({
    eventId: eventId(),
    agent: analyzer.agent,
    outcome: analyzer.analyze(context, macro.instruments),
  }));
  return { macro, market: publishMarketView(context, macro.instruments, answers, []) };
}

/** Runs one decision cycle from the snapshot to the planned orders. */
export function runCycle(context: AgentContext, recentExits: readonly RecentExit[] = []): CycleTrace {
  const { macro, market } = observe(context);
  const answers = STRATEGISTS.map((strategist): StrategyAnswer => {
    const outcome = strategist.propose(context, macro, market);
    const sender = { eventId: eventId(), agent: strategist.agent };
    return outcome.kind === 'proposed'
      ? { ...sender, kind: 'proposed', proposals: outcome.proposals }
      : { ...sender, kind: 'abstained', reason: outcome.reason };
  });
  let exclude: readonly string[] = [];
  for (let iteration = 1; ; iteration++) {
    const synthesized = synthesize(context, macro, market, answers, [], { iteration, exclude, recentExits });
    const base = { context, macro, market, answers, synthesized };
    const { rounds, decision } = deliberate(base);
    if (decision.kind !== 'reached') {
      const reason = decision.kind === 'failed' ? decision.body.reason : 'still open';
      return { ...base, rounds, outcome: 'ConsensusFailed', reason, assessed: null, intents: [] };
    }
    const assessed = assessRisk(context, market, synthesized, decision.body);
    const reflection = reflect(context, macro, market, synthesized, decision.body, assessed);
    if (reflection.type === 'IterationRequested') {
      exclude = reflection.body.exclude;
      continue;
    }
    if (reflection.type === 'DecisionVetoed') {
      const { reason } = reflection.body;
      return { ...base, rounds, outcome: 'DecisionVetoed', reason, assessed, intents: [] };
    }
    const plan = planExecution(context, market, synthesized, reflection.body, assessed);
    const reason = plan.declined.map((entry) => entry.reason).join('; ');
    return { ...base, rounds, outcome: 'PlanCompleted', reason, assessed, intents: plan.intents };
  }
}

function deliberate(base: Pick<CycleTrace, 'context' | 'macro' | 'market' | 'synthesized'>) {
  const rounds: Round[] = [];
  const proposals = base.synthesized.proposals.map(({ proposalId }) => proposalId);
  for (;;) {
    const previous: Dossier['previous'] = (rounds.at(-1) ?? []).map(({ voter, opinions }) => ({
      voter,
      opinions,
    }));
    const dossier: Dossier = { ...base, previous, round: rounds.length + 1, episodes: [], lessons: null };
    const round = VOTERS.map((voter) => {
      const opinions: readonly Opinion[] = voter.opine(dossier).opinions;
      return { eventId: eventId(), voter: voter.voter, opinions };
    });
    const decision = tally(round, rounds, {
      iteration: base.synthesized.iteration,
      proposals,
      weightOf: (voter) => base.context.calibratedWeight(voter),
    });
    rounds.push(round);
    if (decision.kind !== 'next-round') return { rounds, decision };
  }
}

export interface ReplayOptions {
  readonly instruments: readonly string[];
  readonly from: string;
  readonly to: string;
  readonly seed?: string;
  /** Minutes between decision cycles. */
  readonly every?: number;
}

export interface ReplayResult {
  readonly book: ReplayBook;
  readonly traces: readonly CycleTrace[];
  readonly equity: number;
  readonly maximumDrawdown: number;
}

const EQUITY = 1_000_000;
const BAR_MINUTES = 5;

/** Replays sessions on real daily bars with modelled paths inside the day: cycles, fills, stops, pyramiding. */
export function replay(options: ReplayOptions): ReplayResult {
  const { instruments, from, to, seed = 'test', every = 15 } = options;
  const daily = Object.fromEntries([...instruments, 'SPX'].map((id) => [id, realDaily(id)]));
  const book = new ReplayBook(EQUITY);
  const traces: CycleTrace[] = [];
  let equity = EQUITY;
  let maximumDrawdown = 0;
  for (const session of sessionsBetween('us-equity', from, to)) {
    const { date } = session;
    const intraday = Object.fromEntries(
      [...instruments, 'SPX'].map((id) => [id, modelledSession(id, date, seed)]),
    );
    const bars = (session.close - session.open) / (BAR_MINUTES * 60_000);
    for (let index = 0; index < bars; index++) {
      const minute = (index + 1) * BAR_MINUTES;
      const at = instantText(session.open + minute * 60_000);
      for (const id of instruments) book.bar(date, id, at, barAt(intraday[id] as BarSeries, index));
      const account = book.revalue(date, at);
      equity = Number(account.equity);
      maximumDrawdown = Math.max(maximumDrawdown, account.drawdown);
      const pyramid = planPyramiding(account, DEFAULT_RISK_POLICY, {
        now: session.open + minute * 60_000,
        session: date,
        sessionClose: session.close,
        instrument: findInstrument,
        expectedVolume: () => 1e6,
      });
      book.moveStops(pyramid.stopMoves);
      book.submit(pyramid.intents);
      if (minute % every !== 0 || index === bars - 1) continue;
      const trace = runCycle(
        agentContext({ session: date, minute, daily, intraday, account: book.revalue(date, at), seed }),
        book.exits,
      );
      traces.push(trace);
      book.submit(trace.intents);
    }
  }
  return { book, traces, equity, maximumDrawdown };
}
