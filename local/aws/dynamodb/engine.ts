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
import { AwsError, validationError } from './aws-error.ts';
import { Catalog, isTableDefinition, tableKeys } from './catalog.ts';
import type { WriteScope } from './database.ts';
import { Database } from './database.ts';
import type { DynaliteOperation, DynaliteStore, TableDefinition } from './dynalite.ts';
import { isRecord, itemKey, perform } from './dynalite.ts';
import { ExpressionCache } from './expression-cache.ts';
import { openLevel } from './level.ts';
import { refuseUnknownParameters } from './parameters.ts';
import { committedRows, createStore, scopeRows } from './store.ts';
import type { StreamDescription, StreamRecord } from './streams.ts';
import { Streams } from './streams.ts';
import { Tables } from './tables.ts';
import { TimeToLive } from './time-to-live.ts';
import { parseOnFailure, parseTransactGets, Transactions } from './transactions.ts';

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
  readonly #options: DynamoOptions;
  readonly #database: Database;
  readonly #catalog: Catalog;
  readonly #streams: Streams;
  readonly #timeToLive: TimeToLive;
  readonly #readStore: DynaliteStore;
  readonly #writeStore: DynaliteStore;
  readonly #tableStore: DynaliteStore;
  /** The write that runs now: there is never more than one. */
  readonly #current: { scope: WriteScope | null } = { scope: null };
  readonly #expressions = new ExpressionCache();
  readonly #handlers = new Map<string, Handler>();

  static async open(options: DynamoOptions, database: Database): Promise<Engine> {
    const catalog = await Catalog.open(database);
    const streams = await Streams.open({ database, catalog, now: options.now, region: options.region });
    const engine = new Engine(options, database, catalog, streams);
    const transactions = await Transactions.open({
      database,
      catalog,
      now: options.now,
      validate: (operation, data) => engine.#expressions.validate(operation, data, engine.#readStore),
      perform: (scope, operation, data) => engine.#performIn(scope, operation, data, engine.#writeStore),
    });
    engine.#handlers.set('TransactWriteItems', (input) => transactions.write(input));
    return engine;
  }

  private constructor(options: DynamoOptions, database: Database, catalog: Catalog, streams: Streams) {
    this.#options = options;
    this.#database = database;
    this.#catalog = catalog;
    this.#streams = streams;
    const committed = (name: string) => catalog.get(name)?.definition;
    const place = { region: options.region, accountId: options.accountId };
    const rows = scopeRows(() => this.#scope());
    this.#readStore = createStore(committedRows(database.level), { ...place, table: committed });
    this.#writeStore = createStore(rows, { ...place, table: committed });
    // actions on tables change the definition they get, and see the one they have just written
    this.#tableStore = createStore(rows, {
      ...place,
      table: (name) => storedDefinition(this.#scope(), name),
    });
    this.#timeToLive = new TimeToLive({
      database,
      catalog,
      now: options.now,
      deleteItem: async (scope, table, key) => {
        await this.#performIn(scope, 'DeleteItem', { TableName: table, Key: key }, this.#writeStore);
      },
    });
    this.#registerHandlers();
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

  #registerHandlers(): void {
    for (const operation of READS) {
      this.#handlers.set(operation, (input) => this.#read(operation, input));
    }
    for (const operation of WRITES) {
      this.#handlers.set(operation, (input) => this.#write(operation, input));
    }
    const tables = new Tables({
      database: this.#database,
      catalog: this.#catalog,
      streams: this.#streams,
      timeToLive: this.#timeToLive,
      now: this.#options.now,
      perform: (scope, operation, input) => this.#performOnTable(scope, operation, input),
    });
    const handlers: Readonly<Record<string, Handler>> = {
      CreateTable: (input) => tables.create(input),
      UpdateTable: (input) => tables.update(input),
      DeleteTable: (input) => tables.delete(input),
      DescribeTable: (input) => tables.describe(input),
      UpdateTimeToLive: (input) => tables.updateTimeToLive(input),
      DescribeTimeToLive: (input) => tables.describeTimeToLive(input),
      UpdateContinuousBackups: (input) => tables.updateContinuousBackups(input),
      DescribeContinuousBackups: (input) => tables.describeContinuousBackups(input),
      TransactGetItems: (input) => this.#transactGet(input),
    };
    for (const [operation, handler] of Object.entries(handlers)) this.#handlers.set(operation, handler);
  }

  #check(operation: DynaliteOperation, input: Request): Record<string, unknown> {
    refuseUnknownParameters(operation, input);
    return this.#expressions.validate(operation, input, this.#readStore);
  }

  async #read(operation: DynaliteOperation, input: Request): Promise<unknown> {
    const data = this.#check(operation, input);
    if (data['IndexName'] === undefined || data['Select'] !== 'ALL_ATTRIBUTES') {
      return perform(operation, data, this.#readStore);
    }
    // the index and then the table are read: both must be of one moment
    return this.#atSnapshot((store) => perform(operation, data, store));
  }

  async #write(operation: DynaliteOperation, input: Request): Promise<unknown> {
    const { ReturnValuesOnConditionCheckFailure: onFailure, ...rest } = input;
    const single = operation === 'PutItem' || operation === 'UpdateItem' || operation === 'DeleteItem';
    const data = this.#check(operation, single ? rest : input);
    const returnOld = single && parseOnFailure(onFailure);
    return this.#database.write(async (scope) => {
      try {
        return await this.#performIn(scope, operation, data, this.#writeStore);
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

  async #transactGet(input: Request): Promise<unknown> {
    const gets = parseTransactGets(input).map((get) => this.#check('GetItem', get));
    return this.#atSnapshot(async (store) => {
      const responses: Record<string, unknown>[] = [];
      const seen = new Set<string>();
      for (const get of gets) {
        const { Item } = await perform('GetItem', get, store);
        const key = JSON.stringify([get['TableName'], get['Key']]);
        if (seen.has(key)) {
          throw validationError('Transaction request cannot include multiple operations on one item');
        }
        seen.add(key);
        responses.push(Item === undefined ? {} : { Item });
      }
      return { Responses: responses };
    });
  }

  async #atSnapshot<Result>(work: (store: DynaliteStore) => Promise<Result>): Promise<Result> {
    const snapshot = this.#database.level.snapshot();
    try {
      const { region, accountId } = this.#options;
      const table = (name: string) => this.#catalog.get(name)?.definition;
      return await work(
        createStore(committedRows(this.#database.level, snapshot), { region, accountId, table }),
      );
    } finally {
      await snapshot.close();
    }
  }

  #scope(): WriteScope {
    if (this.#current.scope === null) {
      throw new Error('a write reached the store outside of the queue');
    }
    return this.#current.scope;
  }

  async #performIn(
    scope: WriteScope,
    operation: DynaliteOperation,
    data: Record<string, unknown>,
    store: DynaliteStore,
  ): Promise<Record<string, unknown>> {
    this.#current.scope = scope;
    try {
      return await perform(operation, data, store);
    } finally {
      this.#current.scope = null;
    }
  }

  /** dynalite writes a table twice, the second time after a delay of zero: both go into the one commit. */
  async #performOnTable(
    scope: WriteScope,
    operation: DynaliteOperation,
    input: Request,
  ): Promise<Record<string, unknown>> {
    const data = this.#check(operation, input);
    if (operation === 'TagResource') {
      return this.#performIn(scope, operation, data, this.#tableStore);
    }
    const settled = new Promise<void>((resolve) => {
      let writes = 0;
      scope.onTableWrite = () => {
        writes++;
        if (writes === 2) resolve();
      };
    });
    this.#current.scope = scope;
    try {
      const result = await perform(operation, data, this.#tableStore);
      await settled;
      return result;
    } finally {
      this.#current.scope = null;
    }
  }
}

function isItem(value: unknown): value is Item {
  return isRecord(value);
}

function storedDefinition(scope: WriteScope, name: string): TableDefinition | undefined {
  const stored = scope.get(tableKeys(name).definition);
  return isTableDefinition(stored) ? stored : undefined;
}
