/** A frame is a 32-bit big-endian length and that many bytes of NUL-terminated UTF-8 fields. */
const PREFIX = 4;

/** Longest body a client may send. The largest order is a few kilobytes; real gateways stop at 16 MB. */
export const MAXIMUM_REQUEST_BYTES = 256 * 1024;
/** Pieces of an incomplete frame that are held before they are joined. */
const MAXIMUM_CHUNKS = 256;
/** Longest body of a server message. */
export const MAXIMUM_RESPONSE_BYTES = 0xff_ff_ff;

/** A length that no message can have: the stream cannot be trusted any more. */
export class FrameLengthError extends Error {
  readonly code = 'FrameLength';
  readonly retryable = false;
  constructor(length: number, maximum: number) {
    super(`frame length ${length} is outside 1..${maximum}; close the connection and start again`);
    this.name = 'FrameLengthError';
  }
}

/** One message as it goes over the wire: every field followed by NUL, the whole preceded by its length. */
export function encodeFrame(fields: readonly string[]): Buffer {
  const body = `${fields.join('\0')}\0`;
  const frame = Buffer.allocUnsafe(PREFIX + Buffer.byteLength(body));
  frame.writeUInt32BE(frame.length - PREFIX, 0);
  frame.write(body, PREFIX);
  return frame;
}

/** Whether a frame is longer than clients take. */
export const isTooLong = (frame: Buffer): boolean => frame.length - PREFIX > MAXIMUM_RESPONSE_BYTES;

/** Splits a body into its fields. A body without the final NUL keeps its last field: some clients omit it. */
export function fieldsOf(body: Buffer): string[] {
  const fields = body.toString('utf8').split('\0');
  if (fields.at(-1) === '') fields.pop();
  return fields;
}

/**
 * Cuts a byte stream into bodies, however the bytes arrive. Holds at most one incomplete frame, whose length was
 * checked first, and joins chunks once per frame, so that bytes fed singly cost no more than linear time.
 */
export class FrameReader {
  readonly #maximum: number;
  #chunks: Buffer[] = [];
  #held = 0;
  #needed = PREFIX;
  #inBody = false;

  constructor(maximum: number) {
    this.#maximum = maximum;
  }

  /** Bytes held of an incomplete frame. */
  get pending(): number {
    return this.#held;
  }

  /** Buffers that hold them. */
  get pieces(): number {
    return this.#chunks.length;
  }

  /** Adds bytes and hands over the bodies they complete, those before a bad length too. @throws FrameLengthError */
  push(chunk: Buffer, onBody: (body: Buffer) => void): void {
    if (chunk.length > 0) {
      this.#chunks.push(chunk);
      this.#held += chunk.length;
      // Bytes that come singly would each keep a buffer object, a hundred times their size.
      if (this.#chunks.length > MAXIMUM_CHUNKS) this.#chunks = [Buffer.concat(this.#chunks, this.#held)];
    }
    while (this.#held >= this.#needed) {
      const bytes = this.#take(this.#needed);
      if (this.#inBody) {
        this.#inBody = false;
        this.#needed = PREFIX;
        onBody(bytes);
        continue;
      }
      const length = bytes.readUInt32BE(0);
      if (length === 0 || length > this.#maximum) throw new FrameLengthError(length, this.#maximum);
      this.#inBody = true;
      this.#needed = length;
    }
  }

  #take(count: number): Buffer {
    const all =
      this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks, this.#held);
    const rest = all.subarray(count);
    this.#chunks = rest.length === 0 ? [] : [rest];
    this.#held = rest.length;
    return all.subarray(0, count);
  }
}

/** The bytes that open a connection, before framing begins. */
export interface ClientHello {
  readonly minimumVersion: number;
  readonly maximumVersion: number;
  readonly options: string;
}

const HELLO = /^v(\d{1,4})\.\.(\d{1,4})(?: (.*))?$/;
const MAXIMUM_HELLO_BYTES = 1024;

/** What is wrong with an opening that is not the API's. */
export class NotAClientHelloError extends Error {
  readonly code = 'NotAClientHello';
  readonly retryable = false;
  constructor(what: string) {
    super(`not a TWS API client: ${what}; expected "API\\0" and a length-prefixed "vMIN..MAX"`);
    this.name = 'NotAClientHelloError';
  }
}

/** The opening a client sends: `API\0`, a length, `vMIN..MAX`. */
export function encodeHello(hello: ClientHello): Buffer {
  const text = `v${hello.minimumVersion}..${hello.maximumVersion}${hello.options === '' ? '' : ` ${hello.options}`}`;
  const bytes = Buffer.alloc(8 + text.length);
  bytes.write('API\0', 0, 'latin1');
  bytes.writeUInt32BE(text.length, 4);
  bytes.write(text, 8, 'latin1');
  return bytes;
}

/** Reads the opening, however fragmented; null until it is complete. */
export class HelloReader {
  #held = Buffer.alloc(0);

  /** @returns the hello and the bytes after it, or null. @throws NotAClientHelloError */
  push(chunk: Buffer): { readonly hello: ClientHello; readonly rest: Buffer } | null {
    this.#held = Buffer.concat([this.#held, chunk]);
    const bytes = this.#held;
    const marker = bytes.subarray(0, 4).toString('latin1');
    if (!'API\0'.startsWith(marker))
      throw new NotAClientHelloError(`it opens with ${JSON.stringify(marker)}`);
    if (bytes.length < 8) return null;
    const length = bytes.readUInt32BE(4);
    if (length === 0 || length > MAXIMUM_HELLO_BYTES)
      throw new NotAClientHelloError(`version text of ${length} bytes`);
    if (bytes.length < 8 + length) return null;
    const text = bytes.subarray(8, 8 + length).toString('latin1');
    const match = HELLO.exec(text);
    if (match === null) throw new NotAClientHelloError(`versions ${JSON.stringify(text.slice(0, 40))}`);
    return {
      hello: { minimumVersion: Number(match[1]), maximumVersion: Number(match[2]), options: match[3] ?? '' },
      rest: bytes.subarray(8 + length),
    };
  }
}
