import { withoutSource } from '../missing-source.ts';

/** Implied volatility surface, skew, term structure and expected move; abstains without a chain. */
export const options = withoutSource('options', {
  source: 'option chains',
  needs: 'quotes of listed options on the instrument by strike and expiry, with their times',
  ownOnly: true,
  outOfScope: (instrument) =>
    instrument.assetClass === 'forex' || instrument.assetClass === 'crypto'
      ? `no listed option chain is kept for the asset class ${instrument.assetClass}`
      : null,
});
