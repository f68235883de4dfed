import type { InstrumentId } from '#core/market/instrument.ts';
import {
  type CommissionSchedule,
  ibkrCrypto,
  ibkrFixedUsStocks,
  ibkrForex,
  noCommission,
} from '#core/simulation/commission.ts';
import { REGULATION_T } from '#core/simulation/margin.ts';
import { DEFAULT_FILL_ASSUMPTIONS, type FillModel } from '#core/simulation/orders.ts';
import type { EpochMillis } from '#core/values/clock.ts';
import { Decimal } from '#core/values/decimal.ts';
import { advance, type BrokerInput, newBroker } from './broker/broker.ts';
import {
  type BrokerEvent,
  type BrokerInstrument,
  type BrokerSettings,
  type BrokerState,
  isFinal,
} from './broker/state.ts';
import type { BrokerStore } from './broker/store.ts';
import { midnightBefore } from './calendar-text.ts';
import { type Tape, type TapeInstrument, UnplayableTapeError } from './tape.ts';

/** Assumptions that a caller may replace. */
export type FillAssumptions = Omit<FillModel, 'tick' | 'lot'>;

/** The broker with its instruments and its store: every step is on disk before its events are known. */
export class Desk {
  readonly state: BrokerState;
  readonly settings: BrokerSettings;
  readonly instruments: ReadonlyMap<InstrumentId, TapeInstrument>;
  readonly #store: BrokerStore;

  constructor(options: {
    tape: Tape;
    store: BrokerStore;
    account: string;
    initialCash: Decimal;
    assumptions?: FillAssumptions;
  }) {
    this.instruments = new Map(options.tape.instruments.map((entry) => [entry.instrument, entry]));
    this.settings = settingsOf(
      options.tape,
      options.account,
      options.assumptions ?? DEFAULT_FILL_ASSUMPTIONS,
    );
    this.#store = options.store;
    this.state = options.store.load() ?? newBroker(options.initialCash);
  }

  /** Advances the broker, makes the result durable, and returns what to tell whom. */
  apply(at: EpochMillis, input: BrokerInput): readonly BrokerEvent[] {
    const { events, changes } = advance(this.state, this.settings, at, input);
    this.#store.save(this.state, changes);
    return events;
  }

  /** Turns the day over where a midnight has passed. */
  keepDay(at: EpochMillis): void {
    if (at < this.state.dayStart + 23 * 3_600_000) return;
    this.apply(at, { input: 'newDay', midnight: midnightBefore(at) });
  }

  /**
   * Instruments that the account holds, has orders in or traded today, and that are not on the tape: their prices and
   * contracts could not be told. What is of yesterday leaves with the day and does not count.
   */
  missingInstruments(at: EpochMillis): readonly InstrumentId[] {
    const { books, orders, executions } = this.state;
    const midnight = midnightBefore(at);
    const named = new Set<InstrumentId>(books.positions.keys());
    for (const order of orders.values())
      if (!isFinal(order) || (order.completedAt ?? 0) >= midnight) named.add(order.instrument);
    for (const execution of executions.values())
      if (execution.at >= midnight) named.add(execution.instrument);
    return [...named].filter((id) => !this.instruments.has(id)).sort();
  }

  instrument(id: InstrumentId): TapeInstrument {
    const found = this.instruments.get(id);
    if (found === undefined)
      throw new RangeError(`the tape has no instrument ${JSON.stringify(id)}; play one that has it`);
    return found;
  }

  close(): void {
    this.#store.close();
  }
}

/** The account's currency. Positions in another would need conversion, which the books do not do. */
const ACCOUNT_CURRENCY = 'USD';

function scheduleFor(instrument: TapeInstrument): CommissionSchedule {
  switch (instrument.assetClass) {
    case 'equity':
      return ibkrFixedUsStocks();
    case 'forex':
      return ibkrForex();
    case 'crypto':
      return ibkrCrypto();
    case 'index':
    case 'future':
    case 'option':
      if (!instrument.tradable) return noCommission;
      throw new UnplayableTapeError(
        `${instrument.instrument} is a tradable ${instrument.assetClass}, for which there is no commission schedule`,
      );
  }
}

function checked(instrument: TapeInstrument): TapeInstrument {
  const { tick, lot, tradable, contract } = instrument;
  if (!(Number(tick) > 0) || !(Number(lot) > 0)) {
    throw new UnplayableTapeError(
      `${instrument.instrument} has tick ${tick} and lot ${lot}; both must be above zero`,
    );
  }
  if (tradable && contract.currency !== ACCOUNT_CURRENCY) {
    throw new UnplayableTapeError(
      `${instrument.instrument} trades in ${contract.currency}; the account is in ${ACCOUNT_CURRENCY}`,
    );
  }
  return instrument;
}

function settingsOf(tape: Tape, account: string, assumptions: FillAssumptions): BrokerSettings {
  const schedules = new Map(tape.instruments.map((entry) => [entry.instrument, scheduleFor(checked(entry))]));
  return {
    account,
    margin: REGULATION_T,
    commission: (instrument) => schedules.get(instrument.id) ?? noCommission,
    instruments: new Map(
      tape.instruments.map((entry): [InstrumentId, BrokerInstrument] => [
        entry.instrument,
        {
          id: entry.instrument,
          symbol: entry.contract.symbol,
          assetClass: entry.assetClass,
          tradable: entry.tradable,
          multiplier: new Decimal(entry.contract.multiplier === '' ? 1 : entry.contract.multiplier),
          model: { ...assumptions, tick: Number(entry.tick), lot: Number(entry.lot) },
        },
      ]),
    ),
  };
}
