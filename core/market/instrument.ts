/** The stable id of an instrument inside the system, e.g. `AAPL` or `SPX`. Upper case, digits, `.`, `-`. */
export type InstrumentId = string;

export type AssetClass = 'equity' | 'index' | 'forex' | 'crypto' | 'future' | 'option';

/** Which trading calendar an instrument follows. */
export type SessionTemplate = 'us-equity' | 'forex' | 'crypto';

/** What the desk knows of an instrument. Prices move in `tick`s, orders in `lot`s, both decimal strings. */
export interface Instrument {
  readonly id: InstrumentId;
  readonly name: string;
  readonly assetClass: AssetClass;
  readonly currency: string;
  readonly tick: string;
  readonly lot: string;
  readonly multiplier: string;
  readonly sessionTemplate: SessionTemplate;
  readonly sector: string | null;
  /** False for benchmarks and regime inputs: the risk gate refuses orders in them. */
  readonly tradable: boolean;
  /** Set where the series is not the instrument itself but stands for it; shown wherever the instrument is shown. */
  readonly proxyFor: string | null;
}
