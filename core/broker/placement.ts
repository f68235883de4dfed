import type { Intent } from '#contracts/events/orders.ts';
import type { Instrument } from '#core/market/instrument.ts';
import { opens } from '#core/portfolio/account-book.ts';
import { protectsLess } from '#core/portfolio/position.ts';
import { type EpochMillis, instantText, parseInstant } from '#core/values/clock.ts';
import { Decimal, decimalText } from '#core/values/decimal.ts';
import { contractOf } from './contracts.ts';
import { isOpen, type OrderRecord, stopRefOf } from './order-record.ts';

/** One order of a placement, before it has an id at the broker. */
export interface PlannedTicket {
  readonly orderRef: string;
  readonly role: 'order' | 'stop';
  readonly side: 'BUY' | 'SELL';
  readonly quantity: string;
  readonly orderType: string;
  readonly limitPrice: string | null;
  readonly triggerPrice: string | null;
  readonly timeInForce: string;
  readonly ocaGroup: string | null;
  readonly parentRef: string | null;
  readonly transmit: boolean;
}

export type Placement =
  | { readonly kind: 'place'; readonly tickets: readonly PlannedTicket[] }
  | { readonly kind: 'decline'; readonly reason: string };

/** The layer that a closing order names, as the bridge knows it. */
export interface ClosableLayer {
  readonly instrument: string;
  readonly side: 'BUY' | 'SELL';
  readonly closable: Decimal;
  /** Units taken off `closable` because the account does not hold them: somebody else has closed them. */
  readonly missing?: Decimal;
}

export interface PlacementContext {
  readonly now: EpochMillis;
  readonly instrument: Instrument | undefined;
  /** Why nothing may be opened now (the kill switch), or null. Closing orders pass. */
  readonly halted: string | null;
  readonly layer: ClosableLayer | null;
}

/** Why an intent cannot be placed whose name an earlier order has: the broker tells orders apart by their names. */
export const nameSpent = (intentId: string, status: OrderRecord['status']): string =>
  `an order of an earlier authorization has the name ${intentId}, and is ${status}; it can be asked for under another name`;

const decline = (reason: string): Placement => ({ kind: 'decline', reason });
/** What the wire takes for text: one NUL would shift every later field. The tilde sets off the number of an order's life. */
const PRINTABLE = /^[\x21-\x7d]{1,120}$/;
const NEEDS_LIMIT: ReadonlySet<string> = new Set(['LMT', 'STP LMT', 'LOC']);
const NEEDS_TRIGGER: ReadonlySet<string> = new Set(['STP', 'STP LMT']);

/**
 * The orders that carry an intent out, or why none may be sent. What opens a layer is a bracket: the order, held back, and
 * its resting stop, which releases both. What closes one stands in an OCA group with that layer's stop, so that the two
 * cannot both fill, and never for more than the layer still has.
 */
export function planPlacement(intent: Intent, context: PlacementContext): Placement {
  const problem = problemOf(intent, context);
  if (problem !== null) return decline(problem);
  return opens(intent) ? openingBracket(intent) : closingOrder(intent, context.layer);
}

function problemOf(intent: Intent, context: PlacementContext): string | null {
  const { instrument, now } = context;
  if (parseInstant(intent.expiresAt) <= now)
    return `it expired at ${intent.expiresAt}; it is ${instantText(now)}`;
  if (context.halted !== null && opens(intent)) return `trading is halted: ${context.halted}`;
  if (!PRINTABLE.test(intent.intentId))
    return 'its id has characters that the broker cannot carry back; use printable ASCII without spaces and ~, at most 120';
  if (instrument === undefined) return `the instrument ${intent.instrument} is not in the catalog`;
  if (!instrument.tradable) return `${instrument.id} cannot be traded: ${instrument.name}`;
  if (contractOf(instrument) === null) return `the bridge places no orders in ${instrument.assetClass}s`;
  return (
    quantityProblem(intent.quantity, instrument) ??
    priceProblem(intent, instrument) ??
    stopProblem(intent, instrument)
  );
}

function quantityProblem(quantity: string, instrument: Instrument): string | null {
  const value = new Decimal(quantity);
  if (!value.isFinite() || value.lte(0)) return `the quantity ${quantity} is not more than zero`;
  return value.mod(instrument.lot).isZero()
    ? null
    : `the quantity ${quantity} is not a multiple of the lot ${instrument.lot}`;
}

/** Why a price cannot be sent for this instrument, or null. */
export function priceRefusal(name: string, price: string, instrument: Instrument): string | null {
  const value = new Decimal(price);
  if (!value.isFinite() || value.lte(0)) return `the ${name} ${price} is not more than zero`;
  return value.mod(instrument.tick).isZero()
    ? null
    : `the ${name} ${price} is off the tick ${instrument.tick}`;
}

