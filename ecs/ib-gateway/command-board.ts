import type { Intent } from '#contracts/events/orders.ts';
import { type DeskEvent, parseEventOf } from '#contracts/registry.ts';
import { COMMAND_GROUPS, type ReceivedCommand } from '#core/broker/command-queue.ts';
import { BRIDGE } from '#core/broker/order-facts.ts';
import { journalEntry } from '#core/events/new-event.ts';
import { opens } from '#core/portfolio/account-book.ts';
import { parseInstant } from '#core/values/clock.ts';
import { sentenceOf } from '#core/values/sentence.ts';
import type { AccountWatch } from './account-watch.ts';
import { type Bridge, brokerCorrelation } from './bridge-parts.ts';
import type { CommandIntake } from './command-intake.ts';
import { FencedOffError } from './fenced-off.ts';
import type { Mailbox } from './mailbox.ts';
import type { MarketDataDesk } from './market-data-desk.ts';
import type { OrderServices } from './order-services.ts';

const COMMANDS = Object.values(COMMAND_GROUPS).flat();
type Command = DeskEvent<(typeof COMMANDS)[number]>;
type OrderCommand = DeskEvent<'OrderAuthorized' | 'CancelAuthorized' | 'StopMoveAuthorized'>;

interface Waiting {
  readonly messageId: string;
  readonly event: OrderCommand;
}

/** After a fault a command comes again this much later; the queue sets it aside when that has not helped often enough. */
const RETRY_SECONDS = 30;

/** Who carries commands out. */
export interface BoardServices {
  readonly orders: Pick<OrderServices, 'desk' | 'stops' | 'outcomes'>;
  readonly marketData: Pick<MarketDataDesk, 'prepare' | 'resume'>;
  readonly account: AccountWatch;
  /** Compares with the broker now, where the bridge trades; where it does not, it will before it trades again. */
  readonly reconcile: () => Promise<void>;
  /** Whether orders may go out. */
  readonly ready: () => boolean;
}

/** Commands in the order in which they came, until the bridge may carry them out or their time is up. */
export class CommandBoard {
  readonly #bridge: Bridge;
  readonly #intake: CommandIntake;
  readonly #services: BoardServices;
  #waiting: Waiting[] = [];
  /** Commands whose turn in the mailbox has not come. */
  #arrived = 0;

  constructor(bridge: Bridge, intake: CommandIntake, services: BoardServices) {
    this.#bridge = bridge;
    this.#intake = intake;
    this.#services = services;
  }

  /**
   * Takes a command from the queue and gives it its turn. One that opens a position, and that no other command is before,
   * does not wait behind what the broker reports. What closes one does: the report may be that its layer is closed already.
   * Resolves when the turn is over.
   */
  arrive(received: ReceivedCommand, mailbox: Pick<Mailbox, 'post' | 'postUrgent'>): Promise<void> {
    const overtakes = this.#arrived === 0 && opensPosition(received.body);
    this.#arrived += 1;
    return new Promise((resolve) => {
      const turn = async () => {
        this.#arrived -= 1;
        try {
          await this.receive(received);
        } finally {
          resolve();
        }
      };
      if (overtakes) mailbox.postUrgent(turn);
      else mailbox.post(turn);
    });
  }

  /** A command whose turn it is. */
  async receive(received: ReceivedCommand): Promise<void> {
    // Given back while it waited for its turn.
    if (!this.#intake.holds(received.messageId)) return;
    const event = await this.#parse(received);
    if (event === null) return;
    switch (event.metadata.type) {
      case 'SessionPrepared':
        return this.#dealWith(received.messageId, () => this.#prepare(event as DeskEvent<'SessionPrepared'>));
      case 'ReconciliationRequested': {
        const { by, reason } = (event as DeskEvent<'ReconciliationRequested'>).data;
        this.#bridge.log('info', 'a reconciliation was asked for', { by, reason });
        return this.#dealWith(received.messageId, () => this.#services.reconcile());
      }
      case 'OrderOutcomeEntered':
        return this.#dealWith(received.messageId, () =>
          this.#services.orders.outcomes.enter(event as DeskEvent<'OrderOutcomeEntered'>),
        );
      case 'OrderAuthorized':
        this.#declineWhenLate(received.messageId, event as DeskEvent<'OrderAuthorized'>);
        break;
      case 'CancelAuthorized':
      case 'StopMoveAuthorized':
        break;
    }
    this.#waiting.push({ messageId: received.messageId, event: event as OrderCommand });
    await this.pump();
  }

  /**
   * Carries out what may be carried out now. New orders wait while too many are unacknowledged; cancels do not, and they go
   * first: an order that waited with its cancel must not go out.
   */
  async pump(): Promise<void> {
    for (let index = this.#next(); index >= 0; index = this.#next()) {
      const heldBefore = this.#waiting.slice(0, index);
      const [next] = this.#waiting.splice(index, 1);
      await this.#carryOut(next as Waiting, heldBefore);
    }
  }

