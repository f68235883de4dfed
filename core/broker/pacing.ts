import type { EpochMillis } from '#core/values/clock.ts';

/** Lower goes first. */
export type Priority = 'cancel' | 'order' | 'question';
const ORDER: readonly Priority[] = ['cancel', 'order', 'question'];

/**
 * Holds messages back so that in no span of `windowMillis` more than `limit` go out, and lets cancels overtake. The last
 * `reserve` places of a window are for cancels only: a burst of orders cannot delay one.
 */
export interface MessagePacer<T> {
  add(priority: Priority, item: T): void;
  /** Everything that may go out at `now`, most urgent first. */
  take(now: EpochMillis): readonly T[];
  /** When {@link take} will next have something; null where nothing waits. */
  nextAt(now: EpochMillis): EpochMillis | null;
  /** Lets nothing out for so long: the broker has complained. */
  hold(now: EpochMillis, millis: number): void;
  /** Forgets what waits and returns it, for instance when the link is gone. */
  clear(): readonly T[];
}

export function messagePacer<T>(limit: number, reserve: number, windowMillis = 1_000): MessagePacer<T> {
  const waiting: Record<Priority, T[]> = { cancel: [], order: [], question: [] };
  let sent: EpochMillis[] = [];
  let held = { from: Number.NEGATIVE_INFINITY, until: Number.NEGATIVE_INFINITY };

  const forget = (now: EpochMillis): void => {
    // A clock that was set back must not lock the pacer up.
    if (now < held.from) held = { from: now, until: now };
    sent = sent.filter((at) => at > now - windowMillis && at <= now);
  };
  const capacity = (priority: Priority): number => (priority === 'cancel' ? limit : limit - reserve);

  return {
    add(priority, item) {
      waiting[priority].push(item);
    },
    take(now) {
      forget(now);
      if (now < held.until) return [];
      const out: T[] = [];
      for (const priority of ORDER) {
        const queue = waiting[priority];
        while (queue.length > 0 && sent.length < capacity(priority)) {
          out.push(queue.shift() as T);
          sent.push(now);
        }
        // What is more urgent has not all gone, so nothing less urgent may take its place.
        if (queue.length > 0) break;
      }
      return out;
    },
    nextAt(now) {
      const priority = ORDER.find((candidate) => waiting[candidate].length > 0);
      if (priority === undefined) return null;
      forget(now);
      const blocking = sent[sent.length - capacity(priority)];
      return Math.max(now, held.until, blocking === undefined ? now : blocking + windowMillis);
    },
    hold(now, millis) {
      forget(now);
      held = { from: now, until: Math.max(held.until, now + millis) };
    },
    clear() {
      const rest = ORDER.flatMap((priority) => waiting[priority]);
      for (const priority of ORDER) waiting[priority] = [];
      return rest;
    },
  };
}

/** One request for historical bars, as far as the broker's limits look at it. */
export interface HistoricalAsk {
  /** What makes two requests the same: contract, bar size, duration and end. */
  readonly identity: string;
  readonly contract: string;
}

/** Interactive Brokers' limits on requests for historical bars, each with a little to spare. */
export const HISTORICAL_LIMITS = {
  identicalMillis: 15_500,
  perContract: 5,
  perContractMillis: 2_100,
  overall: 55,
  overallMillis: 605_000,
  open: 40,
} as const;

/** Decides when the next request for historical bars may go out. Requests go in the order in which they were asked. */
export interface HistoricalPacer {
  /** The earliest instant at which `ask` keeps all limits, `now` at the least; null while too many are open. */
  earliest(ask: HistoricalAsk, now: EpochMillis): EpochMillis | null;
  sent(ask: HistoricalAsk, now: EpochMillis): void;
  answered(): void;
  /** The link is gone and with it all open requests. What was sent still counts. */
  reset(): void;
}

export function historicalPacer(
  limits: { readonly [K in keyof typeof HISTORICAL_LIMITS]: number } = HISTORICAL_LIMITS,
): HistoricalPacer {
  let past: { readonly ask: HistoricalAsk; readonly at: EpochMillis }[] = [];
  let open = 0;
  return {
    earliest(ask, now) {
      if (open >= limits.open) return null;
      // A clock that was set back must not lock the pacer up.
      past = past.filter((one) => one.at <= now);
      const ofContract = past.filter((one) => one.ask.contract === ask.contract);
      const identical = past.findLast((one) => one.ask.identity === ask.identity);
      return Math.max(
        now,
        identical === undefined ? now : identical.at + limits.identicalMillis,
        (ofContract.at(-limits.perContract)?.at ?? Number.NEGATIVE_INFINITY) + limits.perContractMillis,
        (past.at(-limits.overall)?.at ?? Number.NEGATIVE_INFINITY) + limits.overallMillis,
      );
    },
    sent(ask, now) {
      past = [...past.filter((one) => one.at > now - limits.overallMillis), { ask, at: now }];
      open += 1;
    },
    answered() {
      open = Math.max(0, open - 1);
    },
    reset() {
      open = 0;
    },
  };
}

/**
 * The pause before a refused request for historical bars is asked again, after so many refusals in a row: 20 s, doubling up
 * to five minutes. What the broker refuses over and over (no permission, no such contract) counts against the same limits as
 * what it would answer.
 */
export function refusedHistoryPause(refusals: number): number {
  return Math.min(300_000, 20_000 * 2 ** Math.min(10, Math.max(0, refusals - 1)));
}
