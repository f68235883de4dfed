import type { Socket } from 'node:net';
import type { EpochMillis } from '#core/values/clock.ts';
import type { TimerClock } from '#core/values/timer-clock.ts';
import type { FaultSettings } from './faults.ts';
import {
  encodeFrame,
  FrameLengthError,
  FrameReader,
  fieldsOf,
  HelloReader,
  MAXIMUM_REQUEST_BYTES,
  NotAClientHelloError,
} from './protocol/frames.ts';
import { encodeResponse, type Response, respond } from './protocol/responses.ts';
import { negotiate } from './protocol/versions.ts';
import type { Subscription } from './subscriptions.ts';

/** Bytes that may wait for one client that does not read before it is dropped: a year of minute bars four times over. */
const MAXIMUM_BACKLOG = 32 * 1024 * 1024;
/** Bytes that may wait for all clients together before a slow one is dropped. */
const MAXIMUM_TOTAL_BACKLOG = 96 * 1024 * 1024;
/** How long a client may take to say who it is. By the machine's time, whatever clock the gateway plays by. */
const HANDSHAKE_DEADLINE = 30_000;
/** A client for which fewer bytes wait is not slow. */
const ORDINARY_BACKLOG = 1024 * 1024;

/** What a connection needs of the gateway around it. */
export interface ConnectionHost {
  readonly clock: TimerClock;
  readonly faults: () => FaultSettings;
  /** Time as the handshake tells it. */
  readonly connectionTime: (at: EpochMillis) => string;
  readonly onMessage: (connection: Connection, fields: readonly string[]) => void;
  /** Bytes that wait for all clients together. */
  readonly backlog: () => number;
  readonly onClosed: (connection: Connection) => void;
  readonly log: (event: string, detail: Readonly<Record<string, unknown>>) => void;
}

/** One TWS client: handshake, frames in, messages out, and what it has subscribed to. */
export class Connection {
  readonly socket: Socket;
  readonly subscriptions = new Map<string, Subscription>();
  readonly remotePort: number;
  serverVersion = 0;
  clientId: number | null = null;
  marketDataType = 1;
  ready = false;
  bytesRead = 0;
  readonly #host: ConnectionHost;
  readonly #hello = new HelloReader();
  readonly #frames = new FrameReader(MAXIMUM_REQUEST_BYTES);
  #greeted = false;
  #corked = false;
  #handshake: NodeJS.Timeout | undefined;
  /** Messages that wait for their delay, and when the last of them leaves. */
  #delayed = 0;
  #leavesAt = Number.NEGATIVE_INFINITY;

  constructor(socket: Socket, host: ConnectionHost) {
    this.socket = socket;
    this.remotePort = socket.remotePort ?? 0;
    this.#host = host;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#receive(chunk));
    // A reset is an ordinary end: the close event that follows does the work.
    socket.on('error', (error) => host.log('socket-error', { message: error.message }));
    socket.on('close', () => {
      clearTimeout(this.#handshake);
      host.onClosed(this);
    });
    this.#awaitHandshake();
  }

  get open(): boolean {
    return !this.socket.destroyed;
  }

  /** Ends the connection at once, sent bytes or not. */
  drop(): void {
    this.socket.destroy();
  }

  /** Ends the connection after what was written has left. */
  finish(): void {
    this.socket.end();
    this.socket.destroySoon();
  }

  send(message: Response): void {
    this.sendBytes(this.frame(message));
  }

  /** A message as this client's version has it. */
  frame(message: Response): Buffer {
    return encodeFrame(encodeResponse(message, this.serverVersion));
  }

  error(requestId: number, code: number, message: string): void {
    this.send(respond('error', { requestId, code, message }));
  }

  /** A socket that never says who it is must not keep a client's place. Where the gateway itself is silent, it waits on. */
  #awaitHandshake(): void {
    // The turn lets in what arrived while the gateway was busy, perhaps for longer than the deadline.
    const inTurn = () => setImmediate(() => this.#endSilence());
    this.#handshake = setTimeout(inTurn, HANDSHAKE_DEADLINE).unref();
  }

  #endSilence(): void {
    if (this.ready || !this.open) return;
    const { mute, halfOpen, delayMillis } = this.#host.faults();
    if (mute || halfOpen || delayMillis > 0) {
      this.#awaitHandshake();
      return;
    }
    this.#host.log('handshake-timed-out', { remotePort: this.remotePort, bytesRead: this.bytesRead });
    this.drop();
  }

