import { DATA_ANALYZERS } from '#contracts/agents.ts';
import type { DeskEvent } from '#contracts/registry.ts';
import { dataOpinionist } from '#core/agents/data/data-opinion.ts';
import { marketView } from '#core/cycle/market-view.ts';
import { loadContext } from '#functions/runtime/cycle-context.ts';
import { type Desk, speaking } from '#functions/runtime/desk.ts';
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
  await say(desk, [marketView(speaking(desk), context, macro, answers, missing)]);
}
