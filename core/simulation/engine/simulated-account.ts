import type { MarginPolicy } from '../margin.ts';
import type { SimulatedFill, SimulationCosts, Trade } from '../simulation-result.ts';
import { FloatBooks } from './books.ts';
import type { FloatCommission } from './commission-columns.ts';
import { InvalidSimulationError } from './errors.ts';
import type { Feed } from './feed.ts';
import type { SimulationOptions } from './options.ts';
import type { EngineOrder } from './order.ts';
import { Rates } from './rates.ts';
import { TradeTracker } from './trade-tracker.ts';

const DAYS_OF_INTEREST_YEAR = 360;
const cents = (amount: number): number => Math.round(amount * 100) / 100;

/** The simulated account: books, marks, fees, interest and margin over all instruments, in floats. */
export class SimulatedAccount {
  readonly books: FloatBooks;
  readonly rates: Rates;
  readonly fills: SimulatedFill[] = [];
  readonly costs: { -readonly [K in keyof SimulationCosts]: SimulationCosts[K] } = {
    commission: 0,
    spreadAndSlippage: 0,
    impact: 0,
    borrow: 0,
    interest: 0,
  };
  equity: number;
  cash: number;
  gross = 0;
  net = 0;
  /** Last close of each instrument; NaN before its first bar and after its delisting. */
  readonly marks: Float64Array;
  readonly #feeds: readonly Feed[];
  readonly #options: Required<SimulationOptions>;
  readonly #multiplier: Float64Array;
  readonly #trackers: readonly TradeTracker[];
  readonly #commission: FloatCommission;
  /** Whether there is one instrument, in the account's currency. */
  readonly #plain: boolean;
  /** When the month of the last fill is over: tiers count what was traded in a month. */
  #monthEnd = Number.NEGATIVE_INFINITY;
  #monthlyQuantity = 0;

