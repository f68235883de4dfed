import { hash } from 'node:crypto';
import type { ContentReference } from '#contracts/primitives.ts';
import { type BarSeries, closedBy, sliceBars } from '#core/market/bars.ts';
import { newYorkDate } from '#core/market/calendar.ts';
import type { EpochMillis } from '#core/values/clock.ts';

/** A history as an observation names it, with the series that its digest stands for. */
export interface ObservedHistory {
  readonly reference: ContentReference;
  readonly series: BarSeries;
  readonly first: string | null;
  readonly last: string | null;
}

const COLUMNS = ['close', 'closeTime', 'high', 'low', 'open', 'openTime', 'volume'] as const;

interface ColumnText {
  /** All values, each followed by a comma. */
  readonly text: string;
  /** Where each value begins. */
  readonly at: Int32Array;
}

function columnText(column: Float64Array): ColumnText {
  const at = new Int32Array(column.length + 1);
  const parts = Array.from(column, (value) => `${Number.isFinite(value) ? JSON.stringify(value) : 'null'},`);
  for (let i = 0; i < parts.length; i++) at[i + 1] = (at[i] as number) + (parts[i] as string).length;
  return { text: parts.join(''), at };
}

/** The daily histories of one instrument, one for each session that asks. */
export interface DailyHistories {
  /** The last `sessions` bars that had closed before an instant. */
  before(instant: EpochMillis, sessions: number): ObservedHistory;
}

/**
 * Histories as the live bridge would observe them, each under the digest of its canonical JSON (`historyObject` of
 * `core/broker` gives the same). A history of every session of twenty years is asked for: the numbers are written as text
 * once and cut.
 */
export function digestedHistories(daily: BarSeries, source: string): DailyHistories {
  const columns = COLUMNS.map((name) => ({ name, ...columnText(daily[name]) }));
  return {
    before(instant, sessions) {
      const { from, until } = spanBefore(daily, instant, sessions);
      const bars = columns
        .map(({ name, text, at }) => {
          const [start, end] = [at[from] as number, at[until] as number];
          return `"${name}":[${text.slice(start, Math.max(start, end - 1))}]`;
        })
        .join(',');
      const content = `{"bars":{${bars}},"instrument":${JSON.stringify(daily.instrument)},"source":${JSON.stringify(source)},"version":1}`;
      return observed(daily, from, until, hash('sha256', content), Buffer.byteLength(content, 'utf8'));
    },
  };
}

/**
 * The same histories under the digest of a name, without a size: reading all of every history's numbers is much of what a
 * session costs, and where nobody hears the events nobody can tell.
 */
export function namedHistories(daily: BarSeries): DailyHistories {
  return {
    before(instant, sessions) {
      const { from, until } = spanBefore(daily, instant, sessions);
      return observed(daily, from, until, hash('sha256', `${daily.instrument} ${from}-${until}`), 0);
    },
  };
}

function spanBefore(daily: BarSeries, instant: EpochMillis, sessions: number) {
  const until = closedBy(daily, instant).length;
  return { from: Math.max(0, until - sessions), until };
}

function observed(
  daily: BarSeries,
  from: number,
  until: number,
  sha256: string,
  bytes: number,
): ObservedHistory {
  const dateAt = (index: number) => (until === from ? null : newYorkDate(daily.closeTime[index] as number));
  return {
    reference: { uri: `history/${sha256}.json`, sha256, bytes },
    series: sliceBars(daily, from, until),
    first: dateAt(from),
    last: dateAt(until - 1),
  };
}
