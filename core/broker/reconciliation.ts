import { newYorkDate } from '#core/market/calendar.ts';
import { type EpochMillis, parseInstant } from '#core/values/clock.ts';
import { Decimal, decimalText } from '#core/values/decimal.ts';
import type { CompletedOrder, ObservedOrder } from './broker-port.ts';
import {
  executedQuantity,
  filledQuantity,
  isAbout,
  type OrderRecord,
  workingQuantity,
} from './order-record.ts';

/** Everything the broker told in one round of questions; executions are already counted in the records. */
export interface BrokerPicture {
  readonly open: readonly ObservedOrder[];
  readonly completed: readonly CompletedOrder[];
}

/** What is not as it should be. */
export interface Mismatch {
  readonly expected: string;
  readonly observed: string;
  readonly explanation: string;
}

export type OrderFinding =
  | { readonly kind: 'agrees' }
  /** The broker works it, and not as the desk asked: somebody has changed it there, or the broker holds it back. */
  | ({ readonly kind: 'altered' } & Mismatch)
  | { readonly kind: 'ended'; readonly as: 'cancelled' | 'rejected'; readonly reason: string }
  /** The broker never got it: nothing open, nothing completed, nothing executed, twice asked. It may be sent again. */
  | { readonly kind: 'never-arrived' }
  /** Nothing found yet; the broker may still be taking it in. Ask once more before concluding. */
  | { readonly kind: 'ask-again' }
  | ({ readonly kind: 'difference' } & Mismatch);

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
  const open = picture.open.find((order) => isAbout(record, order));
  if (open !== undefined) return alteration(record, open) ?? { kind: 'agrees' };
  // What an earlier life executed says nothing of the present one.
  const executed = executedQuantity(record).minus(record.filledBefore);
  const completed = picture.completed.find((order) => isAbout(record, order));
  if (completed !== undefined) return endedAs(record, completed, executed);
  if (!context.confirmed) return { kind: 'ask-again' };
  const submittedToday = newYorkDate(parseInstant(record.submittedAt)) === newYorkDate(context.now);
  const silent = record.status === 'submitted' && record.permId === null && executed.isZero();
  if (silent && submittedToday) return { kind: 'never-arrived' };
  return {
    kind: 'difference',
    expected: `${record.side} ${record.quantity} ${record.instrument}, ${decimalText(filledQuantity(record))} filled so far`,
    observed: 'not among the open, completed or executed orders',
    explanation: submittedToday
      ? 'the broker had accepted this order and no longer shows it'
      : 'the order is from an earlier day, whose executions and completed orders the broker no longer tells; how it ended has to be looked up',
  };
}

/** What an open order is at the broker that the desk has not asked for; the units of a stop are its keeper's to judge. */
function alteration(record: OrderRecord, shown: ObservedOrder): OrderFinding | null {
  const altered = (expected: string, observed: string, explanation: string): OrderFinding => ({
    kind: 'altered',
    expected,
    observed,
    explanation,
  });
  const isStop = record.role === 'stop';
  if (shown.status === 'Inactive')
    return altered(
      isStop ? 'a resting stop that the broker works' : 'an order that the broker works',
      'it is Inactive there',
      `the broker holds the order and does not work it${isStop ? ', so the layer is not protected by it' : ''}; its screen says why: activate it there, or cancel it`,
    );
  const byHand =
    'somebody has changed the order at the broker; it is left as it is, until the desk changes it itself';
  if (shown.side !== record.side) return altered(record.side, shown.side, byHand);
  const prices = [
    ['limit', record.limitPrice, shown.limitPrice, null],
    ['trigger', record.triggerPrice, shown.triggerPrice, record.stopMove?.to ?? null],
  ] as const;
  for (const [name, ours, theirs, asked] of prices) {
    const known = ours === null || theirs === null || new Decimal(theirs).eq(ours);
    if (!known && (asked === null || !new Decimal(theirs).eq(asked)))
      return altered(`${name} price ${ours}`, `${name} price ${theirs}`, byHand);
  }
  // Its group takes units off an order that closes; nothing but a hand adds any, or takes any off one that opens.
  const units = new Decimal(shown.quantity);
  const changed = record.ocaGroup === null ? !units.eq(record.quantity) : units.gt(record.quantity);
  return !isStop && changed ? altered(`${record.quantity} units`, `${shown.quantity} units`, byHand) : null;
}

/** @param executed units that executions have told of the order's present life */
function endedAs(record: OrderRecord, completed: CompletedOrder, executed: Decimal): OrderFinding {
  const reason =
    completed.completedStatus === ''
      ? `the broker lists it as ${completed.status}`
      : completed.completedStatus;
  if (completed.status === 'Filled') {
    // A closing order stands in one group with its layer's stop: what the one fills the broker takes off the other, which
    // is then complete with less. Its executions are all there, so nothing is left to look up.
    const allTold = completed.filled !== null && executed.gt(0) && executed.eq(completed.filled);
    if (record.ocaGroup !== null && allTold)
      return {
        kind: 'ended',
        as: 'cancelled',
        reason: `the broker counts it as filled with ${completed.filled}; others of its group filled the rest`,
      };
    return {
      kind: 'difference',
      expected: `executions of ${decimalText(workingQuantity(record))}`,
      observed: `executions of ${decimalText(executed)} and status Filled`,
      explanation: 'the broker says the order is filled but has not told all of its executions',
    };
  }
  if (completed.status === 'Inactive' && executed.isZero()) return { kind: 'ended', as: 'rejected', reason };
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
