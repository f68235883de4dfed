import type { DeskEvent, EventType } from '#contracts/registry.ts';
import { canonicalJson } from '#core/events/canonical.ts';
import { Decimal } from '#core/values/decimal.ts';

/** What is wrong with the chain of one order, and at which entry of the log. */
export interface ChainFault {
  readonly index: number;
  readonly detail: string;
}

interface At<T extends EventType> {
  readonly index: number;
  readonly event: DeskEvent<T>;
}

/** Orders whose end the log does not hold yet: working at the broker, or on their way. */
export interface OpenChain {
  readonly intentId: string;
  readonly state: 'authorized' | 'submitted' | 'working';
}

const ORDER_EVENTS = [
  'OrderSubmitted',
  'OrderAccepted',
  'OrderFilled',
  'OrderRejected',
  'OrderCancelled',
  'CommissionReported',
  'StopMoved',
] as const;

/**
 * Whether every order and execution at the broker goes back to exactly one chain: planned → authorized → submitted →
 * outcome. Takes the events in log order; reports every fault with the entry it was found at, and what is still open.
 */
export function checkChains(events: readonly DeskEvent[]): {
  readonly faults: readonly ChainFault[];
  readonly open: readonly OpenChain[];
} {
  const faults: ChainFault[] = [];
  const fault = (index: number, detail: string) => faults.push({ index, detail });
  const collect = <T extends EventType>(type: T): readonly At<T>[] =>
    events.flatMap((event, index) =>
      event.metadata.type === type ? [{ index, event: event as DeskEvent<T> }] : [],
    );
  const unique = <T extends EventType>(
    list: readonly At<T>[],
    keyOf: (event: DeskEvent<T>) => string,
    what: string,
  ): Map<string, At<T>> => {
    const byKey = new Map<string, At<T>>();
    for (const at of list) {
      const key = keyOf(at.event);
      if (byKey.has(key)) fault(at.index, `${what} ${key} stands in the log more than once`);
      else byKey.set(key, at);
    }
    return byKey;
  };

  const planned = unique(collect('OrderPlanned'), ({ data }) => data.intent.intentId, 'the plan of intent');
  const authorized = unique(
    collect('OrderAuthorized'),
    ({ data }) => data.intent.intentId,
    'the authorization of intent',
  );
  const refused = unique(
    collect('OrderRefused'),
    ({ data }) => data.intent.intentId,
    'the refusal of intent',
  );
  // An order that the broker never saw, or a stop that lapsed, is submitted anew under a new number at the broker.
  const submissions = unique(
    collect('OrderSubmitted'),
    ({ data }) => `${data.orderRef} as number ${data.orderId}`,
    'the submission of order',
  );
  const submitted = new Map<string, At<'OrderSubmitted'>>();
  const fillable = new Map<string, Decimal>();
  for (const at of submissions.values()) {
    const { orderRef, role, quantity } = at.event.data;
    if (!submitted.has(orderRef)) submitted.set(orderRef, at);
    const before = fillable.get(orderRef);
    fillable.set(
      orderRef,
      before === undefined ? new Decimal(quantity) : role === 'stop' ? before.plus(quantity) : before,
    );
  }
  const fills = unique(collect('OrderFilled'), ({ data }) => data.execId, 'the execution');

  for (const [intentId, { index, event }] of authorized) {
    const plan = planned.get(intentId);
    if (plan === undefined) fault(index, `intent ${intentId} was authorized but never planned`);
    else if (canonicalJson(plan.event.data.intent) !== canonicalJson(event.data.intent))
      fault(index, `intent ${intentId} was authorized with other terms than planned`);
    if (refused.has(intentId)) fault(index, `intent ${intentId} was both authorized and refused`);
  }
  for (const { index, event } of submissions.values()) {
    const { orderRef, intentId, role, quantity, side } = event.data;
    const grant = authorized.get(intentId);
    if (grant === undefined)
      fault(index, `order ${orderRef} was submitted without an authorization of intent ${intentId}`);
    else if (role === 'order' && !isWithin(grant.event.data.intent, side, quantity)) {
      fault(
        index,
        `order ${orderRef} was submitted as ${side} ${quantity}, authorized was ${grant.event.data.intent.side} ${grant.event.data.intent.quantity}`,
      );
    }
  }
  for (const type of ORDER_EVENTS) {
    if (type === 'OrderSubmitted') continue;
    for (const { index, event } of collect(type)) {
      const { orderRef } = event.data as { readonly orderRef: string };
      if (!submitted.has(orderRef)) fault(index, `${type} of order ${orderRef}, which was never submitted`);
    }
  }
  const superseded = supersededIn(fills);
  const filled = new Map<string, Decimal>();
  for (const [execId, { index, event }] of fills) {
    if (superseded.has(execId)) continue;
    const { orderRef, quantity } = event.data;
    const total = (filled.get(orderRef) ?? new Decimal(0)).plus(quantity);
    filled.set(orderRef, total);
    const most = fillable.get(orderRef);
    if (most !== undefined && total.gt(most)) fault(index, `order ${orderRef} filled ${total} of ${most}`);
  }
  return {
    faults: faults.sort((left, right) => left.index - right.index),
    open: openChains(authorized, submitted, filled, collect),
  };
}

/** Executions that another takes the place of: one that corrects them, or a later correction of the same. */
function supersededIn(fills: ReadonlyMap<string, At<'OrderFilled'>>): ReadonlySet<string> {
  const correction = new Map<string, string>();
  const superseded = new Set<string>();
  for (const [execId, { event }] of fills) {
    const { corrects } = event.data;
    if (corrects === null) continue;
    superseded.add(corrects);
    const other = correction.get(corrects);
    const isLatest = other === undefined || other < execId;
    if (other !== undefined) superseded.add(isLatest ? other : execId);
    if (isLatest) correction.set(corrects, execId);
  }
  return superseded;
}

function openChains(
  authorized: ReadonlyMap<string, At<'OrderAuthorized'>>,
  submitted: ReadonlyMap<string, At<'OrderSubmitted'>>,
  filled: ReadonlyMap<string, Decimal>,
  collect: <T extends EventType>(type: T) => readonly At<T>[],
): readonly OpenChain[] {
  const ended = new Set(
    [...collect('OrderRejected'), ...collect('OrderCancelled')].map(
      ({ event }) => (event.data as { orderRef: string }).orderRef,
    ),
  );
  const accepted = new Set(collect('OrderAccepted').map(({ event }) => event.data.orderRef));
  const declined = new Set(
    collect('CommandDeclined')
      .filter(({ event }) => event.data.command === 'OrderAuthorized')
      .map(({ event }) => event.data.intentId),
  );
  return [...authorized.keys()].flatMap((intentId): OpenChain[] => {
    if (declined.has(intentId)) return [];
    const order = submitted.get(intentId);
    if (order === undefined) return [{ intentId, state: 'authorized' }];
    if (ended.has(intentId) || (filled.get(intentId) ?? new Decimal(0)).gte(order.event.data.quantity))
      return [];
    return [{ intentId, state: accepted.has(intentId) ? 'working' : 'submitted' }];
  });
}

/** An order in the very terms authorized; one that closes may be for less: for what is left of its layer when it goes out. */
function isWithin(
  intent: DeskEvent<'OrderAuthorized'>['data']['intent'],
  side: string,
  quantity: string,
): boolean {
  if (side !== intent.side) return false;
  const units = new Decimal(quantity);
  return units.eq(intent.quantity) || (intent.closes !== null && units.lt(intent.quantity));
}
