import * as z from 'zod';
import {
  calendarDate,
  decimalText,
  identifier,
  instant,
  instrumentId,
  measure,
  sentence,
  side,
  unitInterval,
  unsignedDecimalText,
} from '../primitives.ts';
import { pyramidingPlan } from './cycle.ts';

export const orderType = z.enum(['MKT', 'LMT', 'STP', 'STP LMT', 'MOC', 'LOC']);
export const timeInForce = z.enum(['DAY', 'GTC', 'IOC', 'FOK', 'GTD']);

/**
 * One order the desk wants, before any permission. `entry` and `pyramid` open a layer (a lot with a resting stop of its
 * own); `exit`, `reduce` and `flatten` close the layer named in `closes`, in one OCA group with that layer's stop, so that
 * stop and exit can never both fill.
 */
export const intent = z.object({
  intentId: identifier,
  purpose: z.enum(['entry', 'pyramid', 'exit', 'reduce', 'flatten']),
  instrument: instrumentId,
  side,
  quantity: unsignedDecimalText,
  orderType,
  limitPrice: unsignedDecimalText.nullable(),
  /** Trigger of a STP or STP LMT order. */
  triggerPrice: unsignedDecimalText.nullable(),
  timeInForce,
  /** The resting stop placed with an entry or pyramid layer; null for what reduces. */
  protectiveStop: unsignedDecimalText.nullable(),
  /** The layer (its entry intent) that this order closes; null for what opens. */
  closes: identifier.nullable(),
  /** The first layer's intent for a pyramid layer; its own id for an entry. */
  positionId: identifier,
  strategy: identifier,
  proposalId: identifier.nullable(),
  plan: pyramidingPlan.nullable(),
  /** R, the distance from entry to invalidation at planning, in price units. */
  initialRisk: unsignedDecimalText.nullable(),
  target: unsignedDecimalText.nullable(),
  horizonSessions: z.int().min(1).nullable(),
  referencePrice: unsignedDecimalText,
  referenceAt: instant,
  expectedSlippage: measure.nullable(),
  /** Expected volume of the interval in which it will trade, in units; null where unknown. */
  expectedVolume: measure.nullable(),
  probabilityOfProfit: unitInterval.nullable(),
  plannedAt: instant,
  expiresAt: instant,
  session: calendarDate,
});
export type Intent = z.infer<typeof intent>;

export const orderPlanned = z.object({ intent });

const checked = z.object({ limit: identifier, value: z.string(), measured: z.string() });
export const orderAuthorized = z.object({
  intent,
  policyVersion: z.int().min(1),
  /** Worst-case notional held back for this intent until it is filled or dead. */
  reserved: unsignedDecimalText,
  checks: z.array(checked),
});

/** A refusal always names the limit, its value and what was measured. */
export const orderRefused = z.object({
  intent,
  limit: identifier,
  limitValue: z.string(),
  measured: z.string(),
  explanation: sentence,
  policyVersion: z.int().min(1).nullable(),
});

export const cancelPlanned = z.object({
  requestId: identifier,
  /** The intent whose working orders go, or null for all of the account's. Protective stops stay unless `includeStops`. */
  intentId: identifier.nullable(),
  includeStops: z.boolean(),
  reason: sentence,
});
export const cancelAuthorized = cancelPlanned;

export const stopMovePlanned = z.object({
  requestId: identifier,
  /** The layer whose resting stop moves. */
  intentId: identifier,
  instrument: instrumentId,
  from: unsignedDecimalText,
  to: unsignedDecimalText,
  reason: sentence,
});
export const stopMoveAuthorized = stopMovePlanned;
export const stopMoveRefused = stopMovePlanned.extend({ limit: identifier, explanation: sentence });

export const orderRole = z.enum(['order', 'stop']);

const brokerOrder = {
  intentId: identifier,
  /** Our idempotency key at the broker: the intent id, with `:stop` for the layer's resting stop. */
  orderRef: identifier,
  role: orderRole,
  instrument: instrumentId,
};

