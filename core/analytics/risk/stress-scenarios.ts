/** What a book can be exposed to. The unit of a shock is that of {@link Shocks}. */
export const RISK_FACTORS = [
  'equity',
  'impliedVolatility',
  'treasuryYield',
  'highYieldSpread',
  'dollar',
  'bitcoin',
] as const;
export type RiskFactor = (typeof RISK_FACTORS)[number];

/** Moves of the factors together. What is not known is left out: unknown is not zero. */
export interface Shocks {
  /** Return of the S&P 500: −0.2 is a fall by a fifth. */
  readonly equity?: number;
  /** Change of the VIX (of the VXO, its forerunner, in 1987), as a fraction: 0.1 is ten points. */
  readonly impliedVolatility?: number;
  /** Change of the ten-year Treasury yield: 0.01 is one percentage point. */
  readonly treasuryYield?: number;
  /** Change of the option-adjusted spread of US high-yield bonds: 0.01 is one percentage point. */
  readonly highYieldSpread?: number;
  /** Change of the broad trade-weighted dollar: above 0 other currencies fall against it. */
  readonly dollar?: number;
  /** Return of bitcoin in dollars. */
  readonly bitcoin?: number;
}

export interface Scenario {
  readonly name: string;
  readonly shocks: Shocks;
}

/** One session of the past: from the close of the session before to its own. */
export interface HistoricalScenario extends Scenario {
  /** The fall of the index to its low inside the session, where the day is remembered for that. */
  readonly equityLow?: number;
}

/**
 * Sessions everybody remembers. Equity rounded to a tenth of a percent: S&P Dow Jones Indices. The fall of 2010 is that
 * of the Dow Jones average from its close to the low inside the day (SEC and CFTC, Findings Regarding the Market Events
 * of May 6, 2010), that of 2015 the S&P 500's to the low of the open (SEC, Research Note on August 24, 2015). VIX and
 * VXO: Cboe. Yields: Federal Reserve H.15, constant maturity (FRED DGS10). Spreads: ICE BofA US High Yield (FRED
 * BAMLH0A0HYM2), from 1996 on. Dollar: Federal Reserve H.10, nominal broad index (FRED DTWEXBGS), from 2006 on. Bitcoin:
 * closes at midnight UTC of the two sessions' dates, weekends included (Yahoo Finance); it had no market in 2010.
 */
export const HISTORICAL_SCENARIOS: readonly HistoricalScenario[] = [
  {
    name: '1987-10-19',
    shocks: { equity: -0.205, impliedVolatility: 1.1382, treasuryYield: -0.0008 },
  },
  {
    name: '2008-09-29',
    shocks: {
      equity: -0.088,
      impliedVolatility: 0.1198,
      treasuryYield: -0.0024,
      highYieldSpread: 0.005,
      dollar: 0.0078,
    },
  },
  {
    name: '2008-10-15',
    shocks: {
      equity: -0.09,
      impliedVolatility: 0.1412,
      treasuryYield: -0.0004,
      highYieldSpread: 0.0064,
      dollar: 0.0099,
    },
  },
  {
    name: '2010-05-06 flash crash',
    shocks: {
      equity: -0.032,
      impliedVolatility: 0.0789,
      treasuryYield: -0.0017,
      highYieldSpread: 0.0035,
      dollar: 0.0096,
    },
    equityLow: -0.092,
  },
  {
    name: '2015-08-24',
    shocks: {
      equity: -0.039,
      impliedVolatility: 0.1271,
      treasuryYield: -0.0004,
      highYieldSpread: 0.0028,
      dollar: -0.0019,
      bitcoin: -0.095,
    },
    equityLow: -0.053,
  },
  {
    name: '2018-02-05',
    shocks: {
      equity: -0.041,
      impliedVolatility: 0.2001,
      treasuryYield: -0.0007,
      highYieldSpread: 0.0012,
      dollar: 0.002,
      bitcoin: -0.212,
    },
  },
  {
    name: '2020-03-12',
    shocks: {
      equity: -0.095,
      impliedVolatility: 0.2157,
      treasuryYield: 0.0006,
      highYieldSpread: 0.0081,
      dollar: 0.0189,
      bitcoin: -0.372,
    },
  },
  {
    name: '2020-03-16',
    shocks: {
      equity: -0.12,
      impliedVolatility: 0.2486,
      treasuryYield: -0.0021,
      highYieldSpread: 0.0107,
      dollar: 0.0041,
      bitcoin: -0.099,
    },
  },
  {
    name: '2025-04-03',
    shocks: {
      equity: -0.048,
      impliedVolatility: 0.0851,
      treasuryYield: -0.0014,
      highYieldSpread: 0.0059,
      dollar: -0.0127,
    },
  },
  {
    name: '2025-04-04',
    shocks: {
      equity: -0.06,
      impliedVolatility: 0.1529,
      treasuryYield: -0.0005,
      highYieldSpread: 0.0044,
      dollar: 0.0083,
    },
  },
];

/**
 * Moves that have not happened in one session, for what the past did not try: assumptions of the desk, not estimates.
 * All factors are given, 0 where the thought holds one still.
 */
export const HYPOTHETICAL_SCENARIOS: readonly Scenario[] = [
  {
    name: 'equities and credit fall by a crash twice that of 2020',
    shocks: {
      equity: -0.24,
      impliedVolatility: 0.5,
      treasuryYield: -0.005,
      highYieldSpread: 0.02,
      dollar: 0.02,
      bitcoin: -0.4,
    },
  },
  {
    name: 'yields rise by a point and nothing is a haven',
    shocks: {
      equity: -0.1,
      impliedVolatility: 0.15,
      treasuryYield: 0.01,
      highYieldSpread: 0.01,
      dollar: 0.01,
      bitcoin: -0.15,
    },
  },
  {
    name: 'bitcoin halves alone',
    shocks: {
      equity: 0,
      impliedVolatility: 0,
      treasuryYield: 0,
      highYieldSpread: 0,
      dollar: 0,
      bitcoin: -0.5,
    },
  },
  {
    name: 'everything rises by a tenth against the short',
    shocks: {
      equity: 0.1,
      impliedVolatility: -0.1,
      treasuryYield: -0.002,
      highYieldSpread: -0.01,
      dollar: -0.01,
      bitcoin: 0.1,
    },
  },
];

/** The scenario with its equity at the low inside the session, where that is known to be lower; all else at the close. */
export function atTheLow({ name, shocks, equityLow }: HistoricalScenario): Scenario {
  return { name, shocks: equityLow === undefined ? shocks : { ...shocks, equity: equityLow } };
}
