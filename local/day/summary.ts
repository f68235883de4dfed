import { createHash } from 'node:crypto';
import { AGENTS } from '#contracts/agents.ts';
import { type DeskEvent, type EventData, type EventType, parseEvent } from '#contracts/registry.ts';
import { judgePlausibility, type Plausibility } from '#core/analytics/performance/plausibility.ts';
import type { ExportPart, Verification } from '#core/audit/verification.ts';
import { Decimal } from '#core/values/decimal.ts';
import { replayCurve } from './replay-curve.ts';

export interface Percentiles {
  readonly p50: number | null;
  readonly p99: number | null;
}

/** The summary of a replay; its JSON form is `abc day --json`. */
export interface DaySummary {
  readonly mode: string;
  readonly data: readonly string[];
  readonly sessions: number;
  readonly cycles: number;
  readonly events: number;
  readonly agents: readonly {
    readonly name: string;
    readonly answered: number;
    readonly abstained: number;
    readonly reasons: readonly string[];
  }[];
  readonly consensus: { readonly reached: number; readonly failed: number };
  readonly orders: { readonly authorized: number; readonly refused: Readonly<Record<string, number>> };
  readonly fills: number;
  readonly equity: { readonly start: string | null; readonly end: string | null };
  readonly totalReturn: number | null;
  readonly maxDrawdown: number | null;
  /** Whether the result may be shown as a headline. */
  readonly plausibility: Plausibility;
  readonly breakerTrips: number;
  readonly benchmark: { readonly name: string; readonly totalReturn: number | null };
  readonly audit: { readonly leaves: number; readonly root: string; readonly verified: boolean };
  readonly latencyMs: { readonly virtual: Percentiles; readonly real: Percentiles };
  readonly eventsPerSecond: number | null;
  readonly decisionsHash: string;
}

/** The types that `decisionsHash` covers: every decision, order and fill, in the order of the log. */
const DECISIVE: readonly EventType[] = [
  'MacroAssessed',
  'MarketViewPublished',
  'ProposalSynthesized',
  'ConsensusReached',
  'ConsensusFailed',
  'RiskAssessed',
  'DecisionCleared',
  'DecisionVetoed',
  'IterationRequested',
  'OrderPlanned',
  'OrderAuthorized',
  'OrderRefused',
  'StopMoveAuthorized',
  'CancelAuthorized',
  'OrderSubmitted',
  'OrderFilled',
  'TradingHalted',
  'TradingReducing',
];

/** Nearest-rank percentiles; null without any value. */
export function percentiles(values: readonly number[]): Percentiles {
  if (values.length === 0) return { p50: null, p99: null };
  const sorted = [...values].sort((left, right) => left - right);
  const rank = (fraction: number) => sorted[Math.max(0, Math.ceil(fraction * sorted.length) - 1)] as number;
  return { p50: rank(0.5), p99: rank(0.99) };
}

/** What cannot be read from the log: real time, and the run's own parameters. */
export interface RunFacts {
  readonly mode: string;
  readonly data: readonly string[];
  readonly benchmark: DaySummary['benchmark'];
  readonly realLatencies: readonly number[];
  readonly eventsPerSecond: number | null;
}

/** Sums up a run from its own signed log: what is not in the log did not happen. */
export function summarize(
  parts: readonly ExportPart[],
  verification: Verification,
  facts: RunFacts,
): DaySummary {
  const lines = parts.flatMap((part) => part.lines).map((line) => line.slice(65));
  // What has verified has been read against its schemas: that is not done a second time.
  const read = verification.verified ? (value: unknown) => value as DeskEvent : parseEvent;
  const events = lines.map((line) => read(JSON.parse(line)));
  const of = <T extends EventType>(type: T): readonly EventData<T>[] =>
    events.filter((event) => event.metadata.type === type).map((event) => (event as DeskEvent<T>).data);
  const decisions = createHash('sha256');
  events.forEach((event, index) => {
    if (DECISIVE.includes(event.metadata.type)) decisions.update(`${lines[index]}\n`);
  });
  const values = of('PortfolioRevalued');
  const start = of('AccountObserved')[0]?.netLiquidation ?? null;
  const end = of('SessionClosed').at(-1)?.equity ?? values.at(-1)?.equity ?? null;
  const refused: Record<string, number> = {};
  for (const { limit } of of('OrderRefused')) refused[limit] = (refused[limit] ?? 0) + 1;
  return {
    mode: facts.mode,
    data: facts.data,
    sessions: of('SessionClosed').length,
    cycles: of('CycleRequested').filter(({ kind }) => kind === 'decision').length,
    events: events.length,
    agents: AGENTS.map((name) => agentFigures(name, events)),
    consensus: { reached: of('ConsensusReached').length, failed: of('ConsensusFailed').length },
    orders: { authorized: of('OrderAuthorized').length, refused },
    fills: of('OrderFilled').length,
    equity: { start, end },
    totalReturn:
      start === null || end === null
        ? null
        : Number(new Decimal(end).div(start).minus(1).toSignificantDigits(10)),
    maxDrawdown: start === null ? null : values.reduce((worst, { drawdown }) => Math.max(worst, drawdown), 0),
    plausibility: judgePlausibility(replayCurve(events)),
    breakerTrips: of('TradingHalted').length + of('TradingReducing').length,
    benchmark: facts.benchmark,
    audit: { leaves: verification.leaves, root: verification.root, verified: verification.verified },
    latencyMs: { virtual: percentiles(virtualLatencies(events)), real: percentiles(facts.realLatencies) },
    eventsPerSecond: facts.eventsPerSecond,
    decisionsHash: decisions.digest('hex'),
  };
}

/** From the request of a cycle to the broker's acknowledgement of an order that came of it, in virtual milliseconds. */
function virtualLatencies(events: readonly DeskEvent[]): readonly number[] {
  const requested = new Map<string, number>();
  const latencies: number[] = [];
  for (const { metadata, data } of events) {
    const at = Date.parse(metadata.occurredAt);
    if (metadata.type === 'CycleRequested') requested.set(metadata.correlationId, at);
    const start = requested.get(metadata.correlationId);
    if (
      metadata.type === 'OrderAccepted' &&
      (data as EventData<'OrderAccepted'>).role === 'order' &&
      start !== undefined
    )
      latencies.push(at - start);
  }
  return latencies;
}

const ANSWERS: readonly EventType[] = [
  'MacroAssessed',
  'AnalysisCompleted',
  'MarketViewPublished',
  'StrategyProposed',
  'ProposalSynthesized',
  'OpinionGiven',
  'RiskAssessed',
  'DecisionCleared',
  'DecisionVetoed',
  'IterationRequested',
  'PlanCompleted',
  'LessonLearned',
  'MemoryRecorded',
];

function agentFigures(name: string, events: readonly DeskEvent[]): DaySummary['agents'][number] {
  const own = events.filter(({ metadata }) => metadata.sender === name);
  const abstentions = own.flatMap(({ metadata, data }) => {
    if (metadata.type === 'AnalysisAbstained' || metadata.type === 'StrategyAbstained')
      return [(data as EventData<'AnalysisAbstained'>).reason];
    return [];
  });
  return {
    name,
    answered: own.filter(({ metadata }) => ANSWERS.includes(metadata.type)).length,
    abstained: abstentions.length,
    reasons: [...new Set(abstentions)].slice(0, 3),
  };
}
