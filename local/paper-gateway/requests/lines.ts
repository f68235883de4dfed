import type { Connection } from '../connection.ts';
import type { RequestContext } from './context.ts';

const MAXIMUM_LINES = 100;

/** Refuses with 101 where all clients together watch as many lines as the login has; real-time bars take lines too. */
export function noLineIsFree(context: RequestContext, connection: Connection, reqId: number): boolean {
  let lines = 0;
  for (const client of context.connections()) {
    for (const { kind } of client.subscriptions.values())
      if (kind === 'marketData' || kind === 'realTimeBars') lines += 1;
  }
  if (lines < MAXIMUM_LINES) return false;
  connection.error(reqId, 101, 'Max number of tickers has been reached');
  return true;
}
