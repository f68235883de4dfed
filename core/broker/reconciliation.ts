import { newYorkDate } from '#core/market/calendar.ts';
import { type EpochMillis, parseInstant } from '#core/values/clock.ts';
import { Decimal, decimalText } from '#core/values/decimal.ts';
import type { CompletedOrder, ObservedOrder } from './broker-port.ts';
import { filledQuantity, isAbout, type OrderRecord } from './order-record.ts';

/** Everything the broker told in one round of questions; executions are already counted in the records. */
export interface BrokerPicture {
  readonly open: readonly ObservedOrder[];
  readonly completed: readonly CompletedOrder[];
}

export type OrderFinding =
  | { readonly kind: 'agrees' }
  | { readonly kind: 'ended'; readonly as: 'cancelled' | 'rejected'; readonly reason: string }
  /** The broker never got it: nothing open, nothing completed, nothing executed, twice asked. It may be sent again. */
  | { readonly kind: 'never-arrived' }
  /** Nothing found yet; the broker may still be taking it in. Ask once more before concluding. */
  | { readonly kind: 'ask-again' }
  | {
      readonly kind: 'difference';
      readonly expected: string;
      readonly observed: string;
      readonly explanation: string;
    };

/**
 * What the broker's answers say about the present life of one order that the journal holds for open, joined on its
 * reference, which the bridge chose, and permId, which the broker chose; on an order id never. `confirmed` is true in the
 * second round of questions: absence counts only when it was seen twice, because an order may still be on its way in.
 */
export function findOrder(
  record: OrderRecord,
  picture: BrokerPicture,
  context: { readonly now: EpochMillis; readonly confirmed: boolean },
): OrderFinding {
  if (picture.open.some((order) => isAbout(record, order))) return { kind: 'agrees' };
  const filled = filledQuantity(record);
  const completed = picture.completed.find((order) => isAbout(record, order));
  if (completed !== undefined) return endedAs(record, completed, filled);
  if (!context.confirmed) return { kind: 'ask-again' };
  const submittedToday = newYorkDate(parseInstant(record.submittedAt)) === newYorkDate(context.now);
  const silent = record.status === 'submitted' && record.permId === null && filled.isZero();
  if (silent && submittedToday) return { kind: 'never-arrived' };
  return {
    kind: 'difference',
    expected: `${record.side} ${record.quantity} ${record.instrument}, ${decimalText(filled)} filled so far`,
    observed: 'not among the open, completed or executed orders',
    explanation: submittedToday
      ? 'the broker had accepted this order and no longer shows it'
      : 'the order is from an earlier day, whose executions and completed orders the broker no longer tells; how it ended has to be looked up',
  };
}

function endedAs(record: OrderRecord, completed: CompletedOrder, filled: Decimal): OrderFinding {
  const reason =
    completed.completedStatus === ''
      ? `the broker lists it as ${completed.status}`
      : completed.completedStatus;
  if (completed.status === 'Filled') {
    // A closing order stands in one group with its layer's stop: what the one fills the broker takes off the other, which
    // is then complete with less. Its executions are all there, so nothing is left to look up.
    if (record.ocaGroup !== null && filled.gt(0) && completed.filled !== null && filled.eq(completed.filled))
      return {
        kind: 'ended',
        as: 'cancelled',
        reason: `the broker counts it as filled with ${completed.filled}; others of its group filled the rest`,
      };
    return {
      kind: 'difference',
      expected: `executions of ${record.quantity}`,
      observed: `executions of ${decimalText(filled)} and status Filled`,
      explanation: 'the broker says the order is filled but has not told all of its executions',
    };
  }
  if (completed.status === 'Inactive' && filled.isZero()) return { kind: 'ended', as: 'rejected', reason };
  return { kind: 'ended', as: 'cancelled', reason };
}

/** Positions that differ between the desk's book and the broker, by instrument. Absent on a side counts as zero. */
export function positionDifferences(
  expected: ReadonlyMap<string, string>,
  observed: ReadonlyMap<string, string>,
): readonly { readonly instrument: string; readonly expected: string; readonly observed: string }[] {
  const instruments = [...new Set([...expected.keys(), ...observed.keys()])].sort();
  return instruments
    .map((instrument) => ({
      instrument,
      expected: expected.get(instrument) ?? '0',
      observed: observed.get(instrument) ?? '0',
    }))
    .filter((pair) => !new Decimal(pair.expected).eq(pair.observed));
}

/** By how much the account's cash is above (below zero: under) the book's, to the cent; null within the tolerance. */
export function cashDifference(expected: string, observed: Decimal, tolerance: number): Decimal | null {
  const difference = observed.minus(expected);
  return difference.abs().lte(tolerance) ? null : difference.toDecimalPlaces(2, Decimal.ROUND_HALF_EVEN);
}