  sendBytes(bytes: Buffer): void {
    const faults = this.#host.faults();
    if (faults.mute || faults.halfOpen) return;
    if (faults.delayMillis > 0 || this.#delayed > 0) this.#writeLater(bytes, faults);
    else this.#write(bytes, faults.pieceBytes);
  }

  /** One stream keeps its order: no message leaves before one that was sent earlier, whatever the delay is by then. */
  #writeLater(bytes: Buffer, { delayMillis, pieceBytes }: FaultSettings): void {
    const { clock } = this.#host;
    this.#leavesAt = Math.max(this.#leavesAt, clock.now() + delayMillis);
    this.#delayed += 1;
    clock.schedule(this.#leavesAt, () => {
      this.#delayed -= 1;
      this.#write(bytes, pieceBytes);
    });
  }

  #write(bytes: Buffer, piece: number): void {
    if (!this.socket.writable) return;
    if (piece > 0) {
      for (let from = 0; from < bytes.length; from += piece)
        this.socket.write(bytes.subarray(from, from + piece));
    } else {
      this.#cork();
      this.socket.write(bytes);
    }
    if (this.#isTooSlow()) {
      this.#host.log('slow-client-dropped', { clientId: this.clientId, waiting: this.socket.writableLength });
      this.drop();
    }
  }

  #isTooSlow(): boolean {
    const waiting = this.socket.writableLength;
    if (waiting <= ORDINARY_BACKLOG) return false;
    return waiting > MAXIMUM_BACKLOG || this.#host.backlog() > MAXIMUM_TOTAL_BACKLOG;
  }

  /** Messages of one turn of the event loop leave together: one system call instead of one each. */
  #cork(): void {
    if (this.#corked) return;
    this.#corked = true;
    this.socket.cork();
    process.nextTick(() => {
      this.#corked = false;
      this.socket.uncork();
    });
  }

  #receive(chunk: Buffer): void {
    if (this.#host.faults().halfOpen) {
      // Kept for when the link comes back: a real peer's bytes would wait in its kernel.
      this.socket.pause();
      this.socket.unshift(chunk);
      return;
    }
    this.bytesRead += chunk.length;
    try {
      this.#consume(chunk);
    } catch (error) {
      if (error instanceof FrameLengthError || error instanceof NotAClientHelloError) this.#refuse(error);
      else throw error;
    }
  }

  #consume(chunk: Buffer): void {
    let bytes = chunk;
    if (!this.#greeted) {
      const greeting = this.#hello.push(bytes);
      if (greeting === null) return;
      const version = negotiate(greeting.hello.minimumVersion, greeting.hello.maximumVersion);
      if (version === null) {
        this.serverVersion = greeting.hello.maximumVersion;
        this.error(
          -1,
          503,
          `The TWS is out of date and must be upgraded: no common version with ${greeting.hello.minimumVersion}..${greeting.hello.maximumVersion}`,
        );
        this.finish();
        return;
      }
      this.#greeted = true;
      this.serverVersion = version;
      this.sendBytes(encodeFrame([String(version), this.#host.connectionTime(this.#host.clock.now())]));
      bytes = greeting.rest;
    }
    this.#frames.push(bytes, (body) => {
      if (this.#host.faults().mute || !this.open || this.socket.writableEnded) return;
      this.#host.onMessage(this, fieldsOf(body));
    });
  }

  #refuse(error: FrameLengthError | NotAClientHelloError): void {
    this.#host.log('bad-bytes', { message: error.message, clientId: this.clientId });
    if (this.#greeted) this.error(-1, 507, `Bad Message Length: ${error.message}`);
    this.finish();
  }
}