/** Journaled before the order goes out: after a crash it says what may be at the broker. */
export const orderSubmitted = z.object({
  ...brokerOrder,
  orderId: z.int().min(0),
  clientId: z.int().min(0),
  side,
  quantity: unsignedDecimalText,
  orderType: z.string(),
  limitPrice: unsignedDecimalText.nullable(),
  triggerPrice: unsignedDecimalText.nullable(),
  timeInForce: z.string(),
  ocaGroup: z.string().nullable(),
  fencingToken: z.int().min(1),
});
export const orderAccepted = z.object({
  ...brokerOrder,
  orderId: z.int(),
  permId: z.int(),
  status: z.string(),
});
export const orderFilled = z.object({
  ...brokerOrder,
  orderId: z.int(),
  permId: z.int(),
  execId: identifier,
  side,
  quantity: unsignedDecimalText,
  price: unsignedDecimalText,
  cumulativeQuantity: unsignedDecimalText,
  averagePrice: unsignedDecimalText,
  executedAt: instant,
  /** The execution that this one corrects (same id but for its last group); null for an original. */
  corrects: identifier.nullable(),
});
export const commissionReported = z.object({
  ...brokerOrder,
  execId: identifier,
  commission: decimalText,
  currency: z.string().length(3),
  realizedPnl: decimalText.nullable(),
});
export const orderRejected = z.object({ ...brokerOrder, code: z.int(), message: sentence });
export const orderCancelled = z.object({
  ...brokerOrder,
  filledQuantity: unsignedDecimalText,
  reason: sentence,
});
export const stopMoved = z.object({ ...brokerOrder, stopPrice: unsignedDecimalText });
/** A command the bridge would not carry out: the link not ready, halted, expired, fenced off. Nothing was sent. */
export const commandDeclined = z.object({ intentId: identifier, command: identifier, reason: sentence });
/**
 * All that stands in the account and is not the desk's; takes the place of what was last said. `instrument` is the
 * catalog's id; of what the catalog does not have `<kind>:<name at the exchange>`, with `:<currency>` where that is not the
 * book's. A price is per unit in money of the book, multiplier included; null where it is in another currency.
 */
export const foreignHoldingsObserved = z.object({
  account: identifier,
  /** Money in the account beyond (below zero: short of) what the desk's book accounts for; absent for none. */
  cash: decimalText.optional(),
  /** Signed units beyond what the desk's book accounts for. */
  positions: z.array(
    z.object({ instrument: identifier, quantity: decimalText, price: unsignedDecimalText.nullable() }),
  ),
  orders: z.array(
    z.object({
      permId: z.int(),
      clientId: z.int(),
      instrument: identifier,
      side,
      orderType: z.string(),
      remaining: unsignedDecimalText,
      /** Limit or trigger; null for an order at the market. */
      price: unsignedDecimalText.nullable(),
      /**
       * What an order by amount may move; null where side or extent of an order are not known, whatever stands there.
       * Absent for one by units.
       */
      money: unsignedDecimalText.nullable().optional(),
    }),
  ),
});
/** An operator wants the broker and the journal compared now. */
export const reconciliationRequested = z.object({ requestId: identifier, by: identifier, reason: sentence });
/**
 * How an order ended of which the broker no longer tells, as a person reads it in the broker's own statement: these
 * executions besides those that are journaled, and nothing more.
 */
export const orderOutcomeEntered = z.object({
  requestId: identifier,
  by: identifier,
  reason: sentence,
  orderRef: identifier,
  executions: z
    .array(
      z.object({
        execId: identifier,
        quantity: unsignedDecimalText,
        price: unsignedDecimalText,
        executedAt: instant,
        commission: decimalText,
        currency: z.string().length(3),
      }),
    )
    .max(40),
});
/** What the broker holds and what we hold differ, or an order of somebody else's was seen. Never repaired silently. */
export const brokerDifferenceFound = z.object({
  subject: z.enum(['order', 'execution', 'position', 'account', 'foreign-order']),
  key: identifier,
  expected: z.string(),
  observed: z.string(),
  explanation: sentence,
});
