import type { DeskEvent, EventType } from '#contracts/registry.ts';
import { checkChains } from '#core/audit/completeness.ts';
import { type AccountBook, isLive } from '#core/portfolio/account-book.ts';
import { layerQuantity, openLayers, positionQuantity } from '#core/portfolio/position.ts';
import { Decimal, decimalText } from '#core/values/decimal.ts';
import { INSTRUMENTS } from './tape.ts';

/** The broker's own books, as its control port shows them. */
export interface BrokerView {
  readonly cash: string;
  readonly positions: readonly { readonly instrument: string; readonly quantity: string }[];
  readonly orders: readonly {
    readonly permId: number;
    readonly orderRef: string;
    readonly total: number;
    readonly filled: number;
    readonly status: string;
    /** False for what was held back, and for what was taken back while it was. */
    readonly transmitted: boolean;
  }[];
  readonly executions: readonly {
    readonly execId: string;
    readonly orderRef: string;
    readonly quantity: number;
    readonly price: number;
  }[];
}

export interface Verdict {
  readonly intents: number;
  readonly brokerOrders: number;
  /** Orders that still lie in the gateway untransmitted: the link broke between an entry and its stop. */
  readonly untransmitted: number;
  readonly executions: number;
  /** Orders or executions that one side has and the other does not. */
  readonly lost: readonly string[];
  /** References with more than one order at the broker, executions counted more than once. */
  readonly doubled: readonly string[];
  /** Executions under another reference, or orders that nobody asked for. */
  readonly misattributed: readonly string[];
  readonly chainFaults: readonly string[];
  /** Layers that no resting stop stands for, though the broker refused none. */
  readonly unprotected: readonly string[];
  /** Where cash or positions differ. */
  readonly differences: readonly string[];
  /** Intents that have not come to an end. */
  readonly open: readonly string[];
}

export const isClean = (verdict: Verdict): boolean =>
  [
    verdict.lost,
    verdict.doubled,
    verdict.misattributed,
    verdict.chainFaults,
    verdict.differences,
    verdict.unprotected,
    verdict.open,
  ].every((faults) => faults.length === 0);

/** The desk's name of an order: the broker's reference also says which try of it this is. */
export const nameOf = (reference: string): string => reference.replace(/~\d+$/, '');

/** Whether an order has filled in part or still may. */
const hasCounted = ({ status, filled }: BrokerView['orders'][number]): boolean =>
  filled > 0 || (status !== 'Cancelled' && status !== 'Inactive');

function unprotected(
  book: AccountBook,
  byReference: ReadonlyMap<string, BrokerView['orders']>,
  rejected: readonly { readonly orderRef: string }[],
): readonly string[] {
  const refused = new Set(rejected.map(({ orderRef }) => orderRef));
  return Object.values(book.positions).flatMap((position) =>
    openLayers(position).flatMap((layer) => {
      const stop = `${layer.intentId}:stop`;
      const standing = (byReference.get(stop) ?? [])
        .filter(({ status }) => status === 'PreSubmitted' || status === 'Submitted')
        .reduce((units, { total, filled }) => units + total - filled, 0);
      return refused.has(stop) || layerQuantity(layer).eq(standing)
        ? []
        : [
            `${decimalText(layerQuantity(layer))} of ${layer.intentId} are held, and a stop for ${standing} rests`,
          ];
    }),
  );
}

