import { reconnectDelay } from '#core/broker/bridge-session.ts';
import type { BrokerGateway, BrokerLink, BrokerMessage } from '#core/broker/broker-port.ts';
import type { Timer } from '#core/values/timer-clock.ts';
import type { Schedule } from './bridge-context.ts';
import { LinkKnowledge } from './link-knowledge.ts';
import type { Work } from './mailbox.ts';
import type { Outbox } from './outbox.ts';
import type { BridgeSettings } from './settings.ts';

/** Request ids are far above order ids, so that a notice that names an id cannot mean the wrong one. */
const FIRST_REQUEST_ID = 1_000_000_000;

/** What a gateway has to say before anything is asked of it. */
export type Greeting = 'accounts' | 'orderId' | 'time';

export interface ConnectionOwner {
  readonly settings: BridgeSettings;
  readonly schedule: Schedule;
  readonly outbox: Outbox;
  /** Whether the gateway has greeted on the connection in use. */
  readonly greeted: () => boolean;
  /** A message as it comes in, before its turn. */
  readonly arriving: (message: BrokerMessage) => void;
  /** A message whose turn it is. */
  readonly message: (message: BrokerMessage) => Promise<void>;
  readonly ended: (reason: string) => Promise<void>;
}

/**
 * The connection to the gateway: one after the other, each with a library object of its own. What comes in late from one
 * that was replaced is dropped; so are its timers.
 */
export class GatewayConnection {
  /** What holds for the connection in use only. */
  knowledge = new LinkKnowledge(FIRST_REQUEST_ID);
  readonly #gateway: BrokerGateway;
  readonly #owner: ConnectionOwner;
  readonly #post: (work: Work) => void;
  #link: BrokerLink | null = null;
  #generation = 0;
  #greetings = new Set<Greeting>();
  #timers: Timer[] = [];
  #heartbeatDeadline: Timer | null = null;
  #clientIdInUse = false;

  constructor(gateway: BrokerGateway, owner: ConnectionOwner, post: (work: Work) => void) {
    this.#gateway = gateway;
    this.#owner = owner;
    this.#post = post;
  }

  open(): void {
    const { settings, outbox } = this.#owner;
    const { connectDeadline, clientId } = settings;
    this.#generation += 1;
    const generation = this.#generation;
    this.knowledge = new LinkKnowledge(this.knowledge.requestsUsed);
    this.#greetings = new Set();
    this.#timers.push(
      this.#owner.schedule.after(connectDeadline, () =>
        this.#owner.greeted() ? undefined : this.end(`no handshake within ${connectDeadline} ms`),
      ),
    );
    this.#link = this.#gateway.open(clientId, (message) => {
      this.#owner.arriving(message);
      this.#post(() => (generation === this.#generation ? this.#owner.message(message) : undefined));
    });
    outbox.attach(this.#link);
  }

  close(): void {
    this.#generation += 1;
    this.#owner.outbox.detach();
    this.#link?.close();
    this.#link = null;
    for (const timer of this.#timers) timer.cancel();
    this.#timers = [];
    this.#heartbeatDeadline?.cancel();
    this.#heartbeatDeadline = null;
  }

  /** The gateway still holds our client id for the connection before: a new try is worth nothing until that is over. */
  clientIdInUse(): void {
    this.#clientIdInUse = true;
  }

  /** Milliseconds to wait before the next try, after so many failures in a row. */
  pauseAfter(failures: number): number {
    const pause = this.#clientIdInUse ? this.#owner.settings.clientIdWait : reconnectDelay(failures);
    this.#clientIdInUse = false;
    return pause;
  }

  /** Ends the connection in use, when the turn comes; one that has been replaced meanwhile is left alone. */
  end(reason: string): void {
    const generation = this.#generation;
    this.#post(() => (generation === this.#generation ? this.#owner.ended(reason) : undefined));
  }

  has(greeting: Greeting): boolean {
    return this.#greetings.has(greeting);
  }

  /** @returns whether the greeting is whole */
  greet(greeting: Greeting): boolean {
    this.#greetings.add(greeting);
    return this.#greetings.size === 3;
  }

  /** Repeats something as long as this connection lasts. */
  every(millis: number, work: Work, urgent = false): void {
    this.#timers.push(this.#owner.schedule.every(millis, work, urgent));
  }

  /** Asks the time, which has to come within the deadline. */
  heartbeat(): void {
    if (this.#heartbeatDeadline !== null) return;
    const { settings, schedule, outbox } = this.#owner;
    outbox.send('question', { kind: 'current-time' });
    this.#heartbeatDeadline = schedule.after(settings.heartbeatDeadline, () =>
      this.end(`no answer to the heartbeat within ${settings.heartbeatDeadline} ms`),
    );
  }

  /** The gateway has told the time. */
  beat(): void {
    this.#heartbeatDeadline?.cancel();
    this.#heartbeatDeadline = null;
  }
}
