import { DATA_ANALYZERS, STRATEGY_ANALYZERS, VOTERS } from '#contracts/agents.ts';
import type { DeskEvent, EventData, EventType } from '#contracts/registry.ts';
import { ANALYZERS } from '#core/agents/analyzers.ts';
import type { AgentContext, Dossier, Episode, Opinionist } from '#core/agents/context.ts';
import { dataOpinionist } from '#core/agents/data/data-opinion.ts';
import { executionOpinionist } from '#core/agents/execution/execution-opinion.ts';
import { learningOpinionist } from '#core/agents/learning/learning-opinion.ts';
import { macroOpinionist } from '#core/agents/macro/macro-opinion.ts';
import { memoryOpinionist } from '#core/agents/memory/memory-opinion.ts';
import { riskOpinionist } from '#core/agents/risk/risk-opinion.ts';
import { STRATEGISTS } from '#core/agents/strategists.ts';
import { strategyOpinionist } from '#core/agents/strategy/strategy-opinion.ts';
import { analysis } from '#core/cycle/analysis.ts';
import type { Speaker } from '#core/cycle/cycle-events.ts';
import { plan } from '#core/cycle/execution-plan.ts';
import { macroAssessment } from '#core/cycle/macro-assessment.ts';
import { marketView } from '#core/cycle/market-view.ts';
import { dossierOf, opinion, type RoundOpening } from '#core/cycle/opinion.ts';
import { proposals } from '#core/cycle/proposals.ts';
import { reflection } from '#core/cycle/reflection.ts';
import { riskAssessment } from '#core/cycle/risk-assessment.ts';
import { roundOutcome } from '#core/cycle/round-outcome.ts';
import { synthesis } from '#core/cycle/synthesis.ts';
import type { JournalEntry } from '#core/events/new-event.ts';

const OPINIONISTS: Readonly<Record<(typeof VOTERS)[number], Opinionist>> = {
  data: dataOpinionist,
  strategy: strategyOpinionist,
  risk: riskOpinionist,
  execution: executionOpinionist,
  learning: learningOpinionist,
  memory: memoryOpinionist,
  macro: macroOpinionist,
};

/** What two of the voters bring to the table: cases recalled, and the latest lesson. */
export interface Recollections {
  readonly episodes: readonly Episode[];
  readonly lessons: EventData<'LessonLearned'> | null;
}

/**
 * A whole cycle, from its request to its plan: every agent's step in the order in which the live desk's events would have
 * it, all at one instant, with everybody answering. Gives the events in the order they are said.
 */
export function runCycle(
  requested: DeskEvent<'CycleRequested'>,
  context: AgentContext,
  recollections: Recollections,
  as: (name: string) => Speaker,
): readonly JournalEntry[] {
  const said: JournalEntry[] = [];
  const say = <T extends EventType>(entry: JournalEntry<T>): DeskEvent<T> => {
    said.push(entry as JournalEntry);
    return entry.event;
  };
  const macro = say(macroAssessment(as('macro'), context, requested));
  const analyses = inJournalOrder(
    DATA_ANALYZERS.map((agent) => analysis(as(agent), ANALYZERS[agent], context, macro)),
  );
  for (const answer of analyses) say(answer);
  const market = say(
    marketView(
      as('data'),
      context,
      macro,
      analyses.map(({ event }) => event),
      [],
    ),
  );
  if (requested.data.kind === 'pre-market') return said;

  const proposed = inJournalOrder(
    STRATEGISTS.map((one) => proposals(as(one.agent), one, context, macro, market)),
  );
  for (const answer of proposed) say(answer);
  const answers = proposed.map(({ event }) => event);
  const missing = STRATEGY_ANALYZERS.filter((agent) => !answers.some(({ data }) => data.agent === agent));
  let exclude: readonly string[] = [];
  for (let iteration = 1; ; iteration++) {
    const options = { iteration, exclude };
    const synthesized = say(synthesis(as('strategy'), context, macro, market, answers, missing, options));
    const consensus = deliberate(say, { context, macro, market, synthesized }, recollections, as);
    if (consensus === null) return said;
    const evidence = { context, market, synthesized };
    const assessed = say(riskAssessment(as('risk'), evidence, consensus));
    const word = say(reflection(as('reflection'), evidence, macro, consensus, assessed));
    switch (word.metadata.type) {
      case 'IterationRequested':
        exclude = (word as DeskEvent<'IterationRequested'>).data.exclude;
        break;
      case 'DecisionVetoed':
        return said;
      case 'DecisionCleared':
        for (const entry of plan(as('execution'), evidence, word as DeskEvent<'DecisionCleared'>, assessed))
          say(entry);
        return said;
    }
  }
}

/** Rounds of votes until consensus or none; null for none. Where nothing is proposed nobody votes. */
function deliberate(
  say: <T extends EventType>(entry: JournalEntry<T>) => DeskEvent<T>,
  seen: Parameters<typeof dossierOf>[1],
  { episodes, lessons }: Recollections,
  as: (name: string) => Speaker,
): DeskEvent<'ConsensusReached'> | null {
  const { context, synthesized } = seen;
  const opinions: JournalEntry<'OpinionGiven'>[] = [];
  let opening: RoundOpening = synthesized;
  for (let round = 1; ; round++) {
    const dossier = dossierOf(opening, seen);
    const brought: Readonly<Record<string, Partial<Dossier>>> = {
      memory: { episodes },
      learning: { lessons },
    };
    if (synthesized.data.proposals.length > 0) {
      for (const voter of VOTERS) {
        const entry = opinion(as(voter), OPINIONISTS[voter], opening, { ...dossier, ...brought[voter] });
        opinions.push(entry);
        say(entry);
      }
    }
    const cast = inJournalOrder(opinions).map(({ event }) => event);
    const outcome = say(roundOutcome(as('deliberation'), context, synthesized, round, cast));
    switch (outcome.metadata.type) {
      case 'ConsensusReached':
        return outcome as DeskEvent<'ConsensusReached'>;
      case 'ConsensusFailed':
        return null;
      case 'DeliberationRoundOpened':
        opening = outcome as DeskEvent<'DeliberationRoundOpened'>;
        break;
    }
  }
}

/** Entries as the journal gives them back: by type, then key. */
export function inJournalOrder<T extends EventType>(
  entries: readonly JournalEntry<T>[],
): readonly JournalEntry<T>[] {
  const sortKey = ({ key, event }: JournalEntry<T>) => `${event.metadata.type}#${key}`;
  return [...entries].sort((left, right) => (sortKey(left) < sortKey(right) ? -1 : 1));
}
