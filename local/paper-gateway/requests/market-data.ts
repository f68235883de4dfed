import { ceilTo, floorTo } from '#core/simulation/grid.ts';
import { barLiquidity } from '#core/simulation/matching.ts';
import { dateText, parseRequestInstant, zonedText } from '../calendar-text.ts';
import type { Connection } from '../connection.ts';
import {
  type Duration,
  dailyHistory,
  formingBar,
  type HistoryBar,
  INTRADAY_SIZES,
  intradayHistory,
  parseDuration,
} from '../history.ts';
import type { FeedBar } from '../market-feed.ts';
import { isTooLong } from '../protocol/frames.ts';
import type { RequestFields } from '../protocol/requests.ts';
import { respond } from '../protocol/responses.ts';
import { subscriptionKey } from '../subscriptions.ts';
import type { TapeInstrument } from '../tape.ts';
import { type BarUpdates, NO_SECURITY, type RequestContext, resolve } from './context.ts';
import { noLineIsFree } from './lines.ts';
import { sendRealTimeBars } from './real-time-bars.ts';

const MAXIMUM_LIVE_HISTORIES = 50;
/** Bars of one answer. More hardly fit a frame, and writing them only to find that out would keep everybody waiting. */
const MAXIMUM_BARS = 200_000;

/** Tick types, live and delayed. */
const TICKS = {
  bid: [1, 66],
  ask: [2, 67],
  bidSize: [0, 69],
  askSize: [3, 70],
  last: [4, 68],
  high: [6, 72],
  low: [7, 73],
  volume: [8, 74],
  close: [9, 75],
  open: [14, 76],
  lastTimestamp: [45, 88],
} as const;
const HALTED = 49;

/** Market data for one instrument until cancelled, or one picture of it. */
export function marketData(
  context: RequestContext,
  connection: Connection,
  request: RequestFields<'reqMktData'>,
): void {
  const instrument = resolve(context.tape, request.contract);
  if (instrument === null) {
    connection.error(request.reqId, 200, NO_SECURITY);
    return;
  }
  const key = subscriptionKey('marketData', request.reqId);
  if (connection.subscriptions.has(key)) {
    connection.error(request.reqId, 322, "Error processing request.-'bW' : cause - Duplicate ticker id");
    return;
  }
  if (!request.snapshot && noLineIsFree(context, connection, request.reqId)) return;
  connection.send(
    respond('marketDataType', { reqId: request.reqId, marketDataType: connection.marketDataType }),
  );
  connection.send(
    respond('tickRequestParameters', {
      reqId: request.reqId,
      minimumTick: Number(instrument.tick),
      bboExchange: '9c0001',
      snapshotPermissions: 3,
    }),
  );
  if (!request.snapshot)
    connection.subscriptions.set(key, { kind: 'marketData', reqId: request.reqId, instrument });
  sendTicks(context, connection, request.reqId, instrument);
  if (request.snapshot) connection.send(respond('tickSnapshotEnd', { reqId: request.reqId }));
}

/**
 * The market as of the last closed bar. Bid and ask are the fill model's: half its spread either side of the last
 * price, with the size it would let an order take; what the tape does not know is not sent.
 */
export function sendTicks(
  context: RequestContext,
  connection: Connection,
  reqId: number,
  instrument: TapeInstrument,
): void {
  const delayed = connection.marketDataType >= 3 ? 1 : 0;
  const price = (tick: readonly [number, number], value: number, size: number | null, attributes = 0): void =>
    connection.send(respond('tickPrice', { reqId, tickType: tick[delayed], price: value, size, attributes }));
  const size = (tick: readonly [number, number], value: number): void =>
    connection.send(respond('tickSize', { reqId, tickType: tick[delayed], size: value }));
  const id = instrument.instrument;
  const previous = context.feed.previousClose(id);
  if (previous !== null) price(TICKS.close, previous, 0);
  const day = context.feed.day(id);
  if (day === null) return;
  const model = context.desk.settings.instruments.get(id)?.model;
  if (model !== undefined && instrument.tradable) {
    const { capacity } = barLiquidity({ ...day.last, sessionStart: false, sessionEnd: false }, model);
    const half = Math.max(model.tick / 2, (day.last.close * model.spread) / 2);
    price(TICKS.bid, floorTo(day.last.close - half, model.tick), capacity, 1);
    price(TICKS.ask, ceilTo(day.last.close + half, model.tick), capacity, 1);
    size(TICKS.bidSize, capacity);
    size(TICKS.askSize, capacity);
  }
  price(TICKS.last, day.last.close, 0);
  price(TICKS.open, day.open, 0);
  price(TICKS.high, day.high, 0);
  price(TICKS.low, day.low, 0);
  if (!Number.isNaN(day.volume)) size(TICKS.volume, day.volume);
  connection.send(
    respond('tickString', {
      reqId,
      tickType: TICKS.lastTimestamp[delayed],
      value: String(Math.floor(day.last.closeTime / 1000)),
    }),
  );
  const halted = context.desk.state.behaviour.halted.has(id) ? 1 : 0;
  connection.send(respond('tickGeneric', { reqId, tickType: HALTED, value: halted }));
}

