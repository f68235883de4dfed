import { type Bar, barSeries } from '#core/market/bars.ts';
import type { EpochMillis } from '#core/values/clock.ts';
import { type MemoryTapeInstrument, memoryTape, type Tape } from '#local/paper-gateway/tape.ts';

export const MINUTE = 60_000;
/** Monday 2018-02-05, 09:30 in New York. */
export const OPEN = Date.UTC(2018, 1, 5, 14, 30);
const DAY = 86_400_000;

/** One minute: open, high, low, close and volume. */
export type Minute = readonly [open: number, high: number, low: number, close: number, volume: number];

/** A calm minute at a price: 100,000 units within two cents. */
export const calm = (price: number, volume = 100_000): Minute => [
  price,
  price + 0.02,
  price - 0.02,
  price,
  volume,
];

function minutes(instrument: string, openTime: EpochMillis, rows: readonly Minute[]) {
  const bars = rows.map(([open, high, low, close, volume], index): Bar => {
    const opens = openTime + index * MINUTE;
    return { openTime: opens, closeTime: opens + MINUTE, open, high, low, close, volume };
  });
  return barSeries(instrument, { unit: 'minute', count: 1 }, bars);
}

/** A tape instrument with one session a day, each of the minutes given, and `history` daily closes before. */
export function stock(options: {
  readonly instrument: string;
  readonly conId: number;
  readonly sessions: readonly (readonly Minute[])[];
  readonly history?: readonly number[];
  readonly tradable?: boolean;
}): MemoryTapeInstrument {
  const { instrument, conId, sessions } = options;
  const history = options.history ?? [99, 100];
  const daily = history.map((close, index): Bar => {
    const opens = OPEN - (history.length - index) * DAY;
    return {
      openTime: opens,
      closeTime: opens + 390 * MINUTE,
      open: close,
      high: close,
      low: close,
      close,
      volume: 1e6,
    };
  });
  return {
    instrument,
    assetClass: 'equity',
    tradable: options.tradable ?? true,
    tick: '0.01',
    lot: '1',
    timeZone: 'America/New_York',
    contract: {
      conId,
      symbol: instrument,
      secType: 'STK',
      exchange: 'SMART',
      primaryExchange: 'NASDAQ',
      currency: 'USD',
      localSymbol: instrument,
      tradingClass: 'NMS',
      multiplier: '1',
      longName: `${instrument} INC`,
      industry: 'Technology',
    },
    sessions: sessions.map((rows, index) => ({
      date: new Date(OPEN + index * DAY).toISOString().slice(0, 10),
      openTime: OPEN + index * DAY,
      closeTime: OPEN + index * DAY + rows.length * MINUTE,
      bars: minutes(instrument, OPEN + index * DAY, rows),
    })),
    daily: barSeries(instrument, { unit: 'session' }, daily),
  };
}

/** One stock, AAPL, over these sessions of minutes. */
export const tapeOf = (...sessions: readonly (readonly Minute[])[]): Tape =>
  memoryTape([stock({ instrument: 'AAPL', conId: 265598, sessions })]);
