import { dataLegs, requestContract } from './contract.ts';
import {
  before,
  type FieldCodec,
  fixed,
  flag,
  integer,
  layout,
  type MessageOf,
  number,
  optionalInteger,
  since,
  text,
  when,
  withAbsent,
} from './fields.ts';
import { placeOrder } from './place-order.ts';

const reqId = integer;
/** The request's own version number. */
const version = (value: string): FieldCodec<string> => fixed(value);

/** Every request the gateway understands: wire id and layout after the id, server versions 176–193. */
export const REQUESTS = {
  startApi: {
    id: 71,
    layout: layout({ version: version('2'), clientId: integer, optionalCapabilities: text }),
  },
  reqMktData: {
    id: 1,
    layout: layout({
      version: version('11'),
      reqId,
      contract: requestContract,
      legs: dataLegs,
      deltaNeutralContract: flag,
      deltaNeutralContractDetail: when(
        (_version, message) => message['deltaNeutralContract'] === true,
        layout({ conId: integer, delta: number, price: number }),
      ),
      genericTicks: text,
      snapshot: flag,
      regulatorySnapshot: flag,
      options: text,
    }),
  },
  cancelMktData: { id: 2, layout: layout({ version: version('1'), reqId }) },
  placeOrder: { id: 3, layout: placeOrder },
  cancelOrder: {
    id: 4,
    layout: layout({
      version: before(192, version('1')),
      orderId: integer,
      manualCancelTime: text,
      rfqText1: when((v) => v >= 187 && v < 190, text),
      rfqText2: when((v) => v >= 187 && v < 190, text),
      rfqNumber: when((v) => v >= 187 && v < 190, optionalInteger),
      extOperator: since(192, text),
      manualOrderIndicator: since(192, optionalInteger),
    }),
  },
  reqOpenOrders: { id: 5, layout: layout({ version: version('1') }) },
  reqAccountUpdates: { id: 6, layout: layout({ version: version('2'), subscribe: flag, account: text }) },
  reqExecutions: {
    id: 7,
    layout: layout({
      version: version('3'),
      reqId,
      clientId: integer,
      account: text,
      time: text,
      symbol: text,
      secType: text,
      exchange: text,
      side: text,
    }),
  },
  reqIds: { id: 8, layout: layout({ version: version('1'), count: integer }) },
  reqContractDetails: {
    id: 9,
    layout: layout({
      version: version('8'),
      reqId,
      contract: requestContract,
      includeExpired: flag,
      secIdType: text,
      secId: text,
      issuerId: text,
    }),
  },
  setServerLogLevel: { id: 14, layout: layout({ version: version('1'), level: integer }) },
  reqAutoOpenOrders: { id: 15, layout: layout({ version: version('1'), bind: flag }) },
  reqAllOpenOrders: { id: 16, layout: layout({ version: version('1') }) },
  reqManagedAccounts: { id: 17, layout: layout({ version: version('1') }) },
  reqHistoricalData: {
    id: 20,
    layout: layout({
      reqId,
      contract: requestContract,
      includeExpired: flag,
      endDateTime: text,
      barSize: text,
      duration: text,
      useRth: flag,
      whatToShow: text,
      formatDate: withAbsent(integer, 1),
      legs: dataLegs,
      keepUpToDate: flag,
      chartOptions: text,
    }),
  },
  cancelHistoricalData: { id: 25, layout: layout({ version: version('1'), reqId }) },
  reqCurrentTime: { id: 49, layout: layout({ version: version('1') }) },
  reqRealTimeBars: {
    id: 50,
    layout: layout({
      version: version('3'),
      reqId,
      contract: requestContract,
      barSize: integer,
      whatToShow: text,
      useRth: flag,
      options: text,
    }),
  },
  cancelRealTimeBars: { id: 51, layout: layout({ version: version('1'), reqId }) },
  reqGlobalCancel: {
    id: 58,
    layout: layout({
      version: before(192, version('1')),
      extOperator: since(192, text),
      manualOrderIndicator: since(192, optionalInteger),
    }),
  },
  reqMarketDataType: { id: 59, layout: layout({ version: version('1'), marketDataType: integer }) },
  reqPositions: { id: 61, layout: layout({ version: version('1') }) },
  reqAccountSummary: { id: 62, layout: layout({ version: version('1'), reqId, group: text, tags: text }) },
  cancelAccountSummary: { id: 63, layout: layout({ version: version('1'), reqId }) },
  cancelPositions: { id: 64, layout: layout({ version: version('1') }) },
  reqAccountUpdatesMulti: {
    id: 76,
    layout: layout({ version: version('1'), reqId, account: text, model: text, ledgerAndNlv: flag }),
  },
  cancelAccountUpdatesMulti: { id: 77, layout: layout({ version: version('1'), reqId }) },
  reqMatchingSymbols: { id: 81, layout: layout({ reqId, pattern: text }) },
  reqHeadTimestamp: {
    id: 87,
    layout: layout({
      reqId,
      contract: requestContract,
      includeExpired: flag,
      useRth: flag,
      whatToShow: text,
      formatDate: withAbsent(integer, 1),
    }),
  },
  cancelHeadTimestamp: { id: 90, layout: layout({ reqId }) },
  reqMarketRule: { id: 91, layout: layout({ marketRuleId: integer }) },
  reqPnl: { id: 92, layout: layout({ reqId, account: text, model: text }) },
  cancelPnl: { id: 93, layout: layout({ reqId }) },
  reqPnlSingle: { id: 94, layout: layout({ reqId, account: text, model: text, conId: integer }) },
  cancelPnlSingle: { id: 95, layout: layout({ reqId }) },
  reqCompletedOrders: { id: 99, layout: layout({ apiOnly: flag }) },
  reqUserInfo: { id: 104, layout: layout({ reqId }) },
} as const;

export type RequestName = keyof typeof REQUESTS;
/** The fields of one request. */
export type RequestFields<K extends RequestName> = MessageOf<(typeof REQUESTS)[K]['layout']['codecs']>;
/** A decoded request. */
export type Request = { [K in RequestName]: { readonly request: K } & RequestFields<K> }[RequestName];

const BY_ID = new Map<string, RequestName>(
  (Object.keys(REQUESTS) as RequestName[]).map((name) => [String(REQUESTS[name].id), name]),
);

/** What a frame's fields say: a request, or an id that no request has. */
export type DecodedRequest =
  | { readonly kind: 'request'; readonly request: Request }
  | { readonly kind: 'unknown'; readonly id: string };

/** Decodes a request. @throws MalformedFieldError where a field is not what the layout says */
export function decodeRequest(fields: readonly string[], serverVersion: number): DecodedRequest {
  const id = fields[0] ?? '';
  const name = BY_ID.get(id);
  if (name === undefined) return { kind: 'unknown', id };
  const message = REQUESTS[name].layout.decode(fields.slice(1), serverVersion);
  return { kind: 'request', request: { request: name, ...message } as Request };
}

/** The fields of a request, id first: what a client sends. */
export function encodeRequest<K extends RequestName>(
  name: K,
  fields: Partial<RequestFields<K>>,
  serverVersion: number,
): string[] {
  const table = REQUESTS[name].layout as { encode(partial: unknown, version: number): string[] };
  return [String(REQUESTS[name].id), ...table.encode(fields, serverVersion)];
}
