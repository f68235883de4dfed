import type { CivilDate } from './civil-date.ts';

/** The stable id of an instrument inside the system, e.g. `AAPL` or `SPX`. Upper case, digits, `.`, `-`. */
export type InstrumentId = string;

export type AssetClass = 'equity' | 'index' | 'forex' | 'crypto' | 'future' | 'option';

/** Which trading calendar an instrument follows. */
export type SessionTemplate = 'us-equity' | 'forex' | 'crypto';

/** What the desk knows of every instrument. Prices move in `tick`s, orders in `lot`s, both decimal strings. */
interface InstrumentTerms {
  readonly id: InstrumentId;
  readonly name: string;
  /** Of its prices: for a currency pair the second of the two. */
  readonly currency: string;
  readonly tick: string;
  readonly lot: string;
  /** What one unit at a price of 1 is worth, in the currency: 1 for shares, 100 for a US equity option, 1000 for CL. */
  readonly multiplier: string;
  readonly sessionTemplate: SessionTemplate;
  readonly sector: string | null;
  /** False for benchmarks and regime inputs: the risk gate refuses orders in them. */
  readonly tradable: boolean;
  /** Set where the series is not the instrument itself but stands for it; shown wherever the instrument is shown. */
  readonly proxyFor: string | null;
}

/** An instrument without an end: shares and funds, indices, currency pairs, crypto currencies. */
export interface SpotInstrument extends InstrumentTerms {
  readonly assetClass: Exclude<AssetClass, 'future' | 'option'>;
}

/** One delivery of a future. */
export interface FutureInstrument extends InstrumentTerms {
  readonly assetClass: 'future';
  /** What is delivered or settled against, such as `SPX` or `CL`. */
  readonly underlying: InstrumentId;
  /** The last day on which it trades. */
  readonly expiry: CivilDate;
}

/** One series of an option. */
export interface OptionInstrument extends InstrumentTerms {
  readonly assetClass: 'option';
  readonly underlying: InstrumentId;
  /** The last day on which it trades. */
  readonly expiry: CivilDate;
  /** Price per unit of the underlying, a decimal string. */
  readonly strike: string;
  readonly right: OptionRight;
  readonly exercise: ExerciseStyle;
}

export type OptionRight = 'call' | 'put';
export type ExerciseStyle = 'american' | 'european';

/** An instrument of any kind; `assetClass` tells which. */
export type Instrument = SpotInstrument | FutureInstrument | OptionInstrument;
