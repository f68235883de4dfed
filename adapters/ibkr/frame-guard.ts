const PREFIX = 4;
/** Longest body of a server message by the protocol. */
const MAXIMUM_BODY = 0xff_ff_ff;
/** A message id that begins an error report. */
const ERROR_MESSAGE = '4';
/** Fields of an error report: id, version, order or request, code, text, advanced reject (JSON). */
const ADVANCED_REJECT = 5;

/** The byte stream is not a stream of frames any more: nothing after this can be trusted. */
export class MalformedStreamError extends Error {
  readonly code = 'MalformedStream';
  readonly retryable = true;
  constructor(what: string) {
    super(`the gateway's byte stream is malformed: ${what}; the connection has to be replaced`);
    this.name = 'MalformedStreamError';
  }
}

/**
 * Stands in front of the library's parser, which hangs on a negative length, stalls on a huge one, runs a frame without its
 * last NUL into the next, and throws on bad JSON. Takes bytes however they arrive and gives whole, well-formed frames.
 */
export class FrameGuard {
  #chunks: Buffer[] = [];
  #held = 0;

  /** Adds bytes and returns the frames, prefix included, that they complete. @throws MalformedStreamError */
  push(chunk: Buffer): Buffer[] {
    this.#chunks.push(chunk);
    this.#held += chunk.length;
    const frames: Buffer[] = [];
    while (this.#held >= PREFIX) {
      const length = this.#peekLength();
      if (length < 1 || length > MAXIMUM_BODY) {
        throw new MalformedStreamError(`a frame of ${length} bytes, where 1 to ${MAXIMUM_BODY} are possible`);
      }
      if (this.#held < PREFIX + length) break;
      const frame = this.#take(PREFIX + length);
      if (frame[frame.length - 1] !== 0) throw new MalformedStreamError('a frame that does not end in NUL');
      frames.push(withoutJson(frame));
    }
    return frames;
  }

  #peekLength(): number {
    const [first] = this.#chunks;
    if (first !== undefined && first.length >= PREFIX) return first.readInt32BE(0);
    this.#join();
    return (this.#chunks[0] as Buffer).readInt32BE(0);
  }

  #take(count: number): Buffer {
    this.#join();
    const all = this.#chunks[0] as Buffer;
    const rest = all.subarray(count);
    this.#chunks = rest.length === 0 ? [] : [rest];
    this.#held = rest.length;
    return all.subarray(0, count);
  }

  #join(): void {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks, this.#held)];
  }
}

/** The fields of a whole frame, its message id first. */
export const fieldsIn = (frame: Buffer): string[] =>
  frame.toString('utf8', PREFIX, frame.length - 1).split('\0');

/**
 * An error report without its machine-readable part, which nobody reads here: the library unescapes it before it parses it,
 * and throws on what was right before. Code and text are what counts.
 */
function withoutJson(frame: Buffer): Buffer {
  if (frame[PREFIX] !== ERROR_MESSAGE.charCodeAt(0) || frame[PREFIX + 1] !== 0) return frame;
  const fields = fieldsIn(frame);
  if ((fields[ADVANCED_REJECT] ?? '') === '') return frame;
  fields[ADVANCED_REJECT] = '';
  const body = Buffer.from(`${fields.join('\0')}\0`, 'utf8');
  const prefix = Buffer.alloc(PREFIX);
  prefix.writeInt32BE(body.length, 0);
  return Buffer.concat([prefix, body]);
}
