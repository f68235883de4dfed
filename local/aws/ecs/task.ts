import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import type { Timer } from '#core/values/timer-clock.ts';
import type { Participant } from '../../host/activity.ts';
import type { RuntimeParts } from '../../host/runtime-parts.ts';

/** What a container is to the thread that runs it. */
export interface ContainerCode {
  /** Service and container, for logs. */
  readonly name: string;
  readonly entryUrl: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly memoryMegabytes: number;
  readonly stopTimeoutMillis: number;
}

/** A connection that a task has opened, by the ports of its ends; neither of them names it alone. */
export interface TaskConnection {
  /** At the task's end. */
  readonly localPort: number;
  /** At the end of whoever the task has called. */
  readonly remotePort: number;
}

/** The other end of a task's connection, as the part that owns it counts. */
export interface LinkEnd {
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** Bytes accepted for writing that the system has not taken yet, or requests not answered. */
  readonly unfinished: number;
}

/** Where a task may be connected to: the ports of the host's parts, and their view of the connections. */
export interface Links {
  isLink(port: number): boolean;
  /** The other end of a connection; undefined where no part of the host has it. */
  end(connection: TaskConnection): LinkEnd | undefined;
  /** Ends the host's end of a connection. */
  disconnect(connection: TaskConnection): void;
}

interface TaskSocket extends TaskConnection {
  readonly bytesRead: number;
  readonly bytesWritten: number;
  readonly connecting: boolean;
}

type FromTask =
  | { readonly type: 'up' }
  | { readonly type: 'lines'; readonly lines: readonly string[] }
  | { readonly type: 'schedule'; readonly id: number; readonly delay: number }
  | { readonly type: 'cancel'; readonly id: number }
  | { readonly type: 'fired'; readonly id: number }
  | {
      readonly type: 'pong';
      readonly id: number;
      readonly sockets: readonly TaskSocket[];
      readonly busy: boolean;
      readonly lines: readonly string[];
    };

const BOOTSTRAP = new URL('./task-bootstrap.mjs', import.meta.url);
const SMALLEST_HEAP_MEGABYTES = 128;

/**
 * One run of a container, in a worker thread. In stepped time its timers are the host's, and time moves only when the
 * thread has had a turn with nothing to do and every byte between it and the rest of the host has arrived.
 */
export class Task implements Participant {
  readonly name: string;
  readonly #parts: RuntimeParts;
  readonly #links: Links;
  readonly #code: ContainerCode;
  readonly #worker: Worker;
  readonly #control: MessagePort;
  readonly #timers = new Map<number, Timer>();
  readonly #fired = new Map<number, () => void>();
  readonly #pings = new Map<number, (answer: (FromTask & { readonly type: 'pong' }) | undefined) => void>();
  readonly #exited: Promise<void>;
  #endOfStart: () => void;
  #lastPing = 0;
  #lastSnapshot = '';
  /** How things looked from here when the task was last known to rest; undefined while it may be at work. */
  #atRest: string | undefined;
  #connections: readonly TaskConnection[] = [];
  /** Messages sent to the thread that may set it to work. */
  #sent = 0;
  #gone = false;
  healthy: boolean | undefined;

