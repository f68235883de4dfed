import type { DataAnalyzer } from '#contracts/agents.ts';
import type { Instrument } from '#core/market/instrument.ts';
import type { Analyzer } from './context.ts';
import { judgeEach } from './judge-each.ts';

/** A data source that an analyzer reads and that the context of a cycle does not carry. */
export interface MissingSource {
  /** What is missing, e.g. `option chains`. */
  readonly source: string;
  /** What would have to be connected for the agent to work. */
  readonly needs: string;
  /** Why the source could never say anything of an instrument, connected or not; null where it could. */
  readonly outOfScope: (instrument: Instrument) => string | null;
  /** True where a stand-in for something else cannot have it: only the thing itself is quoted, held or filed for. */
  readonly ownOnly: boolean;
}

/**
 * An analyzer whose source is not connected: it abstains, for each instrument with the reason that is true of it. The
 * cycle's snapshot carries bars only, so there is nothing to look the source up in.
 */
export function withoutSource(agent: DataAnalyzer, missing: MissingSource): Analyzer {
  return {
    agent,
    version: `${agent}/1`,
    analyze: (context, instruments) =>
      judgeEach(instruments, (id) => ({
        kind: 'abstained',
        reason:
          outOfScope(context.instrument(id), missing) ??
          `no source of ${missing.source} is connected; needs ${missing.needs}`,
      })),
  };
}

function outOfScope(
  instrument: Instrument,
  { source, ownOnly, outOfScope: rule }: MissingSource,
): string | null {
  if (ownOnly && instrument.proxyFor !== null) {
    return `it stands for ${instrument.proxyFor} and has no ${source} of its own`;
  }
  return rule(instrument);
}
