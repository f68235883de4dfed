/**
 * The DynamoDB of the embedded host.
 *
 * dynalite 4.0.0 validates requests and carries them out; around it stand what it lacks (transactions,
 * streams, expiry, table settings) and one queue of writes that commits items, indexes, stream records,
 * sequence numbers, settings and transaction tokens as one LevelDB batch. What has been answered survives the
 * death of the process; a write is there whole or not at all.
 *
 * Not modelled:
 *
 * - Capacity and throttling. `ConsumedCapacity` is given on single and batch operations, not on transactions.
 * - `TransactionConflict`: writes run one at a time, so none ever meets another.
 * - Global secondary indexes are current as soon as the write is answered; on AWS they lag.
 * - Indexes cannot be added to or removed from a table that exists.
 * - Shards: a stream is one sequence of records. Its sequence numbers grow but are not consecutive.
 * - The stream API (`DescribeStream`, `GetRecords`): the host reads streams through {@link DynamoEngine}.
 * - Encryption, table class, point-in-time recovery and tags are recorded and described, without effect.
 *   Deletion protection does hold.
 * - `ItemCount` and `TableSizeBytes` are always 0.
 * - Global tables, backups, exports, imports, PartiQL, resource policies, Kinesis destinations, warm and
 *   on-demand throughput, item collection metrics, table names given as ARNs: refused by name.
 * - Comparing whole lists or maps with `=` is never true, `REMOVE` of several elements of one list removes one
 *   after the other, and `SET a = b` together with a change of `b` in the same expression changes both. These
 *   are dynalite's.
 * - A batch is not forced to the disk: a loss of power may cost the last writes, never half of one.
 */
import type { Item } from './attribute-value.ts';
import { AwsError } from './aws-error.ts';
import { Catalog } from './catalog.ts';
import { Database } from './database.ts';
import type { DynaliteOperation } from './dynalite.ts';
import { isRecord, itemKey } from './dynalite.ts';
import { Executor } from './executor.ts';
import { openLevel } from './level.ts';
import type { StreamDescription, StreamRecord } from './streams.ts';
import { Streams } from './streams.ts';
import { Tables } from './tables.ts';
import { TimeToLive } from './time-to-live.ts';
import { parseOnFailure } from './transaction-requests.ts';
import { Transactions } from './transactions.ts';
import type { WriteScope } from './write-scope.ts';

export interface DynamoOptions {
  /** Where the data is kept; null keeps it in memory. */
  readonly directory: string | null;
  /** The host's clock, in milliseconds since 1970. */
  readonly now: () => number;
  readonly region: string;
  /** Twelve digits. */
  readonly accountId: string;
}

/** Values that come out of the engine may be shared with it: read them, never change them. */
export interface DynamoEngine {
  /**
   * Carries out one operation of the DynamoDB API on the plain JSON of its protocol.
   * @throws AwsError when the service would refuse, or when the operation or a parameter is not supported
   */
  handle(operation: string, input: unknown): Promise<unknown>;
  /** The ARN of the stream that records a table now, or null. */
  streamArn(tableName: string): string | null;
  /** The stream's table and view, or null when there is no such stream (any more). */
  describeStream(streamArn: string): StreamDescription | null;
  /**
   * Up to `limit` records after `afterSequence`, from the oldest one left when it is null, or when what
   * follows it is trimmed.
   * @throws Error when there is no such stream
   */
  readStream(query: { streamArn: string; afterSequence: string | null; limit: number }): StreamRecord[];
  /** Calls `listener` after each commit that added to a stream; the result takes it off again. */
  onStreamRecords(listener: (streamArn: string) => void): () => void;
  /** Removes records up to and with `throughSequence`, durably. */
  trimStream(streamArn: string, throughSequence: string): Promise<void>;
  /**
   * Deletes the items that have expired and the stream records that are older than 24 hours, as the service
   * does in its own time. Resolves to the number of items.
   */
  sweepTtl(): Promise<number>;
  /** Finishes the writes that are queued, then closes the store. */
  close(): Promise<void>;
}

/**
 * Opens the engine on what `options.directory` holds, or empty.
 * @throws Error when the directory is in use or holds something else
 */
export async function openDynamo(options: DynamoOptions): Promise<DynamoEngine> {
  const level = await openLevel(options.directory);
  try {
    return await Engine.open(options, new Database(level));
  } catch (error) {
    await level.close();
    throw error;
  }
}

type Request = Readonly<Record<string, unknown>>;
type Handler = (input: Request) => unknown;

const READS = ['BatchGetItem', 'GetItem', 'ListTables', 'ListTagsOfResource', 'Query', 'Scan'] as const;
const WRITES = [
  'BatchWriteItem',
  'DeleteItem',
  'PutItem',
  'TagResource',
  'UntagResource',
  'UpdateItem',
] as const satisfies DynaliteOperation[];

class Engine implements DynamoEngine {
  readonly #database: Database;
  readonly #catalog: Catalog;
  readonly #streams: Streams;
  readonly #executor: Executor;
  readonly #timeToLive: TimeToLive;
  readonly #handlers = new Map<string, Handler>();

