import { createHash } from 'node:crypto';
import type { ContentReference } from '#contracts/primitives.ts';
import type { DailyHistory } from '#contracts/snapshot.ts';
import { canonicalJson } from '#core/events/canonical.ts';
import { CALENDAR_FIRST_DATE, sessionOn } from '#core/market/calendar.ts';
import type { Instrument } from '#core/market/instrument.ts';
import { barProblem } from './believable-bar.ts';
import type { BrokerBar } from './broker-port.ts';

/** The daily history of an instrument as an object: its content, where it goes and how it is referred to. */
export interface HistoryObject {
  readonly history: DailyHistory;
  readonly key: string;
  readonly bytes: Uint8Array;
  readonly reference: ContentReference;
  readonly first: string | null;
  readonly last: string | null;
  /** Days that were left out because they cannot be believed. */
  readonly doubted: readonly string[];
}

const DAY = /^(\d{4})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])$/;

/**
 * The broker's daily bars as history before a session: only what can be believed, of sessions that the calendar knows and
 * that lie before `session`, in order, each once. Times are the sessions' own open and close.
 */
export function historyObject(
  instrument: Instrument,
  source: string,
  session: string,
  bars: readonly BrokerBar[],
): HistoryObject {
  const byDate = new Map<string, BrokerBar>();
  const doubted: string[] = [];
  for (const bar of bars) {
    const match = DAY.exec(bar.time);
    if (match === null) continue;
    const date = `${match[1]}-${match[2]}-${match[3]}`;
    if (date < CALENDAR_FIRST_DATE || date >= session) continue;
    if (barProblem(instrument, bar) === null) byDate.set(date, bar);
    else doubted.push(date);
  }
  const rows = [...byDate.keys()].sort().flatMap((date) => {
    const on = sessionOn(instrument.sessionTemplate, date);
    const bar = byDate.get(date);
    return on === null || bar === undefined ? [] : [{ date, on, bar }];
  });
  const history: DailyHistory = {
    version: 1,
    instrument: instrument.id,
    source,
    bars: {
      openTime: rows.map(({ on }) => on.open),
      closeTime: rows.map(({ on }) => on.close),
      open: rows.map(({ bar }) => bar.open),
      high: rows.map(({ bar }) => bar.high),
      low: rows.map(({ bar }) => bar.low),
      close: rows.map(({ bar }) => bar.close),
      volume: rows.map(({ bar }) => (bar.volume !== null && bar.volume >= 0 ? bar.volume : null)),
    },
  };
  const bytes = new TextEncoder().encode(canonicalJson(history));
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const key = `history/${sha256}.json`;
  return {
    history,
    key,
    bytes,
    reference: { uri: key, sha256, bytes: bytes.byteLength },
    first: rows[0]?.date ?? null,
    last: rows.at(-1)?.date ?? null,
    doubted,
  };
}
