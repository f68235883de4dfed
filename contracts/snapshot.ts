import * as z from 'zod';
import { cycleKind } from './events/cycle.ts';
import { portfolioRevalued, tradingState } from './events/desk.ts';
import {
  calendarDate,
  contentReference,
  identifier,
  instant,
  instrumentId,
  measure,
  unitInterval,
} from './primitives.ts';

/** Bars as columns in an object: instants in epoch milliseconds, prices as floats, volume null where unknown. */
export const barColumns = z.object({
  openTime: z.array(z.int()),
  closeTime: z.array(z.int()),
  open: z.array(measure),
  high: z.array(measure),
  low: z.array(measure),
  close: z.array(measure),
  volume: z.array(measure.nullable()),
});
export type BarColumns = z.infer<typeof barColumns>;

/** The content of a daily history object (canonical JSON, content-addressed). */
export const dailyHistory = z.object({
  version: z.literal(1),
  instrument: instrumentId,
  source: identifier,
  bars: barColumns,
});
export type DailyHistory = z.infer<typeof dailyHistory>;

/**
 * Everything a decision cycle may look at, frozen when the cycle is requested and content-addressed: the same snapshot
 * and the same upstream events give the same decision, byte for byte.
 */
export const cycleSnapshot = z.object({
  version: z.literal(1),
  cycleId: identifier,
  session: calendarDate,
  kind: cycleKind,
  asOf: instant,
  sessionOpen: instant,
  sessionClose: instant,
  seed: z.string(),
  instruments: z.array(
    z.object({
      instrument: instrumentId,
      daily: contentReference.nullable(),
      intraday: z.object({ minutes: z.int().min(1), modelled: z.boolean(), bars: barColumns }).nullable(),
    }),
  ),
  /** The portfolio as last revalued; null before the broker has been seen. */
  account: portfolioRevalued.nullable(),
  /** Layers closed in this session, and by what. */
  recentExits: z
    .array(z.object({ instrument: instrumentId, session: calendarDate, by: z.enum(['stop', 'decision']) }))
    .optional(),
  /** Entries and additions that can still fill. */
  pendingEntries: z.array(z.object({ instrument: instrumentId, intentId: identifier })).optional(),
  tradingState,
  haltFlag: z.boolean(),
  policy: z.record(z.string(), z.unknown()),
  calibration: z.array(
    z.object({ agent: identifier, weight: unitInterval, observations: z.int(), brier: measure.nullable() }),
  ),
});
export type CycleSnapshot = z.infer<typeof cycleSnapshot>;
