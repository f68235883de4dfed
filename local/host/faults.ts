import { type Random, seededRandom, seedOf } from '#core/values/random.ts';
import { AwsError } from './kernel.ts';

/** Chances (0 to 1) of each fault; absent means never. */
export interface FaultChances {
  /** A delivery is made twice. */
  readonly duplicate?: number;
  /** The next delivery of a queue is not the oldest one. */
  readonly reorder?: number;
  /** A delivery waits, up to `delayMillis`. */
  readonly delay?: number;
  readonly delayMillis?: number;
  /** An API call is refused with ThrottlingException. */
  readonly throttle?: number;
  /** A worker dies in the middle of a call. */
  readonly crash?: number;
}

/** Seeded faults on demand; all are off until chances are given. */
export interface Faults {
  set(chances: FaultChances): void;
  /** How often to make a delivery: 1, or 2 where it is duplicated. */
  copies(): 1 | 2;
  /** Index of the entry to take next from a queue of `length`. */
  pick(length: number): number;
  /** Milliseconds of the host's time to hold a delivery back. */
  delay(): number;
  /** @throws AwsError `ThrottlingException` where the call is to be throttled. */
  throttle(service: string, operation: string): void;
  /** Whether the worker taking this call dies. */
  crash(): boolean;
}

const DEFAULT_DELAY_MILLIS = 5_000;

/** Builds the faults of a host. Each kind has a stream of random numbers of its own, so that one does not shift another. */
export function createFaults(seed: number | string): Faults {
  let chances: FaultChances = {};
  const streams = new Map<keyof FaultChances, Random>();
  const stream = (kind: keyof FaultChances): Random => {
    const known = streams.get(kind);
    if (known !== undefined) return known;
    const fresh = seededRandom(seedOf(seed, 'faults', kind));
    streams.set(kind, fresh);
    return fresh;
  };
  const strikes = (kind: keyof FaultChances): boolean => {
    const chance = chances[kind];
    return chance !== undefined && chance > 0 && stream(kind).next() < chance;
  };
  return {
    set(next) {
      for (const [kind, chance] of Object.entries(next)) {
        const limit = kind === 'delayMillis' ? Number.MAX_SAFE_INTEGER : 1;
        if (!(chance >= 0 && chance <= limit))
          throw new RangeError(`fault ${kind} must be between 0 and ${limit}, not ${String(chance)}`);
      }
      chances = next;
    },
    copies: () => (strikes('duplicate') ? 2 : 1),
    pick: (length) => (length > 1 && strikes('reorder') ? stream('reorder').integer(length) : 0),
    delay: () =>
      strikes('delay') ? 1 + stream('delay').integer(chances.delayMillis ?? DEFAULT_DELAY_MILLIS) : 0,
    throttle(service, operation) {
      if (strikes('throttle'))
        throw new AwsError(
          'ThrottlingException',
          `Rate exceeded (fault on demand: ${service}:${operation})`,
          400,
        );
    },
    crash: () => strikes('crash'),
  };
}
