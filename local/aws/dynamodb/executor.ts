import type { Catalog } from './catalog.ts';
import { isTableDefinition, tableKeys } from './catalog.ts';
import type { Database } from './database.ts';
import type { DynaliteOperation, DynaliteStore } from './dynalite.ts';
import { perform } from './dynalite.ts';
import { ExpressionCache } from './expression-cache.ts';
import { refuseUnknownParameters } from './parameters.ts';
import { committedRows, createStore, scopeRows } from './store.ts';
import type { WriteScope } from './write-scope.ts';

type Request = Readonly<Record<string, unknown>>;
type Response = Promise<Record<string, unknown>>;

interface ExecutorOptions {
  readonly database: Database;
  readonly catalog: Catalog;
  readonly region: string;
  readonly accountId: string;
}

/** Runs dynalite's actions: over what is committed, over a write, or over a moment of the past. */
export class Executor {
  readonly #options: ExecutorOptions;
  readonly #expressions = new ExpressionCache();
  readonly #readStore: DynaliteStore;
  readonly #writeStore: DynaliteStore;
  readonly #tableStore: DynaliteStore;
  /** The write that runs now: there is never more than one. */
  #current: WriteScope | null = null;

  constructor(options: ExecutorOptions) {
    this.#options = options;
    const { database, region, accountId } = options;
    const committed = (name: string) => options.catalog.get(name)?.definition;
    const rows = scopeRows(() => this.#scope());
    this.#readStore = createStore(committedRows(database.level), { region, accountId, table: committed });
    this.#writeStore = createStore(rows, { region, accountId, table: committed });
    this.#tableStore = createStore(rows, {
      region,
      accountId,
      // actions on tables change the definition they get, and have to see the one that was just written
      table: (name) => {
        const stored = this.#scope().get(tableKeys(name).definition);
        return isTableDefinition(stored) ? stored : undefined;
      },
    });
  }

  /**
   * Checks a request and parses its expressions; the result shares nothing with it.
   * @throws AwsError as the service would refuse it, or for a parameter that is not supported
   */
  validate(operation: DynaliteOperation, input: Request): Record<string, unknown> {
    refuseUnknownParameters(operation, input);
    return this.#expressions.validate(operation, input, this.#readStore);
  }

  /** Reads what is committed; `data` is validated. */
  read(operation: DynaliteOperation, data: Request): Response {
    return perform(operation, data, this.#readStore);
  }

  /** Makes several reads of one moment. */
  async atSnapshot<Result>(
    work: (read: (operation: DynaliteOperation, data: Request) => Response) => Promise<Result>,
  ): Promise<Result> {
    const { catalog, database, region, accountId } = this.#options;
    const snapshot = database.level.snapshot();
    try {
      const table = (name: string) => catalog.get(name)?.definition;
      const store = createStore(committedRows(database.level, snapshot), { region, accountId, table });
      return await work((operation, data) => perform(operation, data, store));
    } finally {
      await snapshot.close();
    }
  }

  /** Carries out validated `data` within a write. */
  write(scope: WriteScope, operation: DynaliteOperation, data: Request): Response {
    return this.#within(scope, () => perform(operation, data, this.#writeStore));
  }

  /**
   * Validates a request on a table and carries it out within a write. dynalite writes a table's definition twice,
   * the second time after a delay of zero: both go into the one commit.
   */
  writeTable(
    scope: WriteScope,
    operation: 'CreateTable' | 'UpdateTable' | 'DeleteTable',
    input: Request,
  ): Response {
    const data = this.validate(operation, input);
    const settled = new Promise<void>((resolve) => {
      let writes = 0;
      scope.onTableWrite = () => {
        writes++;
        if (writes === 2) resolve();
      };
    });
    return this.#within(scope, async () => {
      const result = await perform(operation, data, this.#tableStore);
      await settled;
      return result;
    });
  }

  /** Tags a table within the write that creates it. */
  tagTable(scope: WriteScope, input: Request): Response {
    const data = this.validate('TagResource', input);
    return this.#within(scope, () => perform('TagResource', data, this.#tableStore));
  }

  async #within(scope: WriteScope, work: () => Response): Response {
    this.#current = scope;
    try {
      return await work();
    } finally {
      this.#current = null;
    }
  }

  #scope(): WriteScope {
    if (this.#current === null) {
      throw new Error('a write reached the store outside of the queue');
    }
    return this.#current;
  }
}
