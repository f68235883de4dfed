import type { DeskEvent } from '#contracts/registry.ts';
import type { AgentContext, AnalysisOutcome, Analyzer, Strategist } from '#core/agents/context.ts';
import { publishMarketView } from '#core/agents/data/data.ts';
import { assessMacro } from '#core/agents/macro/macro.ts';
import { type StrategyAnswer, synthesize } from '#core/agents/strategy/synthesize.ts';
import type { JournalEntry } from '#core/events/new-event.ts';
import { cycleEvent, type Speaker } from './cycle-events.ts';

type Analysis = 'AnalysisCompleted' | 'AnalysisAbstained';
type Strategy = 'StrategyProposed' | 'StrategyAbstained';

/** The macro agent's regime and the instruments that matter: how every cycle opens. */
export const macroAssessment = (
  speaker: Speaker,
  context: AgentContext,
  requested: DeskEvent<'CycleRequested'>,
): JournalEntry<'MacroAssessed'> =>
  cycleEvent(speaker, requested, 'MacroAssessed', '1', assessMacro(context));

/** A data analyzer's answer to MacroAssessed: its views, or that it abstains and why. */
export function analysis(
  speaker: Speaker,
  analyzer: Analyzer,
  context: AgentContext,
  macro: DeskEvent<'MacroAssessed'>,
): JournalEntry<Analysis> {
  const outcome = analyzer.analyze(context, macro.data.instruments);
  const who = { agent: analyzer.agent, agentVersion: analyzer.version };
  return outcome.kind === 'abstained'
    ? cycleEvent(speaker, macro, 'AnalysisAbstained', analyzer.agent, { ...who, reason: outcome.reason })
    : cycleEvent(speaker, macro, 'AnalysisCompleted', analyzer.agent, {
        ...who,
        views: [...outcome.views],
        abstentions: [...outcome.abstentions],
      });
}

/** The data agent's one validated view of what the analyzers answered; `missing` are those that did not. */
export function marketView(
  speaker: Speaker,
  context: AgentContext,
  macro: DeskEvent<'MacroAssessed'>,
  answers: readonly DeskEvent<Analysis>[],
  missing: readonly string[],
): JournalEntry<'MarketViewPublished'> {
  const body = publishMarketView(
    context,
    macro.data.instruments,
    answers.map((answer) => ({
      eventId: answer.metadata.id,
      agent: answer.data.agent,
      outcome: outcomeOf(answer),
    })),
    missing,
  );
  return cycleEvent(speaker, macro, 'MarketViewPublished', '1', { ...body, regime: macro.data.regime });
}

function outcomeOf(answer: DeskEvent<Analysis>): AnalysisOutcome {
  if (answer.metadata.type === 'AnalysisAbstained')
    return { kind: 'abstained', reason: (answer as DeskEvent<'AnalysisAbstained'>).data.reason };
  const { views, abstentions } = (answer as DeskEvent<'AnalysisCompleted'>).data;
  return { kind: 'completed', views, abstentions };
}

/** A strategy analyzer's answer to MarketViewPublished: its proposals, or that it abstains and why. */
export function proposals(
  speaker: Speaker,
  strategist: Strategist,
  context: AgentContext,
  macro: DeskEvent<'MacroAssessed'>,
  market: DeskEvent<'MarketViewPublished'>,
): JournalEntry<Strategy> {
  const outcome = strategist.propose(context, macro.data, market.data);
  const who = { agent: strategist.agent, agentVersion: strategist.version };
  return outcome.kind === 'abstained'
    ? cycleEvent(speaker, market, 'StrategyAbstained', strategist.agent, { ...who, reason: outcome.reason })
    : cycleEvent(speaker, market, 'StrategyProposed', strategist.agent, {
        ...who,
        proposals: [...outcome.proposals],
        abstentions: [...outcome.abstentions],
      });
}

/** The strategy agent's ranking of what the analyzers proposed, without what was sent back. */
export function synthesis(
  speaker: Speaker,
  context: AgentContext,
  macro: DeskEvent<'MacroAssessed'>,
  market: DeskEvent<'MarketViewPublished'>,
  answers: readonly DeskEvent<Strategy>[],
  missing: readonly string[],
  options: { readonly iteration: number; readonly exclude: readonly string[] },
): JournalEntry<'ProposalSynthesized'> {
  const body = synthesize(context, macro.data, market.data, answers.map(answerOf), missing, {
    ...options,
    recentExits: context.recentExits ?? [],
  });
  return cycleEvent(speaker, market, 'ProposalSynthesized', String(options.iteration), body);
}

function answerOf(answer: DeskEvent<Strategy>): StrategyAnswer {
  const who = { eventId: answer.metadata.id, agent: answer.data.agent };
  return answer.metadata.type === 'StrategyAbstained'
    ? { kind: 'abstained', ...who, reason: (answer as DeskEvent<'StrategyAbstained'>).data.reason }
    : { kind: 'proposed', ...who, proposals: (answer as DeskEvent<'StrategyProposed'>).data.proposals };
}
