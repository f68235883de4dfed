import type { InstrumentId } from '#core/market/instrument.ts';

/** The series against which relative strength and the market's regime are measured: the S&P 500 index. */
export const BENCHMARK: InstrumentId = 'SPX';
