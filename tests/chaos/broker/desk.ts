import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { dynamoDeskStore } from '#adapters/aws/dynamo-desk-store.ts';
import { inMemoryObjectStore } from '#adapters/memory/in-memory-object-store.ts';
import type { Intent } from '#contracts/events/orders.ts';
import { type DeskEvent, parseEvent } from '#contracts/registry.ts';
import { authorizationWrite } from '#core/broker/authorization.ts';
import { lease } from '#core/broker/lease.ts';
import type { DeskStore } from '#core/events/desk-store.ts';
import { type JournalEntry, journalEntry } from '#core/events/new-event.ts';
import { correlations, stateKeys } from '#core/events/state-keys.ts';
import { newYorkDate } from '#core/market/calendar.ts';
import { type AccountBook, EMPTY_BOOK } from '#core/portfolio/account-book.ts';
import { LEDGER_EVENTS } from '#core/portfolio/ledger.ts';
import { instantText } from '#core/values/clock.ts';
import type { TimerClock } from '#core/values/timer-clock.ts';
import { keepLedger } from '#functions/portfolio/ledger.ts';
import type { Desk } from '#functions/runtime/desk.ts';
import { parseDeskEnvironment } from '#functions/runtime/environment.ts';
import { jsonLog } from '#functions/runtime/log.ts';
import { commandGroup } from '../../support/command-group.ts';
import type { Names } from './processes.ts';
import { OPERATOR, REGION } from './settings.ts';

/** An answer that would be the same the next time; a cloud that is down gives none. */
function isFinal(error: unknown): boolean {
  const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
  return status !== undefined && status < 500;
}

type LedgerEvent = Parameters<typeof keepLedger>[1][number]['event'];

const pause = (millis: number) => new Promise<void>((resolve) => setTimeout(resolve, millis));
const LEDGER: readonly string[] = LEDGER_EVENTS;

/**
 * What stands before and behind the bridge in the product: authorizations are written into the account book and the
 * journal in one transaction and put on the command queue; what the bridge journals is folded into the book by the
 * ledger of the product. Keeps trying while the cloud is down.
 */
export class ChaosDesk {
  readonly #clock: TimerClock;
  readonly #names: Names;
  readonly #dynamo: DynamoDBClient;
  readonly #sqs: SQSClient;
  readonly #store: DeskStore;
  readonly #desk: Desk;
  readonly #booked = new Set<string>();
  #sends = 0;

