import type { AssetClass } from '#core/market/instrument.ts';
import { withoutSource } from '../missing-source.ts';

const FILES_NOTHING: Readonly<Record<Exclude<AssetClass, 'equity'>, string>> = {
  index: 'an index',
  forex: 'a forex pair',
  crypto: 'a crypto asset',
  future: 'a future',
  option: 'an option',
};

/** Value, quality, growth and accruals from facts as filed; abstains where nothing was filed or no filings are read. */
export const fundamental = withoutSource('fundamental', {
  source: 'company facts as filed',
  needs: 'SEC EDGAR XBRL facts with their filing dates, so that only what was filed by the session is used',
  ownOnly: true,
  outOfScope: ({ assetClass }) =>
    assetClass === 'equity' ? null : `${FILES_NOTHING[assetClass]} files no accounts`,
});