  constructor(
    parts: RuntimeParts,
    links: Links,
    code: ContainerCode,
    seed: string,
    onExit: (status: number) => void,
  ) {
    const { clock, activity } = parts.context;
    this.name = code.name;
    this.#parts = parts;
    this.#links = links;
    this.#code = code;
    this.#endOfStart = activity.begin(`task:${code.name}`);
    const { port1, port2 } = new MessageChannel();
    this.#control = port1;
    this.#worker = new Worker(BOOTSTRAP, {
      name: code.name,
      env: { ...code.environment },
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: Math.max(SMALLEST_HEAP_MEGABYTES, code.memoryMegabytes) },
      workerData: {
        control: port2,
        entryUrl: code.entryUrl,
        seed,
        clock: { mode: clock.mode, scale: parts.clockScale, now: clock.now(), shared: parts.sharedNow },
      },
      transferList: [port2],
    });
    this.#worker.unref();
    port1.unref();
    port1.on('message', (message: FromTask) => this.#take(message));
    this.#worker.on('message', (message: unknown) => this.#takeHealth(message));
    this.#worker.on('error', (error) =>
      parts.context.log.error('a task crashed', {
        task: code.name,
        error: error.message,
        stack: error.stack,
      }),
    );
    this.#exited = new Promise((resolve) => {
      this.#worker.on('exit', (status) => {
        this.#leave();
        resolve();
        onExit(status);
      });
    });
  }

  /**
   * Quiet: a turn without work, every byte arrived, nothing in flight, and all as it was when last asked. A task at rest
   * can only be woken by bytes, a timer or a message from here: as long as none came, it need not be asked again.
   */
  async settled(): Promise<boolean> {
    if (this.#atRest !== undefined && this.#atRest === this.#seenFromHere()) return true;
    this.#atRest = undefined;
    const answer = await this.#ping();
    if (answer === undefined) return true;
    if (answer.lines.length > 0) this.#output(answer.lines);
    const snapshot = JSON.stringify(answer.sockets);
    const unchanged = snapshot === this.#lastSnapshot;
    this.#lastSnapshot = snapshot;
    const settled = unchanged && !answer.busy && this.#fired.size === 0 && this.#allArrived(answer.sockets);
    this.#connections = answer.sockets;
    if (settled) this.#atRest = this.#seenFromHere();
    return settled;
  }

  /** What the host itself can see of the task's causes to wake up, as text to compare. */
  #seenFromHere(): string {
    let seen = String(this.#sent);
    for (const connection of this.#connections) {
      const end = this.#links.end(connection);
      seen += end === undefined ? ' -' : ` ${end.bytesRead}/${end.bytesWritten}/${end.unfinished}`;
    }
    return seen;
  }

  /** Asks the entry to stop, waits as long as the container may take (real time), then ends the thread. */
  async stop(longestMillis = Number.POSITIVE_INFINITY): Promise<void> {
    if (this.#gone) return;
    this.#sent += 1;
    this.#control.postMessage({ type: 'stop' });
    const patience = new Promise<void>((resolve) =>
      setTimeout(resolve, Math.min(this.#code.stopTimeoutMillis, longestMillis)).unref(),
    );
    await Promise.race([this.#exited, patience]);
    await this.#worker.terminate();
  }

  #allArrived(sockets: readonly TaskSocket[]): boolean {
    return sockets.every((socket) => {
      if (socket.connecting) return false;
      if (!this.#links.isLink(socket.remotePort)) return true;
      const other = this.#links.end(socket);
      return (
        other !== undefined &&
        other.unfinished === 0 &&
        other.bytesRead === socket.bytesWritten &&
        other.bytesWritten === socket.bytesRead
      );
    });
  }

  #ping(): Promise<(FromTask & { readonly type: 'pong' }) | undefined> {
    if (this.#gone) return Promise.resolve(undefined);
    const id = ++this.#lastPing;
    return new Promise((resolve) => {
      this.#pings.set(id, resolve);
      this.#control.postMessage({ type: 'ping', id });
    });
  }

  #take(message: FromTask): void {
    const { clock, activity } = this.#parts.context;
    switch (message.type) {
      case 'up':
        this.#endOfStart();
        break;
      case 'lines':
        this.#output(message.lines);
        break;
      case 'schedule': {
        const { id } = message;
        const timer = clock.schedule(clock.now() + message.delay, () => {
          this.#timers.delete(id);
          this.#fired.get(id)?.();
          this.#fired.set(id, activity.begin(`task:${this.name}`));
          this.#sent += 1;
          this.#control.postMessage({ type: 'fire', id });
        });
        this.#timers.get(id)?.cancel();
        this.#timers.set(id, timer);
        break;
      }
      case 'cancel':
        this.#timers.get(message.id)?.cancel();
        this.#timers.delete(message.id);
        break;
      case 'fired':
        this.#fired.get(message.id)?.();
        this.#fired.delete(message.id);
        break;
      case 'pong':
        this.#pings.get(message.id)?.(message);
        this.#pings.delete(message.id);
        break;
    }
  }

  #takeHealth(message: unknown): void {
    if (typeof message !== 'object' || message === null || !('type' in message) || message.type !== 'health')
      return;
    if ('healthy' in message && typeof message.healthy === 'boolean') this.healthy = message.healthy;
  }

  #output(lines: readonly string[]): void {
    for (const line of lines) this.#parts.output(this.name, line);
  }

  #leave(): void {
    this.#gone = true;
    // A poll that the thread left behind must not take a message with it: its connections end here and now.
    for (const connection of this.#connections) this.#links.disconnect(connection);
    this.#endOfStart();
    for (const timer of this.#timers.values()) timer.cancel();
    for (const end of this.#fired.values()) end();
    for (const answer of this.#pings.values()) answer(undefined);
    this.#timers.clear();
    this.#fired.clear();
    this.#pings.clear();
    this.#control.close();
  }
}