  constructor(names: Names, clock: TimerClock) {
    this.#clock = clock;
    this.#names = names;
    const client = { region: REGION, endpoint: names.endpoint, credentials: OPERATOR, maxAttempts: 1 };
    this.#dynamo = new DynamoDBClient(client);
    this.#sqs = new SQSClient(client);
    this.#store = dynamoDeskStore(
      this.#dynamo,
      {
        journalTable: names.journal,
        stateTable: names.state,
        idempotencyTable: names.idempotency,
        processedDays: 30,
      },
      clock,
    );
    this.#desk = {
      name: 'portfolio',
      environment: parseDeskEnvironment({
        JOURNAL_TABLE: names.journal,
        STATE_TABLE: names.state,
        IDEMPOTENCY_TABLE: names.idempotency,
        OBJECT_BUCKET: names.bucket,
        DESK_ENVIRONMENT: 'chaos',
        DESK_MODE: 'paper',
        BAR_MINUTES: '5',
        INSTRUMENTS: 'AAPL',
        DESK_SEED: 'chaos',
      }),
      store: this.#store,
      objects: inMemoryObjectStore(),
      clock,
      log: jsonLog(
        'chaos',
        {},
        () => clock.now(),
        () => {},
      ),
    };
  }

  /** Tries again until there is an answer: the cloud may be down. */
  async insist<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (isFinal(error)) throw error;
        await pause(50);
      }
    }
  }

  async book(): Promise<AccountBook> {
    const [stored] = await this.insist(() => this.#store.read([stateKeys.book]));
    return (stored?.value as AccountBook | undefined) ?? EMPTY_BOOK;
  }

  /** The account as the bridge has observed it: the book opens with its cash. */
  async open(): Promise<void> {
    while ((await this.book()).cash === null) {
      await this.fold([correlations.broker(newYorkDate(this.#clock.now()))]);
      await pause(50);
    }
  }

  /** Books an authorization and journals it in one transaction, as the gate does, then puts it on the command queue. */
  async authorize(intent: Intent, correlationId: string): Promise<void> {
    const planned = this.#entry('OrderPlanned', intent.intentId, correlationId, { intent });
    const entry = this.#entry('OrderAuthorized', intent.intentId, correlationId, {
      intent,
      policyVersion: 1,
      reserved: '0',
      checks: [],
    });
    await this.insist(async () => {
      const [stored] = await this.#store.read([stateKeys.book]);
      const book = (stored?.value as AccountBook | undefined) ?? EMPTY_BOOK;
      if (book.orders[intent.intentId] !== undefined) return;
      const order = {
        intent,
        correlationId,
        status: 'authorized' as const,
        filled: '0',
        told: '0',
        fillable: intent.quantity,
        worstPrice: intent.referencePrice,
      };
      const result = await this.#store.commit({
        entries: [planned, entry],
        writes: [
          {
            key: stateKeys.book,
            value: { ...book, orders: { ...book.orders, [intent.intentId]: order } },
            expectedVersion: stored?.version ?? 0,
          },
          authorizationWrite(intent),
        ],
      });
      if (result.kind === 'conflict') throw new Error('the ledger was faster; once more');
    });
    await this.send(entry.event);
  }

  /** Takes the lease from the bridge that holds it, as one may that saw it run out, and keeps it for `millis`. */
  async takeLease(millis: number): Promise<void> {
    await this.insist(async () => {
      const [stored] = await this.#store.read([stateKeys.lease]);
      const held = lease.parse(stored?.value);
      const expiresAt = instantText(this.#clock.now() + millis);
      await this.#store.commit({
        entries: [],
        writes: [
          {
            key: stateKeys.lease,
            value: { owner: 'taker', token: held.token + 1, expiresAt },
            expectedVersion: stored?.version ?? 0,
          },
        ],
      });
    });
  }

  /** Asks for the working orders of an intent to be cancelled. */
  async cancel(intentId: string, correlationId: string, reason: string): Promise<void> {
    const entry = this.#entry('CancelAuthorized', `cancel-${intentId}`, correlationId, {
      requestId: `cancel-${intentId}`,
      intentId,
      includeStops: false,
      reason,
    });
    await this.insist(() => this.#store.commit({ entries: [entry] }));
    await this.send(entry.event);
  }

  /** Puts a command on the queue; `again` as if the relay had done it twice. */
  async send(event: DeskEvent, again = false): Promise<void> {
    const deduplication = again ? `${event.metadata.id}-${++this.#sends}` : event.metadata.id;
    await this.insist(() =>
      this.#sqs.send(
        new SendMessageCommand({
          QueueUrl: this.#names.queueUrl,
          MessageBody: JSON.stringify(event),
          MessageGroupId: commandGroup(event.metadata.type),
          MessageDeduplicationId: deduplication,
        }),
      ),
    );
  }

  /** The command as the journal has it. */
  async authorization(correlationId: string, intentId: string): Promise<DeskEvent> {
    const [entry] = await this.insist(() =>
      this.#store.entries([{ correlationId, type: 'OrderAuthorized', key: intentId }]),
    );
    return parseEvent(JSON.parse(entry?.canonical ?? 'null'));
  }

  /** Anything at all on the command queue. */
  async sendRaw(body: string): Promise<void> {
    await this.insist(() =>
      this.#sqs.send(
        new SendMessageCommand({
          QueueUrl: this.#names.queueUrl,
          MessageBody: body,
          MessageGroupId: 'orders',
          MessageDeduplicationId: `raw-${++this.#sends}`,
        }),
      ),
    );
  }

  /** Folds what the journal has of some correlations and the book has not. */
  async fold(correlationIds: readonly string[]): Promise<void> {
    for (const correlationId of correlationIds) {
      const entries = await this.insist(() => this.#store.journal(correlationId));
      const events = entries
        .map(({ canonical }) => parseEvent(JSON.parse(canonical)))
        .filter(({ metadata }) => LEDGER.includes(metadata.type) && !this.#booked.has(metadata.id))
        .sort((left, right) => (left.metadata.occurredAt < right.metadata.occurredAt ? -1 : 1));
      if (events.length === 0) continue;
      const arrivals = events.map((event) => ({ event: event as LedgerEvent, via: 'queue' as const }));
      await this.insist(() => keepLedger(this.#desk, arrivals));
      for (const { metadata } of events) this.#booked.add(metadata.id);
    }
  }

  /** Lets the book forget what is finished, as a new session does. */
  async turn(session: string): Promise<void> {
    const { event } = this.#entry('SessionPrepared', session, correlations.session(session), {
      session,
      open: `${session}T14:30:00.000Z`,
      close: `${session}T21:00:00.000Z`,
      instruments: [],
    });
    await this.insist(() => keepLedger(this.#desk, [{ event, via: 'queue' }]));
  }

  /** The whole journal. */
  async journal(): Promise<readonly DeskEvent[]> {
    const events: DeskEvent[] = [];
    let start: ScanCommand['input']['ExclusiveStartKey'];
    do {
      const page = await this.insist(() =>
        this.#dynamo.send(
          new ScanCommand({
            TableName: this.#names.journal,
            ...(start === undefined ? {} : { ExclusiveStartKey: start }),
          }),
        ),
      );
      for (const item of page.Items ?? []) events.push(parseEvent(JSON.parse(item['event']?.S ?? 'null')));
      start = page.LastEvaluatedKey;
    } while (start !== undefined);
    return events;
  }

  #entry<T extends 'OrderPlanned' | 'OrderAuthorized' | 'CancelAuthorized' | 'SessionPrepared'>(
    type: T,
    key: string,
    correlationId: string,
    data: DeskEvent<T>['data'],
  ): JournalEntry<T> {
    return journalEntry({
      type,
      key,
      correlationId,
      causationId: null,
      sender: 'gate',
      occurredAt: this.#clock.now(),
      data: data as never,
    });
  }
}