  static async open(options: DynamoOptions, database: Database): Promise<Engine> {
    const { now, region, accountId } = options;
    const catalog = await Catalog.open(database);
    const streams = await Streams.open({ database, catalog, now, region });
    const executor = new Executor({ database, catalog, region, accountId });
    const transactions = await Transactions.open({ database, catalog, now, executor });
    const timeToLive = new TimeToLive({ database, catalog, now, executor });
    const tables = new Tables({ database, catalog, streams, timeToLive, now, executor });
    const engine = new Engine(database, catalog, streams, executor, timeToLive);
    engine.#register(tables, transactions);
    return engine;
  }

  private constructor(
    database: Database,
    catalog: Catalog,
    streams: Streams,
    executor: Executor,
    timeToLive: TimeToLive,
  ) {
    this.#database = database;
    this.#catalog = catalog;
    this.#streams = streams;
    this.#executor = executor;
    this.#timeToLive = timeToLive;
  }

  async handle(operation: string, input: unknown): Promise<unknown> {
    const handler = this.#handlers.get(operation);
    if (handler === undefined) {
      throw new AwsError(
        400,
        'com.amazon.coral.service#UnknownOperationException',
        `the local DynamoDB does not support the operation ${operation}`,
      );
    }
    if (!isRecord(input)) {
      throw new AwsError(
        400,
        'com.amazon.coral.service#SerializationException',
        `the request of ${operation} must be a JSON object`,
      );
    }
    return handler(input);
  }

  streamArn(tableName: string): string | null {
    return this.#catalog.get(tableName)?.settings.streamArn ?? null;
  }

  describeStream(streamArn: string): StreamDescription | null {
    return this.#streams.describe(streamArn);
  }

  readStream(query: { streamArn: string; afterSequence: string | null; limit: number }): StreamRecord[] {
    return this.#streams.read(query.streamArn, query.afterSequence, query.limit);
  }

  onStreamRecords(listener: (streamArn: string) => void): () => void {
    return this.#streams.onRecords(listener);
  }

  trimStream(streamArn: string, throughSequence: string): Promise<void> {
    return this.#streams.trim(streamArn, throughSequence);
  }

  async sweepTtl(): Promise<number> {
    const deleted = await this.#timeToLive.sweep();
    await this.#streams.trimExpired();
    return deleted;
  }

  close(): Promise<void> {
    return this.#database.close();
  }

  #register(tables: Tables, transactions: Transactions): void {
    const handlers: Readonly<Record<string, Handler>> = {
      CreateTable: (input) => tables.create(input),
      UpdateTable: (input) => tables.update(input),
      DeleteTable: (input) => tables.delete(input),
      DescribeTable: (input) => tables.describe(input),
      UpdateTimeToLive: (input) => tables.updateTimeToLive(input),
      DescribeTimeToLive: (input) => tables.describeTimeToLive(input),
      UpdateContinuousBackups: (input) => tables.updateContinuousBackups(input),
      DescribeContinuousBackups: (input) => tables.describeContinuousBackups(input),
      TransactGetItems: (input) => transactions.get(input),
      TransactWriteItems: (input) => transactions.write(input),
    };
    for (const [operation, handler] of Object.entries(handlers)) this.#handlers.set(operation, handler);
    for (const operation of READS) {
      this.#handlers.set(operation, (input) => this.#read(operation, input));
    }
    for (const operation of WRITES) {
      this.#handlers.set(operation, (input) => this.#write(operation, input));
    }
  }

  async #read(operation: DynaliteOperation, input: Request): Promise<unknown> {
    const data = this.#executor.validate(operation, input);
    if (data['IndexName'] === undefined || data['Select'] !== 'ALL_ATTRIBUTES') {
      return this.#executor.read(operation, data);
    }
    // the index and then the table are read: both must be of one moment
    return this.#executor.atSnapshot((read) => read(operation, data));
  }

  async #write(operation: DynaliteOperation, input: Request): Promise<unknown> {
    const { ReturnValuesOnConditionCheckFailure: onFailure, ...rest } = input;
    const single = operation === 'PutItem' || operation === 'UpdateItem' || operation === 'DeleteItem';
    const data = this.#executor.validate(operation, single ? rest : input);
    const returnOld = single && parseOnFailure(onFailure);
    return this.#database.write(async (scope) => {
      try {
        return await this.#executor.write(scope, operation, data);
      } catch (error) {
        throw returnOld ? this.#withExistingItem(error, scope, data) : error;
      }
    });
  }

  #withExistingItem(error: unknown, scope: WriteScope, data: Record<string, unknown>): unknown {
    const table = this.#catalog.get(String(data['TableName']));
    const keyed = data['Item'] ?? data['Key'];
    if (
      !(error instanceof AwsError) ||
      error.code !== 'ConditionalCheckFailedException' ||
      table === undefined ||
      !isItem(keyed)
    ) {
      return error;
    }
    const existing = scope.get(`item-${table.definition.TableName}~${itemKey(keyed, table.definition)}`);
    return existing === undefined
      ? error
      : new AwsError(error.statusCode, error.type, error.message, { Item: existing });
  }
}

function isItem(value: unknown): value is Item {
  return isRecord(value);
}
