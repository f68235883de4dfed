import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Authorizer } from '../iam/authorizer.ts';
import type { CredentialsRegistry } from '../iam/credentials.ts';
import { AwsError, type AwsService, type HostContext, type ServiceCall } from '../kernel.ts';
import { rememberSignal } from './abandonment.ts';
import { decodeAwsChunked } from './aws-chunked.ts';
import { awsJson } from './aws-json.ts';
import { awsQuery } from './aws-query.ts';
import type { HttpRequest, HttpResponse, Protocol } from './protocol.ts';
import { lambdaRest, schedulerRest } from './rest-json.ts';
import { s3Rest } from './s3-rest.ts';
import { parseAuthorization, SignatureVerifier } from './signature.ts';

/** What a connection has carried, for deciding whether a link is quiet. */
export interface ConnectionCounters {
  readonly remotePort: number;
  /** Bytes that the front has read. */
  readonly bytesRead: number;
  /** Bytes that the front has written. */
  readonly bytesWritten: number;
  /** Requests that wait for their answer, long polls apart. */
  readonly inFlight: number;
}

export interface HttpFrontOptions {
  /** 0 lets the system choose. */
  readonly port: number;
  /** By service name, as in {@link AwsService.name}. */
  readonly services: ReadonlyMap<string, AwsService>;
  readonly authorizer: Authorizer;
  readonly credentials: CredentialsRegistry;
  readonly context: Pick<HostContext, 'activity' | 'log'>;
  /** Called when a call is authorised, before it is carried out; what it throws is the answer (faults on demand). */
  readonly intercept?: (call: ServiceCall) => void | Promise<void>;
  /** False while what the services serve is not there yet: a client is told to try again, not that it asks for nonsense. */
  readonly ready?: () => boolean;
  /**
   * Offered every request that is not signed (HTTP APIs, task credentials); true where it has taken it.
   * It must answer, and must not read the body unless it takes it.
   */
  readonly unsigned?: (request: IncomingMessage, response: ServerResponse) => boolean;
  /** Told of each call as it starts, and by the returned function as it is answered. */
  readonly observe?: (call: ServiceCall) => (outcome: { readonly error?: AwsError }) => void;
}

export interface HttpFront {
  readonly port: number;
  /** `http://127.0.0.1:<port>` */
  readonly endpoint: string;
  /** One connection by the port at the caller's end. */
  connection(remotePort: number): ConnectionCounters | undefined;
  /** Ends one connection whose caller is known to be gone, so that nothing more is handed to it. */
  disconnect(remotePort: number): void;
  close(): Promise<void>;
}

/** The port that the host wants is taken. */
export class PortInUseError extends Error {
  readonly code = 'PortInUse';
  readonly retryable = false;
  constructor(port: number, options: ErrorOptions) {
    super(`port ${port} of 127.0.0.1 is in use; end the other host, or choose another port`, options);
    this.name = 'PortInUseError';
  }
}

/** Service and protocol by the prefix of `X-Amz-Target`. */
const byTarget: Readonly<Record<string, string>> = {
  DynamoDB_20120810: 'dynamodb',
  DynamoDBStreams_20120810: 'dynamodbstreams',
  AmazonSQS: 'sqs',
  TrentService: 'kms',
  secretsmanager: 'secretsmanager',
  AWSEvents: 'events',
  AWSStepFunctions: 'states',
  Logs_20140328: 'logs',
  AmazonEC2ContainerServiceV20141113: 'ecs',
  AmazonSSM: 'ssm',
  GraniteServiceVersion20100801: 'cloudwatch',
};

/** Service and protocol by the service of the credential scope, where there is no target. */
const byScope: Readonly<Record<string, readonly [service: string, protocol: Protocol]>> = {
  sns: ['sns', awsQuery],
  sts: ['sts', awsQuery],
  monitoring: ['cloudwatch', awsQuery],
  s3: ['s3', s3Rest],
  lambda: ['lambda', lambdaRest],
  scheduler: ['scheduler', schedulerRest],
};

