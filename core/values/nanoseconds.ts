import type { EpochMillis } from './clock.ts';

/** Nanoseconds since 1970-01-01T00:00:00Z, for times that milliseconds can't tell apart. Fits 64 bits until 2262. */
export type EpochNanos = bigint;

const PER_MILLI = 1_000_000n;

/** The first nanosecond of an instant; a fraction of a millisecond is cut off. @throws RangeError unless finite */
export function nanosOf(instant: EpochMillis): EpochNanos {
  return BigInt(Math.floor(instant)) * PER_MILLI;
}

/** The millisecond in which a nanosecond lies. */
export function millisOf(instant: EpochNanos): EpochMillis {
  const millis = Number(instant / PER_MILLI);
  return instant < 0n && instant % PER_MILLI !== 0n ? millis - 1 : millis;
}
