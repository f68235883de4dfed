import { withoutSource } from '../missing-source.ts';

/** Type, novelty, credibility and expected impact of dated news items; abstains without items. */
export const news = withoutSource('news', {
  source: 'news items',
  needs: 'a feed of items with their times of publication; undated ones cannot be used',
  ownOnly: false,
  outOfScope: () => null,
});
