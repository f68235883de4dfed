import { executionBase } from '#core/broker/order-facts.ts';
import type { AccountBook } from '#core/portfolio/account-book.ts';
import { nameOf } from './verdict.ts';

/**
 * Corrections under way. A correction of what the book has forgotten is a difference for a person, and rightly so; a run
 * that is to end equal to the cent corrects only what the book still has, and turns no day while one is under way.
 */
export class Corrections {
  readonly #pending = new Set<string>();
  readonly #known = new Set<string>();
  #making = 0;
  /** True while the day is about to turn: nothing new may be corrected. */
  held = false;

  /** An order whose executions may be corrected until the next turn. */
  admit(intentId: string): void {
    this.#known.add(intentId);
  }

  admits(orderRef: string): boolean {
    return this.#known.has(nameOf(orderRef).replace(/:stop$/, ''));
  }

  /** Runs something that may correct an execution and gives the new id of what it did. */
  async make(work: () => Promise<string | undefined>): Promise<void> {
    if (this.held) return;
    this.#making += 1;
    try {
      const execId = await work();
      if (execId !== undefined) this.#pending.add(execId);
    } finally {
      this.#making -= 1;
    }
  }

  /** Whether every correction has come to the book. */
  settled(book: AccountBook): boolean {
    const booked = new Set(
      Object.values(book.positions).flatMap(({ layers }) =>
        Object.values(layers).flatMap(({ opening, closing }) => [
          ...Object.keys(opening),
          ...Object.keys(closing),
        ]),
      ),
    );
    for (const execId of this.#pending) if (booked.has(execId)) this.#pending.delete(execId);
    return this.#making === 0 && this.#pending.size === 0;
  }

  turned(): void {
    this.#known.clear();
    this.held = false;
  }
}

/** The execution that stands for `execId` now, however often it was corrected. */
export const latestOf = <E extends { readonly execId: string }>(
  executions: readonly E[],
  execId: string,
): E | undefined => executions.find((one) => executionBase(one.execId).base === executionBase(execId).base);
