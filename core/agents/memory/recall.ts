import { dayNumber } from '#core/market/civil-date.ts';
import { memoizeByIdentity } from '#core/values/memo.ts';
import type { Episode } from '../context.ts';
import { type DossierCase, FEATURE_SCALES } from './case.ts';

/** With fewer features in common two cases cannot be compared. */
const LEAST_SHARED_FEATURES = 4;
/** Below this similarity an episode is no precedent. */
const LEAST_SIMILARITY = 0.2;
const OTHER_INSTRUMENT = 0.7;
const OTHER_REGIME = 0.5;
const UNKNOWN_REGIME = 0.85;
/** Calendar days after which a memory counts half. */
const HALF_LIFE_DAYS = 180;
const WEIGHTS = { similarity: 0.6, recency: 0.2, importance: 0.2 } as const;

const FEATURES = Object.keys(FEATURE_SCALES);
const SCALES = Object.values(FEATURE_SCALES);

/** The features in the order of {@link FEATURES}; NaN for one that is unknown. */
const columnOf = (features: DossierCase['features']): Float64Array =>
  Float64Array.from(FEATURES, (name) => features[name] ?? Number.NaN);

/** What a case is compared by, taken from an episode once: hundreds of them are compared with each proposal. */
const comparedBy = memoizeByIdentity(({ features, closedOn }: Episode) => ({
  column: columnOf(features),
  closedOn: dayNumber(closedOn),
}));

export interface RankedEpisode {
  readonly episode: Episode;
  /** 0…1; see {@link similarityOf}. */
  readonly similarity: number;
  /** 0.6 similarity + 0.2 recency + 0.2 importance. */
  readonly relevance: number;
}

/**
 * exp(−d²/2), where d² is the mean squared difference of the shared features in their scales; × 0.7 for another
 * instrument, × 0.5 for another regime (0.85 where either is unknown). 0 with fewer than four shared features.
 */
export function similarityOf(
  episode: Episode,
  dossierCase: DossierCase,
  now = columnOf(dossierCase.features),
): number {
  const then = comparedBy(episode).column;
  let squares = 0;
  let shared = 0;
  for (let at = 0; at < SCALES.length; at++) {
    const difference = ((then[at] as number) - (now[at] as number)) / (SCALES[at] as number);
    if (Number.isNaN(difference)) continue;
    squares += difference ** 2;
    shared += 1;
  }
  if (shared < LEAST_SHARED_FEATURES) return 0;
  const regimeFactor =
    episode.regime === null || dossierCase.regime === null
      ? UNKNOWN_REGIME
      : episode.regime === dossierCase.regime
        ? 1
        : OTHER_REGIME;
  const instrumentFactor = episode.instrument === dossierCase.instrument ? 1 : OTHER_INSTRUMENT;
  return Math.exp(-squares / shared / 2) * regimeFactor * instrumentFactor;
}

/** {@link recallEpisodes} with the scores. */
export function rankEpisodes(
  episodes: readonly Episode[],
  dossierCase: DossierCase,
  asOfSession: string,
  limit: number,
): readonly RankedEpisode[] {
  const today = dayNumber(asOfSession);
  const now = columnOf(dossierCase.features);
  const ranked: RankedEpisode[] = [];
  for (const episode of episodes) {
    if (episode.closedOn >= asOfSession || episode.direction !== dossierCase.direction) continue;
    const similarity = similarityOf(episode, dossierCase, now);
    if (!(similarity >= LEAST_SIMILARITY)) continue;
    const recency = 0.5 ** ((today - comparedBy(episode).closedOn) / HALF_LIFE_DAYS);
    const relevance =
      WEIGHTS.similarity * similarity + WEIGHTS.recency * recency + WEIGHTS.importance * episode.importance;
    ranked.push({ episode, similarity, relevance });
  }
  return ranked
    .sort(
      (left, right) =>
        right.relevance - left.relevance || (left.episode.episodeId < right.episode.episodeId ? -1 : 1),
    )
    .slice(0, Math.max(0, limit));
}

/**
 * The episodes that bear on a case, most relevant first: the same side, similar enough, and over before the session
 * that asks. An episode that ended on or after `asOfSession` is not yet known to it, whoever stored it when.
 */
export function recallEpisodes(
  episodes: readonly Episode[],
  dossierCase: DossierCase,
  asOfSession: string,
  limit: number,
): readonly Episode[] {
  return rankEpisodes(episodes, dossierCase, asOfSession, limit).map(({ episode }) => episode);
}
