import { millisOf, nanosOf } from '#core/values/nanoseconds.ts';
import type { BarInterval } from './bars.ts';
import { type Session, sessionAt } from './calendar.ts';
import type { InstrumentId, SessionTemplate } from './instrument.ts';
import { type QuoteSeries, quoteState } from './ticks.ts';
import { bucketWidth } from './trade-aggregation.ts';

/**
 * Quoted spreads by bucket, as columns, oldest first. Averages are weighed by the time each quote stood; they are of
 * two-sided quotes that are not crossed (a locked one has a spread of zero), and NaN in a bucket that has none.
 */
export interface SpreadSeries {
  readonly instrument: InstrumentId;
  readonly interval: BarInterval;
  readonly length: number;
  readonly openTime: Float64Array;
  readonly closeTime: Float64Array;
  /** Offer less bid, in units of price. */
  readonly spread: Float64Array;
  /** Spread over the middle, as a fraction. */
  readonly relativeSpread: Float64Array;
  /** Middle of bid and offer. */
  readonly middle: Float64Array;
  /** Share of the bucket's time for which such a quote stood, 0 to 1. */
  readonly coverage: Float64Array;
  /** Quotes that came within the bucket. */
  readonly quotes: Float64Array;
}

/** Spread and middle of one quote; NaN where it has no two sides, or is crossed. */
export function quotedSpread(bid: number, ask: number): { readonly spread: number; readonly middle: number } {
  switch (quoteState({ bid, ask })) {
    case 'normal':
    case 'locked':
      return { spread: ask - bid, middle: (bid + ask) / 2 };
    case 'one-sided':
    case 'crossed':
      return { spread: Number.NaN, middle: Number.NaN };
  }
}

const COLUMNS = [
  'openTime',
  'closeTime',
  'spread',
  'relativeSpread',
  'middle',
  'coverage',
  'quotes',
] as const;
const NANOS_PER_MILLI = 1e6;

/** One bucket while quotes run through it. Times are nanoseconds after the session's open. */
class Bucket {
  readonly openTime: number;
  readonly closeTime: number;
  quotes = 0;
  #time = 0;
  #spread = 0;
  #relative = 0;
  #middle = 0;

  constructor(openTime: number, closeTime: number) {
    this.openTime = openTime;
    this.closeTime = closeTime;
  }

  stand(bid: number, ask: number, nanos: number): void {
    const { spread, middle } = quotedSpread(bid, ask);
    if (Number.isNaN(spread) || !(nanos > 0)) return;
    this.#time += nanos;
    this.#spread += spread * nanos;
    // Of a price of zero or less (a future's) a spread is no fraction.
    this.#relative += middle > 0 ? (spread / middle) * nanos : Number.NaN;
    this.#middle += middle * nanos;
  }

  row(): Readonly<Record<(typeof COLUMNS)[number], number>> {
    const { openTime, closeTime, quotes } = this;
    const average = (sum: number) => (this.#time > 0 ? sum / this.#time : Number.NaN);
    return {
      openTime,
      closeTime,
      spread: average(this.#spread),
      relativeSpread: average(this.#relative),
      middle: average(this.#middle),
      coverage: this.#time / ((closeTime - openTime) * NANOS_PER_MILLI),
      quotes,
    };
  }
}

/**
 * Time-weighted quoted spreads on the grid that starts at each session's open, from the bucket of a session's first quote
 * on. A quote stands until the next, at most to the end of its session: none is carried over the night. The newest quote
 * is taken to stand to the end of its bucket, which is known only then: see `closeTime`. Quotes outside sessions are left
 * out and counted.
 * @throws RangeError for an interval of no whole minutes
 * @throws OutsideCalendarError for quotes outside the calendar
 */
export function spreadsFromQuotes(
  quotes: QuoteSeries,
  interval: BarInterval,
  template: SessionTemplate,
): { readonly spreads: SpreadSeries; readonly outsideSessions: number } {
  const width = bucketWidth(interval);
  const rows: ReturnType<Bucket['row']>[] = [];
  let outsideSessions = 0;
  let session: Session | null = null;
  let bucket: Bucket | undefined;

  const bucketAt = (within: Session, millis: number): Bucket => {
    const open = width === Number.POSITIVE_INFINITY ? within.open : millis - ((millis - within.open) % width);
    return new Bucket(open, Math.min(open + width, within.close));
  };

  for (let i = 0; i < quotes.length; i++) {
    const time = quotes.time[i] as bigint;
    const millis = millisOf(time);
    if (session === null || millis >= session.close) {
      if (bucket !== undefined) rows.push(bucket.row());
      bucket = undefined;
      session = sessionAt(template, millis);
    }
    if (session === null) {
      outsideSessions++;
      continue;
    }
    bucket ??= bucketAt(session, millis);
    bucket.quotes++;
    const origin = nanosOf(session.open);
    const last = i + 1 === quotes.length;
    const end = last
      ? (bucket.closeTime - session.open) * NANOS_PER_MILLI
      : Number((quotes.time[i + 1] as bigint) - origin);
    let from = Number(time - origin);
    const [bid, ask] = [quotes.bid[i] as number, quotes.ask[i] as number];
    for (;;) {
      const bucketEnd = (bucket.closeTime - session.open) * NANOS_PER_MILLI;
      bucket.stand(bid, ask, Math.min(end, bucketEnd) - from);
      if (end < bucketEnd || bucket.closeTime === session.close || last) break;
      rows.push(bucket.row());
      from = bucketEnd;
      bucket = bucketAt(session, bucket.closeTime);
    }
  }
  if (bucket !== undefined) rows.push(bucket.row());
  const column = (name: (typeof COLUMNS)[number]) => Float64Array.from(rows, (row) => row[name]);
  return {
    spreads: {
      instrument: quotes.instrument,
      interval,
      length: rows.length,
      openTime: column('openTime'),
      closeTime: column('closeTime'),
      spread: column('spread'),
      relativeSpread: column('relativeSpread'),
      middle: column('middle'),
      coverage: column('coverage'),
      quotes: column('quotes'),
    },
    outsideSessions,
  };
}
