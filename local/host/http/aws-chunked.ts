import { AwsError } from '../kernel.ts';

/** A body in `aws-chunked` encoding, decoded. */
export interface DecodedChunks {
  readonly body: Buffer;
  /** Trailing headers, lower case: where the SDK puts the checksum of a streamed body. */
  readonly trailers: Readonly<Record<string, string>>;
}

const lineEnd = Buffer.from('\r\n');

/**
 * Decodes `aws-chunked`: `size[;chunk-signature=…]\r\n bytes \r\n … 0\r\n trailers \r\n`. Chunk signatures are not
 * verified; the SDK sends none over plain HTTP.
 * @throws AwsError IncompleteBody where the framing is broken.
 */
export function decodeAwsChunked(body: Buffer): DecodedChunks {
  const pieces: Buffer[] = [];
  let position = 0;
  const nextLine = (): string => {
    const end = body.indexOf(lineEnd, position);
    if (end < 0) throw new AwsError('IncompleteBody', 'the aws-chunked body ends inside a chunk header');
    const line = body.toString('latin1', position, end);
    position = end + 2;
    return line;
  };
  for (;;) {
    const header = nextLine();
    const size = Number.parseInt(header, 16);
    if (!(size >= 0))
      throw new AwsError(
        'IncompleteBody',
        `${JSON.stringify(header)} is not the size of an aws-chunked chunk`,
      );
    if (size === 0) break;
    if (position + size + 2 > body.length)
      throw new AwsError('IncompleteBody', 'the aws-chunked body ends inside a chunk');
    pieces.push(body.subarray(position, position + size));
    position += size + 2;
  }
  const trailers: Record<string, string> = {};
  while (position < body.length) {
    const line = nextLine();
    const colon = line.indexOf(':');
    if (colon > 0) trailers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  return { body: pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces), trailers };
}
