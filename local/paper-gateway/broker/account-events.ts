import type { InstrumentId } from '#core/market/instrument.ts';
import { bookFlow } from '#core/simulation/account.ts';
import { Decimal, decimalText } from '#core/values/decimal.ts';
import { endOrder } from './relations.ts';
import { isWorking } from './state.ts';
import type { Step } from './step.ts';

/**
 * Money that is no trade, such as a dividend, a fee or a deposit (negative for what is paid). It is no profit of the day:
 * what the day began with moves along.
 */
export function moveCash(step: Step, amount: string): void {
  const { state } = step;
  state.books = bookFlow(state.books, new Decimal(amount));
  if (state.dayStartEquity !== null)
    state.dayStartEquity = decimalText(new Decimal(state.dayStartEquity).plus(amount));
  step.changes.account = true;
}

/**
 * A split: `ratio` new units for each one held, at the same cost. Working orders in the instrument are cancelled, because
 * their prices and quantities mean something else now.
 */
export function splitUnits(step: Step, instrument: InstrumentId, ratio: number): void {
  const { state } = step;
  for (const order of [...state.orders.values()])
    if (isWorking(order) && order.instrument === instrument)
      endOrder(step, order, 202, 'Order Canceled - reason:', 'Corporate action');
  const mark = state.marks.get(instrument);
  if (mark !== undefined) state.marks.set(instrument, String(Number(mark) / ratio));
  const held = state.books.positions.get(instrument);
  if (held !== undefined)
    state.books = {
      ...state.books,
      positions: new Map(state.books.positions).set(instrument, {
        ...held,
        quantity: held.quantity.times(ratio),
      }),
    };
  const begun = state.dayOpening?.get(instrument);
  // What was booked in old units cannot be booked again upon new ones.
  state.dayOpening?.set(instrument, {
    held: state.books.positions.get(instrument) ?? null,
    firstExecution: state.nextExecution,
    value: begun === undefined ? '0' : begun.value,
  });
  step.changes.account = true;
  step.events.push({ event: 'position', instrument });
}
