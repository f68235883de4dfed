import type { BarColumns, CycleSnapshot, DailyHistory } from '#contracts/snapshot.ts';
import type { BarInterval, BarSeries } from '#core/market/bars.ts';
import { CATALOG, instrumentOf, MACRO_UNIVERSE } from '#core/market/catalog.ts';
import { parseRiskPolicy } from '#core/risk/policy.ts';
import { parseInstant } from '#core/values/clock.ts';
import type { AgentContext } from './context.ts';

function seriesOf(instrument: string, interval: BarInterval, columns: BarColumns): BarSeries {
  return {
    instrument,
    interval,
    length: columns.openTime.length,
    openTime: Float64Array.from(columns.openTime),
    closeTime: Float64Array.from(columns.closeTime),
    open: Float64Array.from(columns.open),
    high: Float64Array.from(columns.high),
    low: Float64Array.from(columns.low),
    close: Float64Array.from(columns.close),
    volume: Float64Array.from(columns.volume, (volume) => volume ?? Number.NaN),
  };
}

/** A bar that a decision at `asOf` may not see stands in its snapshot. The snapshot cannot be used. */
export class LookAheadError extends Error {
  readonly code = 'LookAhead';
  readonly retryable = false;
  constructor(instrument: string, closeTime: number, asOf: number) {
    super(
      `the snapshot as of ${new Date(asOf).toISOString()} holds a bar of ${instrument} that closes at ${new Date(closeTime).toISOString()}; rebuild it from closed bars only`,
    );
    this.name = 'LookAheadError';
  }
}

/** Series of a daily history, built once per history and shared: nobody writes to a column. */
export function dailySeries(history: DailyHistory): BarSeries {
  return seriesOf(history.instrument, { unit: 'session' }, history.bars);
}

/**
 * The context every agent of a cycle decides in. `daily` gives the series of a history by its digest.
 * @throws LookAheadError, InvalidRiskPolicyError
 */
export function snapshotContext(snapshot: CycleSnapshot, daily: (sha256: string) => BarSeries): AgentContext {
  const asOf = parseInstant(snapshot.asOf);
  const dailyByInstrument = new Map<string, BarSeries>();
  const intradayByInstrument = new Map<string, BarSeries>();
  const modelled = new Set<string>();
  for (const { instrument, daily: reference, intraday } of snapshot.instruments) {
    if (reference !== null) dailyByInstrument.set(instrument, daily(reference.sha256));
    if (intraday !== null && intraday.bars.openTime.length > 0) {
      intradayByInstrument.set(
        instrument,
        seriesOf(instrument, { unit: 'minute', count: intraday.minutes }, intraday.bars),
      );
      if (intraday.modelled) modelled.add(instrument);
    }
  }
  for (const series of [...dailyByInstrument.values(), ...intradayByInstrument.values()]) {
    const last = series.closeTime[series.length - 1] ?? 0;
    if (last > asOf) throw new LookAheadError(series.instrument, last, asOf);
  }
  const weights = new Map(snapshot.calibration.map(({ agent, weight }) => [agent, weight]));
  const known = new Set([...dailyByInstrument.keys(), ...intradayByInstrument.keys()]);
  return {
    cycleId: snapshot.cycleId,
    session: snapshot.session,
    kind: snapshot.kind,
    asOf,
    sessionOpen: parseInstant(snapshot.sessionOpen),
    sessionClose: parseInstant(snapshot.sessionClose),
    seed: `${snapshot.seed}/${snapshot.cycleId}`,
    available: CATALOG.map(({ id }) => id).filter((id) => known.has(id)),
    universe: [...new Map([...CATALOG, ...MACRO_UNIVERSE].map((one) => [one.id, one])).values()],
    instrument: instrumentOf,
    daily: (id) => dailyByInstrument.get(id) ?? null,
    intraday: (id) => intradayByInstrument.get(id) ?? null,
    intradayIsModelled: (id) => modelled.has(id),
    account: snapshot.account,
    recentExits: snapshot.recentExits ?? [],
    pendingEntries: snapshot.pendingEntries ?? [],
    tradingState: snapshot.tradingState,
    policy: parseRiskPolicy(snapshot.policy),
    calibratedWeight: (agent) => weights.get(agent),
  };
}
