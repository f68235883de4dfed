import { withoutSource } from '../missing-source.ts';

/** Event probabilities and their changes; abstains without a market for an event that bears on the instrument. */
export const predictionMarket = withoutSource('prediction-market', {
  source: 'event-contract prices',
  needs: 'prices of event contracts (Kalshi) and a mapping from events to the instruments they bear on',
  ownOnly: false,
  outOfScope: () => null,
});
