import type { Proposal } from '#contracts/events/cycle.ts';
import type { ProposalOutcome } from '#core/agents/context.ts';
import { sentenceOf } from '#core/values/sentence.ts';

/** One instrument's result: a proposal or the reason why there is none. */
export type InstrumentResult =
  | { readonly instrument: string; readonly proposal: Proposal }
  | { readonly instrument: string; readonly reason: string };

/**
 * A strategist's answer from its results by instrument: proposals and abstentions side by side, or one abstention when
 * nothing is proposed.
 */
export function outcomeOf(results: readonly InstrumentResult[], whenEmpty: string): ProposalOutcome {
  const proposals = results.flatMap((result) => ('proposal' in result ? [result.proposal] : []));
  const abstentions = results.flatMap((result) =>
    'reason' in result ? [{ instrument: result.instrument, reason: result.reason }] : [],
  );
  if (proposals.length > 0) return { kind: 'proposed', proposals, abstentions };
  const reasons = abstentions.map((abstention) => abstention.reason).join('; ') || whenEmpty;
  return { kind: 'abstained', reason: sentenceOf(reasons) };
}
