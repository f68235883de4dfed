import { DATA_ANALYZERS } from '#contracts/agents.ts';
import type { View } from '#contracts/events/cycle.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { type EpochMillis, instantText } from '#core/values/clock.ts';
import { measured, significant } from '#core/values/round.ts';
import {
  annualVolatility,
  averageTrueRange,
  averageVolume,
  returnOver,
  sessionVolatility,
} from '../bar-statistics.ts';
import type { AgentContext, AnalysisOutcome, CycleBody } from '../context.ts';
import { readHistory } from '../history.ts';
import { marketRegime } from '../regime.ts';
import { problemOf } from './cross-checks.ts';
import { type AcceptedView, poolViews } from './pooled-view.ts';

export const DATA_VERSION = 'data/1';

/** What one analyzer answered, with the event that carried it. */
export interface AnalyzerAnswer {
  readonly eventId: string;
  readonly agent: string;
  readonly outcome: AnalysisOutcome;
}

type MarketView = CycleBody<'MarketViewPublished'>;
type InstrumentView = MarketView['instruments'][number];
type Rejection = MarketView['rejected'][number];

const VOLATILITY_WINDOW = 20;

/**
 * One validated market view from the analyzers' answers. Answers are taken in the contract's agent order, so that the
 * result does not depend on the order of arrival; of several answers of one agent the one with the lowest event id
 * counts. An instrument without a price, or of which no view passed the checks, is left out and named in `rejected`
 * under `data`.
 */
export function publishMarketView(
  context: AgentContext,
  instruments: readonly InstrumentId[],
  answers: readonly AnalyzerAnswer[],
  missing: readonly string[],
): MarketView {
  const taken = inAgentOrder(answers);
  const rejected: Rejection[] = taken.flatMap((answer) => unasked(answer, instruments));
  const views = instruments.flatMap((id) => {
    const judged = judgeInstrument(context, id, taken);
    rejected.push(...judged.rejected);
    return judged.view === null ? [] : [judged.view];
  });
  const regime = marketRegime(context);
  return {
    instruments: views,
    rejected,
    answered: taken.filter(({ outcome }) => outcome.kind === 'completed').map(({ agent }) => agent),
    abstained: taken.flatMap(({ agent, outcome }) =>
      outcome.kind === 'abstained' ? [{ agent, reason: outcome.reason }] : [],
    ),
    missing: [...new Set(missing)].sort(byAgent),
    regime: regime.kind === 'assessed' ? regime.regime : null,
    inputs: taken.map(({ eventId }) => eventId),
    agentVersion: DATA_VERSION,
  };
}

const POSITION: ReadonlyMap<string, number> = new Map(DATA_ANALYZERS.map((agent, at) => [agent, at]));

/** By the contract's order; agents it does not know come last, by name. */
function byAgent(left: string, right: string): number {
  const difference = (POSITION.get(left) ?? POSITION.size) - (POSITION.get(right) ?? POSITION.size);
  return difference !== 0 ? difference : left < right ? -1 : left > right ? 1 : 0;
}

function inAgentOrder(answers: readonly AnalyzerAnswer[]): readonly AnalyzerAnswer[] {
  const sorted = [...answers].sort(
    (left, right) => byAgent(left.agent, right.agent) || (left.eventId < right.eventId ? -1 : 1),
  );
  return sorted.filter((answer, at) => answer.agent !== sorted[at - 1]?.agent);
}

const viewsOf = ({ outcome }: AnalyzerAnswer): readonly View[] =>
  outcome.kind === 'completed' ? outcome.views : [];

/** Views of instruments that nobody asked about. */
function unasked(answer: AnalyzerAnswer, instruments: readonly InstrumentId[]): Rejection[] {
  return viewsOf(answer)
    .filter(({ instrument }) => !instruments.includes(instrument))
    .map(({ instrument }) => ({ agent: answer.agent, instrument, reason: 'the cycle did not ask about it' }));
}

interface Reference {
  readonly price: number;
  readonly at: EpochMillis;
}

/** The close of the last closed bar: the running session's where there is one, else the last session's. */
function referenceOf(context: AgentContext, id: InstrumentId): Reference | null {
  for (const bars of [context.intraday(id), context.daily(id)]) {
    if (bars === null || bars.length === 0) continue;
    const price = bars.close[bars.length - 1] as number;
    const at = bars.closeTime[bars.length - 1] as number;
    if (Number.isFinite(price) && price > 0 && at <= context.asOf) return { price, at };
  }
  return null;
}

