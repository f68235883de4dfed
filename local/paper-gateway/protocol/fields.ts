/**
 * Messages are tables of named fields, so that one declaration serves both directions and every server version.
 * A field codec reads from and writes to a list of texts; `message` is what stands before it in the same message.
 */
export type Fields = Readonly<Record<string, unknown>>;

export interface FieldCodec<T> {
  read(from: FieldReader, version: number, message: Fields): T;
  write(to: string[], value: T, version: number, message: Fields): void;
  /** Value of a field that a version does not carry, or that the writer left out. */
  readonly absent: T;
}

/** A field that cannot be read as what it should be. Names the field, the value and the expectation. */
export class MalformedFieldError extends Error {
  readonly code = 'MalformedField';
  readonly retryable = false;
  constructor(value: string, expected: string) {
    super(`unable to parse data: ${JSON.stringify(value.slice(0, 64))} is not ${expected}`);
    this.name = 'MalformedFieldError';
  }
}

/** A cursor over a message's fields. Fields past the end read as empty: clients may leave trailing ones out. */
export class FieldReader {
  readonly #fields: readonly string[];
  #next = 0;

  constructor(fields: readonly string[]) {
    this.#fields = fields;
  }

  next(): string {
    return this.#fields[this.#next++] ?? '';
  }

  get left(): number {
    return Math.max(0, this.#fields.length - this.#next);
  }
}

const UNSET_INTEGER = '2147483647';
const UNSET_NUMBER = Number.MAX_VALUE;
const MAXIMUM_ORDINAL = 9_007_199_254_740_991;

function parseInteger(value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || Math.abs(number) > MAXIMUM_ORDINAL)
    throw new MalformedFieldError(value, 'an integer');
  return number;
}

function parseNumber(value: string): number | null {
  if (value === '') return null;
  const number = Number(value);
  if (value.trim() === '' || Number.isNaN(number)) throw new MalformedFieldError(value, 'a number');
  return number === UNSET_NUMBER ? null : number;
}

/** Text. A NUL inside would shift every later field, so it is dropped. */
export const text: FieldCodec<string> = {
  read: (from) => from.next(),
  write: (to, value) => to.push(value.includes('\0') ? value.replaceAll('\0', '') : value),
  absent: '',
};

/** An integer; empty reads as zero. */
export const integer: FieldCodec<number> = {
  read(from) {
    const value = from.next();
    return value === '' ? 0 : parseInteger(value);
  },
  write: (to, value) => to.push(String(value)),
  absent: 0,
};

/** An integer that may be unset (empty, or the largest 32-bit integer). */
export const optionalInteger: FieldCodec<number | null> = {
  read(from) {
    const value = from.next();
    return value === '' || value === UNSET_INTEGER ? null : parseInteger(value);
  },
  write: (to, value) => to.push(value === null ? '' : String(value)),
  absent: null,
};

/** A number that may be unset (empty, or the largest double). */
export const number: FieldCodec<number | null> = {
  read: (from) => parseNumber(from.next()),
  write: (to, value) => to.push(value === null ? '' : String(value)),
  absent: null,
};

/** A number that some decoders do not accept empty: unset goes out as the largest double. */
export const numberOrLargest: FieldCodec<number | null> = {
  read: (from) => parseNumber(from.next()),
  write: (to, value) => to.push(value === null ? '1.7976931348623157E308' : String(value)),
  absent: null,
};

/** A number; empty reads as zero. */
export const numberOrZero: FieldCodec<number> = {
  read: (from) => parseNumber(from.next()) ?? 0,
  write: (to, value) => to.push(String(value)),
  absent: 0,
};

/** A flag: 1 or true. Empty is false. */
export const flag: FieldCodec<boolean> = {
  read(from) {
    const value = from.next();
    return value === '1' || value === 'true' || value === 'True';
  },
  write: (to, value) => to.push(value ? '1' : '0'),
  absent: false,
};

/** A field with one value, such as a message's own version number. Whatever a client sends there is accepted. */
export function fixed(value: string): FieldCodec<string> {
  return { read: (from) => from.next(), write: (to, given) => to.push(given), absent: value };
}

/** The codec with another value where nothing is given. */
export function withAbsent<T>(codec: FieldCodec<T>, absent: T): FieldCodec<T> {
  return { read: codec.read, write: codec.write, absent };
}

/** A field that is there only while `present` holds. */
export function when<T>(
  present: (version: number, message: Fields) => boolean,
  codec: FieldCodec<T>,
): FieldCodec<T> {
  return {
    read: (from, version, message) =>
      present(version, message) ? codec.read(from, version, message) : codec.absent,
    write(to, value, version, message) {
      if (present(version, message)) codec.write(to, value, version, message);
    },
    absent: codec.absent,
  };
}

/** A field that appeared with server version `first`. */
export const since = <T>(first: number, codec: FieldCodec<T>): FieldCodec<T> =>
  when((version) => version >= first, codec);
/** A field that disappeared with server version `gone`. */
export const before = <T>(gone: number, codec: FieldCodec<T>): FieldCodec<T> =>
  when((version) => version < gone, codec);
/** A field that existed from server version `first` up to, but not including, `gone`. */
export const between = <T>(first: number, gone: number, codec: FieldCodec<T>): FieldCodec<T> =>
  when((version) => version >= first && version < gone, codec);

/** A count and that many items. A count that the message cannot hold is malformed, not a reason to allocate. */
export function counted<T>(item: FieldCodec<T>): FieldCodec<readonly T[]> {
  return {
    read(from, version, message) {
      const count = integer.read(from, version, message);
      if (count < 0 || count > from.left)
        throw new MalformedFieldError(String(count), 'a count of what follows');
      return Array.from({ length: count }, () => item.read(from, version, message));
    },
    write(to, items, version, message) {
      to.push(String(items.length));
      for (const value of items) item.write(to, value, version, message);
    },
    absent: [],
  };
}

type Codecs = Readonly<Record<string, FieldCodec<never> | FieldCodec<unknown>>>;
/** The value that a table of codecs describes. */
export type MessageOf<C> = { readonly [K in keyof C]: C[K] extends FieldCodec<infer T> ? T : never };

/** A table of fields, itself usable as a field of another table. */
export interface Layout<C> extends FieldCodec<MessageOf<C>> {
  readonly codecs: C;
  /** Writes with every field that `partial` leaves out at its absent value. */
  encode(partial: Partial<MessageOf<C>>, version: number): string[];
  /** Reads a whole message. @throws MalformedFieldError */
  decode(fields: readonly string[], version: number): MessageOf<C>;
}

/** Declares a message: the order of the properties is the order on the wire. */
export function layout<const C extends Codecs>(codecs: C): Layout<C> {
  const entries = Object.entries(codecs) as [string, FieldCodec<unknown>][];
  const absent = Object.fromEntries(entries.map(([name, codec]) => [name, codec.absent])) as MessageOf<C>;
  const read = (from: FieldReader, version: number): MessageOf<C> => {
    const message: Record<string, unknown> = {};
    for (const [name, codec] of entries) message[name] = codec.read(from, version, message);
    return message as MessageOf<C>;
  };
  const write = (to: string[], value: Partial<MessageOf<C>>, version: number): void => {
    const given = value as Fields;
    for (const [name, codec] of entries) {
      const field = given[name];
      codec.write(to, field === undefined ? codec.absent : field, version, given);
    }
  };
  return {
    codecs,
    absent,
    read,
    write,
    encode(partial, version) {
      const to: string[] = [];
      write(to, partial, version);
      return to;
    },
    decode: (fields, version) => read(new FieldReader(fields), version),
  };
}
