import type { DeskEvent } from '#contracts/registry.ts';
import type { JournalEntry } from '#core/events/new-event.ts';
import type { Instrument } from '#core/market/instrument.ts';
import type { EpochMillis } from '#core/values/clock.ts';
import { parseInstant } from '#core/values/clock.ts';
import type { AccountBooks } from '../account.ts';
import { TradeTracker } from '../engine/trade-tracker.ts';
import type { SimulatedFill, SimulationResult } from '../simulation-result.ts';
import type { BrokerExecution } from './simulated-broker.ts';

interface Tracked {
  readonly instrument: Instrument;
  readonly trades: TradeTracker;
  bars: number;
  /** Last close; NaN before the first bar. */
  mark: number;
}

type Incident = SimulationResult['incidents'][number];

/** Keeps the figures of a run of the desk: marks at each session's end, fills, round trips, costs, refusals, incidents. */
export class DeskRecord {
  readonly #tracked: ReadonlyMap<string, Tracked>;
  readonly #fills: SimulatedFill[] = [];
  readonly #refusals = new Map<string, number>();
  readonly #incidents: Incident[] = [];
  readonly #marks = {
    time: [] as number[],
    equity: [] as number[],
    cash: [] as number[],
    grossExposure: [] as number[],
    netExposure: [] as number[],
  };
  #commission = 0;
  #spreadAndSlippage = 0;
  #impact = 0;

  constructor(instruments: readonly Instrument[]) {
    this.#tracked = new Map(
      instruments.map((instrument) => [
        instrument.id,
        {
          instrument,
          trades: new TradeTracker(instrument.id, Number(instrument.multiplier)),
          bars: 0,
          mark: Number.NaN,
        },
      ]),
    );
  }

  /** Last close of an instrument, or undefined. */
  mark(id: string): number | undefined {
    const mark = this.#tracked.get(id)?.mark;
    return mark === undefined || Number.isNaN(mark) ? undefined : mark;
  }

  execution(of: BrokerExecution): void {
    const { time, orderId, instrument, side, quantity, price, fee, gain, reference, impact } = of;
    const units = quantity * Number(instrument.multiplier);
    const paid = (side === 'buy' ? price - reference : reference - price) * units;
    const moved = Math.min(impact * units, Math.max(paid, 0));
    this.#commission += fee;
    this.#impact += moved;
    this.#spreadAndSlippage += paid - moved;
    this.#fills.push({
      time,
      orderId,
      instrument: instrument.id,
      side,
      quantity,
      price,
      value: units * price,
      fee,
    });
    const tracked = this.#tracked.get(instrument.id);
    const signed = side === 'buy' ? quantity : -quantity;
    tracked?.trades.fill(time, tracked.bars, signed, price, fee, gain, 1);
  }

  /** Takes a closed bar: the new mark, and how far a held position went for and against. */
  bar(id: string, low: number, high: number, close: number, books: AccountBooks): void {
    const tracked = this.#tracked.get(id);
    if (tracked === undefined) return;
    tracked.bars += 1;
    tracked.mark = close;
    const held = books.positions.get(id);
    if (held !== undefined)
      tracked.trades.excursion(low, high, held.quantity.toNumber(), held.basis.toNumber());
  }

  /** Counts what was refused and notes what changed the desk's standing. */
  said(entries: readonly JournalEntry[]): void {
    for (const { event } of entries) {
      const refusal = refusalOf(event);
      if (refusal !== null) this.#refusals.set(refusal, (this.#refusals.get(refusal) ?? 0) + 1);
      const kind = INCIDENTS[event.metadata.type];
      if (kind === undefined) continue;
      const { reason, explanation } = event.data as {
        readonly reason?: string;
        readonly explanation?: string;
      };
      const time = parseInstant(event.metadata.occurredAt);
      this.#incidents.push({ time, kind, detail: reason ?? explanation ?? kind });
    }
  }

  /** Values the account at the end of a session. */
  session(time: EpochMillis, books: AccountBooks): void {
    let gross = 0;
    let net = 0;
    for (const [id, { quantity, multiplier }] of books.positions) {
      const value = quantity.times(multiplier).toNumber() * (this.#tracked.get(id)?.mark ?? Number.NaN);
      net += value;
      gross += Math.abs(value);
    }
    const cash = books.cash.toNumber();
    this.#marks.time.push(time);
    this.#marks.cash.push(cash);
    this.#marks.equity.push(cash + net);
    this.#marks.grossExposure.push(gross);
    this.#marks.netExposure.push(net);
  }

  /** The result; trades that are open are closed on paper at the last mark. */
  result(books: AccountBooks, end: EpochMillis): SimulationResult {
    const trades = [...this.#tracked].flatMap(([id, { trades: tracker, bars, mark }]) => {
      const held = books.positions.get(id);
      if (held !== undefined)
        tracker.atEnd(end, bars, mark, held.quantity.toNumber(), held.basis.toNumber(), 1);
      return tracker.trades;
    });
    const { time, equity, cash, grossExposure, netExposure } = this.#marks;
    return {
      marks: {
        time: Float64Array.from(time),
        equity: Float64Array.from(equity),
        cash: Float64Array.from(cash),
        grossExposure: Float64Array.from(grossExposure),
        netExposure: Float64Array.from(netExposure),
      },
      fills: this.#fills,
      trades: trades.sort((left, right) => left.entryTime - right.entryTime),
      costs: {
        commission: this.#commission,
        spreadAndSlippage: this.#spreadAndSlippage,
        impact: this.#impact,
        borrow: 0,
        interest: 0,
      },
      currency: 'USD',
      refusals: Object.fromEntries([...this.#refusals].sort(([left], [right]) => (left < right ? -1 : 1))),
      incidents: this.#incidents,
    };
  }
}

const INCIDENTS: Readonly<Partial<Record<string, string>>> = {
  DrawdownWarned: 'drawdown-warning',
  TradingReducing: 'reducing',
  TradingHalted: 'halted',
  TradingResumed: 'resumed',
  BrokerDifferenceFound: 'broker-difference',
};

/** The limit by which a command was refused, or null. */
function refusalOf(event: DeskEvent): string | null {
  const { type } = event.metadata;
  if (type === 'OrderRefused') return (event as DeskEvent<'OrderRefused'>).data.limit;
  if (type === 'StopMoveRefused') return (event as DeskEvent<'StopMoveRefused'>).data.limit;
  return type === 'CommandDeclined' ? 'declined' : null;
}
