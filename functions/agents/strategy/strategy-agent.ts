import { STRATEGY_ANALYZERS } from '#contracts/agents.ts';
import type { DeskEvent } from '#contracts/registry.ts';
import { strategyOpinionist } from '#core/agents/strategy/strategy-opinion.ts';
import { synthesis } from '#core/cycle/synthesis.ts';
import { loadContext } from '#functions/runtime/cycle-context.ts';
import { type Desk, speaking } from '#functions/runtime/desk.ts';
import { type Arrival, say } from '#functions/runtime/handler.ts';
import { causeOf, eventsOf } from '#functions/runtime/journal-reading.ts';
import { collect } from '../fan-in.ts';
import { giveOpinion, VOTING_TYPES, type VotingType } from '../voter.ts';

const ANSWERS = ['StrategyProposed', 'StrategyAbstained'] as const;
export const STRATEGY_TYPES = [
  ...ANSWERS,
  'MarketViewPublished',
  'IterationRequested',
  ...VOTING_TYPES,
] as const;
type StrategyType = (typeof STRATEGY_TYPES)[number];
type Answer = (typeof ANSWERS)[number];

/** Ranks what four analyzers propose, once more without what was sent back; votes later. MarketViewPublished is its deadline. */
export async function strategyAgent(desk: Desk, arrivals: readonly Arrival<StrategyType>[]): Promise<void> {
  const stage: Arrival<Answer | 'MarketViewPublished'>[] = [];
  for (const arrival of arrivals) {
    const { event } = arrival;
    switch (event.metadata.type) {
      case 'ProposalSynthesized':
      case 'DeliberationRoundOpened':
        await giveOpinion(desk, strategyOpinionist, event as DeskEvent<VotingType>);
        break;
      case 'IterationRequested': {
        const { data, metadata } = event as DeskEvent<'IterationRequested'>;
        const answers = await eventsOf(desk, metadata.correlationId, ANSWERS);
        await put(desk, metadata.correlationId, answers, missingFrom(answers), {
          iteration: data.iteration + 1,
          exclude: data.exclude,
        });
        break;
      }
      case 'StrategyProposed':
      case 'StrategyAbstained':
      case 'MarketViewPublished':
        stage.push(arrival as Arrival<Answer | 'MarketViewPublished'>);
        break;
    }
  }
  await collect(desk, stage, {
    answers: ANSWERS,
    opening: 'MarketViewPublished',
    expected: STRATEGY_ANALYZERS,
    closing: { type: 'ProposalSynthesized', key: '1' },
    answererOf: (answer) => answer.data.agent,
    close: (correlationId, answers, missing) =>
      put(desk, correlationId, answers, missing, { iteration: 1, exclude: [] }),
  });
}

function missingFrom(answers: readonly DeskEvent<Answer>[]): readonly string[] {
  const answered = new Set(answers.map(({ data }) => data.agent));
  return STRATEGY_ANALYZERS.filter((agent) => !answered.has(agent));
}

async function put(
  desk: Desk,
  correlationId: string,
  answers: readonly DeskEvent<Answer>[],
  missing: readonly string[],
  options: { readonly iteration: number; readonly exclude: readonly string[] },
): Promise<void> {
  const [macro, market] = await Promise.all([
    causeOf(desk, correlationId, 'MacroAssessed', '1'),
    causeOf(desk, correlationId, 'MarketViewPublished', '1'),
  ]);
  const context = await loadContext(desk, market.data.snapshot);
  await say(desk, [synthesis(speaking(desk), context, macro, market, answers, missing, options)]);
}
