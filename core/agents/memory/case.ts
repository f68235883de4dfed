import type { InstrumentId } from '#core/market/instrument.ts';
import type { CycleBody } from '../context.ts';

/**
 * What a case is compared by, and the difference in each that makes two cases one step apart. Fixed rather than taken
 * from the episodes at hand, so that two cases are as far apart today as they were a year ago.
 */
export const FEATURE_SCALES: Readonly<Record<string, number>> = {
  'view.direction': 0.4,
  'view.disagreement': 0.2,
  trend: 0.4,
  'momentum.score': 0.4,
  'channel.position': 0.6,
  'volatility.annual': 0.1,
  'session.return': 0.02,
  'fear.level': 0.5,
  'fear.change': 0.4,
  'equity.exposure': 0.4,
  'flow.bulkImbalance': 0.4,
  'illiquidity.change': 0.7,
};

/** A case at hand, or the one that an episode remembers: the side taken, and what was known. */
export interface DossierCase {
  readonly instrument: InstrumentId;
  readonly regime: string | null;
  readonly direction: 'long' | 'short';
  readonly features: Readonly<Record<string, number | null>>;
}

type MarketView = Pick<CycleBody<'MarketViewPublished'>, 'instruments' | 'regime'>;

/** The features of an instrument in a market view; null where the view does not have the instrument. */
export function caseFeatures(market: MarketView, instrument: InstrumentId): DossierCase['features'] | null {
  const view = market.instruments.find((candidate) => candidate.instrument === instrument);
  if (view === undefined) return null;
  const own: Record<string, number | null> = {
    'view.direction': view.direction,
    'view.disagreement': view.disagreement,
  };
  return Object.fromEntries(
    Object.keys(FEATURE_SCALES).map((name) => [name, own[name] ?? view.measures[name] ?? null]),
  );
}

/** The case of taking one side of an instrument as the market view has it; null where the view does not have it. */
export function caseOf(
  market: MarketView,
  instrument: InstrumentId,
  direction: 'long' | 'short',
): DossierCase | null {
  const features = caseFeatures(market, instrument);
  return features === null ? null : { instrument, regime: market.regime, direction, features };
}
