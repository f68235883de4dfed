import type { Intent } from '#contracts/events/orders.ts';
import type { EventData } from '#contracts/registry.ts';
import { type AccountBook, opens } from '#core/portfolio/account-book.ts';
import { positionQuantity, protectsLess } from '#core/portfolio/position.ts';
import { instantText } from '#core/values/clock.ts';
import { Decimal, decimalText } from '#core/values/decimal.ts';
import { sentenceOf } from '#core/values/sentence.ts';
import { type Finding, type GateInput, worstPrice } from './limit.ts';
import { findings } from './limits.ts';
import { disableStrategy, REPEATED_EXECUTION } from './pace-limits.ts';

export type GateDecision =
  | { readonly kind: 'authorized'; readonly book: AccountBook; readonly data: EventData<'OrderAuthorized'> }
  /** The book of a refusal is the one given, but for a strategy that the refusal disables: then it must be kept too. */
  | { readonly kind: 'refused'; readonly book: AccountBook; readonly data: EventData<'OrderRefused'> };

/**
 * The gate: the one place where an intent becomes an order. Pure; the caller commits the returned book against the
 * version it was decided on, so that of any number of concurrent intents each has seen the reservations of all before it.
 * A limit that cannot be evaluated refuses.
 */
export function decide(input: GateInput, correlationId: string): GateDecision {
  const { book, intent, policy } = input;
  let results: readonly Finding[];
  try {
    results = findings(input);
  } catch (error) {
    return refuse(input, {
      limit: 'evaluation',
      passed: false,
      value: 'every limit measurable',
      measured: 'failed',
      explanation: `a limit could not be evaluated: ${error instanceof Error ? error.message : String(error)}`,
    });
  }
  const broken = results.find(({ passed }) => !passed);
  if (broken !== undefined) return refuse(input, broken);
  const worst = worstPrice(intent, policy);
  const reserved = opens(intent) ? new Decimal(intent.quantity).times(worst) : new Decimal(0);
  const at = instantText(input.now);
  return {
    kind: 'authorized',
    book: {
      ...book,
      orders: {
        ...book.orders,
        [intent.intentId]: {
          intent,
          correlationId,
          status: 'authorized',
          filled: '0',
          told: '0',
          fillable: intent.quantity,
          worstPrice: decimalText(worst),
        },
      },
      authorized: [
        ...book.authorized,
        {
          intentId: intent.intentId,
          instrument: intent.instrument,
          side: intent.side,
          quantity: intent.quantity,
          price: intent.limitPrice ?? intent.referencePrice,
          strategy: intent.strategy,
          opening: opens(intent),
          at,
        },
      ],
    },
    data: {
      intent,
      policyVersion: policy.version,
      reserved: decimalText(reserved),
      checks: results.map(({ limit, value, measured }) => ({ limit, value, measured })),
    },
  };
}

function refuse({ book, intent, policy, now }: GateInput, finding: Finding): GateDecision {
  return {
    kind: 'refused',
    book:
      finding.limit === REPEATED_EXECUTION
        ? disableStrategy(book, intent.strategy, instantText(now), finding.explanation)
        : book,
    data: {
      intent,
      limit: finding.limit,
      limitValue: finding.value,
      measured: finding.measured,
      explanation: sentenceOf(
        `${finding.explanation} (${finding.limit}: ${finding.measured}; allowed: ${finding.value})`,
      ),
      policyVersion: policy.version,
    },
  };
}

/** A refusal where not even the policy or the book could be read: fail closed, and say why. */
export function refuseUnreadable(intent: Intent, what: string, detail: string): EventData<'OrderRefused'> {
  return {
    intent,
    limit: what,
    limitValue: 'readable',
    measured: 'unreadable',
    explanation: sentenceOf(detail),
    policyVersion: null,
  };
}

export type StopMoveDecision =
  | { readonly kind: 'authorized'; readonly data: EventData<'StopMoveAuthorized'> }
  | { readonly kind: 'refused'; readonly data: EventData<'StopMoveRefused'> };

/** A stop may only move in the position's favour, on a layer that is held. */
export function decideStopMove(book: AccountBook, request: EventData<'StopMovePlanned'>): StopMoveDecision {
  const refuseMove = (explanation: string): StopMoveDecision => ({
    kind: 'refused',
    data: { ...request, limit: 'stop-direction', explanation },
  });
  const position = book.positions[request.instrument];
  const layer = position?.layers[request.intentId];
  if (position === undefined || layer === undefined || positionQuantity(position).isZero())
    return refuseMove('the layer is not held');
  if (new Decimal(request.to).lte(0)) return refuseMove(`a stop of ${request.to} is not above zero`);
  if (layer.stop !== null && !protectsLess(layer.direction, layer.stop, request.to))
    return refuseMove(
      `the stop stands at ${layer.stop}; moving it to ${request.to} would loosen it or change nothing`,
    );
  return { kind: 'authorized', data: request };
}