export const historyError = (why: string): string => `Historical Market Data Service error message:${why}`;

/** What bars are of, where they are not of trades. */
const SHOWN: Readonly<Record<string, string>> = { CASH: 'MIDPOINT', CRYPTO: 'AGGTRADES' };

interface HistoryQuery {
  readonly end: number;
  readonly duration: Duration;
  /** Length of an intraday bar, null for daily ones. */
  readonly minutes: number | null;
}

interface Refusal {
  readonly code: number;
  readonly message: string;
}

const invalid = (why: string): Refusal => ({
  code: 321,
  message: `Error validating request.-'bH' : cause - ${why}`,
});

/** What a historical request asks for, or why it is refused. */
function historyQuery(
  request: RequestFields<'reqHistoricalData'>,
  instrument: TapeInstrument,
  now: number,
): HistoryQuery | Refusal {
  const dated = request.endDateTime !== '';
  const end = dated ? parseRequestInstant(request.endDateTime, instrument.timeZone) : now;
  if (Number.isNaN(end)) return invalid(`end date ${JSON.stringify(request.endDateTime)} is not a date`);
  const duration = parseDuration(request.duration);
  if (duration === null) {
    return invalid(
      `Historical data query duration ${JSON.stringify(request.duration)} is not a number and one of S, D, W, M, Y`,
    );
  }
  const minutes = INTRADAY_SIZES[request.barSize] ?? null;
  if (minutes === null && request.barSize !== '1 day') {
    const sizes = Object.keys(INTRADAY_SIZES).join(', ');
    return invalid(
      `bar size ${JSON.stringify(request.barSize)} is not on this tape; it has ${sizes} and 1 day`,
    );
  }
  const shown = SHOWN[instrument.contract.secType] ?? 'TRADES';
  if (request.whatToShow !== shown) {
    if (shown === 'AGGTRADES')
      return {
        code: 10299,
        message: `Expected what to show is ${shown}, please use that instead of ${request.whatToShow}.`,
      };
    return {
      code: 162,
      message: historyError(`No data of type ${request.whatToShow}; this tape has ${shown}`),
    };
  }
  if (request.keepUpToDate && dated) return invalid('End date not supported with keepUpToDate');
  if (request.keepUpToDate && minutes === null)
    return invalid('keepUpToDate is served for intraday bar sizes');
  return { end: Math.min(end, now), duration, minutes };
}

/** Historical bars, and updates of the forming one where asked. */
export function historicalData(
  context: RequestContext,
  connection: Connection,
  request: RequestFields<'reqHistoricalData'>,
): void {
  const instrument = resolve(context.tape, request.contract);
  if (instrument === null) {
    connection.error(request.reqId, 200, NO_SECURITY);
    return;
  }
  const query = historyQuery(request, instrument, context.clock.now());
  const violation = context.historyPacing(request, instrument);
  if ('code' in query || violation !== null) {
    const { code, message } =
      'code' in query ? query : { code: 162, message: historyError(`pacing violation: ${violation}`) };
    connection.error(request.reqId, code, message);
    return;
  }
  const { end: until, duration, minutes } = query;
  const bars =
    minutes === null
      ? dailyHistory(context.sessions, instrument, until, duration, (at) => dateText(at, instrument.timeZone))
      : intradayHistory(context.sessions, instrument, until, duration, minutes);
  if (bars.length === 0 && !request.keepUpToDate) {
    connection.error(request.reqId, 162, historyError('HMDS query returned no data'));
    return;
  }
  const tooMany = historyError(
    `${bars.length} bars do not fit one message; ask for a shorter duration or larger bars`,
  );
  if (bars.length > MAXIMUM_BARS) {
    connection.error(request.reqId, 162, tooMany);
    return;
  }
  const answer = connection.frame(
    respond('historicalData', {
      reqId: request.reqId,
      start: zonedText(bars[0]?.openTime ?? until, instrument.timeZone),
      end: zonedText(until, instrument.timeZone),
      bars: bars.map((bar) => ({
        date: barDate(bar, instrument, request.formatDate),
        open: bar.open,
        high: bar.high,
        low: bar.low,
        close: bar.close,
        volume: Number.isNaN(bar.volume) ? null : bar.volume,
        weightedAverage: Number.isNaN(bar.average) ? bar.close : bar.average,
        count: -1,
      })),
    }),
  );
  if (isTooLong(answer)) {
    connection.error(request.reqId, 162, tooMany);
    return;
  }
  if (
    request.keepUpToDate &&
    minutes !== null &&
    !subscribe(context, connection, request, instrument, minutes)
  )
    return;
  connection.sendBytes(answer);
}

