import type { InstrumentId } from '#core/market/instrument.ts';
import { inUnitInterval, significant } from '#core/values/round.ts';
import { BENCHMARK } from '../benchmark.ts';
import type { AgentContext, CycleBody } from '../context.ts';
import { readHistory } from '../history.ts';
import { marketRegime } from '../regime.ts';
import {
  type Candidate,
  LEAST_CROSS_SECTION,
  RANKING_NEEDED,
  type Scored,
  scoreCandidates,
} from './ranking.ts';

export const MACRO_VERSION = 'macro/1';
/** How many of the ranked, tradable instruments the analyzers are asked about. */
const TOP = 5;

/**
 * Ranks the universe, names the market's regime and chooses what the analyzers look at: the five best tradable
 * instruments and whatever is held. The regime is null where the benchmark has no usable history.
 */
export function assessMacro(context: AgentContext): CycleBody<'MacroAssessed'> {
  const { candidates, unavailable } = gather(context);
  const benchmark = readHistory(context, BENCHMARK, RANKING_NEEDED);
  const scored = scoreCandidates(candidates, benchmark.kind === 'usable' ? benchmark.history.daily : null);
  const chosen = scored.filter(({ instrument }) => context.instrument(instrument).tradable).slice(0, TOP);
  const weights = weightsOf(chosen);
  const regime = marketRegime(context);
  const assessed = regime.kind === 'assessed';
  return {
    regime: assessed ? regime.regime : null,
    regimeConfidence: assessed ? inUnitInterval(regime.confidence) : 0,
    regimeReasons: [
      ...(assessed ? regime.reasons : [`no regime: ${regime.reason}`]),
      rankingNote(candidates.length, context.universe.length, benchmark.kind === 'usable'),
    ],
    ranked: scored.map((entry, at) => ({
      instrument: entry.instrument,
      rank: at + 1,
      score: significant(entry.score),
      relativeStrength: significant(entry.relativeStrength),
      momentum: significant(entry.momentum),
      riskAdjusted: significant(entry.riskAdjusted),
      weight: inUnitInterval(weights.get(entry.instrument) ?? 0),
    })),
    unavailable,
    instruments: withHeld(
      context,
      chosen.map(({ instrument }) => instrument),
    ),
    agentVersion: MACRO_VERSION,
  };
}

/** Everything of the universe but the benchmark, split into what has usable bars and what has not, by reason. */
function gather(context: AgentContext) {
  const candidates: Candidate[] = [];
  const byReason = new Map<string, InstrumentId[]>();
  for (const { id } of context.universe) {
    const answer = readHistory(context, id, RANKING_NEEDED);
    if (answer.kind === 'unusable') {
      byReason.set(answer.reason, [...(byReason.get(answer.reason) ?? []), id]);
    } else if (id !== BENCHMARK) {
      const { closeTime, close } = answer.history.daily;
      candidates.push({ instrument: id, closeTime, close });
    }
  }
  return {
    candidates,
    unavailable: [...byReason].map(([reason, instruments]) => ({ reason, instruments })),
  };
}

/** Weights of the chosen by the softmax of their scores; they add up to 1. */
function weightsOf(chosen: readonly Scored[]): ReadonlyMap<InstrumentId, number> {
  const raised = chosen.map(({ instrument, score }) => [instrument, Math.exp(score)] as const);
  const total = raised.reduce((sum, [, value]) => sum + value, 0);
  return new Map(raised.map(([instrument, value]) => [instrument, value / total]));
}

function withHeld(context: AgentContext, chosen: readonly InstrumentId[]): InstrumentId[] {
  const held = (context.account?.positions ?? [])
    .filter(({ quantity }) => Number(quantity) !== 0)
    .map(({ instrument }) => instrument);
  return [...new Set([...chosen, ...held])];
}

function rankingNote(ranked: number, universe: number, withBenchmark: boolean): string {
  const against =
    ranked === 0
      ? 'nothing can be ranked'
      : ranked < LEAST_CROSS_SECTION
        ? 'too few for a cross-section, so each is measured against its own past year'
        : 'z-scored across them';
  const strength = withBenchmark ? '' : `; no ${BENCHMARK} history, so relative strength is left out`;
  return `the ranking rests on ${ranked} of ${universe} instruments: ${against}${strength}`;
}
