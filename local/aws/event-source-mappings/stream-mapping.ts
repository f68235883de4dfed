import type { RuntimeParts } from '../../host/runtime-parts.ts';
import type { StreamRecord } from '../dynamodb/streams.ts';
import type { TableStream } from '../dynamodb-service/dynamodb-service.ts';
import type { HostedFunction } from '../lambda/lambda.ts';
import { type BatchOutcome, batchOutcome } from './batch-outcome.ts';
import type { MappingSettings } from './mapping-settings.ts';

/** Where a mapping stands in its stream, on disk. */
export interface Checkpoint {
  load(): string | undefined;
  save(sequence: string): void;
}

const FIRST_BACKOFF_MILLIS = 1_000;
const LONGEST_BACKOFF_MILLIS = 60_000;
const SKIP_PAGE = 1_000;

/** Records are shared by all mappings of a table, so each is turned into JSON once. */
const recordTexts = new WeakMap<StreamRecord, string>();

function recordText(record: StreamRecord): string {
  const known = recordTexts.get(record);
  if (known !== undefined) return known;
  const text = JSON.stringify(record);
  recordTexts.set(record, text);
  return text;
}

const sequenceOf = (record: StreamRecord): string => record.dynamodb.SequenceNumber;

/** Reads a table's stream in order and hands it to a function, one batch at a time, from its checkpoint on. */
export class StreamMapping {
  readonly #parts: RuntimeParts;
  readonly #settings: MappingSettings;
  readonly #function: HostedFunction;
  readonly #stream: TableStream;
  readonly #checkpoint: Checkpoint;
  #position: string | null = null;
  #running = false;
  #windowOpen = false;
  #windowElapsed = false;
  #closed = false;

  constructor(
    parts: RuntimeParts,
    settings: MappingSettings,
    target: HostedFunction,
    stream: TableStream,
    checkpoint: Checkpoint,
  ) {
    this.#parts = parts;
    this.#settings = settings;
    this.#function = target;
    this.#stream = stream;
    this.#checkpoint = checkpoint;
  }

  start(): void {
    this.#position = this.#checkpoint.load() ?? this.#startingPosition();
    this.#stream.onRecords(() => this.#wake());
    this.#wake();
  }

  close(): void {
    this.#closed = true;
  }

  #startingPosition(): string | null {
    if (this.#settings.startingPosition === 'TRIM_HORIZON') return null;
    let position: string | null = null;
    for (
      let page = this.#stream.read(null, SKIP_PAGE);
      page.length > 0;
      page = this.#stream.read(position, SKIP_PAGE)
    ) {
      position = sequenceOf(page[page.length - 1]!);
    }
    if (position !== null) this.#checkpoint.save(position);
    return position;
  }

  #wake(): void {
    if (this.#running || this.#closed) return;
    this.#running = true;
    // A later turn of the event loop: records of commits that follow at once come along in the same batch.
    const end = this.#parts.context.activity.begin(`mapping:${this.#settings.id}`);
    setImmediate(() => {
      end();
      void this.#drain();
    });
  }

  async #drain(): Promise<void> {
    while (!this.#closed) {
      const next = this.#nextBatch();
      if (next === undefined) break;
      const batch = [...next];
      await this.#process(batch, 0, (taken) => this.#top(batch, taken));
      if (!this.#closed) this.#advance(sequenceOf(batch[batch.length - 1]!));
    }
    this.#running = false;
    // What was committed between the last read and now has found this mapping running.
    if (!this.#closed && !this.#windowOpen && this.#stream.read(this.#position, 1).length > 0) this.#wake();
  }

  #nextBatch(): readonly StreamRecord[] | undefined {
    const { batchSize, batchingWindowMillis } = this.#settings;
    const { clock } = this.#parts.context;
    const records = this.#stream.read(this.#position, batchSize);
    if (records.length === 0) return undefined;
    if (records.length < batchSize && batchingWindowMillis > 0 && !this.#windowElapsed) {
      if (!this.#windowOpen) {
        this.#windowOpen = true;
        clock.schedule(clock.now() + batchingWindowMillis, () => {
          this.#windowOpen = false;
          this.#windowElapsed = true;
          this.#wake();
        });
      }
      return undefined;
    }
    this.#windowElapsed = false;
    return records;
  }

