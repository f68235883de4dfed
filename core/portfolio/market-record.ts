import type { ContentReference } from '#contracts/primitives.ts';
import type { EventData } from '#contracts/registry.ts';
import type { BarColumns } from '#contracts/snapshot.ts';
import { parseInstant } from '#core/values/clock.ts';

/** The closed bars of the running session of one instrument, as kept in state. */
export interface IntradayRecord {
  readonly session: string;
  readonly minutes: number;
  readonly modelled: boolean;
  readonly bars: BarColumns;
}

/** Where the latest daily history of an instrument stands. */
export interface DailyRecord {
  readonly session: string;
  readonly history: ContentReference;
}

const EMPTY: BarColumns = { openTime: [], closeTime: [], open: [], high: [], low: [], close: [], volume: [] };

/**
 * Adds a closed bar in its place: a bar that comes late or twice leaves the record as if it had come in order, once; one
 * of an earlier session than the record's changes nothing.
 */
export function withBar(record: IntradayRecord | null, bar: EventData<'BarClosed'>): IntradayRecord {
  if (record !== null && record.session > bar.session) return record;
  const current = record !== null && record.session === bar.session ? record.bars : EMPTY;
  const openTime = parseInstant(bar.openTime);
  const index = current.openTime.findLastIndex((time) => time < openTime) + 1;
  if (current.openTime[index] === openTime)
    return { session: bar.session, minutes: bar.minutes, modelled: bar.modelled, bars: current };
  const insert = <V>(column: readonly V[], value: V): V[] => column.toSpliced(index, 0, value);
  return {
    session: bar.session,
    minutes: bar.minutes,
    modelled: bar.modelled,
    bars: {
      openTime: insert(current.openTime, openTime),
      closeTime: insert(current.closeTime, parseInstant(bar.closeTime)),
      open: insert(current.open, Number(bar.open)),
      high: insert(current.high, Number(bar.high)),
      low: insert(current.low, Number(bar.low)),
      close: insert(current.close, Number(bar.close)),
      volume: insert(current.volume, bar.volume === null ? null : Number(bar.volume)),
    },
  };
}
