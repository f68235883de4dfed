import type { IBApi } from '@stoqey/ib';

/** Receives the socket's bytes and sends messages. */
interface LibrarySocket {
  onData: (data: Buffer) => void;
  send: (tokens: unknown[]) => void;
}

/** Takes outgoing messages; the backlog of its rate limiter survives a lost connection. */
interface LibraryController {
  rateLimiter: (tokens: unknown[]) => void;
  readonly socket: unknown;
}

/** The library is not built as the bridge expects: another version than the one it was proved with. */
export class UnexpectedLibraryError extends Error {
  readonly code = 'UnexpectedLibrary';
  readonly retryable = false;
  constructor(member: string) {
    super(
      `@stoqey/ib has no ${member} where version 1.6.10 has it; use that version, or prove the new one against the paper gateway and change library-internals.ts`,
    );
    this.name = 'UnexpectedLibraryError';
  }
}

const isFunction = (value: unknown, member: string): boolean =>
  typeof value === 'object' && value !== null && typeof Reflect.get(value, member) === 'function';

const isController = (value: unknown): value is LibraryController => isFunction(value, 'rateLimiter');
const isSocket = (value: unknown): value is LibrarySocket =>
  isFunction(value, 'onData') && isFunction(value, 'send');

/**
 * Puts `guard` between socket and parser, so that only whole frames reach the parser and whatever it or a listener throws
 * comes back to `guard` instead of ending the process; and takes the library's own rate limiter out, because what it holds
 * back is sent after a reconnect. The bridge paces itself.
 * @throws UnexpectedLibraryError
 */
export function standInFront(
  api: IBApi,
  guard: (data: Buffer, parse: (frame: Buffer) => void) => void,
): void {
  const controller: unknown = Reflect.get(api, 'controller');
  if (!isController(controller)) throw new UnexpectedLibraryError('controller.rateLimiter');
  const { socket } = controller;
  if (!isSocket(socket)) throw new UnexpectedLibraryError('controller.socket.onData and send');
  const parse = socket.onData.bind(socket);
  socket.onData = (data) => guard(data, parse);
  controller.rateLimiter = (tokens) => socket.send(tokens);
}
