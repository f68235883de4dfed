import { DATA_ANALYZERS } from '#contracts/agents.ts';
import type { DeskEvent } from '#contracts/registry.ts';
import type { AnalysisOutcome } from '#core/agents/context.ts';
import { publishMarketView } from '#core/agents/data/data.ts';
import { dataOpinionist } from '#core/agents/data/data-opinion.ts';
import { loadContext } from '#functions/runtime/cycle-context.ts';
import { cycleEntry } from '#functions/runtime/cycle-events.ts';
import type { Desk } from '#functions/runtime/desk.ts';
import { type Arrival, say } from '#functions/runtime/handler.ts';
import { causeOf } from '#functions/runtime/journal-reading.ts';
import { collect } from '../fan-in.ts';
import { giveOpinion, VOTING_TYPES, type VotingType } from '../voter.ts';

const ANSWERS = ['AnalysisCompleted', 'AnalysisAbstained'] as const;
export const DATA_TYPES = [...ANSWERS, 'MacroAssessed', ...VOTING_TYPES] as const;
type DataType = (typeof DATA_TYPES)[number];
type Answer = (typeof ANSWERS)[number];

/** Makes one validated market view of ten answers; votes later. MacroAssessed comes back to it as the stage's deadline. */
export async function dataAgent(desk: Desk, arrivals: readonly Arrival<DataType>[]): Promise<void> {
  const isVote = (type: string) => (VOTING_TYPES as readonly string[]).includes(type);
  for (const { event } of arrivals) {
    if (isVote(event.metadata.type)) await giveOpinion(desk, dataOpinionist, event as DeskEvent<VotingType>);
  }
  await collect(
    desk,
    arrivals.filter(({ event }) => !isVote(event.metadata.type)) as readonly Arrival<
      Answer | 'MacroAssessed'
    >[],
    {
      answers: ANSWERS,
      opening: 'MacroAssessed',
      expected: DATA_ANALYZERS,
      closing: { type: 'MarketViewPublished', key: '1' },
      answererOf: (answer) => answer.data.agent,
      close: (correlationId, answers, missing) => publish(desk, correlationId, answers, missing),
    },
  );
}

async function publish(
  desk: Desk,
  correlationId: string,
  answers: readonly DeskEvent<Answer>[],
  missing: readonly string[],
): Promise<void> {
  const macro = await causeOf(desk, correlationId, 'MacroAssessed', '1');
  const context = await loadContext(desk, macro.data.snapshot);
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
  await say(desk, [
    cycleEntry(desk, macro, 'MarketViewPublished', '1', { ...body, regime: macro.data.regime }),
  ]);
}

function outcomeOf(answer: DeskEvent<Answer>): AnalysisOutcome {
  if (answer.metadata.type === 'AnalysisAbstained')
    return { kind: 'abstained', reason: (answer as DeskEvent<'AnalysisAbstained'>).data.reason };
  const { views, abstentions } = (answer as DeskEvent<'AnalysisCompleted'>).data;
  return { kind: 'completed', views, abstentions };
}
