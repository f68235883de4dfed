import type { DeskEvent } from '#contracts/registry.ts';
import { executionBase } from '#core/broker/order-facts.ts';
import { Decimal, decimalText } from '#core/values/decimal.ts';
import { type AccountBook, findLayer, opens } from './account-book.ts';
import { withExecutionMark } from './marks.ts';
import { isWorkingOrOver } from './order-status.ts';
import { executedUnits, executedValue, type Layer, layerQuantity, type Position } from './position.ts';

/** An execution of an intent that the book has no authorization for. Nothing is guessed; the reconciliation must explain it. */
export class UnknownIntentError extends Error {
  readonly code = 'UnknownIntent';
  readonly retryable = false;
  constructor(intentId: string, type: string) {
    super(
      `${type} names the intent ${JSON.stringify(intentId)}, which the book has never authorized; reconcile with the broker before trading on`,
    );
    this.name = 'UnknownIntentError';
  }
}

/**
 * Books an execution in its layer, in cash and as the mark; one that is booked already changes nothing.
 * @throws UnknownIntentError where no layer can be told from the intent
 */
export function fill(book: AccountBook, { data }: DeskEvent<'OrderFilled'>): AccountBook {
  const owner = layerOf(book, data.intentId, data.role);
  if (owner === null) throw new UnknownIntentError(data.intentId, 'OrderFilled');
  const { instrument, layer, part, position } = owner;
  if (layer[part][data.execId] !== undefined) return book;
  const before = layer[part];
  const after = {
    ...before,
    [data.execId]: { quantity: data.quantity, price: data.price, corrects: data.corrects },
  };
  const units = executedUnits(after).minus(executedUnits(before));
  const paid = executedValue(after).minus(executedValue(before));
  const cash =
    book.cash === null
      ? null
      : decimalText(new Decimal(book.cash).minus(paid.times(data.side === 'BUY' ? 1 : -1)));
  const openedAt =
    part === 'opening' && (layer.openedAt === '' || data.executedAt < layer.openedAt)
      ? data.executedAt
      : layer.openedAt;
  const layers = { ...position.layers, [layer.intentId]: { ...layer, openedAt, [part]: after } };
  const filled: AccountBook = {
    ...book,
    cash,
    marks: withExecutionMark(book.marks, { ...data, instrument }),
    positions: { ...book.positions, [instrument]: { ...position, layers } },
  };
  return data.role === 'order' ? withFilled(filled, data, units) : filled;
}

/** Whether an execution of a layer is not booked yet; false of a layer that the book has let go of or never knew. */
export function awaitsExecution(book: AccountBook, layerId: string, execId: string): boolean {
  const known = findLayer(book, layerId);
  if (known !== null)
    return known.layer.opening[execId] === undefined && known.layer.closing[execId] === undefined;
  // A layer begins with its first execution, and is let go of when it has been closed.
  const opening = book.orders[layerId];
  return opening !== undefined && new Decimal(opening.told).isZero();
}

/** The layer an execution belongs to: its own for an opening order, the one named in `closes` for a closing one, or the stop's. */
function layerOf(
  book: AccountBook,
  intentId: string,
  role: 'order' | 'stop',
): { instrument: string; position: Position; layer: Layer; part: 'opening' | 'closing' } | null {
  const intent = book.orders[intentId]?.intent;
  const closing = role === 'stop' || (intent !== undefined && !opens(intent));
  const layerId = role === 'stop' ? intentId : closing ? intent?.closes : intentId;
  const part = closing ? 'closing' : 'opening';
  const known = findLayer(book, layerId ?? '');
  if (known !== null) return { instrument: known.position.instrument, ...known, part };
  if (intent === undefined || !opens(intent)) return null;
  const position: Position = book.positions[intent.instrument] ?? {
    instrument: intent.instrument,
    layers: {},
    plan: intent.plan,
    initialRisk: intent.initialRisk,
    target: intent.target,
  };
  const first = Object.values(position.layers).every((layer) => layerQuantity(layer).isZero());
  const layer: Layer = {
    intentId,
    positionId: intent.positionId,
    strategy: intent.strategy,
    direction: intent.side === 'BUY' ? 'long' : 'short',
    openedAt: '',
    stop: intent.protectiveStop,
    opening: {},
    closing: {},
  };
  const planned = first
    ? { ...position, plan: intent.plan, initialRisk: intent.initialRisk, target: intent.target }
    : position;
  return { instrument: intent.instrument, position: planned, layer, part };
}

function withFilled(
  book: AccountBook,
  { intentId, quantity, corrects }: DeskEvent<'OrderFilled'>['data'],
  units: Decimal,
): AccountBook {
  const order = book.orders[intentId];
  if (order === undefined) return book;
  const filled = units.plus(order.filled);
  const told = new Decimal(order.told).plus(corrects === null ? quantity : 0);
  const status = Decimal.max(filled, told).gte(order.intent.quantity)
    ? 'filled'
    : isWorkingOrOver(order)
      ? order.status
      : 'working';
  const next = { ...order, filled: decimalText(filled), told: decimalText(told), status };
  return { ...book, orders: { ...book.orders, [intentId]: next } };
}

/** Brokers correct an execution on the day after the trade or soon after that. */
const CORRECTED_WITHIN_MILLIS = 7 * 86_400_000;

/** What was charged so lately that a correction may still come, as a session begins. */
export function correctableCharges(
  charged: NonNullable<AccountBook['charged']>,
  session: string,
): NonNullable<AccountBook['charged']> {
  const since = Date.parse(session) - CORRECTED_WITHIN_MILLIS;
  return Object.fromEntries(
    Object.entries(charged).filter(
      ([, charge]) => charge.session != null && Date.parse(charge.session) >= since,
    ),
  );
}

type Commission = DeskEvent<'CommissionReported'>['data'];

/** Why a commission cannot be booked, or null: what another currency is worth nobody here knows. */
export function commissionProblem(
  { currency }: Pick<AccountBook, 'currency'>,
  charged: Pick<Commission, 'currency'>,
): string | null {
  return charged.currency === currency
    ? null
    : `the book is kept in ${currency}; enter what the broker booked for it in ${currency} (abc cash)`;
}

/**
 * Charges a commission; what {@link commissionProblem} names is not charged.
 *
 * A corrected execution is reported once more, under an id that differs in its last group, and with its commission: the
 * broker charges that instead of the first one, not beside it. Whichever arrives first, the last by id counts.
 */
export function chargeCommission(
  book: AccountBook,
  { execId, commission, currency }: Commission,
): AccountBook {
  if (commissionProblem(book, { currency }) !== null) return book;
  const { base, revision } = executionBase(execId);
  const charged = book.charged?.[base];
  if (charged !== undefined && charged.revision >= revision) return book;
  const more = new Decimal(commission).minus(charged?.commission ?? 0);
  return {
    ...book,
    charged: { ...book.charged, [base]: { revision, commission, session: book.session } },
    fees: decimalText(new Decimal(book.fees).plus(more)),
    cash: book.cash === null ? null : decimalText(new Decimal(book.cash).minus(more)),
  };
}
