import type { IncomingHttpHeaders } from 'node:http';
import type { AwsError } from '../kernel.ts';

/** A request as a protocol decodes it. */
export interface HttpRequest {
  readonly method: string;
  /** As sent, still percent-encoded, without the query. */
  readonly path: string;
  /** As sent, without the question mark. */
  readonly query: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A response as a protocol encodes it. */
export interface HttpResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

/** A request in the service's JSON shape, with how its answer is written. */
export interface DecodedCall {
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
  encode(output: Readonly<Record<string, unknown>>, requestId: string): HttpResponse;
}

/** A wire protocol. */
export interface Protocol {
  /** @throws AwsError where the request cannot be read or asks for an operation that the protocol does not know. */
  decode(request: HttpRequest): DecodedCall;
  encodeError(error: AwsError, requestId: string, request: HttpRequest): HttpResponse;
}