function subscribe(
  context: RequestContext,
  connection: Connection,
  request: RequestFields<'reqHistoricalData'>,
  instrument: TapeInstrument,
  minutes: number,
): boolean {
  const key = subscriptionKey('history', request.reqId);
  if (connection.subscriptions.has(key)) {
    connection.error(request.reqId, 322, "Error processing request.-'bW' : cause - Duplicate ticker id");
    return false;
  }
  let live = 0;
  for (const client of context.connections()) {
    for (const subscription of client.subscriptions.values()) if (subscription.kind === 'history') live += 1;
  }
  if (live >= MAXIMUM_LIVE_HISTORIES) {
    connection.error(request.reqId, 162, historyError('too many open historical data requests'));
    return false;
  }
  connection.subscriptions.set(key, {
    kind: 'history',
    reqId: request.reqId,
    instrument,
    minutes,
    formatDate: request.formatDate,
  });
  return true;
}

/** Daily bars carry their date; intraday ones their opening, as text in the instrument's zone or as epoch seconds. */
function barDate(bar: HistoryBar, instrument: TapeInstrument, formatDate: number): string {
  if (bar.date !== null) return bar.date;
  return formatDate === 2
    ? String(Math.floor(bar.openTime / 1000))
    : zonedText(bar.openTime, instrument.timeZone);
}

/** Sends a closed minute to everyone who follows its instrument. */
export function publishBar(context: RequestContext, bar: FeedBar): void {
  const id = bar.instrument.instrument;
  for (const connection of context.connections()) {
    for (const subscription of connection.subscriptions.values()) {
      if (subscription.kind === 'marketData' && subscription.instrument.instrument === id) {
        sendTicks(context, connection, subscription.reqId, bar.instrument);
      } else if (subscription.kind === 'realTimeBars' && subscription.instrument.instrument === id) {
        sendRealTimeBars(connection, subscription.reqId, bar);
      } else if (subscription.kind === 'history' && subscription.instrument.instrument === id) {
        if (!isDue(context.barUpdates, bar, subscription.minutes)) continue;
        const bars = context.sessions.of(id, bar.session.date);
        const forming = formingBar(
          bars,
          bar.session.openTime,
          subscription.minutes,
          bar.openTime,
          bar.closeTime,
        );
        if (forming !== null) sendUpdate(connection, subscription, forming);
      }
    }
  }
}

/** Whether subscribers hear of a minute: of each, or only of those that complete their bar. */
function isDue(updates: BarUpdates, bar: FeedBar, minutes: number): boolean {
  switch (updates) {
    case 'minute':
      return true;
    case 'bar':
      return bar.sessionEnd || (bar.closeTime - bar.session.openTime) % (minutes * 60_000) === 0;
  }
}

function sendUpdate(
  connection: Connection,
  subscription: { readonly reqId: number; readonly instrument: TapeInstrument; readonly formatDate: number },
  bar: HistoryBar,
): void {
  connection.send(
    respond('historicalDataUpdate', {
      reqId: subscription.reqId,
      count: -1,
      date: barDate(bar, subscription.instrument, subscription.formatDate),
      open: bar.open,
      close: bar.close,
      high: bar.high,
      low: bar.low,
      weightedAverage: Number.isNaN(bar.average) ? bar.close : bar.average,
      volume: Number.isNaN(bar.volume) ? null : bar.volume,
    }),
  );
}
