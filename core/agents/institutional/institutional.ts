import { withoutSource } from '../missing-source.ts';

/** Position changes and crowding from 13F filings and fund flows; abstains without them. */
export const institutional = withoutSource('institutional', {
  source: 'institutional holdings or fund flows',
  needs: '13F filings with their filing dates (they lag the quarter by up to 45 days) or daily fund flows',
  ownOnly: true,
  outOfScope: (instrument) =>
    instrument.assetClass === 'equity' || instrument.assetClass === 'option'
      ? null
      : `13F filings do not cover the asset class ${instrument.assetClass}`,
});