/**
 * Starts the one HTTP server of all services, on the loopback interface.
 *
 * A request costs a signature, a decision of the authorizer (mostly remembered) and the service's own work. Requests
 * count as activity from their first byte until their answer is handed to the system; a `ReceiveMessage` that waits
 * does not.
 *
 * @throws PortInUseError
 */
export async function startHttpFront(options: HttpFrontOptions): Promise<HttpFront> {
  const front = new Front(options);
  await front.listen(options.port);
  return front;
}

class Front implements HttpFront {
  readonly #options: HttpFrontOptions;
  readonly #verifier: SignatureVerifier;
  readonly #server: Server;
  readonly #sockets = new Map<Socket, { inFlight: number }>();
  readonly #byPort = new Map<number, Socket>();
  #port = 0;
  #requests = 0;

  constructor(options: HttpFrontOptions) {
    this.#options = options;
    this.#verifier = new SignatureVerifier(options.credentials);
    this.#server = createServer(
      { keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0 },
      (request, response) => this.#receive(request, response),
    );
    this.#server.on('connection', (socket) => {
      this.#sockets.set(socket, { inFlight: 0 });
      const { remotePort } = socket;
      if (remotePort !== undefined) this.#byPort.set(remotePort, socket);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        if (remotePort !== undefined && this.#byPort.get(remotePort) === socket)
          this.#byPort.delete(remotePort);
      });
    });
  }

  get port(): number {
    return this.#port;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async listen(port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (cause: NodeJS.ErrnoException) =>
        reject(cause.code === 'EADDRINUSE' ? new PortInUseError(port, { cause }) : cause),
      );
      this.#server.listen(port, '127.0.0.1', resolve);
    });
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  connection(remotePort: number): ConnectionCounters | undefined {
    const socket = this.#byPort.get(remotePort);
    const state = socket === undefined ? undefined : this.#sockets.get(socket);
    if (socket === undefined || state === undefined) return undefined;
    return {
      remotePort,
      bytesRead: socket.bytesRead,
      bytesWritten: socket.bytesWritten,
      inFlight: state.inFlight,
    };
  }

  disconnect(remotePort: number): void {
    this.#byPort.get(remotePort)?.destroy();
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  #receive(request: IncomingMessage, response: ServerResponse): void {
    if (request.headers.authorization === undefined && this.#options.unsigned?.(request, response) === true)
      return;
    const work = this.#track(request.socket);
    // The machine's time is not the host's, and clients that find their clock wrong by it repeat what was refused.
    response.sendDate = false;
    // What is done for a caller that is gone is work all the same.
    let answering: Promise<void> = Promise.resolve();
    response.on('close', () => void answering.finally(work.end));
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
      answering = this.#answer(request, body, work).then((answer) => {
        // Text goes out in one write with its headers; bytes would take two.
        const { body: content, headers, statusCode } = answer;
        const length = typeof content === 'string' ? Buffer.byteLength(content) : content.byteLength;
        response.writeHead(
          statusCode,
          'content-length' in headers ? headers : { ...headers, 'content-length': String(length) },
        );
        response.end(request.method === 'HEAD' ? undefined : content);
      });
    });
  }

  /** Counts a request as in flight, with a way to pause that while it only waits for messages. */
  #track(socket: Socket): { readonly end: () => void; readonly pause: () => () => void } {
    const counters = this.#sockets.get(socket) ?? { inFlight: 0 };
    let release = this.#options.context.activity.begin('request');
    counters.inFlight++;
    let counted = true;
    let ended = false;
    const stop = (): void => {
      if (!counted) return;
      counted = false;
      counters.inFlight--;
      release();
    };
    return {
      end: () => {
        ended = true;
        stop();
      },
      pause: () => {
        stop();
        return () => {
          if (ended || counted) return;
          counted = true;
          counters.inFlight++;
          release = this.#options.context.activity.begin('request');
        };
      },
    };
  }

  async #answer(
    message: IncomingMessage,
    body: Buffer,
    work: { readonly pause: () => () => void },
  ): Promise<HttpResponse> {
    const requestId = this.#nextRequestId();
    const url = message.url ?? '/';
    const mark = url.indexOf('?');
    let request: HttpRequest = {
      method: message.method ?? 'GET',
      path: mark < 0 ? url : url.slice(0, mark),
      query: mark < 0 ? '' : url.slice(mark + 1),
      headers: message.headers,
      body,
    };
    const signed = parseAuthorization(message.headers.authorization);
    const target = message.headers['x-amz-target'];
    const [serviceName, protocol] = route(typeof target === 'string' ? target : undefined, signed?.service);
    let settle: ((outcome: { readonly error?: AwsError }) => void) | undefined;
    try {
      if (this.#options.ready?.() === false)
        throw new AwsError('ServiceUnavailable', 'the embedded host is starting; try again', 503);
      if (signed === undefined)
        throw new AwsError(
          'MissingAuthenticationTokenException',
          'the request is not signed with Signature Version 4',
          403,
        );
      const caller = this.#verifier.verify(request, signed);
      const service = serviceName === undefined ? undefined : this.#options.services.get(serviceName);
      if (service === undefined) {
        throw new AwsError(
          'UnknownOperationException',
          `the embedded host has no service ${serviceName ?? signed.service} (${target ?? `${request.method} ${request.path}`})`,
        );
      }
      if (String(message.headers['x-amz-content-sha256'] ?? '').startsWith('STREAMING-')) {
        const decoded = decodeAwsChunked(body);
        request = { ...request, body: decoded.body, headers: { ...request.headers, ...decoded.trailers } };
      }
      const { operation, input, encode } = protocol.decode(request);
      const call: ServiceCall = { service: service.name, operation, input, caller };
      settle = this.#options.observe?.(call);
      this.#options.authorizer.check(caller, service.permissions(call));
      await this.#options.intercept?.(call);
      const waits = call.service === 'sqs' && operation === 'ReceiveMessage';
      if (waits) rememberSignal(call, closeSignal(message.socket));
      const resume = waits ? work.pause() : undefined;
      try {
        const output = await service.handle(call);
        settle?.({});
        return encode(output, requestId);
      } finally {
        resume?.();
      }
    } catch (cause) {
      const error = this.#asAwsError(cause, serviceName ?? 'unknown', target);
      settle?.({ error });
      return protocol.encodeError(error, requestId, request);
    }
  }

  #asAwsError(cause: unknown, service: string, target: unknown): AwsError {
    if (cause instanceof AwsError) return cause;
    const message = cause instanceof Error ? cause.message : String(cause);
    this.#options.context.log.error('a service of the embedded host failed', {
      service,
      target,
      message,
      stack: cause instanceof Error ? cause.stack : undefined,
    });
    return new AwsError('InternalFailure', `the embedded host failed: ${message}`, 500);
  }

  #nextRequestId(): string {
    return `00000000-0000-4000-8000-${(++this.#requests).toString(16).padStart(12, '0')}`;
  }
}

/** Messages must not go to a caller that is gone: they would be out of sight until their visibility ends. */
function closeSignal(socket: Socket): AbortSignal {
  const known = closeSignals.get(socket);
  if (known !== undefined) return known;
  const controller = new AbortController();
  socket.once('close', () => controller.abort());
  if (socket.destroyed) controller.abort();
  closeSignals.set(socket, controller.signal);
  return controller.signal;
}

const closeSignals = new WeakMap<Socket, AbortSignal>();

function route(
  target: string | undefined,
  scope: string | undefined,
): readonly [service: string | undefined, protocol: Protocol] {
  if (target !== undefined) return [byTarget[target.slice(0, target.lastIndexOf('.'))], awsJson];
  return byScope[scope ?? ''] ?? [undefined, awsJson];
}