/** Why a resting stop cannot be moved as asked, or null. */
export function stopMoveRefusal(
  asked: { readonly intentId: string; readonly instrument: string; readonly to: string },
  stop: OrderRecord | null,
  instrument: Instrument | undefined,
): string | null {
  if (stop === null || !isOpen(stop)) return `the layer ${asked.intentId} has no resting stop at the broker`;
  if (stop.status === 'unresolved')
    return `what became of the resting stop of the layer ${asked.intentId} is not known: enter it (abc outcome)`;
  if (instrument === undefined || stop.instrument !== asked.instrument)
    return `the layer ${asked.intentId} is in ${stop.instrument}, not ${asked.instrument}`;
  if (stop.cancel !== null) return 'the resting stop is being cancelled';
  return priceRefusal('new stop', asked.to, instrument) ?? looseningRefusal(asked.to, stop);
}

/** The gate has measured a move on the stop of then: one that comes late, or out of turn, may be behind where it is now. */
function looseningRefusal(to: string, { side, stopMove, triggerPrice }: OrderRecord): string | null {
  const standing = stopMove?.to ?? triggerPrice;
  return standing !== null && protectsLess(side === 'SELL' ? 'long' : 'short', to, standing)
    ? `the resting stop stands at ${standing} or is on its way there; at ${to} it would protect less`
    : null;
}

function priceProblem(intent: Intent, instrument: Instrument): string | null {
  for (const [name, price, needed] of [
    ['limit price', intent.limitPrice, NEEDS_LIMIT.has(intent.orderType)],
    ['trigger price', intent.triggerPrice, NEEDS_TRIGGER.has(intent.orderType)],
  ] as const) {
    if (needed && price === null) return `a ${intent.orderType} order needs a ${name}`;
    if (!needed && price !== null) return `a ${intent.orderType} order takes no ${name}`;
    const refusal = price === null ? null : priceRefusal(name, price, instrument);
    if (refusal !== null) return refusal;
  }
  return null;
}

function stopProblem(intent: Intent, instrument: Instrument): string | null {
  const stop = intent.protectiveStop;
  if (!opens(intent)) return stop === null ? null : 'an order that closes carries no protective stop';
  if (stop === null) return 'an order that opens needs a protective stop: nothing is held unprotected';
  const refusal = priceRefusal('protective stop', stop, instrument);
  if (refusal !== null) return refusal;
  const reference = intent.limitPrice ?? intent.triggerPrice ?? intent.referencePrice;
  const protects = intent.side === 'BUY' ? new Decimal(stop).lt(reference) : new Decimal(stop).gt(reference);
  return protects
    ? null
    : `the protective stop ${stop} is on the wrong side of ${reference} for a ${intent.side}`;
}

function openingBracket(intent: Intent): Placement {
  const stopRef = stopRefOf(intent.intentId);
  return {
    kind: 'place',
    tickets: [
      {
        orderRef: intent.intentId,
        role: 'order',
        side: intent.side,
        quantity: intent.quantity,
        orderType: intent.orderType,
        limitPrice: intent.limitPrice,
        triggerPrice: intent.triggerPrice,
        timeInForce: intent.timeInForce,
        ocaGroup: null,
        parentRef: null,
        transmit: false,
      },
      {
        orderRef: stopRef,
        role: 'stop',
        side: intent.side === 'BUY' ? 'SELL' : 'BUY',
        quantity: intent.quantity,
        orderType: 'STP',
        limitPrice: null,
        triggerPrice: intent.protectiveStop,
        timeInForce: 'GTC',
        ocaGroup: intent.intentId,
        parentRef: intent.intentId,
        transmit: true,
      },
    ],
  };
}

const nothingLeft = (intentId: string, { instrument, missing }: ClosableLayer): string =>
  missing === undefined || missing.isZero()
    ? `nothing is left to close of the layer ${intentId}`
    : `the account no longer holds ${decimalText(missing)} ${instrument} of the desk’s, so an order against the layer ${intentId} would open a position the other way; cancel its stop at the broker and enter what became of it (abc outcome)`;

function closingOrder(intent: Intent, layer: ClosableLayer | null): Placement {
  if (intent.closes === null) return decline(`a ${intent.purpose} order has to name the layer it closes`);
  if (layer === null) return decline(`the bridge knows no layer ${intent.closes}`);
  if (layer.instrument !== intent.instrument)
    return decline(`the layer ${intent.closes} is in ${layer.instrument}, not ${intent.instrument}`);
  if (layer.side === intent.side)
    return decline(`a ${intent.side} would add to the layer ${intent.closes}, not close it`);
  if (layer.closable.lte(0)) return decline(nothingLeft(intent.closes, layer));
  const quantity = Decimal.min(intent.quantity, layer.closable);
  return {
    kind: 'place',
    tickets: [
      {
        orderRef: intent.intentId,
        role: 'order',
        side: intent.side,
        quantity: decimalText(quantity),
        orderType: intent.orderType,
        limitPrice: intent.limitPrice,
        triggerPrice: intent.triggerPrice,
        timeInForce: intent.timeInForce,
        ocaGroup: intent.closes,
        parentRef: null,
        transmit: true,
      },
    ],
  };
}