  /** The place in the line of the first command that may be carried out now, -1 where none may. */
  #next(): number {
    if (!this.#services.ready()) return -1;
    const cancel = this.#waiting.findIndex(({ event }) => event.metadata.type === 'CancelAuthorized');
    if (cancel >= 0) return cancel;
    const full = this.#bridge.acknowledgements.count >= this.#bridge.settings.maximumUnacknowledged;
    return this.#waiting.findIndex(({ event }) => !full || event.metadata.type !== 'OrderAuthorized');
  }

  /** Forgets what waits: the intake gives it back, and this bridge is not the one to do it. */
  abandon(): void {
    this.#waiting = [];
  }

  #carryOut(next: Waiting, heldBefore: readonly Waiting[]): Promise<void> {
    return this.#dealWith(next.messageId, () => this.#perform(next, heldBefore));
  }

  /** Deals with a command: then it is done, or it comes again. */
  async #dealWith(messageId: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (fault) {
      // Of a bridge that is fenced off all commands are given back, this one with them.
      if (!(fault instanceof FencedOffError)) await this.#intake.giveBack(messageId, RETRY_SECONDS);
      throw fault;
    }
    this.#intake.complete(messageId);
  }

  async #perform({ event }: Waiting, heldBefore: readonly Waiting[]): Promise<void> {
    const { desk, stops } = this.#services.orders;
    switch (event.metadata.type) {
      case 'OrderAuthorized':
        return desk.place(event as DeskEvent<'OrderAuthorized'>);
      case 'StopMoveAuthorized':
        return stops.move(event as DeskEvent<'StopMoveAuthorized'>);
      case 'CancelAuthorized': {
        const cancel = event as DeskEvent<'CancelAuthorized'>;
        await this.#withdraw(cancel, heldBefore);
        return desk.cancel(cancel);
      }
    }
  }

  /**
   * An order that still waits here when its cancel comes never goes out, nor one that comes after the cancel that names it.
   * A cancel of everything is of what came before it, and of what would open something and was authorized before it.
   */
  async #withdraw(cancel: DeskEvent<'CancelAuthorized'>, heldBefore: readonly Waiting[]): Promise<void> {
    const { intentId } = cancel.data;
    const reason = `it was cancelled before it was sent: ${cancel.data.reason}`;
    const { desk } = this.#services.orders;
    for (const held of intentId === null ? heldBefore : this.#waiting) {
      if (held.event.metadata.type !== 'OrderAuthorized') continue;
      const place = held.event as DeskEvent<'OrderAuthorized'>;
      if (intentId !== null && intentId !== place.data.intent.intentId) continue;
      await desk.decline(place, reason);
      this.#waiting = this.#waiting.filter((waiting) => waiting !== held);
      this.#intake.complete(held.messageId);
    }
    await desk.withdrawUnsent(cancel, reason);
  }

  /** A command that waits past its expiry is declined then, whatever state the link is in. */
  #declineWhenLate(messageId: string, event: DeskEvent<'OrderAuthorized'>): void {
    this.#bridge.schedule.at(parseInstant(event.data.intent.expiresAt), async () => {
      const late = this.#waiting.find((waiting) => waiting.messageId === messageId);
      if (late === undefined) return;
      this.#waiting = this.#waiting.filter((waiting) => waiting !== late);
      await this.#carryOut(late, []);
    });
  }

  /**
   * Takes a session on. The command is done with then, long before its histories are there: a new bridge finds the session in
   * the journal.
   */
  async #prepare(event: DeskEvent<'SessionPrepared'>): Promise<void> {
    const { marketData, account } = this.#services;
    await marketData.prepare(event);
    account.ask(event.metadata.id);
    if (this.#bridge.mayAsk()) marketData.resume();
  }

  /** A message that is no command is journaled and dropped: it would not get better. */
  async #parse(received: ReceivedCommand): Promise<Command | null> {
    try {
      return parseEventOf(COMMANDS, JSON.parse(received.body));
    } catch (fault) {
      const now = this.#bridge.schedule.now();
      const reason = fault instanceof Error ? fault.message : String(fault);
      this.#bridge.log('error', 'a message on the command queue is no command', {
        messageId: received.messageId,
        reason,
      });
      this.#bridge.metric('BrokerCommandRefused', 1);
      const entry = journalEntry<'CommandDeclined'>({
        type: 'CommandDeclined',
        key: `unreadable:${received.messageId}`,
        correlationId: brokerCorrelation(now),
        causationId: null,
        sender: BRIDGE,
        occurredAt: now,
        urgency: 'high',
        data: { intentId: received.messageId, command: 'unreadable', reason: sentenceOf(reason) },
      });
      await this.#bridge.writer.append({ entries: [entry] });
      this.#intake.complete(received.messageId);
      return null;
    }
  }
}

/** Whether a message looks like an order that opens something; what cannot be read is looked at in its turn. */
function opensPosition(body: string): boolean {
  try {
    const { metadata, data } = JSON.parse(body) as {
      readonly metadata?: { readonly type?: unknown };
      readonly data?: { readonly intent?: Pick<Intent, 'purpose'> };
    };
    return metadata?.type === 'OrderAuthorized' && data?.intent !== undefined && opens(data.intent);
  } catch {
    return false;
  }
}
