import type { InstrumentId, SpotInstrument } from './instrument.ts';

/** An id that the catalog does not have. */
export class UnknownInstrumentError extends Error {
  readonly code = 'UnknownInstrument';
  readonly retryable = false;
  constructor(id: InstrumentId) {
    super(
      `no instrument ${JSON.stringify(id)} in the catalog; use an id such as AAPL, or add it to the catalog`,
    );
    this.name = 'UnknownInstrumentError';
  }
}

function equity(id: InstrumentId, name: string, sector: string | null): SpotInstrument {
  return {
    id,
    name,
    assetClass: 'equity',
    currency: 'USD',
    tick: '0.01',
    lot: '1',
    multiplier: '1',
    sessionTemplate: 'us-equity',
    sector,
    tradable: true,
    proxyFor: null,
  };
}

function forex(base: string, quote: string, name: string): SpotInstrument {
  return {
    id: `${base}.${quote}`,
    name,
    assetClass: 'forex',
    currency: quote,
    tick: quote === 'JPY' ? '0.005' : '0.00005',
    lot: '1',
    multiplier: '1',
    sessionTemplate: 'forex',
    sector: 'currency',
    tradable: true,
    proxyFor: null,
  };
}

function crypto(id: InstrumentId, name: string, tick: string, lot: string): SpotInstrument {
  return {
    id,
    name,
    assetClass: 'crypto',
    currency: 'USD',
    tick,
    lot,
    multiplier: '1',
    sessionTemplate: 'crypto',
    sector: 'crypto',
    tradable: true,
    proxyFor: null,
  };
}

/** The S&P 500 price index: a benchmark and regime input, nothing that can be bought. */
const SPX: SpotInstrument = {
  id: 'SPX',
  name: 'S&P 500 index (price return)',
  assetClass: 'index',
  currency: 'USD',
  tick: '0.01',
  lot: '1',
  multiplier: '1',
  sessionTemplate: 'us-equity',
  sector: null,
  tradable: false,
  proxyFor: null,
};

/**
 * A stand-in for what follows the index, so that simulations have something to trade where only the index has data. It
 * trades at the index level with the volume printed beside the index, pays no dividends and exists nowhere.
 */
const SPX_PROXY: SpotInstrument = {
  ...SPX,
  id: 'SPX-PROXY',
  name: 'S&P 500 simulated proxy instrument (trades at the index level; exists in simulation only)',
  assetClass: 'equity',
  tradable: true,
  proxyFor: 'SPX',
};

const SECTOR_FUNDS: readonly SpotInstrument[] = [
  equity('XLB', 'Materials Select Sector SPDR Fund', 'materials'),
  equity('XLC', 'Communication Services Select Sector SPDR Fund', 'communication services'),
  equity('XLE', 'Energy Select Sector SPDR Fund', 'energy'),
  equity('XLF', 'Financial Select Sector SPDR Fund', 'financials'),
  equity('XLI', 'Industrial Select Sector SPDR Fund', 'industrials'),
  equity('XLK', 'Technology Select Sector SPDR Fund', 'technology'),
  equity('XLP', 'Consumer Staples Select Sector SPDR Fund', 'consumer staples'),
  equity('XLRE', 'Real Estate Select Sector SPDR Fund', 'real estate'),
  equity('XLU', 'Utilities Select Sector SPDR Fund', 'utilities'),
  equity('XLV', 'Health Care Select Sector SPDR Fund', 'health care'),
  equity('XLY', 'Consumer Discretionary Select Sector SPDR Fund', 'consumer discretionary'),
];

const BROAD_FUNDS: readonly SpotInstrument[] = [
  equity('SPY', 'SPDR S&P 500 ETF Trust', 'broad equity'),
  equity('QQQ', 'Invesco QQQ Trust (Nasdaq-100)', 'broad equity'),
  equity('IWM', 'iShares Russell 2000 ETF', 'broad equity'),
  equity('DIA', 'SPDR Dow Jones Industrial Average ETF Trust', 'broad equity'),
  equity('MDY', 'SPDR S&P MidCap 400 ETF Trust', 'broad equity'),
];

