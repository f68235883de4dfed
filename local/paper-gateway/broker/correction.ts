import type { AccountBooks, HeldPosition } from '#core/simulation/account.ts';
import { Decimal, decimalText } from '#core/values/decimal.ts';
import type { Execution } from './state.ts';
import { recordExecution, type Step } from './step.ts';

/**
 * Corrects the price of an execution, as a broker does after an erroneous trade: the same execution under an id whose
 * last group is one higher. The difference goes to the basis where the position that it opened still stands, to the
 * realised profit where it does not; cash moves by the same amount, so the books stay balanced.
 */
export function correctExecution(step: Step, execId: string, price: number): void {
  const { state } = step;
  const original = state.executions.get(execId);
  if (original === undefined) return;
  const instrument = step.settings.instruments.get(original.instrument);
  if (instrument === undefined) return;
  const signed = original.action === 'BUY' ? 1 : -1;
  const difference = new Decimal(price)
    .minus(original.price)
    .times(original.quantity)
    .times(instrument.multiplier)
    .times(signed);
  state.books = shift(state.books, original, difference);
  const order = state.orders.get(original.permId);
  if (order !== undefined) {
    order.filledValue = decimalText(
      new Decimal(order.filledValue).plus(new Decimal(price).minus(original.price).times(original.quantity)),
    );
    order.lastFillPrice = price;
    step.changes.orders.add(order.permId);
  }
  // The corrected execution takes the place of the original in the lists that clients ask for.
  state.executions.delete(execId);
  step.changes.executions.add(execId);
  recordExecution(step, {
    ...original,
    execId: nextRevision(execId),
    price,
    commission: original.commission,
  });
  step.events.push({ event: 'position', instrument: original.instrument });
}

function shift(books: AccountBooks, original: Execution, difference: Decimal): AccountBooks {
  const held = books.positions.get(original.instrument);
  const cash = books.cash.minus(difference);
  const opened = held !== undefined && held.quantity.isNegative() === (original.action === 'SELL');
  if (!opened) return { ...books, cash, realised: books.realised.minus(difference) };
  const corrected: HeldPosition = { ...held, basis: held.basis.plus(difference) };
  return { ...books, cash, positions: new Map(books.positions).set(original.instrument, corrected) };
}

/** `a.b.01.01` → `a.b.01.02`. */
export function nextRevision(execId: string): string {
  const last = execId.lastIndexOf('.');
  return `${execId.slice(0, last)}.${String(Number(execId.slice(last + 1)) + 1).padStart(2, '0')}`;
}