  /**
   * Adds to a batch, and to what the function takes of it, the records that came while it waited to be let in: work that
   * happens together is handed over together, however long each piece of it took.
   */
  #top(batch: StreamRecord[], taken: StreamRecord[]): void {
    const room = this.#settings.batchSize - batch.length;
    if (room === 0) return;
    const more = this.#stream.read(sequenceOf(batch[batch.length - 1]!), room);
    batch.push(...more);
    taken.push(...more.filter((record) => this.#settings.accepts(record)));
  }

  /**
   * Handles records until each is done, dropped or given to the on-failure destination. `top` may add records when the
   * first attempt is let in.
   */
  async #process(
    records: readonly StreamRecord[],
    attemptsBefore: number,
    top: (taken: StreamRecord[]) => void = () => {},
  ): Promise<void> {
    let batch = records.filter((record) => this.#settings.accepts(record));
    let attempts = attemptsBefore;
    while (batch.length > 0 && !this.#closed) {
      const fresh = await this.#dropExpired(batch);
      if (fresh.length === 0) return;
      batch = fresh;
      const outcome = await this.#invoke(batch, attempts === 0 ? top : () => {});
      if (outcome.kind === 'done' || this.#closed) return;
      attempts += 1;
      if (outcome.kind === 'partial') {
        const first = batch.findIndex((record) => outcome.failed.has(sequenceOf(record)));
        if (first > 0) {
          this.#advance(sequenceOf(batch[first - 1]!));
          batch = batch.slice(first);
          attempts = 1;
        }
      } else if (this.#settings.bisect && batch.length > 1) {
        const middle = Math.ceil(batch.length / 2);
        await this.#process(batch.slice(0, middle), attempts - 1);
        if (!this.#closed) this.#advance(sequenceOf(batch[middle - 1]!));
        await this.#process(batch.slice(middle), attempts - 1);
        return;
      }
      if (this.#settings.maximumRetryAttempts >= 0 && attempts > this.#settings.maximumRetryAttempts) {
        await this.#giveUp(batch, 'RetryAttemptsExhausted', attempts);
        return;
      }
      await this.#backOff(attempts);
    }
  }

  async #invoke(batch: StreamRecord[], top: (taken: StreamRecord[]) => void): Promise<BatchOutcome> {
    try {
      const outcome = await this.#function.invoke(`stream:${this.#settings.id}`, () => {
        top(batch);
        return `{"Records":[${batch.map(recordText).join(',')}]}`;
      });
      return batchOutcome(outcome, this.#settings.reportsFailures, new Set(batch.map(sequenceOf)));
    } catch (error) {
      return { kind: 'failed', error: error instanceof Error ? error.message : String(error) };
    }
  }

  async #dropExpired(batch: readonly StreamRecord[]): Promise<StreamRecord[]> {
    const horizon = (this.#parts.context.clock.now() - this.#settings.maximumRecordAgeMillis) / 1000;
    const expired = batch.filter((record) => record.dynamodb.ApproximateCreationDateTime < horizon);
    if (expired.length > 0) await this.#giveUp(expired, 'RecordAgeExceeded', 0);
    return batch.filter((record) => record.dynamodb.ApproximateCreationDateTime >= horizon);
  }

  async #giveUp(batch: readonly StreamRecord[], condition: string, attempts: number): Promise<void> {
    const { context, targets } = this.#parts;
    const { onFailure, id, sourceArn } = this.#settings;
    context.log.warn('records of a stream given up', {
      mapping: id,
      records: batch.length,
      condition,
      destination: onFailure,
    });
    if (onFailure === undefined) return;
    const end = context.activity.begin(`mapping:${id}`);
    try {
      const first = batch[0]!;
      const last = batch[batch.length - 1]!;
      const at = (record: StreamRecord): string =>
        new Date(record.dynamodb.ApproximateCreationDateTime * 1000).toISOString();
      const message = {
        requestContext: {
          requestId: context.nextId('request'),
          functionArn: this.#function.arn,
          condition,
          approximateInvokeCount: attempts,
        },
        responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
        version: '1.0',
        timestamp: new Date(context.clock.now()).toISOString(),
        DDBStreamBatchInfo: {
          shardId: 'shardId-00000000000000000000-00000000',
          startSequenceNumber: sequenceOf(first),
          endSequenceNumber: sequenceOf(last),
          approximateArrivalOfFirstRecord: at(first),
          approximateArrivalOfLastRecord: at(last),
          batchSize: batch.length,
          streamArn: sourceArn,
        },
      };
      await targets.find(onFailure)?.deliver(message, { sender: this.#function.caller });
    } catch (error) {
      context.log.error('on-failure destination of a mapping refused records', {
        mapping: id,
        destination: onFailure,
        error: String(error),
      });
    } finally {
      end();
    }
  }

  #advance(sequence: string): void {
    if (this.#position !== null && sequence <= this.#position) return;
    this.#position = sequence;
    this.#checkpoint.save(sequence);
  }

  #backOff(attempts: number): Promise<void> {
    const { clock } = this.#parts.context;
    const wait = Math.min(LONGEST_BACKOFF_MILLIS, FIRST_BACKOFF_MILLIS * 2 ** (attempts - 1));
    return new Promise((resolve) => clock.schedule(clock.now() + wait, resolve));
  }
}
