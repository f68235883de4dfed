import type { EpochMillis } from '#core/values/clock.ts';
import { type EpochNanos, millisOf } from '#core/values/nanoseconds.ts';
import { allowsNonPositive } from './bar-rules.ts';
import { newYorkDate, OutsideCalendarError, type Session, sessionAt } from './calendar.ts';
import { type CorporateAction, effectiveAt } from './corporate-actions.ts';
import type { Instrument, InstrumentId } from './instrument.ts';
import { expiryOf } from './instrument-contracts.ts';
import { ReferencePrice } from './reference-price.ts';
import { quoteBuilder, type TickBuilder, tradeBuilder } from './tick-builder.ts';
import {
  priceProblem,
  type Quote,
  type QuoteSeries,
  quoteState,
  type TickRules,
  type Trade,
  type TradeSeries,
} from './ticks.ts';

export type TickReason =
  | 'bad-price'
  | 'bad-size'
  | 'outside-calendar'
  | 'delisted'
  | 'expired'
  | 'out-of-order'
  | 'excessive-move';

/** A tick as a source gave it, with the line or row it stands in. */
export type Observed<Tick> = Tick & { readonly source: number };

/** A tick kept out of the series, whole, with the reason. Nothing is repaired and nothing is thrown away. */
export interface QuarantinedTick<Tick> {
  readonly tick: Observed<Tick>;
  readonly reason: TickReason;
  readonly detail: string;
}

export interface TickReport<Tick> {
  readonly instrument: InstrumentId;
  readonly observed: number;
  readonly accepted: number;
  /** Of the accepted, those outside the sessions of the calendar: before the open, after the close. */
  readonly outsideSessions: number;
  readonly first: EpochNanos | null;
  readonly last: EpochNanos | null;
  readonly quarantined: readonly QuarantinedTick<Tick>[];
}

export interface QuoteReport extends TickReport<Quote> {
  /** Accepted quotes by their state. Locked and crossed ones happen; many of them speak of a bad source. */
  readonly states: Readonly<Record<ReturnType<typeof quoteState>, number>>;
}

/** A checker that takes ticks one by one, in the source's order, so that a file larger than memory can pass through it. */
export interface TickInspector<Tick, Series, Report> {
  /** Ticks quarantined so far. */
  readonly quarantined: number;
  observe(tick: Observed<Tick>): void;
  /** The ticks accepted since the last `take`. */
  take(): Series;
  finish(): { readonly series: Series; readonly report: Report };
}

type Problem = readonly [TickReason, string];

/** What holds for ticks of every kind: the calendar, the life of the instrument, the order of time. */
class TickIntake<Tick extends { readonly time: EpochNanos }> {
  readonly quarantined: QuarantinedTick<Tick>[] = [];
  readonly #instrument: Instrument;
  readonly #delistedAt: EpochMillis;
  observed = 0;
  accepted = 0;
  outsideSessions = 0;
  first: Observed<Tick> | undefined;
  last: Observed<Tick> | undefined;
  #session: Session | null = null;

  constructor(instrument: Instrument, actions: readonly CorporateAction[]) {
    this.#instrument = instrument;
    const delisting = actions.find(
      (action) => action.kind === 'delisting' && action.instrument === instrument.id,
    );
    this.#delistedAt =
      delisting === undefined ? Number.POSITIVE_INFINITY : effectiveAt(delisting, instrument.sessionTemplate);
  }

  quarantine(tick: Observed<Tick>, [reason, detail]: Problem): void {
    this.quarantined.push({ tick, reason, detail });
  }