  constructor(feeds: readonly Feed[], options: Required<SimulationOptions>) {
    this.#feeds = feeds;
    this.#options = options;
    this.#commission = options.commission;
    this.rates = new Rates(options.currency, feeds, options.rates);
    this.#multiplier = Float64Array.from(feeds, ({ instrument }) => Number(instrument.multiplier));
    const initial = new Float64Array(this.rates.currencies.length);
    initial[0] = options.cash;
    this.books = new FloatBooks(this.#multiplier, this.rates.currencyOf, this.rates.currencies, initial);
    this.marks = new Float64Array(feeds.length).fill(Number.NaN);
    this.#trackers = feeds.map(
      ({ instrument }, i) => new TradeTracker(instrument.id, this.#multiplier[i] as number),
    );
    this.#plain = feeds.length === 1 && this.rates.currencies.length === 1;
    this.equity = options.cash;
    this.cash = options.cash;
  }

  rateOf(instrument: number): number {
    if (this.rates.currencies.length === 1) return 1;
    return this.rates.rate(this.rates.currencyOf[instrument] as number);
  }

  /** Books an execution with its commission. */
  fill(
    time: number,
    order: EngineOrder,
    quantity: number,
    price: number,
    reference: number,
    impact: number,
  ): void {
    const { instrument, side } = order;
    const multiplier = this.#multiplier[instrument] as number;
    order.atWork.filledValue += quantity * price * multiplier;
    const fee = this.#charge(time, order, quantity);
    const rate = this.rateOf(instrument);
    const paid = (side === 'buy' ? price - reference : reference - price) * quantity * multiplier;
    const moved = Math.min(impact * quantity * multiplier, Math.max(paid, 0));
    this.costs.commission += fee * rate;
    this.costs.impact += moved * rate;
    this.costs.spreadAndSlippage += (paid - moved) * rate;
    this.#book(time, order.id, instrument, side === 'buy' ? quantity : -quantity, price, fee);
  }

  /** The order's whole charge after this fill, to the cent, less what was charged before. */
  #charge(time: number, order: EngineOrder, quantity: number): number {
    if (time >= this.#monthEnd) {
      const date = new Date(time);
      this.#monthEnd = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1);
      this.#monthlyQuantity = 0;
    }
    const { atWork } = order;
    const before = Math.max(this.#monthlyQuantity - (order.filled - quantity), 0);
    const whole = cents(this.#commission(order.side, order.filled, atWork.filledValue, before));
    const fee = cents(whole - atWork.charged);
    atWork.charged = whole;
    this.#monthlyQuantity += quantity;
    return fee;
  }

  #book(time: number, orderId: number, instrument: number, signed: number, price: number, fee: number): void {
    const gain = this.books.fill(instrument, signed, price, fee);
    this.books.verify(this.rates.currencyOf[instrument] as number, `fill of order ${orderId}`);
    const feed = this.#feeds[instrument] as Feed;
    this.fills.push({
      time,
      orderId,
      instrument: feed.instrument.id,
      side: signed > 0 ? 'buy' : 'sell',
      quantity: Math.abs(signed),
      price,
      value: Math.abs(signed) * price * (this.#multiplier[instrument] as number) * this.rateOf(instrument),
      fee,
    });
    (this.#trackers[instrument] as TradeTracker).fill(
      time,
      feed.closed,
      signed,
      price,
      fee,
      gain,
      this.rateOf(instrument),
    );
  }

  /** Follows the excursions of a position that is held when its bar opens. */
  excursion(instrument: number): void {
    const { series, closed } = this.#feeds[instrument] as Feed;
    const quantity = this.books.quantity[instrument] as number;
    (this.#trackers[instrument] as TradeTracker).excursion(
      series.low[closed - 1] as number,
      series.high[closed - 1] as number,
      quantity,
      this.books.basis[instrument] as number,
    );
  }

  /** Units times the ratio; what is no whole lot is paid out at the last close (cash in lieu of fractions). */
  split(time: number, instrument: number, ratio: number): void {
    const held = this.books.quantity[instrument] as number;
    const mark = (this.marks[instrument] as number) / ratio;
    this.marks[instrument] = mark;
    if (held === 0) return;
    this.books.scale(instrument, ratio);
    (this.#trackers[instrument] as TradeTracker).scale(ratio);
    const { lot } = (this.#feeds[instrument] as Feed).model;
    const scaled = held * ratio;
    const whole = Math.trunc(scaled / lot + Math.sign(scaled) * 1e-9) * lot;
    const fraction = scaled - whole;
    if (Math.abs(fraction) > lot * 1e-6) this.#book(time, 0, instrument, -fraction, mark, 0);
    this.books.quantity[instrument] = whole;
  }

  /** Pays a dividend on longs and takes it from shorts. @throws InvalidSimulationError for a currency no instrument has */
  dividend(instrument: number, perUnit: number, currency: string): void {
    const held = this.books.quantity[instrument] as number;
    if (held === 0) return;
    const index = this.rates.indexOf(currency);
    if (index < 0)
      throw new InvalidSimulationError(
        `a dividend of ${(this.#feeds[instrument] as Feed).instrument.id} is paid in ${currency}, which no instrument of the simulation has`,
      );
    this.books.flow(index, cents(held * perUnit * (this.#multiplier[instrument] as number)));
    this.books.verify(index, 'a dividend');
  }

  /** Ends a position at what its units were worth; where that is unknown, a long gets nothing and a short pays the last close. */
  delist(time: number, instrument: number, finalValue: number | null): void {
    const held = this.books.quantity[instrument] as number;
    const worth = finalValue ?? (held > 0 ? 0 : (this.marks[instrument] as number));
    if (held !== 0) this.#book(time, 0, instrument, -held, worth, 0);
    this.marks[instrument] = Number.NaN;
  }

  /** Interest on cash and the fee on borrowed shares for whole days gone by, at the last marks. */
  accrue(days: number): void {
    const { borrowRate, debitRate, creditRate } = this.#options;
    const part = days / DAYS_OF_INTEREST_YEAR;
    for (let currency = 0; currency < this.books.cash.length; currency++) {
      const balance = this.books.cash[currency] as number;
      const amount = cents(balance * (balance < 0 ? debitRate : creditRate) * part);
      if (amount === 0) continue;
      this.books.flow(currency, amount);
      this.costs.interest -= amount * this.rates.rate(currency);
    }
    for (let i = 0; i < this.marks.length; i++) {
      const held = this.books.quantity[i] as number;
      if (held >= 0) continue;
      const value = -held * (this.marks[i] as number) * (this.#multiplier[i] as number);
      const fee = cents(value * borrowRate * part);
      this.books.flow(this.rates.currencyOf[i] as number, -fee);
      this.costs.borrow += fee * this.rateOf(i);
    }
  }

  /** Values everything at the last closes. */
  revalue(): void {
    if (this.#plain) this.#revalueOne();
    else this.#revalueAll();
  }

  /** One instrument in the account's own currency: nothing to add up or to convert. */
  #revalueOne(): void {
    const { quantity, cash } = this.books;
    const held = quantity[0] as number;
    const net = held === 0 ? 0 : held * (this.marks[0] as number) * (this.#multiplier[0] as number);
    this.cash = cash[0] as number;
    this.net = net;
    this.gross = Math.abs(net);
    this.equity = this.cash + net;
  }

  #revalueAll(): void {
    const { books, marks } = this;
    let cash = books.cash[0] as number;
    for (let c = 1; c < books.cash.length; c++) {
      const balance = books.cash[c] as number;
      if (balance !== 0) cash += balance * this.rates.rate(c);
    }
    let net = 0;
    let gross = 0;
    for (let i = 0; i < marks.length; i++) {
      const held = books.quantity[i] as number;
      if (held === 0) continue;
      const value = held * (marks[i] as number) * (this.#multiplier[i] as number) * this.rateOf(i);
      net += value;
      gross += Math.abs(value);
    }
    this.cash = cash;
    this.net = net;
    this.gross = gross;
    this.equity = cash + net;
  }

  /** Equity less maintenance margin (see `margin.ts`); below zero the broker liquidates. */
  excessLiquidity(): number {
    // Without borrowed cash or shares the requirement is a part of what is owned outright.
    if (this.cash >= 0 && this.net === this.gross) return this.equity;
    let required = 0;
    for (let i = 0; i < this.marks.length; i++) {
      const held = this.books.quantity[i] as number;
      if (held !== 0)
        required +=
          maintenance(held * (this.#multiplier[i] as number), this.marks[i] as number, this.#options.margin) *
          this.rateOf(i);
    }
    return this.equity - required;
  }

  /** Gross exposure if `signed` more units of an instrument were held at `price`, beside orders that wait for `pending`. */
  grossWith(instrument: number, signed: number, price: number): number {
    const held = this.books.quantity[instrument] as number;
    const scale = (this.#multiplier[instrument] as number) * this.rateOf(instrument);
    const mark = Number.isNaN(this.marks[instrument] as number) ? 0 : (this.marks[instrument] as number);
    return this.gross - Math.abs(held * mark * scale) + Math.abs((held + signed) * price * scale);
  }

  /** All round trips by the time of their entry, those still open at the last marks. */
  allTrades(time: number): readonly Trade[] {
    this.#trackers.forEach((tracker, i) => {
      const held = this.books.quantity[i] as number;
      const { closed } = this.#feeds[i] as Feed;
      if (held !== 0)
        tracker.atEnd(
          time,
          closed,
          this.marks[i] as number,
          held,
          this.books.basis[i] as number,
          this.rateOf(i),
        );
    });
    return this.#trackers.flatMap(({ trades }) => trades).sort((a, b) => a.entryTime - b.entryTime);
  }
}

/** Maintenance margin of `units` at `mark`: the float form of `positionRequirement`. */
export function maintenance(units: number, mark: number, policy: MarginPolicy): number {
  const value = Math.abs(units * mark);
  if (units >= 0) return value * policy.maintenanceLong.toNumber();
  const size = Math.abs(units);
  return mark < policy.cheapShortBelow.toNumber()
    ? Math.max(value, size * policy.cheapShortFloorPerUnit.toNumber())
    : Math.max(value * policy.maintenanceShort.toNumber(), size * policy.shortFloorPerUnit.toNumber());
}
