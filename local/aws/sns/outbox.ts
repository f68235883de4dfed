import type { StatementSync } from 'node:sqlite';
import { AwsError, type HostContext } from '../../host/kernel.ts';
import { transaction } from '../../host/store.ts';

/** A notification on its way to one subscription. */
export interface PendingDelivery {
  readonly topicArn: string;
  readonly subscriptionArn: string;
  readonly messageId: string;
  readonly message: string;
  readonly subject: string | undefined;
  readonly attributes: Readonly<
    Record<
      string,
      {
        readonly DataType: string;
        readonly StringValue?: string | undefined;
        readonly BinaryValue?: string | undefined;
      }
    >
  >;
  readonly messageGroupId: string | undefined;
  readonly deduplicationId: string | undefined;
  readonly sequenceNumber: string | undefined;
  readonly publishedAt: number;
}

/** Seconds before each further attempt: SNS tries thrice at once, then backs off; shortened to minutes instead of weeks. */
const retryDelays = [0, 0, 1, 1, 5, 10, 20, 60, 120];

/**
 * Deliveries that are committed before their publication is answered, and removed once made: a delivery may be repeated
 * after a crash, never lost.
 */
export class Outbox {
  readonly #context: HostContext;
  readonly #deliver: (delivery: PendingDelivery) => Promise<void>;
  readonly #giveUp: (delivery: PendingDelivery, error: Error) => Promise<void>;
  readonly #insert: StatementSync;
  readonly #delete: StatementSync;
  readonly #select: StatementSync;
  /** One delivery at a time per subscription and group, so that FIFO topics keep their order. */
  readonly #queues = new Map<string, Promise<void>>();

  constructor(
    context: HostContext,
    deliver: (delivery: PendingDelivery) => Promise<void>,
    giveUp: (delivery: PendingDelivery, error: Error) => Promise<void>,
  ) {
    this.#context = context;
    this.#deliver = deliver;
    this.#giveUp = giveUp;
    context.store.exec(
      'CREATE TABLE IF NOT EXISTS sns_outbox (id INTEGER PRIMARY KEY AUTOINCREMENT, delivery TEXT NOT NULL)',
    );
    this.#insert = context.store.prepare('INSERT INTO sns_outbox (delivery) VALUES (?)');
    this.#delete = context.store.prepare('DELETE FROM sns_outbox WHERE id = ?');
    this.#select = context.store.prepare('SELECT id, delivery FROM sns_outbox ORDER BY id');
  }

  add(deliveries: readonly PendingDelivery[]): void {
    const ids = transaction(this.#context.store, () =>
      deliveries.map((delivery) => Number(this.#insert.run(JSON.stringify(delivery)).lastInsertRowid)),
    );
    for (const [position, delivery] of deliveries.entries()) this.#enqueue(ids[position]!, delivery);
  }

  /** Takes up what a former process left. */
  resume(): void {
    for (const row of this.#select.all())
      this.#enqueue(Number(row['id']), JSON.parse(String(row['delivery'])) as PendingDelivery);
  }

  #enqueue(id: number, delivery: PendingDelivery): void {
    if (delivery.messageGroupId === undefined) {
      void this.#run(id, delivery);
      return;
    }
    const key = `${delivery.subscriptionArn} ${delivery.messageGroupId}`;
    const turn = (this.#queues.get(key) ?? Promise.resolve()).then(() => this.#run(id, delivery));
    this.#queues.set(key, turn);
    void turn.then(() => {
      if (this.#queues.get(key) === turn) this.#queues.delete(key);
    });
  }

  /** Never rejects: what cannot be delivered is given up and logged. */
  async #run(id: number, delivery: PendingDelivery): Promise<void> {
    let end = this.#context.activity.begin('sns delivery');
    try {
      for (let attempt = 0; ; attempt++) {
        try {
          await this.#deliver(delivery);
          break;
        } catch (cause) {
          const error = cause instanceof Error ? cause : new Error(String(cause));
          const delay = retryDelays[attempt];
          // A refusal will not change by itself: SNS gives client errors up at once.
          if (delay === undefined || (error instanceof AwsError && error.statusCode < 500)) {
            await this.#giveUp(delivery, error);
            break;
          }
          end();
          await this.#pause(delay * 1000);
          end = this.#context.activity.begin('sns delivery');
        }
      }
      this.#delete.run(id);
    } catch (cause) {
      this.#context.log.error(
        'a notification could not be given up; it will be tried again at the next start',
        {
          subscription: delivery.subscriptionArn,
          error: cause instanceof Error ? cause.message : String(cause),
        },
      );
    } finally {
      end();
    }
  }

  #pause(millis: number): Promise<void> {
    return new Promise((resolve) =>
      this.#context.clock.schedule(this.#context.clock.now() + millis, resolve),
    );
  }
}
