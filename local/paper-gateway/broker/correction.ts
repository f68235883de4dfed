import type { AccountBooks, HeldPosition } from '#core/simulation/account.ts';
import { Decimal, decimalText } from '#core/values/decimal.ts';
import { executionNumber, executionsOf, type Replay, replay } from './day-result.ts';
import type { BrokerInstrument, Execution } from './state.ts';
import { recordExecution, type Step } from './step.ts';

/**
 * Corrects the price of an execution, as a broker does after an erroneous trade: the same execution under an id whose
 * last group is one higher. The day's executions in the instrument are booked again upon what was held when the day
 * began, so that the average cost, and the realised profit of whatever closed since, are those of the right price; cash
 * moves by the difference. Executions that changed with it say so in the lists that clients ask for.
 */
export function correctExecution(step: Step, execId: string, price: number): void {
  const { state } = step;
  const original = state.executions.get(execId);
  if (original === undefined) return;
  const instrument = step.settings.instruments.get(original.instrument);
  if (instrument === undefined) return;
  const difference = new Decimal(price).minus(original.price).times(original.quantity);
  const realised = rebook(step, instrument, original, price);
  const order = state.orders.get(original.permId);
  if (order !== undefined) {
    order.filledValue = decimalText(new Decimal(order.filledValue).plus(difference));
    if (original.cumulativeQuantity === order.filled) order.lastFillPrice = price;
    step.changes.orders.add(order.permId);
  }
  for (const execution of state.executions.values()) {
    const later =
      execution.permId === original.permId && executionNumber(execution) >= executionNumber(original);
    const averagePrice = later
      ? new Decimal(execution.averagePrice).plus(difference.div(execution.cumulativeQuantity)).toNumber()
      : execution.averagePrice;
    const profit = realised.get(execution.execId) ?? execution.realised;
    if (averagePrice === execution.averagePrice && profit === execution.realised) continue;
    state.executions.set(execution.execId, { ...execution, averagePrice, realised: profit });
    step.changes.executions.add(execution.execId);
  }
  // The corrected execution takes the place of the original in the lists that clients ask for.
  const booked = state.executions.get(execId) ?? original;
  state.executions.delete(execId);
  step.changes.executions.add(execId);
  recordExecution(step, { ...booked, execId: nextRevision(execId), price });
  step.events.push({ event: 'position', instrument: original.instrument });
}

/** Books the day again with the right price. Returns what each execution realises now, by execId. */
function rebook(
  step: Step,
  instrument: BrokerInstrument,
  original: Execution,
  price: number,
): ReadonlyMap<string, string> {
  const { state } = step;
  const opening = state.dayOpening?.get(instrument.id);
  const held = opening?.held ?? null;
  const first = opening?.firstExecution ?? 0;
  const executions = executionsOf(state, instrument.id).filter(
    (execution) => executionNumber(execution) >= first,
  );
  const wrong = replay(instrument, held, executions);
  const known = state.books.positions.get(instrument.id)?.quantity ?? new Decimal(0);
  const replayed = wrong.books.positions.get(instrument.id)?.quantity ?? new Decimal(0);
  if (state.dayOpening === null || !executions.includes(original) || !known.equals(replayed)) {
    const signed = original.action === 'BUY' ? 1 : -1;
    const difference = new Decimal(price)
      .minus(original.price)
      .times(original.quantity)
      .times(instrument.multiplier)
      .times(signed);
    state.books = shift(state.books, original, difference);
    return new Map();
  }
  const right = replay(
    instrument,
    held,
    executions.map((execution) => (execution === original ? { ...execution, price } : execution)),
  );
  state.books = moved(state.books, instrument, wrong, right);
  return new Map(
    executions.flatMap(({ execId }, index): [string, string][] => {
      const profit = right.realised[index] ?? null;
      return profit === null ? [] : [[execId, decimalText(profit)]];
    }),
  );
}

/** The books with the difference between two replays: exact, whatever else they hold. */
function moved(books: AccountBooks, { id }: BrokerInstrument, wrong: Replay, right: Replay): AccountBooks {
  const positions = new Map(books.positions);
  const held = positions.get(id);
  const before = wrong.books.positions.get(id);
  const after = right.books.positions.get(id);
  if (held !== undefined && before !== undefined && after !== undefined)
    positions.set(id, { ...held, basis: held.basis.plus(after.basis).minus(before.basis) });
  return {
    ...books,
    cash: books.cash.plus(right.books.cash).minus(wrong.books.cash),
    realised: books.realised.plus(right.books.realised).minus(wrong.books.realised),
    positions,
  };
}

/**
 * Where the day cannot be booked again (a split since, a day begun by an older gateway): the difference goes to the basis
 * where a position of the execution's side stands, to the realised profit where none does.
 */
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
