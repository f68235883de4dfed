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
          missing.outOfScope(context.instrument(id)) ??
          `no source of ${missing.source} is connected; needs ${missing.needs}`,
      })),
  };
}
