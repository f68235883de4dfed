import { centsText, Decimal } from '#core/values/decimal.ts';
import {
  brierScore,
  CONFIDENCE_BINS,
  earnedWeight,
  hitRate,
  LEAST_OBSERVATIONS,
  type TrackRecord,
  UNKNOWN_WEIGHT,
} from './track-record.ts';

const LEAST_IN_BIN = 10;
/** A bin is worth a sentence where what was claimed and what came differ by this much. */
const MISCALIBRATION = 0.1;

const percent = (share: number) => `${(share * 100).toFixed(1)} %`;

/** The claimed confidences of a bin, as text and by their middle. */
function binOf(at: number): { readonly text: string; readonly middle: number } {
  const low = at === 0 ? 0 : (CONFIDENCE_BINS[at - 1] as number);
  const high = CONFIDENCE_BINS[at] ?? 1;
  return { text: `${low.toFixed(1)} to ${high.toFixed(1)}`, middle: (low + high) / 2 };
}

/** The confidence range in which an agent's claims and their outcomes lie farthest apart; null where none is far. */
function worstBin(agent: string, record: TrackRecord): string | null {
  let worst: { readonly gap: number; readonly text: string } | null = null;
  for (const [at, { observations, hits }] of record.bins.entries()) {
    if (observations < LEAST_IN_BIN) continue;
    const { text, middle } = binOf(at);
    const gap = hits / observations - middle;
    if (Math.abs(gap) < MISCALIBRATION || (worst !== null && Math.abs(gap) <= Math.abs(worst.gap))) continue;
    const word = gap < 0 ? 'overconfident' : 'underconfident';
    worst = {
      gap,
      text: `${agent} is ${word}: of ${observations} views stated with confidence ${text}, ${percent(hits / observations)} were right`,
    };
  }
  return worst?.text ?? null;
}

function recordLesson(agent: string, record: TrackRecord): string {
  const rate = hitRate(record);
  const brier = brierScore(record);
  if (rate === null || brier === null) {
    return `${agent} has ${record.observations} judged ${record.observations === 1 ? 'view' : 'views'}; ${LEAST_OBSERVATIONS} are needed before its record says anything`;
  }
  const weight = earnedWeight(record);
  const against = brier < 0.25 ? 'better than' : brier > 0.25 ? 'worse than' : 'the same as';
  const change = weight > UNKNOWN_WEIGHT ? 'above' : weight < UNKNOWN_WEIGHT ? 'below' : 'at';
  return `${agent} was right in ${record.hits} of ${record.observations} judged views (${percent(rate)}), Brier ${brier.toFixed(4)}, ${against} a coin's 0.2500: its weight is ${weight.toFixed(2)}, ${change} the ${UNKNOWN_WEIGHT.toFixed(2)} of an unknown`;
}

/** What the figures say, in words; every number is rendered from the record. */
export function lessonsOf(
  agents: Readonly<Record<string, TrackRecord>>,
  realized: Readonly<Record<string, string>>,
): readonly string[] {
  return [
    ...Object.entries(agents).flatMap(([agent, record]) => {
      const worst = worstBin(agent, record);
      return worst === null ? [recordLesson(agent, record)] : [recordLesson(agent, record), worst];
    }),
    ...Object.entries(realized).map(([strategy, amount]) => {
      const total = new Decimal(amount);
      const word = total.isNegative() ? 'lost' : 'earned';
      return `${strategy} has ${word} ${centsText(total.abs())} in closed positions, commissions taken off`;
    }),
  ];
}
