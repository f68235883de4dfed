import type { Connection } from '../connection.ts';
import { fiveSecondBars } from '../five-second-bars.ts';
import type { FeedBar } from '../market-feed.ts';
import type { RequestFields } from '../protocol/requests.ts';
import { respond } from '../protocol/responses.ts';
import { subscriptionKey } from '../subscriptions.ts';
import { NO_SECURITY, type RequestContext, resolve } from './context.ts';
import { noLineIsFree } from './lines.ts';

const invalid = (why: string): string => `Invalid Real-time Query:${why}`;

/**
 * Five-second bars until cancelled. Those of a minute come together when it has closed: nothing of it is known before. The
 * bar size that is asked for is ignored, as TWS does: there are clients that send 0.
 */
export function realTimeBars(
  context: RequestContext,
  connection: Connection,
  request: RequestFields<'reqRealTimeBars'>,
): void {
  const instrument = resolve(context.tape, request.contract);
  if (instrument === null) {
    connection.error(request.reqId, 200, NO_SECURITY);
    return;
  }
  const shown = instrument.contract.secType === 'CASH' ? 'MIDPOINT' : 'TRADES';
  if (request.whatToShow !== shown) {
    connection.error(
      request.reqId,
      420,
      invalid(`no data of type ${JSON.stringify(request.whatToShow)}; this tape has ${shown}`),
    );
    return;
  }
  const key = subscriptionKey('realTimeBars', request.reqId);
  if (connection.subscriptions.has(key)) {
    connection.error(request.reqId, 322, "Error processing request.-'bW' : cause - Duplicate ticker id");
    return;
  }
  if (noLineIsFree(context, connection, request.reqId)) return;
  connection.subscriptions.set(key, { kind: 'realTimeBars', reqId: request.reqId, instrument });
}

/** Sends the five-second bars of a closed minute to one subscriber. */
export function sendRealTimeBars(connection: Connection, reqId: number, bar: FeedBar): void {
  for (const slice of fiveSecondBars(bar, Number(bar.instrument.tick))) {
    connection.send(
      respond('realTimeBar', {
        reqId,
        epochSeconds: Math.floor(slice.openTime / 1000),
        open: slice.open,
        high: slice.high,
        low: slice.low,
        close: slice.close,
        volume: Number.isNaN(slice.volume) ? null : slice.volume,
        weightedAverage: (slice.open + slice.high + slice.low + slice.close) / 4,
        count: -1,
      }),
    );
  }
}
