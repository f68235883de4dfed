import type { Request } from '../protocol/requests.ts';
import { historyError } from './market-data.ts';

/** What a client hears of a request that could not be answered. */
export interface Failure {
  readonly requestId: number;
  readonly code: number;
  readonly message: string;
}

/** The id that a client knows its request by, -1 where it has none. */
function idOf(request: Request): number {
  if ('reqId' in request) return request.reqId;
  return 'orderId' in request ? request.orderId : -1;
}

const ofHistory = ({ request }: Request): boolean =>
  request === 'reqHistoricalData' || request === 'reqHeadTimestamp';

/** The answer to a request that failed inside the gateway: 162 for history, 321 for everything else. */
export function failureOf(request: Request, error: unknown): Failure {
  const why = error instanceof Error ? error.message : String(error);
  const requestId = idOf(request);
  return ofHistory(request)
    ? { requestId, code: 162, message: historyError(why) }
    : { requestId, code: 321, message: `Error validating request.-'bX' : cause - ${why}` };
}
