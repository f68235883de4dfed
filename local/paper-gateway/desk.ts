import type { InstrumentId } from '#core/market/instrument.ts';
import { type CommissionSchedule, ibkrFixedUsStocks, ibkrForex } from '#core/simulation/commission.ts';
import { REGULATION_T } from '#core/simulation/margin.ts';
import { DEFAULT_FILL_ASSUMPTIONS, type FillModel } from '#core/simulation/orders.ts';
import type { EpochMillis } from '#core/values/clock.ts';
import { Decimal } from '#core/values/decimal.ts';
import { advance, type BrokerInput, newBroker } from './broker/broker.ts';
import type { BrokerEvent, BrokerInstrument, BrokerSettings, BrokerState } from './broker/state.ts';
import type { BrokerStore } from './broker/store.ts';
import { midnightBefore } from './calendar-text.ts';
import type { Tape, TapeInstrument } from './tape.ts';

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

  instrument(id: InstrumentId): TapeInstrument {
    const found = this.instruments.get(id);
    if (found === undefined)
      throw new RangeError(`the tape has no instrument ${JSON.stringify(id)}; it is in the saved state`);
    return found;
  }

  close(): void {
    this.#store.close();
  }
}

function settingsOf(tape: Tape, account: string, assumptions: FillAssumptions): BrokerSettings {
  const stocks = ibkrFixedUsStocks();
  const currencies = ibkrForex();
  const commission = (instrument: BrokerInstrument): CommissionSchedule =>
    instrument.assetClass === 'forex' ? currencies : stocks;
  return {
    account,
    margin: REGULATION_T,
    commission,
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
