import { readFileSync } from 'node:fs';
import { EVENTS, type EventType } from '#contracts/registry.ts';
import type { AgentContext, CycleBody } from '#core/agents/context.ts';
import { aggregateBars } from '#core/market/aggregate.ts';
import { type Bar, type BarSeries, barSeries, closedBy, sliceBars } from '#core/market/bars.ts';
import { type Session, sessionOn, sessionsBetween } from '#core/market/calendar.ts';
import { CATALOG, instrumentOf } from '#core/market/catalog.ts';
import { intradayPath } from '#core/market/intraday-path.ts';
import { DEFAULT_RISK_POLICY } from '#core/risk/policy.ts';
import { instantText } from '#core/values/clock.ts';
import { seededRandom, seedOf } from '#core/values/random.ts';

function readDaily(instrument: string, path: string): BarSeries {
  const [header = '', ...lines] = readFileSync(new URL(`../../node_modules/${path}`, import.meta.url), 'utf8')
    .trim()
    .split('\n');
  const names = header.toLowerCase().split(',');
  const at = (cells: readonly string[], name: string) => Number(cells[names.indexOf(name)]);
  const rows = lines.flatMap((line): Bar[] => {
    const cells = line.split(',');
    const session = sessionOn('us-equity', cells[0] ?? '');
    return session === null
      ? []
      : [
          {
            openTime: session.open,
            closeTime: session.close,
            open: at(cells, 'open'),
            high: at(cells, 'high'),
            low: at(cells, 'low'),
            close: at(cells, 'close'),
            volume: at(cells, 'volume'),
          },
        ];
  });
  return barSeries(instrument, { unit: 'session' }, rows);
}

const files: Readonly<Record<string, string>> = {
  AAPL: '@observablehq/sample-datasets/aapl.csv',
  SPX: 'vega-datasets/data/sp500-2000.csv',
  'SPX-PROXY': 'vega-datasets/data/sp500-2000.csv',
};
const histories = new Map<string, BarSeries>();

/** Real daily bars of AAPL, SPX or SPX-PROXY (the index's bars under its stand-in's id), all sessions in the file. */
export function realDaily(id: string): BarSeries {
  const path = files[id];
  if (path === undefined)
    throw new RangeError(`no real bars of ${id}; there are ${Object.keys(files).join(', ')}`);
  const known = histories.get(id) ?? readDaily(id, path);
  histories.set(id, known);
  return known;
}

/** A session of the New York calendar. */
export function newYorkSession(date: string): Session {
  const session = sessionOn('us-equity', date);
  if (session === null) throw new RangeError(`${date} is no session`);
  return session;
}

/** A modelled path of five-minute bars inside a real session, honouring its daily bar. */
export function modelledSession(id: string, date: string, seed = 'test'): BarSeries {
  const session = newYorkSession(date);
  const daily = realDaily(id);
  const index = daily.openTime.indexOf(session.open);
  if (index < 0) throw new RangeError(`no bar of ${id} on ${date}`);
  const day = sliceBars(daily, index, index + 1);
  const minutes = intradayPath(
    instrumentOf(id),
    session,
    {
      open: day.open[0] as number,
      high: day.high[0] as number,
      low: day.low[0] as number,
      close: day.close[0] as number,
      volume: day.volume[0] as number,
    },
    seed,
  );
  return aggregateBars(minutes, { unit: 'minute', count: 5 }, 'us-equity');
}

export interface ContextOptions {
  readonly session: string;
  /** Minutes after the open; negative before it. */
  readonly minute: number;
  readonly daily: Readonly<Record<string, BarSeries>>;
  readonly intraday?: Readonly<Record<string, BarSeries>>;
  readonly account?: AgentContext['account'];
  readonly pendingEntries?: NonNullable<AgentContext['pendingEntries']>;
  readonly policy?: AgentContext['policy'];
  readonly seed?: string;
  readonly weights?: Readonly<Record<string, number>>;
}

/** An agent context over the given series, cut to what was known at the time. */
export function agentContext(options: ContextOptions): AgentContext {
  const session = newYorkSession(options.session);
  const asOf = session.open + options.minute * 60_000;
  const cut = (series: BarSeries | undefined, until: number) => {
    if (series === undefined) return null;
    const known = closedBy(series, until);
    return known.length === 0 ? null : known;
  };
  const account = options.account === undefined ? portfolio({ session: options.session }) : options.account;
  return {
    cycleId: `cycle:${options.session}:${options.minute}`,
    session: options.session,
    kind: options.minute < 0 ? 'pre-market' : 'decision',
    asOf,
    sessionOpen: session.open,
    sessionClose: session.close,
    seed: options.seed ?? 'test',
    available: CATALOG.map(({ id }) => id).filter((id) => options.daily[id] !== undefined),
    universe: CATALOG,
    instrument: instrumentOf,
    daily: (id) => cut(options.daily[id], session.open),
    intraday: (id) => cut(options.intraday?.[id], asOf),
    intradayIsModelled: () => true,
    account,
    pendingEntries: options.pendingEntries ?? [],
    tradingState: account?.tradingState ?? 'ACTIVE',
    policy: options.policy ?? DEFAULT_RISK_POLICY,
    calibratedWeight: (agent) => options.weights?.[agent],
  };
}

