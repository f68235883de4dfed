import type { DeskEvent } from '#contracts/registry.ts';
import { assessRisk } from '#core/agents/risk/assess-risk.ts';
import type { JournalEntry } from '#core/events/new-event.ts';
import { cycleEvent, type Speaker } from './cycle-events.ts';
import type { Evidence } from './evidence.ts';

/** The risk agent's judgement of what was agreed. */
export function riskAssessment(
  speaker: Speaker,
  { context, market, synthesized }: Evidence,
  consensus: DeskEvent<'ConsensusReached'>,
): JournalEntry<'RiskAssessed'> {
  const body = assessRisk(context, market.data, synthesized.data, consensus.data);
  return cycleEvent(speaker, consensus, 'RiskAssessed', String(consensus.data.iteration), body);
}
