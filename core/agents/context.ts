import type { DataAnalyzer, StrategyAnalyzer, Voter } from '#contracts/agents.ts';
import type { CycleKind, Opinion, Proposal, View } from '#contracts/events/cycle.ts';
import type { EventData, EventType } from '#contracts/registry.ts';
import type { BarSeries } from '#core/market/bars.ts';
import type { Instrument, InstrumentId } from '#core/market/instrument.ts';
import type { RiskPolicy } from '#core/risk/policy.ts';
import type { EpochMillis } from '#core/values/clock.ts';

/**
 * Everything an agent may look at. Built from the cycle's content-addressed snapshot; nothing in it is later than `asOf`.
 */
export interface AgentContext {
  readonly cycleId: string;
  readonly session: string;
  readonly kind: CycleKind;
  readonly asOf: EpochMillis;
  readonly sessionOpen: EpochMillis;
  readonly sessionClose: EpochMillis;
  /** Text that every random draw of the cycle is seeded from, with the agent's own name added. */
  readonly seed: string;
  /** Instruments with any data, in catalog order. */
  readonly available: readonly InstrumentId[];
  /** Every instrument of the universe, with or without data. */
  readonly universe: readonly Instrument[];
  instrument(id: InstrumentId): Instrument;
  /** Session bars closed before this session; null where there is no history. */
  daily(id: InstrumentId): BarSeries | null;
  /** This session's bars closed by `asOf`; null where none. */
  intraday(id: InstrumentId): BarSeries | null;
  /** Whether the path inside the day is a model rather than the market's own ticks. */
  intradayIsModelled(id: InstrumentId): boolean;
  readonly account: EventData<'PortfolioRevalued'> | null;
  /** Layers closed in this session: nothing is entered again right after its stop. */
  readonly recentExits?: readonly {
    readonly instrument: InstrumentId;
    readonly session: string;
    readonly by: 'stop' | 'decision';
  }[];
  /** Entries and additions that can still fill. */
  readonly pendingEntries?: readonly { readonly instrument: InstrumentId; readonly intentId: string }[];
  readonly tradingState: 'ACTIVE' | 'REDUCING' | 'HALTED';
  readonly policy: RiskPolicy;
  /** Measured weight of an agent, 0…1; undefined where nothing has been measured yet. */
  calibratedWeight(agent: string): number | undefined;
}

/** The data of a cycle event without the members that every event of the cycle repeats. */
export type CycleBody<T extends EventType> = Omit<EventData<T>, 'cycleId' | 'session' | 'kind' | 'snapshot'>;

export type AnalysisOutcome =
  | {
      readonly kind: 'completed';
      readonly views: readonly View[];
      readonly abstentions: readonly { instrument: string; reason: string }[];
    }
  | { readonly kind: 'abstained'; readonly reason: string };

export type ProposalOutcome =
  | {
      readonly kind: 'proposed';
      readonly proposals: readonly Proposal[];
      readonly abstentions: readonly { instrument: string; reason: string }[];
    }
  | { readonly kind: 'abstained'; readonly reason: string };

/** A data analyzer's pure core. `instruments` are those macro asked about. */
export interface Analyzer {
  readonly agent: DataAnalyzer;
  /** Changes whenever the same input could give another output. */
  readonly version: string;
  analyze(context: AgentContext, instruments: readonly InstrumentId[]): AnalysisOutcome;
}

/** A strategy analyzer's pure core. */
export interface Strategist {
  readonly agent: StrategyAnalyzer;
  readonly version: string;
  propose(
    context: AgentContext,
    macro: CycleBody<'MacroAssessed'>,
    market: CycleBody<'MarketViewPublished'>,
  ): ProposalOutcome;
}

/** What every voter sees. */
export interface Dossier {
  readonly context: AgentContext;
  readonly macro: CycleBody<'MacroAssessed'>;
  readonly market: CycleBody<'MarketViewPublished'>;
  readonly synthesized: CycleBody<'ProposalSynthesized'>;
  /** The round before this one; empty in the first. */
  readonly previous: readonly { readonly voter: string; readonly opinions: readonly Opinion[] }[];
  readonly round: number;
  /** Episodes recalled for this case, most relevant first; only the memory voter has any. */
  readonly episodes: readonly Episode[];
  /** The latest lessons; only the learning voter has any. */
  readonly lessons: EventData<'LessonLearned'> | null;
}

/** A voter's pure core. */
export interface Opinionist {
  readonly voter: Voter;
  readonly version: string;
  opine(dossier: Dossier): { readonly opinions: readonly Opinion[]; readonly recalled: readonly string[] };
}

/** One remembered case: what was known, what was done, what came of it. */
export interface Episode {
  readonly episodeId: string;
  readonly instrument: InstrumentId;
  /** The session it ended in: usable only in later sessions. */
  readonly closedOn: string;
  readonly regime: string | null;
  readonly direction: 'long' | 'short';
  readonly confidence: number;
  /** Features at the decision, by name; compared with the case at hand. */
  readonly features: Readonly<Record<string, number | null>>;
  /** Return of the instrument from the decision to the episode's end, signed by direction. */
  readonly outcome: number;
  readonly traded: boolean;
  readonly importance: number;
}
