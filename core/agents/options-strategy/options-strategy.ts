import type { ProposalOutcome, Strategist } from '#core/agents/context.ts';

/**
 * Proposes option structures from chains. No source of chains is connected and the context carries none, so it
 * always abstains: strikes, volatilities and premiums are not to be made up from the underlying's bars.
 */
export const optionsStrategist: Strategist = {
  agent: 'options-strategy',
  version: '1.0.0',
  propose(context): ProposalOutcome {
    const underlyings = context.available.filter((id) => context.instrument(id).tradable);
    return {
      kind: 'abstained',
      reason:
        underlyings.length === 0
          ? 'no tradable instrument has data, and no option chain source is connected'
          : `no option chain for ${underlyings.slice(0, 20).join(', ')}: without quoted strikes, expiries and premiums neither Greeks, margin nor worst case of a structure are known`,
    };
  },
};
