import type { EpochMillis } from '#core/values/clock.ts';

/** Messages that all clients together may send in any sliding second. */
export const MAXIMUM_MESSAGES_PER_SECOND = 50;

/** Counts what happened in a sliding window. */
export class SlidingWindow {
  readonly #span: number;
  readonly #times: EpochMillis[] = [];

  constructor(spanMillis: number) {
    this.#span = spanMillis;
  }

  /** Adds one at `at` and returns how many lie in the window. */
  add(at: EpochMillis, weight = 1): number {
    while (this.#times.length > 0 && (this.#times[0] as number) <= at - this.#span) this.#times.shift();
    for (let count = 0; count < weight; count += 1) this.#times.push(at);
    return this.#times.length;
  }
}

/** Why a historical request is refused, as the broker words it. */
export type HistoricalViolation =
  | 'identical request within 15 seconds'
  | 'six requests for one contract in 2 seconds'
  | '60 requests in 10 minutes';

/** The broker's limits on historical requests; BID_ASK counts twice against the last. */
export class HistoricalPacing {
  readonly #identical = new Map<string, EpochMillis>();
  readonly #byContract = new Map<string, SlidingWindow>();
  readonly #all = new SlidingWindow(600_000);

  /** Notes a request; null where it is within the limits. */
  note(
    at: EpochMillis,
    request: { readonly identity: string; readonly contract: string; readonly whatToShow: string },
  ): HistoricalViolation | null {
    const last = this.#identical.get(request.identity);
    this.#identical.set(request.identity, at);
    const window = this.#byContract.get(request.contract) ?? new SlidingWindow(2_000);
    this.#byContract.set(request.contract, window);
    const ofContract = window.add(at);
    const all = this.#all.add(at, request.whatToShow === 'BID_ASK' ? 2 : 1);
    if (last !== undefined && at - last < 15_000) return 'identical request within 15 seconds';
    if (ofContract >= 6) return 'six requests for one contract in 2 seconds';
    return all > 60 ? '60 requests in 10 minutes' : null;
  }
}