function judgeInstrument(
  context: AgentContext,
  id: InstrumentId,
  answers: readonly AnalyzerAnswer[],
): { readonly view: InstrumentView | null; readonly rejected: readonly Rejection[] } {
  const reference = referenceOf(context, id);
  if (reference === null) {
    return {
      view: null,
      rejected: [{ agent: 'data', instrument: id, reason: 'no closed bar gives it a price' }],
    };
  }
  const rejected: Rejection[] = [];
  const accepted: AcceptedView[] = [];
  for (const answer of answers) {
    const own = viewsOf(answer).filter(({ instrument }) => instrument === id);
    const [view] = own;
    if (view === undefined) continue;
    const problem =
      own.length > 1
        ? `it gave ${own.length} views of one instrument`
        : problemOf(view, context.asOf, reference.at);
    if (problem === null) {
      accepted.push({ agent: answer.agent, view, calibrated: context.calibratedWeight(answer.agent) });
    } else rejected.push({ agent: answer.agent, instrument: id, reason: problem });
  }
  const pooled = poolViews(accepted);
  if (pooled === null) {
    const reason =
      accepted.length === 0 ? 'no analyzer gave a usable view of it' : 'its views carry no weight';
    return { view: null, rejected: [...rejected, { agent: 'data', instrument: id, reason }] };
  }
  return {
    view: {
      instrument: id,
      ...pooled,
      referencePrice: significant(reference.price),
      referenceAt: instantText(reference.at),
      measures: measuresOf(context, id, reference, accepted),
    },
    rejected,
  };
}

/**
 * Figures for later stages, null where undefined. What rests on bars alone is computed here, once, from the bars; what
 * an analyzer estimates is taken from its accepted view.
 */
function measuresOf(
  context: AgentContext,
  id: InstrumentId,
  reference: Reference,
  accepted: readonly AcceptedView[],
): Record<string, number | null> {
  const answer = readHistory(context, id, 1);
  const history = answer.kind === 'usable' ? answer.history : null;
  const daily = history?.daily ?? null;
  const closes = daily?.close ?? new Float64Array();
  const before = closes.length === 0 ? undefined : (closes[closes.length - 1] as number);
  const from = (agent: string, name: string) =>
    accepted.find((entry) => entry.agent === agent)?.view.measures[name] ?? null;
  const volatility = sessionVolatility(closes, VOLATILITY_WINDOW);
  return {
    'volatility.annual': measured(annualVolatility(closes, VOLATILITY_WINDOW)),
    'volatility.session': measured(volatility),
    'volatility.annual.60': measured(annualVolatility(closes, 60)),
    'atr.14': measured(daily === null ? null : averageTrueRange(daily, 14)),
    'adv.20': measured(daily === null ? null : averageVolume(daily, VOLATILITY_WINDOW)),
    'price.previousClose': measured(before),
    'session.return': measured(
      history?.running == null || before === undefined ? null : Math.log(reference.price / before),
    ),
    'session.volume': measured(history?.running?.volume),
    'session.elapsed': measured(history?.running?.elapsed),
    'momentum.5': measured(returnOver(history?.closes ?? closes, 5)),
    'momentum.21': measured(returnOver(history?.closes ?? closes, 21)),
    'momentum.63': measured(returnOver(history?.closes ?? closes, 63)),
    'momentum.126': measured(returnOver(history?.closes ?? closes, 126)),
    'momentum.score': from('market-data', 'momentum.score'),
    trend: from('market-data', 'trend'),
    'channel.position': from('market-data', 'channel.position'),
    'spread.fraction': from('microstructure', 'spread.fraction'),
    'impact.onePercentOfVolume': from('microstructure', 'impact.onePercentOfVolume'),
    'illiquidity.change': from('microstructure', 'illiquidity.change'),
    'flow.bulkImbalance': from('microstructure', 'flow.bulkImbalance'),
    'fear.level': from('sentiment', 'fear.level'),
    'fear.change': from('sentiment', 'fear.change'),
    'equity.exposure': from('economic', 'equity.exposure'),
    'benchmark.correlation': from('economic', 'benchmark.correlation'),
  };
}
