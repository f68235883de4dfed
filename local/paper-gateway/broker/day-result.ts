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
