import { withoutSource } from '../missing-source.ts';

/** Spread, depth, imbalance and block prints from real-time quotes; abstains without an entitlement to them. */
export const premiumMarketData = withoutSource('premium-market-data', {
  source: 'real-time quotes and order-book depth',
  needs: 'a market-data entitlement (level 1 quotes, level 2 depth) at the broker or MarketData.app',
  ownOnly: true,
  outOfScope: (instrument) =>
    instrument.assetClass === 'index' ? 'an index has no quotes or order book of its own' : null,
});
