import { readFileSync } from 'node:fs';
import type { AgentContext } from '#core/agents/context.ts';
import { type Bar, type BarSeries, barSeries } from '#core/market/bars.ts';
import { nextSession, sessionOn } from '#core/market/calendar.ts';
import type { Instrument, SpotInstrument } from '#core/market/instrument.ts';
import { DEFAULT_RISK_POLICY } from '#core/risk/policy.ts';

/** An equity unless said otherwise. */
export function instrumentOf(id: string, overrides: Partial<SpotInstrument> = {}): Instrument {
  return {
    id,
    name: id,
    assetClass: 'equity',
    currency: 'USD',
    tick: '0.01',
    lot: '1',
    multiplier: '1',
    sessionTemplate: 'us-equity',
    sector: null,
    tradable: true,
    proxyFor: null,
    ...overrides,
  };
}

export const AAPL = instrumentOf('AAPL', { sector: 'Technology' });
export const SPX = instrumentOf('SPX', { assetClass: 'index', tradable: false });

const DATASETS: Readonly<Record<string, string>> = {
  AAPL: '@observablehq/sample-datasets/aapl.csv',
  SPX: 'vega-datasets/data/sp500-2000.csv',
};

/** Real daily bars as session bars, from the packages the product replays by default. */
export function realDaily(id: 'AAPL' | 'SPX'): BarSeries {
  // By path: the packages do not export their data files.
  const path = new URL(`../../../../node_modules/${DATASETS[id]}`, import.meta.url);
  const rows = readFileSync(path, 'utf8').trim().split('\n').slice(1);
  return barSeries(
    id,
    { unit: 'session' },
    rows.flatMap((row): Bar[] => {
      const [date, open, high, low, close, , volume] = row.split(',');
      const session = sessionOn('us-equity', date as string);
      if (session === null) return [];
      return [
        {
          openTime: session.open,
          closeTime: session.close,
          open: Number(open),
          high: Number(high),
          low: Number(low),
          close: Number(close),
          volume: Number(volume),
        },
      ];
    }),
  );
}

/** Session bars from closes, the last on the session before `session`. */
export function dailyFromCloses(
  id: string,
  closes: readonly number[],
  session: string,
  shape: (close: number, before: number, at: number) => Partial<Bar> = () => ({}),
): BarSeries {
  const dates = sessionsBefore(session, closes.length);
  return barSeries(
    id,
    { unit: 'session' },
    closes.map((close, at) => {
      const before = closes[at - 1] ?? close;
      const hours = sessionOn('us-equity', dates[at] as string) as { open: number; close: number };
      return {
        openTime: hours.open,
        closeTime: hours.close,
        open: before,
        high: Math.max(close, before) * 1.004,
        low: Math.min(close, before) * 0.996,
        close,
        volume: 1_000_000,
        ...shape(close, before, at),
      };
    }),
  );
}

function sessionsBefore(session: string, count: number): string[] {
  const dates: string[] = [];
  // Sessions from far enough back, counted forwards: the calendar has no step by more than one.
  let date = `${Number(session.slice(0, 4)) - Math.ceil(count / 250) - 1}-01-03`;
  while (date < session) {
    dates.push(date);
    date = nextSession('us-equity', date).date;
  }
  const known = dates.filter((candidate) => sessionOn('us-equity', candidate) !== null);
  return known.slice(known.length - count);
}

/** Bars of 15 minutes from the session's open through the given closes. */
export function intradayFromCloses(
  id: string,
  session: string,
  open: number,
  closes: readonly number[],
): BarSeries {
  const hours = sessionOn('us-equity', session) as { open: number };
  return barSeries(
    id,
    { unit: 'minute', count: 15 },
    closes.map((close, at) => {
      const before = closes[at - 1] ?? open;
      return {
        openTime: hours.open + at * 900_000,
        closeTime: hours.open + (at + 1) * 900_000,
        open: before,
        high: Math.max(close, before),
        low: Math.min(close, before),
        close,
        volume: 40_000,
      };
    }),
  );
}

export interface ContextParts {
  readonly session: string;
  readonly universe?: readonly Instrument[];
  /** Full histories; cut to the sessions before `session`, as the snapshot does. */
  readonly daily: Readonly<Record<string, BarSeries>>;
  readonly intraday?: Readonly<Record<string, BarSeries>>;
  readonly modelled?: boolean;
  readonly account?: AgentContext['account'];
  readonly weights?: Readonly<Record<string, number>>;
}

/** A context as the snapshot gives it: nothing in it is later than its `asOf`. */
export function contextOf(parts: ContextParts): AgentContext {
  const hours = sessionOn('us-equity', parts.session) as { open: number; close: number };
  const universe = parts.universe ?? [AAPL, SPX];
  const intraday = parts.intraday ?? {};
  const lasts = Object.values(intraday).map((bars) => bars.closeTime[bars.length - 1] as number);
  return {
    cycleId: `cycle:${parts.session}`,
    session: parts.session,
    kind: lasts.length === 0 ? 'pre-market' : 'decision',
    asOf: lasts.length === 0 ? hours.open - 3_600_000 : Math.max(...lasts),
    sessionOpen: hours.open,
    sessionClose: hours.close,
    seed: 'test',
    available: universe.map(({ id }) => id).filter((id) => parts.daily[id] !== undefined),
    universe,
    instrument: (id) => {
      const found = universe.find((candidate) => candidate.id === id);
      if (found === undefined) throw new RangeError(`${id} is not in the universe of the test`);
      return found;
    },
    daily: (id) => {
      const bars = parts.daily[id];
      return bars === undefined ? null : upTo(bars, hours.open);
    },
    intraday: (id) => intraday[id] ?? null,
    intradayIsModelled: () => parts.modelled ?? false,
    account: parts.account ?? null,
    tradingState: 'ACTIVE',
    policy: DEFAULT_RISK_POLICY,
    calibratedWeight: (agent) => parts.weights?.[agent],
  };
}

function upTo(bars: BarSeries, instant: number): BarSeries {
  const rows: Bar[] = [];
  for (let at = 0; at < bars.length && (bars.closeTime[at] as number) <= instant; at++) {
    rows.push({
      openTime: bars.openTime[at] as number,
      closeTime: bars.closeTime[at] as number,
      open: bars.open[at] as number,
      high: bars.high[at] as number,
      low: bars.low[at] as number,
      close: bars.close[at] as number,
      volume: bars.volume[at] as number,
    });
  }
  return barSeries(bars.instrument, bars.interval, rows);
}

/** What every event of a cycle carries besides its body; completes a body for the contract's schema. */
export const IN_CYCLE = {
  cycleId: 'cycle:test',
  session: '2018-02-06',
  kind: 'decision' as const,
  snapshot: { uri: 'snapshots/test', sha256: 'a'.repeat(64), bytes: 1 },
};

/** Closes that drift and wobble without randomness: about 12 % volatility a year round the drift. */
export function drifting(count: number, driftPerSession: number, start = 100): number[] {
  return Array.from(
    { length: count },
    (_, at) =>
      start * Math.exp(driftPerSession * at + 0.007 * Math.sin(at * 2.1) + 0.004 * Math.sin(at * 0.7)),
  );
}
