/** Milliseconds since 1970-01-01T00:00:00Z. */
export type EpochMillis = number;

/** The only source of time. Handlers take it from the runtime, simulations from the event being processed. */
export interface Clock {
  now(): EpochMillis;
}

/** An instant as it stands in events: UTC, ISO 8601, milliseconds, `Z`. */
export function instantText(at: EpochMillis): string {
  return new Date(at).toISOString();
}

/** Parses {@link instantText}'s form. @throws RangeError naming the value. */
export function parseInstant(text: string): EpochMillis {
  const at = Date.parse(text);
  if (Number.isNaN(at))
    throw new RangeError(
      `not an instant: ${JSON.stringify(text)}; expected ISO 8601 such as 2018-02-05T14:30:00.000Z`,
    );
  return at;
}
