import type { InstrumentId } from '#core/market/instrument.ts';
import { type AccountBooks, bookFill, marketValue, openBooks } from '#core/simulation/account.ts';
import { Decimal, decimalText } from '#core/values/decimal.ts';
import type { BrokerInstrument, BrokerState, DayOpening, Execution } from './state.ts';

const ZERO = new Decimal(0);

/** What the account holds as its day begins. */
export function openingOf(state: BrokerState): Map<InstrumentId, DayOpening> {
  return new Map(
    [...state.books.positions].map(([instrument, held]): [InstrumentId, DayOpening] => {
      const mark = state.marks.get(instrument);
      const value = mark === undefined ? null : decimalText(marketValue(held, new Decimal(mark)));
      return [instrument, { held, firstExecution: state.nextExecution, value }];
    }),
  );
}

/** The counter in an execution's id, by which executions are ordered. */
export const executionNumber = ({ execId }: Execution): number =>
  Number.parseInt(execId.split('.')[1] ?? '', 16);

/** Executions of one instrument that the day has seen, in their order. */
export const executionsOf = (state: BrokerState, instrument: InstrumentId): Execution[] =>
  [...state.executions.values()]
    .filter((execution) => execution.instrument === instrument)
    .sort((one, other) => executionNumber(one) - executionNumber(other));

/** Executions booked one after the other upon a position, with what each realised. */
export interface Replay {
  readonly books: AccountBooks;
  /** Realised profit net of fees by the place of the execution, null where it closed nothing. */
  readonly realised: readonly (Decimal | null)[];
}

export function replay(
  instrument: BrokerInstrument,
  opening: DayOpening['held'],
  executions: readonly Execution[],
): Replay {
  let books: AccountBooks = openBooks(ZERO);
  if (opening !== null) books = { ...books, positions: new Map([[instrument.id, opening]]) };
  const realised = executions.map(({ action, quantity, price, commission }) => {
    const booking = bookFill(books, {
      instrument: instrument.id,
      side: action === 'BUY' ? 'buy' : 'sell',
      quantity: new Decimal(quantity),
      price: new Decimal(price),
      multiplier: instrument.multiplier,
      fee: new Decimal(commission),
    });
    books = booking.books;
    return booking.realisedNet;
  });
  return { books, realised };
}

/** Instruments that were traded today. */
export const tradedToday = (state: BrokerState): Set<InstrumentId> =>
  new Set([...state.executions.values()].map(({ instrument }) => instrument));

/** Profit that an instrument's executions of the day have realised, commissions included. */
export function realisedOf(state: BrokerState, instrument: InstrumentId): Decimal {
  return executionsOf(state, instrument).reduce(
    (total, { realised }) => (realised === null ? total : total.plus(realised)),
    ZERO,
  );
}

/** Profit of one instrument since the day began, realised or not; null where a price or the day's beginning is unknown. */
export function dailyProfitOf(state: BrokerState, instrument: BrokerInstrument): Decimal | null {
  if (state.dayOpening === null) return null;
  const begun = state.dayOpening.get(instrument.id);
  const openingValue = begun === undefined ? '0' : begun.value;
  const held = state.books.positions.get(instrument.id);
  const mark = state.marks.get(instrument.id);
  if (openingValue === null || (held !== undefined && mark === undefined)) return null;
  let profit = new Decimal(0).minus(openingValue);
  if (held !== undefined && mark !== undefined) profit = profit.plus(marketValue(held, new Decimal(mark)));
  for (const { action, quantity, price, commission } of executionsOf(state, instrument.id)) {
    const value = new Decimal(price).times(quantity).times(instrument.multiplier);
    profit = (action === 'BUY' ? profit.minus(value) : profit.plus(value)).minus(commission);
  }
  return profit;
}