type Portfolio = NonNullable<AgentContext['account']>;

/** A flat account of one million, with whatever is to be different. */
export function portfolio(changes: Partial<Portfolio> = {}): Portfolio {
  return {
    session: '2018-01-22',
    cause: 'bar',
    instrument: null,
    equity: '1000000',
    cash: '1000000',
    realized: '0',
    unrealized: '0',
    fees: '0',
    highWater: '1000000',
    drawdown: 0,
    dayPnl: '0',
    grossExposure: '0',
    tradingState: 'ACTIVE',
    openPositions: 0,
    positions: [],
    volume: null,
    ...changes,
  };
}

/** A long position of one layer. */
export function longPosition(
  instrument: string,
  quantity: string,
  price: string,
  changes: Partial<Portfolio['positions'][number]> = {},
): Portfolio['positions'][number] {
  const intentId = `I-20180122-1000-${instrument}-1`;
  return {
    instrument,
    quantity,
    averagePrice: price,
    mark: price,
    markedAt: '2018-01-22T15:00:00.000Z',
    marketValue: String(Number(quantity) * Number(price)),
    unrealized: '0',
    layers: [
      {
        intentId,
        positionId: intentId,
        quantity,
        averagePrice: price,
        stop: String(Number(price) - 5),
        openedAt: '2018-01-22T15:00:00.000Z',
      },
    ],
    plan: { maxLayers: 3, stepR: 0.5, sizeFactor: 0.6, trailR: 1 },
    initialRisk: '5',
    target: String(Number(price) + 10),
    pending: [],
    ...changes,
  };
}

export function macroAssessed(changes: Partial<CycleBody<'MacroAssessed'>> = {}): CycleBody<'MacroAssessed'> {
  return {
    regime: 'bull',
    regimeConfidence: 0.8,
    regimeReasons: ['given by the test'],
    ranked: [],
    unavailable: [],
    instruments: [],
    agentVersion: 'test',
    ...changes,
  };
}

type MarketView = CycleBody<'MarketViewPublished'>['instruments'][number];

/** A market view that takes no side, at each instrument's last known price, with changes by instrument. */
export function marketPublished(
  context: AgentContext,
  changes: Readonly<Record<string, Partial<MarketView>>> = {},
): CycleBody<'MarketViewPublished'> {
  return {
    instruments: context.available.flatMap((id): MarketView[] => {
      const known = context.intraday(id) ?? context.daily(id);
      if (known === null) return [];
      return [
        {
          instrument: id,
          direction: 0,
          confidence: 0.5,
          disagreement: 0.2,
          dataQuality: 1,
          referencePrice: known.close[known.length - 1] as number,
          referenceAt: instantText(known.closeTime[known.length - 1] as number),
          measures: {},
          contributions: [],
          ...changes[id],
        },
      ];
    }),
    rejected: [],
    answered: ['market-data'],
    abstained: [],
    missing: [],
    regime: 'bull',
    inputs: [],
    agentVersion: 'test',
  };
}

/** Parses a cycle body by its event's contract, with the members that every event of a cycle repeats. @throws ZodError */
export function parseBody(type: EventType, body: object): unknown {
  return EVENTS[type].data.parse({
    ...body,
    cycleId: 'cycle:test',
    session: '2018-01-22',
    kind: 'decision',
    snapshot: { uri: 's3://snapshots/test', sha256: '0'.repeat(64), bytes: 0 },
  });
}

export interface SyntheticOptions {
  readonly sessions: number;
  /** The first date that is not in the series. */
  readonly before: string;
  readonly drift?: number;
  readonly volatility?: number;
  readonly seed?: string;
  readonly start?: number;
  /** Log return of a session, given the ones before; the drift and volatility are then not used. */
  readonly step?: (past: readonly number[], noise: number) => number;
}

/** Made-up daily bars: a seeded random walk with range and volume, on real sessions. */
export function syntheticDaily(id: string, options: SyntheticOptions): BarSeries {
  const random = seededRandom(seedOf('synthetic', id, options.seed ?? '0'));
  const { drift = 0.0005, volatility = 0.012 } = options;
  const all = sessionsBetween('us-equity', '1998-01-02', options.before).filter(
    ({ date }) => date < options.before,
  );
  const returns: number[] = [];
  let close = options.start ?? 100;
  const rows = all.slice(-options.sessions).map(({ open: openTime, close: closeTime }): Bar => {
    const noise = random.normal();
    const move = options.step?.(returns, noise) ?? drift + volatility * noise;
    returns.push(move);
    const open = close * Math.exp(0.1 * volatility * random.normal());
    close *= Math.exp(move);
    const high = Math.max(open, close) * (1 + 0.5 * volatility * random.next());
    const low = Math.min(open, close) * (1 - 0.5 * volatility * random.next());
    const volume = Math.round(1e7 * Math.exp(0.3 * random.normal()));
    return { openTime, closeTime, open, high, low, close, volume };
  });
  return barSeries(id, { unit: 'session' }, rows);
}
