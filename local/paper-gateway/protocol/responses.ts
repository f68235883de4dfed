import { answeredContract, tagValue } from './contract.ts';
import {
  counted,
  type FieldCodec,
  fixed,
  flag,
  integer,
  layout,
  type MessageOf,
  number,
  numberOrLargest,
  numberOrZero,
  since,
  text,
  withAbsent,
} from './fields.ts';
import { completedOrder, openOrder } from './order-messages.ts';

const reqId = integer;
const version = (value: string): FieldCodec<string> => fixed(value);

const historicalBar = layout({
  date: text,
  open: numberOrZero,
  high: numberOrZero,
  low: numberOrZero,
  close: numberOrZero,
  volume: number,
  weightedAverage: numberOrZero,
  count: integer,
});

/** Non-ASCII text goes out as `\uXXXX`, which clients decode (server version 153 on). */
const escapedText: FieldCodec<string> = {
  read: (from) =>
    from
      .next()
      .replace(/\\u([0-9a-fA-F]{4})/g, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
  write: (to, value) =>
    to.push(
      value
        .replaceAll('\0', '')
        .replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
    ),
  absent: '',
};

/** Every message the gateway sends: wire id and layout after the id, server versions 176–193. */
export const RESPONSES = {
  tickPrice: {
    id: 1,
    layout: layout({
      version: version('6'),
      reqId,
      tickType: integer,
      price: numberOrZero,
      size: number,
      attributes: integer,
    }),
  },
  tickSize: { id: 2, layout: layout({ version: version('6'), reqId, tickType: integer, size: number }) },
  orderStatus: {
    id: 3,
    layout: layout({
      orderId: integer,
      status: text,
      filled: numberOrZero,
      remaining: numberOrZero,
      averageFillPrice: numberOrZero,
      permId: integer,
      parentId: integer,
      lastFillPrice: numberOrZero,
      clientId: integer,
      whyHeld: text,
      marketCapPrice: numberOrZero,
    }),
  },
  error: {
    id: 4,
    layout: layout({
      version: version('2'),
      requestId: integer,
      code: integer,
      message: escapedText,
      advancedOrderReject: escapedText,
    }),
  },
  openOrder: { id: 5, layout: openOrder },
  accountValue: {
    id: 6,
    layout: layout({ version: version('2'), key: text, value: text, currency: text, account: text }),
  },
  portfolioValue: {
    id: 7,
    layout: layout({
      version: version('8'),
      conId: integer,
      symbol: text,
      secType: text,
      lastTradeDateOrContractMonth: text,
      strike: numberOrZero,
      right: text,
      multiplier: text,
      primaryExchange: text,
      currency: text,
      localSymbol: text,
      tradingClass: text,
      position: numberOrZero,
      marketPrice: numberOrZero,
      marketValue: numberOrZero,
      averageCost: numberOrZero,
      unrealizedPnl: numberOrZero,
      realizedPnl: numberOrZero,
      account: text,
    }),
  },
  accountUpdateTime: { id: 8, layout: layout({ version: version('1'), time: text }) },
  nextValidId: { id: 9, layout: layout({ version: version('1'), orderId: integer }) },
  contractDetails: {
    id: 10,
    layout: layout({
      reqId,
      symbol: text,
      secType: text,
      lastTradeDateOrContractMonth: text,
      lastTradeDate: since(182, text),
      strike: numberOrZero,
      right: text,
      exchange: text,
      currency: text,
      localSymbol: text,
      marketName: text,
      tradingClass: text,
      conId: integer,
      minimumTick: numberOrZero,
      multiplier: text,
      orderTypes: text,
      validExchanges: text,
      priceMagnifier: withAbsent(integer, 1),
      underlyingConId: integer,
      longName: escapedText,
      primaryExchange: text,
      contractMonth: text,
      industry: text,
      category: text,
      subcategory: text,
      timeZoneId: text,
      tradingHours: text,
      liquidHours: text,
      economicValueRule: text,
      economicValueMultiplier: text,
      securityIds: counted(tagValue),
      aggregationGroup: integer,
      underlyingSymbol: text,
      underlyingSecType: text,
      marketRuleIds: text,
      realExpirationDate: text,
      stockType: text,
      minimumSize: numberOrZero,
      sizeIncrement: numberOrZero,
      suggestedSizeIncrement: numberOrZero,
      ineligibilityReasons: since(186, counted(tagValue)),
    }),
  },
  execution: {
    id: 11,
    layout: layout({
      reqId,
      orderId: integer,
      contract: answeredContract,
      execId: text,
      time: text,
      account: text,
      exchange: text,
      side: text,
      shares: numberOrZero,
      price: numberOrZero,
      permId: integer,
      clientId: integer,
      liquidation: integer,
      cumulativeQuantity: numberOrZero,
      averagePrice: numberOrZero,
      orderRef: text,
      economicValueRule: text,
      economicValueMultiplier: text,
      modelCode: text,
      lastLiquidity: integer,
      pendingPriceRevision: since(178, flag),
    }),
  },
  managedAccounts: { id: 15, layout: layout({ version: version('1'), accounts: text }) },
  historicalData: {
    id: 17,
    layout: layout({ reqId, start: text, end: text, bars: counted(historicalBar) }),
  },
  tickGeneric: {
    id: 45,
    layout: layout({ version: version('6'), reqId, tickType: integer, value: numberOrZero }),
  },
  tickString: { id: 46, layout: layout({ version: version('6'), reqId, tickType: integer, value: text }) },
  currentTime: { id: 49, layout: layout({ version: version('1'), epochSeconds: integer }) },
  realTimeBar: {
    id: 50,
    layout: layout({
      version: version('3'),
      reqId,
      epochSeconds: integer,
      open: numberOrZero,
      high: numberOrZero,
      low: numberOrZero,
      close: numberOrZero,
      volume: number,
      weightedAverage: numberOrZero,
      count: integer,
    }),
  },
  contractDetailsEnd: { id: 52, layout: layout({ version: version('1'), reqId }) },
  openOrderEnd: { id: 53, layout: layout({ version: version('1') }) },
  accountDownloadEnd: { id: 54, layout: layout({ version: version('1'), account: text }) },
  executionsEnd: { id: 55, layout: layout({ version: version('1'), reqId }) },
  tickSnapshotEnd: { id: 57, layout: layout({ version: version('1'), reqId }) },
  marketDataType: { id: 58, layout: layout({ version: version('1'), reqId, marketDataType: integer }) },
  commissionReport: {
    id: 59,
    layout: layout({
      version: version('1'),
      execId: text,
      commission: numberOrZero,
      currency: text,
      realizedPnl: numberOrLargest,
      yield: numberOrLargest,
      yieldRedemptionDate: text,
    }),
  },
  position: {
    id: 61,
    layout: layout({
      version: version('3'),
      account: text,
      contract: answeredContract,
      position: numberOrZero,
      averageCost: numberOrZero,
    }),
  },
  positionEnd: { id: 62, layout: layout({ version: version('1') }) },
  accountSummary: {
    id: 63,
    layout: layout({ version: version('1'), reqId, account: text, tag: text, value: text, currency: text }),
  },
  accountSummaryEnd: { id: 64, layout: layout({ version: version('1'), reqId }) },
  accountUpdateMulti: {
    id: 73,
    layout: layout({
      version: version('1'),
      reqId,
      account: text,
      model: text,
      key: text,
      value: text,
      currency: text,
    }),
  },
  accountUpdateMultiEnd: { id: 74, layout: layout({ version: version('1'), reqId }) },
  symbolSamples: {
    id: 79,
    layout: layout({
      reqId,
      samples: counted(
        layout({
          conId: integer,
          symbol: text,
          secType: text,
          primaryExchange: text,
          currency: text,
          derivativeSecTypes: counted(text),
          description: escapedText,
          issuerId: text,
        }),
      ),
    }),
  },
  tickRequestParameters: {
    id: 81,
    layout: layout({ reqId, minimumTick: numberOrZero, bboExchange: text, snapshotPermissions: integer }),
  },
  headTimestamp: { id: 88, layout: layout({ reqId, timestamp: text }) },
  historicalDataUpdate: {
    id: 90,
    // The order of the prices is not that of historicalData.
    layout: layout({
      reqId,
      count: integer,
      date: text,
      open: numberOrZero,
      close: numberOrZero,
      high: numberOrZero,
      low: numberOrZero,
      weightedAverage: numberOrZero,
      volume: number,
    }),
  },
  marketRule: {
    id: 93,
    layout: layout({
      marketRuleId: integer,
      increments: counted(layout({ lowEdge: numberOrZero, increment: numberOrZero })),
    }),
  },
  pnl: {
    id: 94,
    layout: layout({ reqId, daily: numberOrLargest, unrealized: numberOrLargest, realized: numberOrLargest }),
  },
  pnlSingle: {
    id: 95,
    layout: layout({
      reqId,
      position: numberOrZero,
      daily: numberOrLargest,
      unrealized: numberOrLargest,
      realized: numberOrLargest,
      value: numberOrLargest,
    }),
  },
  orderBound: { id: 100, layout: layout({ permId: integer, clientId: integer, orderId: integer }) },
  completedOrder: { id: 101, layout: completedOrder },
  completedOrdersEnd: { id: 102, layout: layout({}) },
  userInfo: { id: 107, layout: layout({ reqId, whiteBrandingId: text }) },
} as const;

export type ResponseName = keyof typeof RESPONSES;
/** The fields of one message; writers may leave out what is at its usual value. */
export type ResponseFields<K extends ResponseName> = MessageOf<(typeof RESPONSES)[K]['layout']['codecs']>;
/** A message to send. */
export type Response = {
  [K in ResponseName]: { readonly response: K; readonly fields: Partial<ResponseFields<K>> };
}[ResponseName];

/** Builds a message. */
export const respond = <K extends ResponseName>(response: K, fields: Partial<ResponseFields<K>>): Response =>
  ({ response, fields }) as Response;

/** The fields of a message, id first. */
export function encodeResponse(message: Response, serverVersion: number): string[] {
  const table = RESPONSES[message.response].layout as { encode(partial: unknown, version: number): string[] };
  return [String(RESPONSES[message.response].id), ...table.encode(message.fields, serverVersion)];
}

const BY_ID = new Map<string, ResponseName>(
  (Object.keys(RESPONSES) as ResponseName[]).map((name) => [String(RESPONSES[name].id), name]),
);

/** What a client reads: the message, or null for an id that is not known. @throws MalformedFieldError */
export function decodeResponse(fields: readonly string[], serverVersion: number): Response | null {
  const name = BY_ID.get(fields[0] ?? '');
  if (name === undefined) return null;
  return {
    response: name,
    fields: RESPONSES[name].layout.decode(fields.slice(1), serverVersion),
  } as Response;
}