const BOND_FUNDS: readonly SpotInstrument[] = [
  equity('SHY', 'iShares 1-3 Year Treasury Bond ETF', 'bonds'),
  equity('IEF', 'iShares 7-10 Year Treasury Bond ETF', 'bonds'),
  equity('TLT', 'iShares 20+ Year Treasury Bond ETF', 'bonds'),
  equity('TIP', 'iShares TIPS Bond ETF', 'bonds'),
  equity('AGG', 'iShares Core U.S. Aggregate Bond ETF', 'bonds'),
  equity('LQD', 'iShares iBoxx $ Investment Grade Corporate Bond ETF', 'bonds'),
  equity('HYG', 'iShares iBoxx $ High Yield Corporate Bond ETF', 'bonds'),
  equity('EMB', 'iShares J.P. Morgan USD Emerging Markets Bond ETF', 'bonds'),
];

const INTERNATIONAL_FUNDS: readonly SpotInstrument[] = [
  equity('EFA', 'iShares MSCI EAFE ETF', 'international equity'),
  equity('EEM', 'iShares MSCI Emerging Markets ETF', 'international equity'),
  equity('VGK', 'Vanguard FTSE Europe ETF', 'international equity'),
  equity('EWJ', 'iShares MSCI Japan ETF', 'international equity'),
  equity('EWU', 'iShares MSCI United Kingdom ETF', 'international equity'),
  equity('FXI', 'iShares China Large-Cap ETF', 'international equity'),
  equity('INDA', 'iShares MSCI India ETF', 'international equity'),
  equity('EWZ', 'iShares MSCI Brazil ETF', 'international equity'),
];

const COMMODITY_FUNDS: readonly SpotInstrument[] = [
  equity('GLD', 'SPDR Gold Shares', 'commodities'),
  equity('SLV', 'iShares Silver Trust', 'commodities'),
  equity('USO', 'United States Oil Fund', 'commodities'),
  equity('UNG', 'United States Natural Gas Fund', 'commodities'),
  equity('CPER', 'United States Copper Index Fund', 'commodities'),
  equity('DBA', 'Invesco DB Agriculture Fund', 'commodities'),
  equity('DBC', 'Invesco DB Commodity Index Tracking Fund', 'commodities'),
];

const CURRENCIES: readonly SpotInstrument[] = [
  equity('UUP', 'Invesco DB US Dollar Index Bullish Fund', 'currency'),
  forex('EUR', 'USD', 'Euro in US dollars'),
  forex('GBP', 'USD', 'Pound sterling in US dollars'),
  forex('USD', 'JPY', 'US dollar in Japanese yen'),
  forex('AUD', 'USD', 'Australian dollar in US dollars'),
];

const CRYPTO: readonly SpotInstrument[] = [
  crypto('BTC-USD', 'Bitcoin in US dollars', '0.25', '0.0001'),
  crypto('ETH-USD', 'Ether in US dollars', '0.05', '0.001'),
];

/**
 * The macro agent's universe: 46 instruments over sectors, broad equity, bonds, international equity, commodities,
 * currencies and crypto. Being listed says nothing of having data: an instrument without bars is not available.
 */
export const MACRO_UNIVERSE: readonly SpotInstrument[] = [
  ...SECTOR_FUNDS,
  ...BROAD_FUNDS,
  ...BOND_FUNDS,
  ...INTERNATIONAL_FUNDS,
  ...COMMODITY_FUNDS,
  ...CURRENCIES,
  ...CRYPTO,
];

/** Every instrument the desk knows. */
export const CATALOG: readonly SpotInstrument[] = [
  equity('AAPL', 'Apple Inc.', 'technology'),
  SPX,
  SPX_PROXY,
  ...MACRO_UNIVERSE,
];

const BY_ID: ReadonlyMap<InstrumentId, SpotInstrument> = new Map(
  CATALOG.map((instrument) => [instrument.id, instrument]),
);

/** The instrument of an id, or undefined. */
export function findInstrument(id: InstrumentId): SpotInstrument | undefined {
  return BY_ID.get(id);
}

/** The instrument of an id. @throws UnknownInstrumentError */
export function instrumentOf(id: InstrumentId): SpotInstrument {
  const instrument = BY_ID.get(id);
  if (instrument === undefined) throw new UnknownInstrumentError(id);
  return instrument;
}