  accept(tick: Observed<Tick>): void {
    this.accepted++;
    this.first ??= tick;
    this.last = tick;
    if (this.#session === null) this.outsideSessions++;
  }

  problem({ time }: Observed<Tick>): Problem | undefined {
    const instant = millisOf(time);
    const { id, sessionTemplate } = this.#instrument;
    // An instant before the session kept is out of order, and told so below.
    if (this.#session === null || instant >= this.#session.close) {
      try {
        this.#session = sessionAt(sessionTemplate, instant);
      } catch (fault) {
        if (fault instanceof OutsideCalendarError) return ['outside-calendar', fault.message];
        throw fault;
      }
    }
    if (instant >= this.#delistedAt)
      return ['delisted', `${id} had left the exchange; the tick is of another instrument`];
    const expiry = expiryOf(this.#instrument);
    const date = expiry === null ? null : (this.#session?.date ?? newYorkDate(instant));
    if (expiry !== null && date !== null && date > expiry)
      return ['expired', `the last day of ${id} was ${expiry}; the tick is of another contract`];
    if (this.last !== undefined && time < this.last.time)
      return ['out-of-order', `it stands after ${this.last.time} (row ${this.last.source})`];
    return undefined;
  }

  report(): TickReport<Tick> {
    return {
      instrument: this.#instrument.id,
      observed: this.observed,
      accepted: this.accepted,
      outsideSessions: this.outsideSessions,
      first: this.first?.time ?? null,
      last: this.last?.time ?? null,
      quarantined: this.quarantined,
    };
  }
}

function inspector<Tick extends { readonly time: EpochNanos }, Series, Report>(
  intake: TickIntake<Tick>,
  builder: TickBuilder<Tick, Series>,
  judge: (tick: Observed<Tick>) => Problem | undefined,
  believed: (tick: Observed<Tick>) => void,
  report: () => Report,
): TickInspector<Tick, Series, Report> {
  return {
    get quarantined() {
      return intake.quarantined.length;
    },
    observe(tick) {
      intake.observed++;
      const problem = judge(tick);
      if (problem !== undefined) {
        intake.quarantine(tick, problem);
        return;
      }
      intake.accept(tick);
      builder.push(tick);
      believed(tick);
    },
    take: () => builder.take(),
    finish: () => ({ series: builder.take(), report: report() }),
  };
}

const rulesOf = (instrument: Instrument): TickRules => ({ nonPositivePrices: allowsNonPositive(instrument) });

/**
 * An inspector for trades: finite prices above zero (but for futures), sizes above zero, in order of time, and no further
 * from the trade before than `largestMove` allows without one of the `actions`.
 */
export function tradeInspector(
  instrument: Instrument,
  actions: readonly CorporateAction[] = [],
): TickInspector<Trade, TradeSeries, TickReport<Trade>> {
  const intake = new TickIntake<Trade>(instrument, actions);
  const reference = new ReferencePrice(instrument, actions);
  const rules = rulesOf(instrument);
  return inspector(
    intake,
    tradeBuilder(instrument.id),
    (trade) => {
      const price = priceProblem('price', trade.price, rules);
      if (price !== undefined) return ['bad-price', price];
      const size = priceProblem('size', trade.size);
      if (size !== undefined) return ['bad-size', size];
      const problem = intake.problem(trade);
      if (problem !== undefined) return problem;
      reference.advance(millisOf(trade.time));
      const move = reference.problem('price', trade.price);
      return move === undefined ? undefined : ['excessive-move', move];
    },
    (trade) => reference.believe(trade.price),
    () => intake.report(),
  );
}

/**
 * An inspector for quotes: prices finite and above zero (but for futures) or empty, sizes of zero or more or unknown, in
 * order of time. Moves are not judged: market makers may quote far away, and no trade comes of it.
 */
export function quoteInspector(
  instrument: Instrument,
  actions: readonly CorporateAction[] = [],
): TickInspector<Quote, QuoteSeries, QuoteReport> {
  const intake = new TickIntake<Quote>(instrument, actions);
  const rules = rulesOf(instrument);
  const states = { normal: 0, 'one-sided': 0, locked: 0, crossed: 0 };
  const side = (name: string, price: number, size: number): Problem | undefined => {
    const problem = Number.isNaN(price) ? undefined : priceProblem(name, price, rules);
    if (problem !== undefined) return ['bad-price', problem];
    return size < 0 || size === Number.POSITIVE_INFINITY
      ? ['bad-size', `the ${name} size is ${size}; expected 0 or more`]
      : undefined;
  };
  return inspector(
    intake,
    quoteBuilder(instrument.id),
    (quote) =>
      side('bid', quote.bid, quote.bidSize) ?? side('ask', quote.ask, quote.askSize) ?? intake.problem(quote),
    (quote) => {
      states[quoteState(quote)]++;
    },
    () => ({ ...intake.report(), states }),
  );
}
