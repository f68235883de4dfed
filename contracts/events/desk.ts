import * as z from 'zod';
import {
  calendarDate,
  contentReference,
  decimalText,
  identifier,
  instant,
  instrumentId,
  measure,
  sentence,
  unitInterval,
  unsignedDecimalText,
} from '../primitives.ts';
import { intent } from './orders.ts';

export const brokerState = z.enum([
  'DISCONNECTED',
  'CONNECTING',
  'HANDSHAKE',
  'RECONCILING',
  'READY',
  'FROZEN',
  'STOPPED',
]);
export const brokerStateChanged = z.object({ from: brokerState, to: brokerState, reason: sentence });

const barFields = {
  openTime: instant,
  closeTime: instant,
  open: decimalText,
  high: decimalText,
  low: decimalText,
  close: decimalText,
  volume: unsignedDecimalText.nullable(),
};
export const barClosed = z.object({
  instrument: instrumentId,
  session: calendarDate,
  minutes: z.int().min(1),
  ...barFields,
  source: identifier,
  /** False for prices of the market; true where the path inside the day is a model that honours the real day's bar. */
  modelled: z.boolean(),
});
export const dailyHistoryObserved = z.object({
  instrument: instrumentId,
  session: calendarDate,
  history: contentReference,
  bars: z.int().min(0),
  first: calendarDate.nullable(),
  last: calendarDate.nullable(),
  source: identifier,
});
export const accountObserved = z.object({
  account: identifier,
  currency: z.string().length(3),
  netLiquidation: decimalText,
  cash: decimalText,
  positions: z.array(z.object({ instrument: instrumentId, quantity: decimalText, averageCost: decimalText })),
});

/**
 * Money in the account that no order of the desk moved, as a person reads it in the broker's statement. A `transfer` is put
 * into or taken out of the account; everything else is a result.
 */
export const cashEntered = z.object({
  /** The broker's own id of the movement: each is booked once. */
  reference: identifier,
  kind: z.enum(['transfer', 'dividend', 'interest', 'fee', 'tax', 'trade', 'other']),
  /** Above zero received, below zero paid. */
  amount: decimalText,
  currency: z.string().length(3),
  /** What it is of, where it is of one. */
  instrument: instrumentId.nullable(),
  /** The day on which the broker booked it. */
  bookedOn: calendarDate,
  by: identifier,
  reason: sentence,
});

export const tradingState = z.enum(['ACTIVE', 'REDUCING', 'HALTED']);
export type TradingState = z.infer<typeof tradingState>;

export const layer = z.object({
  intentId: identifier,
  positionId: identifier,
  quantity: decimalText,
  averagePrice: decimalText,
  stop: unsignedDecimalText.nullable(),
  openedAt: instant,
});
export const positionValue = z.object({
  instrument: instrumentId,
  quantity: decimalText,
  averagePrice: decimalText,
  mark: unsignedDecimalText,
  markedAt: instant,
  marketValue: decimalText,
  unrealized: decimalText,
  layers: z.array(layer),
  plan: intent.shape.plan,
  initialRisk: unsignedDecimalText.nullable(),
  target: unsignedDecimalText.nullable(),
  /** Entry and pyramid intents of this instrument that are authorized and not finished. */
  pending: z.array(identifier),
});
export const portfolioRevalued = z.object({
  session: calendarDate,
  cause: z.enum(['bar', 'fill', 'commission', 'account']),
  instrument: instrumentId.nullable(),
  equity: decimalText,
  cash: decimalText,
  realized: decimalText,
  unrealized: decimalText,
  fees: decimalText,
  highWater: decimalText,
  /** Fraction below the high-water mark, 0…1. */
  drawdown: measure,
  dayPnl: decimalText,
  grossExposure: decimalText,
  tradingState,
  openPositions: z.int().min(0),
  positions: z.array(positionValue),
  volume: unsignedDecimalText.nullable(),
});
const breaker = { limit: identifier, limitValue: z.string(), measured: z.string(), reason: sentence };
export const drawdownWarned = z.object(breaker);
export const tradingReducing = z.object(breaker);
export const tradingHalted = z.object({
  ...breaker,
  by: identifier,
  /** True where open positions are to be closed as well. */
  flatten: z.boolean(),
  layers: z.array(layer.extend({ instrument: instrumentId, mark: unsignedDecimalText })),
});
export const tradingResumed = z.object({
  by: identifier,
  reason: sentence,
  /** Whether drawdown is measured from the equity at the new start or still from the highest. Absent in earlier versions. */
  highWater: z.enum(['kept', 'anew']).optional(),
});

/** The week ahead: its sessions, and which of them end early. */
export const weekPrepared = z.object({
  week: calendarDate,
  sessions: z.array(
    z.object({ session: calendarDate, open: instant, close: instant, earlyClose: z.boolean() }),
  ),
});
export const sessionPrepared = z.object({
  session: calendarDate,
  open: instant,
  close: instant,
  instruments: z.array(instrumentId),
});
export const sessionClosed = z.object({
  session: calendarDate,
  equity: decimalText.nullable(),
  realized: decimalText.nullable(),
  fees: decimalText.nullable(),
  openPositions: z.int().min(0),
  cycles: z.array(identifier),
});
export const riskReported = z.object({
  session: calendarDate,
  equity: decimalText.nullable(),
  drawdown: measure.nullable(),
  limits: z.array(
    z.object({ limit: identifier, value: z.string(), measured: z.string(), used: measure.nullable() }),
  ),
});

export const lessonLearned = z.object({
  session: calendarDate,
  calibration: z.array(
    z.object({
      agent: identifier,
      observations: z.int().min(0),
      /** Brier score of the stated confidence that the direction is right; null below the minimum of observations. */
      brier: measure.nullable(),
      hitRate: unitInterval.nullable(),
      weight: unitInterval,
    }),
  ),
  attribution: z.array(z.object({ strategy: identifier, realized: decimalText })),
  lessons: z.array(sentence),
  agentVersion: identifier,
});
export const proposalForChange = z.object({
  parameter: identifier,
  from: z.string(),
  to: z.string(),
  evidence: z.record(z.string(), measure.nullable()),
  reason: sentence,
  status: z.literal('awaiting-approval'),
});
export const memoryRecorded = z.object({
  session: calendarDate,
  episodes: z.array(identifier),
  agentVersion: identifier,
});
export const policyChanged = z.object({
  version: z.int().min(1),
  policy: z.record(z.string(), z.unknown()),
  sha256: z.string(),
  by: identifier,
  reason: sentence,
});
export const messageExpired = z.object({
  eventId: z.uuid(),
  type: identifier,
  consumer: identifier,
  expiredAt: instant,
});
export const recoveryStarted = z.object({ cycleId: identifier, lastEvent: identifier, reason: sentence });
export const recoveryFinished = z.object({
  cycleId: identifier,
  outcome: z.enum(['recovered', 'failed', 'nothing-to-do']),
  detail: sentence,
});
