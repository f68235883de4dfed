import { BRIDGE } from '#core/broker/order-facts.ts';
import { filledQuantity } from '#core/broker/order-record.ts';
import { type JournalEntry, journalEntry } from '#core/events/new-event.ts';
import type { Instrument } from '#core/market/instrument.ts';
import { type EpochMillis, instantText } from '#core/values/clock.ts';
import { Decimal, decimalText } from '#core/values/decimal.ts';
import { type AccountBooks, averageCost, bookFill, marketValue, openBooks } from '../account.ts';
import { type CommissionSchedule, chargeFor } from '../commission.ts';
import type { FillModel } from '../orders.ts';
import type { BrokerOrder } from './broker-orders.ts';

/** An instrument as the simulated broker trades it. */
export interface TradedInstrument {
  readonly instrument: Instrument;
  readonly model: FillModel;
  readonly commission: CommissionSchedule;
}

/** What an execution came to. */
export interface BookedExecution {
  readonly fee: Decimal;
  /** Profit realised, before fees. */
  readonly gain: Decimal;
  /** Profit realised after the fees of opening and closing; null where it closed nothing. */
  readonly realisedNet: Decimal | null;
}

/** The account at the simulated broker: its own books, independent of the desk's, and what trading is charged. */
export class BrokerAccount {
  books: AccountBooks;
  readonly #name: string;
  #observations = 0;
  #month = '';
  #monthlyQuantity = new Decimal(0);

  constructor(name: string, cash: Decimal) {
    this.#name = name;
    this.books = openBooks(cash);
  }

  /** The account as the broker tells it. Positions are valued at cost where `price` knows none. */
  observe(
    correlationId: string,
    now: EpochMillis,
    price: (id: string) => number | undefined,
  ): JournalEntry<'AccountObserved'> {
    let value = this.books.cash;
    const positions = [...this.books.positions].map(([instrument, held]) => {
      const average = averageCost(held);
      value = value.plus(marketValue(held, new Decimal(price(instrument) ?? average)));
      return {
        instrument,
        quantity: decimalText(held.quantity),
        averageCost: decimalText(average.toDecimalPlaces(10, Decimal.ROUND_HALF_EVEN)),
      };
    });
    this.#observations += 1;
    return journalEntry<'AccountObserved'>({
      type: 'AccountObserved',
      key: `1-${this.#observations}`,
      correlationId,
      causationId: null,
      sender: BRIDGE,
      occurredAt: now,
      data: {
        account: this.#name,
        currency: 'USD',
        netLiquidation: decimalText(value),
        cash: decimalText(this.books.cash),
        positions: positions.sort((left, right) => (left.instrument < right.instrument ? -1 : 1)),
      },
    });
  }

  /** Books an execution of an order, before its record counts it: the order's whole charge after it less what was charged. */
  book(
    { instrument, commission }: TradedInstrument,
    order: BrokerOrder,
    quantity: Decimal,
    price: Decimal,
    now: EpochMillis,
  ): BookedExecution {
    const { side } = order.match;
    const before = filledQuantity(order.record);
    order.value = order.value.plus(quantity.times(price).times(instrument.multiplier));
    const traded = this.#tradedInMonthOf(now);
    const fee = chargeFor(
      commission,
      {
        side,
        quantity: before.plus(quantity),
        value: order.value,
        monthlyQuantity: Decimal.max(traded.minus(before), 0),
      },
      order.charged,
    );
    order.charged = order.charged.plus(fee);
    this.#monthlyQuantity = traded.plus(quantity);
    const realisedBefore = this.books.realised;
    const { books, realisedNet } = bookFill(this.books, {
      instrument: instrument.id,
      side,
      quantity,
      price,
      multiplier: new Decimal(instrument.multiplier),
      fee,
    });
    this.books = books;
    return { fee, gain: books.realised.minus(realisedBefore), realisedNet };
  }

  /** Units traded so far in the month of an instant. */
  #tradedInMonthOf(now: EpochMillis): Decimal {
    const month = instantText(now).slice(0, 7);
    if (month !== this.#month) {
      this.#month = month;
      this.#monthlyQuantity = new Decimal(0);
    }
    return this.#monthlyQuantity;
  }
}
