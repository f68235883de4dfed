import type { OrderChange, OrderRequest, OrderStatus } from '../engine/order.ts';
import type { InstrumentPast, Strategy, StrategyContext } from '../engine/strategy.ts';

/** Something that a strategy did: which of its calls, when, and what, as text that is equal where the act is. */
export interface Act {
  readonly index: number;
  readonly time: number;
  readonly text: string;
}

/** The same strategy, noting whatever it does; after `until` (epoch milliseconds) it is not asked any more. */
export function recordedStrategy(
  strategy: Strategy,
  until = Number.POSITIVE_INFINITY,
): { readonly strategy: Strategy; readonly acts: readonly Act[] } {
  const acts: Act[] = [];
  return {
    acts,
    strategy: {
      ...strategy,
      start(setup) {
        const decide = strategy.start(setup);
        let recording: RecordingContext | undefined;
        return (context) => {
          if (context.time > until) return;
          recording ??= new RecordingContext(context, acts);
          decide(recording);
        };
      },
    },
  };
}

class RecordingContext implements StrategyContext {
  readonly instruments: readonly InstrumentPast[];
  readonly #context: StrategyContext;
  readonly #acts: Act[];

  constructor(context: StrategyContext, acts: Act[]) {
    this.#context = context;
    this.#acts = acts;
    this.instruments = context.instruments;
    Object.freeze(this);
  }
  #note(kind: string, what: unknown): void {
    const { index, time } = this.#context;
    this.#acts.push({ index, time, text: `${kind} ${JSON.stringify(what)}` });
  }
  get time(): number {
    return this.#context.time;
  }
  get index(): number {
    return this.#context.index;
  }
  get equity(): number {
    return this.#context.equity;
  }
  get cash(): number {
    return this.#context.cash;
  }
  position(instrument: number): number {
    return this.#context.position(instrument);
  }
  rate(instrument: number): number {
    return this.#context.rate(instrument);
  }
  workingOrders(instrument: number): number {
    return this.#context.workingOrders(instrument);
  }
  submit(order: OrderRequest): number {
    this.#note('submit', order);
    return this.#context.submit(order);
  }
  cancel(id: number): boolean {
    this.#note('cancel', id);
    return this.#context.cancel(id);
  }
  modify(id: number, change: OrderChange): boolean {
    this.#note('modify', { id, change });
    return this.#context.modify(id, change);
  }
  status(id: number): OrderStatus {
    return this.#context.status(id);
  }
  filled(id: number): number {
    return this.#context.filled(id);
  }
}
