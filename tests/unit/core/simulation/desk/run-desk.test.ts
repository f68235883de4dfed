import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { packagedBars } from '#adapters/market-data/packaged-bars.ts';
import type { DeskEvent, EventType } from '#contracts/registry.ts';
import { summarisePerformance } from '#core/analytics/performance/summary.ts';
import { canonicalJson } from '#core/events/canonical.ts';
import { sliceBars } from '#core/market/bars.ts';
import { newYorkDate } from '#core/market/calendar.ts';
import { instrumentOf } from '#core/market/catalog.ts';
import { DEFAULT_RISK_POLICY } from '#core/risk/policy.ts';
import { type DeskRunOptions, LIVE_CYCLES, runDesk } from '#core/simulation/desk/run-desk.ts';

const daily = (['AAPL', 'SPX', 'SPX-PROXY'] as const).map((id) => ({
  instrument: instrumentOf(id),
  daily: packagedBars(id, 'split-adjusted').series,
}));
const options: DeskRunOptions = {
  instruments: daily,
  from: '2018-01-22',
  to: '2018-02-16',
  seed: 'abc-application',
  cash: 100_000,
};

/** A run with everything that was said in it, and the digest of that. */
function played(changes: Partial<DeskRunOptions> = {}) {
  const events: DeskEvent[] = [];
  const hash = createHash('sha256');
  const run = runDesk({
    ...options,
    ...changes,
    onEvent: ({ event }) => {
      events.push(event);
      hash.update(canonicalJson(event));
    },
  });
  return { ...run, events, digest: hash.digest('hex') };
}
const short = { from: '2018-01-22', to: '2018-01-30', cycles: ['09:45'] };
const of = <T extends EventType>(events: readonly DeskEvent[], type: T): readonly DeskEvent<T>[] =>
  events.flatMap((event) => (event.metadata.type === type ? [event as DeskEvent<T>] : []));

test('a run that nobody listens to comes to the same result', () => {
  const { result, sessions, cycles, authorized } = played(short);

  expect(authorized).toBeGreaterThan(0);
  expect(runDesk({ ...options, ...short })).toEqual({ result, sessions, cycles, authorized });
});

describe('twenty sessions of 2018 with all cycles of the live desk', () => {
  const run = played({ preMarket: true });
  const { marks, fills, trades, costs } = run.result;

  test('have the cycles of the schedule', () => {
    expect(LIVE_CYCLES).toHaveLength(25);
    expect([LIVE_CYCLES[0], LIVE_CYCLES[24]]).toEqual(['09:45', '15:45']);
    expect([run.sessions, run.cycles]).toEqual([20, 20 * 26]);
    expect(of(run.events, 'BarClosed')).toHaveLength(20 * 78 * 3);
  });

  test('come to the orders that the live replay authorizes, of which the fall of February stops two out', () => {
    expect(run.authorized).toBe(3);
    expect(of(run.events, 'OrderAuthorized').map(({ data: { intent } }) => intent.purpose)).toEqual(
      Array(3).fill('entry'),
    );
    const stopped = of(run.events, 'OrderFilled').filter(({ data }) => data.role === 'stop');
    expect(stopped.map(({ data, metadata }) => [data.instrument, metadata.occurredAt.slice(0, 10)])).toEqual([
      ['AAPL', '2018-01-29'],
      ['SPX-PROXY', '2018-02-02'],
    ]);
    expect(trades.map(({ open }) => open)).toEqual([false, false, true]);
  });

  test('say the same in fills, trades, costs and marks', () => {
    expect(marks.time).toHaveLength(20);
    const last = marks.time.length - 1;
    const profit = trades.reduce((sum, trade) => sum + trade.profit, 0);
    expect(marks.equity[last]).toBeCloseTo(100_000 + profit, 6);
    expect(fills.reduce((sum, { fee }) => sum + fee, 0)).toBeCloseTo(costs.commission, 9);
    expect(costs.spreadAndSlippage).toBeGreaterThan(0);
    marks.time.forEach((_, i) => {
      expect(marks.equity[i]).toBeCloseTo((marks.cash[i] as number) + (marks.netExposure[i] as number), 6);
      expect(marks.grossExposure[i]).toBeLessThanOrEqual(
        DEFAULT_RISK_POLICY.grossLeverage * (marks.equity[i] as number),
      );
    });
    const summary = summarisePerformance(run.result, undefined, { bars: [] });
    expect(summary.trades).toMatchObject({ closed: 2, open: 1, winRate: { kind: 'value', value: 0 } });
    expect(summary.equity.final).toEqual({ kind: 'value', value: marks.equity[last] });
  });

  test('fill no entry beyond its limit', () => {
    const authorized = of(run.events, 'OrderAuthorized');
    for (const { data } of of(run.events, 'OrderFilled')) {
      const limit = authorized.find(({ data: { intent } }) => intent.intentId === data.intentId)?.data.intent;
      if (data.role === 'order' && limit?.limitPrice != null)
        expect(Number(data.price)).toBeLessThanOrEqual(Number(limit.limitPrice));
    }
  });

  test('value the account at the end of the day as the desk does', () => {
    const closed = of(run.events, 'SessionClosed');
    expect(closed.map(({ data }) => Number(data.equity))).toEqual(
      Array.from(marks.equity, (equity) => Number(equity.toFixed(2))),
    );
  });
});

