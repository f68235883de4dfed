import { connect, type Socket } from 'node:net';
import {
  encodeFrame,
  encodeHello,
  FrameReader,
  fieldsOf,
  MAXIMUM_RESPONSE_BYTES,
} from '#local/paper-gateway/protocol/frames.ts';
import {
  encodeRequest,
  type RequestFields,
  type RequestName,
} from '#local/paper-gateway/protocol/requests.ts';

/** A client of bare bytes: says exactly what it is told, at any version, and keeps what it hears as fields. */
export class RawClient {
  readonly socket: Socket;
  readonly heard: string[][] = [];
  readonly closed: Promise<void>;
  readonly #version: number;
  readonly #frames = new FrameReader(MAXIMUM_RESPONSE_BYTES);
  #waiting: (() => void)[] = [];

  constructor(port: number, version = 193) {
    this.#version = version;
    this.socket = connect(port, '127.0.0.1');
    this.socket.setNoDelay(true);
    this.socket.on('data', (chunk) => {
      this.#frames.push(chunk, (body) => this.heard.push(fieldsOf(body)));
      for (const wake of this.#waiting) wake();
    });
    this.socket.on('error', () => {});
    this.closed = new Promise((resolve) => this.socket.on('close', () => resolve()));
  }

  hello(): void {
    this.bytes(encodeHello({ minimumVersion: 100, maximumVersion: this.#version, options: '' }));
  }

  bytes(bytes: Buffer): void {
    this.socket.write(bytes);
  }

  fields(...fields: readonly string[]): void {
    this.bytes(encodeFrame(fields));
  }

  send<K extends RequestName>(name: K, fields: Partial<RequestFields<K>>): void {
    this.fields(...encodeRequest(name, fields, this.#version));
  }

  /** Says hello and startApi and waits for the first order id. */
  async start(clientId: number): Promise<number> {
    this.hello();
    this.send('startApi', { clientId });
    return Number((await this.next((fields) => fields[0] === '9'))[2]);
  }

  /** The first message that matches, waiting for it if need be. */
  async next(matches: (fields: readonly string[]) => boolean): Promise<readonly string[]> {
    for (;;) {
      const found = this.heard.find(matches);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.#waiting = this.#waiting.filter((other) => other !== wake);
          resolve();
        };
        this.#waiting.push(wake);
      });
    }
  }

  error(code: number): Promise<readonly string[]> {
    return this.next((fields) => fields[0] === '4' && fields[3] === String(code));
  }
}

export const APPLE = {
  conId: 265598,
  symbol: 'AAPL',
  secType: 'STK',
  lastTradeDateOrContractMonth: '',
  strike: 0,
  right: '',
  multiplier: '',
  exchange: 'SMART',
  primaryExchange: '',
  currency: 'USD',
  localSymbol: '',
  tradingClass: '',
} as const;