/** Compares what the broker has with what the journal and the account book say, one by one. */
export function judge(events: readonly DeskEvent[], book: AccountBook, broker: BrokerView): Verdict {
  const of = <T extends EventType>(type: T): readonly DeskEvent<T>['data'][] =>
    events.flatMap((event) => (event.metadata.type === type ? [(event as DeskEvent<T>).data] : []));
  const intents = of('OrderAuthorized').map(({ intent }) => intent.intentId);
  const submitted = new Set(of('OrderSubmitted').map(({ orderRef }) => orderRef));
  const declined = new Set(
    of('CommandDeclined').flatMap(({ command, intentId }) =>
      command === 'OrderAuthorized' ? [intentId] : [],
    ),
  );
  const ended = new Set([
    ...[...of('OrderRejected'), ...of('OrderCancelled')].map(({ orderRef }) => orderRef),
    // Also what was submitted, never arrived, and was then declined instead of being sent again.
    ...declined,
  ]);
  const fills = of('OrderFilled');

  const lost: string[] = [];
  const doubled: string[] = [];
  const misattributed: string[] = [];

  // An entry is held back until its stop is there too; one whose stop never came is not at any exchange.
  const transmitted = broker.orders.filter((order) => order.transmitted);
  const byReference = Map.groupBy(transmitted, ({ orderRef }) => nameOf(orderRef));
  for (const [orderRef, orders] of byReference) {
    if (declined.has(orderRef)) misattributed.push(`the broker has ${orderRef}, which the journal declined`);
    if (!submitted.has(orderRef)) misattributed.push(`the broker has ${orderRef}, which was never submitted`);
    // A resting stop that ended without a fill stands anew under its name.
    const lives = orderRef.endsWith(':stop') ? orders.filter(hasCounted) : orders;
    if (lives.length > 1)
      doubled.push(
        `${orderRef} is ${lives.length} orders at the broker: ${lives
          .map(({ permId, status, filled }) => `${permId} ${status}, ${filled} filled`)
          .join('; ')}`,
      );
  }
  for (const orderRef of submitted)
    if (!byReference.has(orderRef) && !ended.has(orderRef))
      lost.push(`${orderRef} was submitted; the broker does not have it, and no end of it is journaled`);

  const journaled = Map.groupBy(fills, ({ execId }) => execId);
  for (const [execId, told] of journaled)
    if (told.length > 1) doubled.push(`execution ${execId}, ${told.length} times`);
  // A correction has the id of what it corrects but for the last group; the broker keeps the last one.
  const corrected = new Set(fills.flatMap(({ corrects }) => corrects ?? []));
  for (const execution of broker.executions) {
    const told = journaled.get(execution.execId)?.[0];
    if (told === undefined) {
      lost.push(`execution ${execution.execId} of ${execution.orderRef} is not in the journal`);
      continue;
    }
    if (told.orderRef !== nameOf(execution.orderRef))
      misattributed.push(
        `execution ${execution.execId} of ${execution.orderRef} is journaled under ${told.orderRef}`,
      );
    if (!new Decimal(told.quantity).eq(execution.quantity) || !new Decimal(told.price).eq(execution.price))
      lost.push(
        `execution ${execution.execId}: ${told.quantity} at ${told.price}, the broker has ${execution.quantity} at ${execution.price}`,
      );
  }
  const known = new Set(broker.executions.map(({ execId }) => execId));
  for (const { execId, orderRef } of fills)
    if (!known.has(execId) && !corrected.has(execId))
      doubled.push(`execution ${execId} of ${orderRef} is journaled; the broker does not have it`);

  const differences: string[] = [];
  if (
    book.cash === null ||
    !new Decimal(book.cash).toDecimalPlaces(2).eq(new Decimal(broker.cash).toDecimalPlaces(2))
  )
    differences.push(`cash: the book has ${String(book.cash)}, the broker ${broker.cash}`);
  const held = new Map(broker.positions.map(({ instrument, quantity }) => [instrument, quantity]));
  for (const instrument of INSTRUMENTS) {
    const [ours, theirs] = [
      decimalText(positionQuantity(book.positions[instrument])),
      held.get(instrument) ?? '0',
    ];
    if (!new Decimal(ours).eq(theirs))
      differences.push(`${instrument}: the book holds ${ours}, the broker ${theirs}`);
  }
  return {
    intents: intents.length,
    brokerOrders: transmitted.length,
    untransmitted: broker.orders.filter(({ status }) => status === 'Held').length,
    executions: broker.executions.length,
    lost,
    doubled,
    misattributed,
    chainFaults: checkChains(events).faults.map(({ detail }) => detail),
    differences,
    unprotected: unprotected(book, byReference, of('OrderRejected')),
    open: Object.values(book.orders).flatMap((order) =>
      isLive(order) ? [`${order.intent.intentId} is ${order.status}`] : [],
    ),
  };
}