describe('after a drawdown step', () => {
  const { drawdown } = DEFAULT_RISK_POLICY;
  const policy = { ...DEFAULT_RISK_POLICY, drawdown: { ...drawdown, warn: 0.001, reduce: 0.002 } };
  const falling = { policy, from: '2018-01-22', to: '2018-02-16', cycles: ['09:45', '12:00'] };
  const dates = ({ result }: ReturnType<typeof played>, kind: string) =>
    result.incidents.flatMap((one) => (one.kind === kind ? [newYorkDate(one.time)] : []));
  const never = played(falling);

  test('nobody resumes and nothing more is opened', () => {
    const [reducing, ...others] = of(never.events, 'TradingReducing');
    const at = reducing?.metadata.occurredAt ?? '';
    expect(others).toEqual([]);
    expect(dates(never, 'resumed')).toEqual([]);
    const after = of(never.events, 'OrderAuthorized').filter(({ metadata }) => metadata.occurredAt > at);
    expect(after.filter(({ data: { intent } }) => intent.purpose === 'entry')).toEqual([]);
  });

  test('a simulated person resumes after so many sessions, once the book is flat, and the desk opens again', () => {
    const run = played({ ...falling, resumeAfter: 3 });
    // Reduced on the 25th, the last position stopped out on 2 February; the third session after was the 30th.
    expect(dates(run, 'reducing')).toEqual(['2018-01-25']);
    expect(dates(run, 'resumed')).toEqual(['2018-02-05']);
    expect(of(run.events, 'TradingResumed').map(({ data }) => data)).toEqual([
      {
        by: 'simulated operator',
        reason: 'resumes from 3 sessions after a drawdown step on',
        highWater: 'anew',
      },
    ]);
    expect(run.authorized).toBeGreaterThan(never.authorized);
    expect(run.result.incidents.find(({ kind }) => kind === 'resumed')?.detail).toContain('3 sessions');
  });

  test('resumes with positions where the fall has been made good by then, and measures from the high as before', () => {
    const run = played({ ...falling, resumeAfter: 1 });
    expect(dates(run, 'resumed')).toEqual(['2018-01-29', '2018-02-05']);
    expect(of(run.events, 'TradingResumed').map(({ data }) => data.highWater)).toEqual(['kept', 'anew']);
    expect(dates(run, 'reducing')).toEqual(['2018-01-25', '2018-01-29']);
  });
});

describe('determinism', () => {
  test('the same options give the same bytes, another seed other paths', () => {
    const first = played(short);
    expect(played(short).digest).toBe(first.digest);
    expect(played({ ...short, seed: 'another' }).digest).not.toBe(first.digest);
  });

  test('nothing sees later data: what was said until a date is the same where the bars end there', () => {
    const until = '2018-01-26';
    const cut = daily.map(({ instrument, daily: series }) => {
      let end = 0;
      while (end < series.length && newYorkDate(series.closeTime[end] as number) <= until) end++;
      return { instrument, daily: sliceBars(series, 0, end) };
    });
    const whole = played({ ...short, cycles: ['09:45', '15:45'] }).events;
    const ended = played({ ...short, cycles: ['09:45', '15:45'], instruments: cut }).events;
    expect(ended.length).toBeGreaterThan(1000);
    expect(ended.map((event) => canonicalJson(event))).toEqual(
      whole.slice(0, ended.length).map((event) => canonicalJson(event)),
    );
  });
});

describe('what cannot be played', () => {
  test.each([
    [{ cash: 0 }, 'cash 0 is not above zero'],
    [{ cash: Number.NaN }, 'cash NaN is not above zero'],
    [{ instruments: [] }, 'no instrument'],
    [{ barMinutes: 2.5 }, 'barMinutes 2.5 is not a whole number above zero'],
    [{ historySessions: 0 }, 'historySessions 0'],
    [{ resumeAfter: 0.5 }, 'resumeAfter 0.5 is not a whole number above zero'],
    [{ cycles: ['9:45'] }, 'the cycle time "9:45" is not one such as 09:45'],
    [
      { from: '2018-01-27', to: '2018-01-28' },
      'there is no session with prices from 2018-01-27 to 2018-01-28',
    ],
  ] as const)('%j', (changes, problem) => {
    expect(() => runDesk({ ...options, ...changes })).toThrow(problem);
  });

  test('an instrument of another market', () => {
    const [first] = daily;
    const euro = {
      instrument: instrumentOf('EUR.USD'),
      daily: first?.daily ?? sliceBars(daily[1]!.daily, 0, 1),
    };
    expect(() => runDesk({ ...options, instruments: [euro] })).toThrow(
      "EUR.USD is not traded in New York's sessions",
    );
  });
});
