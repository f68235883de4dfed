/** Milliseconds since 1970-01-01T00:00:00Z. */
export type EpochMillis = number;

/** The only source of time. Handlers take it from the runtime, simulations from the event being processed. */
export interface Clock {
  now(): EpochMillis;
}

/** Texts of the last instants, by minute: the end of a bar is the start of the next, and the time of all that follows. */
const WRITTEN = 64;
const writtenAt = new Float64Array(WRITTEN).fill(Number.NaN);
const written: string[] = new Array(WRITTEN).fill('');

/** An instant as it stands in events: UTC, ISO 8601, milliseconds, `Z`. */
export function instantText(at: EpochMillis): string {
  const place = Math.floor(at / 60_000) & (WRITTEN - 1);
  if (writtenAt[place] !== at) {
    written[place] = new Date(at).toISOString();
    writtenAt[place] = at;
  }
  return written[place] as string;
}

const MOST_READ = 256;
/** Instants of the last texts: all bars that close together name the same ones. */
const read = new Map<string, EpochMillis>();

/** Parses {@link instantText}'s form. @throws RangeError naming the value. */
export function parseInstant(text: string): EpochMillis {
  const known = read.get(text);
  if (known !== undefined) return known;
  const at = Date.parse(text);
  if (Number.isNaN(at))
    throw new RangeError(
      `not an instant: ${JSON.stringify(text)}; expected ISO 8601 such as 2018-02-05T14:30:00.000Z`,
    );
  if (read.size >= MOST_READ) read.clear();
  read.set(text, at);
  return at;
}
