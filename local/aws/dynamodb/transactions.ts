import type { Item } from './attribute-value.ts';
import { AwsError, serviceError, validationError } from './aws-error.ts';
import type { Catalog } from './catalog.ts';
import type { Database } from './database.ts';
import { isRecord, itemKey, itemSize } from './dynalite.ts';
import type { Executor } from './executor.ts';
import { keysUnder } from './level.ts';
import type { Action } from './transaction-requests.ts';
import { checkLength, fingerprintOf, parseAction, parseGets, refuseOptions } from './transaction-requests.ts';
import type { WriteScope } from './write-scope.ts';

const MAXIMUM_BYTES = 4 * 1024 * 1024;
const TOKEN_LIFETIME_MS = 10 * 60 * 1000;
/** Finding the oldest token takes time, so the expired ones go by many. */
const TOKEN_SWEEP_MS = 10 * 1000;
const TOKENS = 'transaction-token~';

interface CancellationReason {
  readonly Code: 'None' | 'ConditionalCheckFailed' | 'ValidationError';
  readonly Message?: string;
  readonly Item?: unknown;
}

interface Token {
  readonly at: number;
  readonly fingerprint: string;
}

interface TransactionOptions {
  readonly database: Database;
  readonly catalog: Catalog;
  readonly now: () => number;
  readonly executor: Executor;
}

/** Reads of one moment; writes that are all or nothing, give a reason for each action and repeat safely. */
export class Transactions {
  readonly #options: TransactionOptions;
  /** In the order of their times, so that the oldest come first. */
  readonly #tokens = new Map<string, Token>();
  #nextTokenSweep = 0;

  private constructor(options: TransactionOptions) {
    this.#options = options;
  }

  static async open(options: TransactionOptions): Promise<Transactions> {
    const transactions = new Transactions(options);
    const { database } = options;
    const stored = (await keysUnder(database.level, TOKENS)).map((token) => {
      const value = database.read(TOKENS + token);
      if (!isToken(value)) {
        throw new Error(`transaction token ${token} is unreadable: delete the local data directory`);
      }
      return [token, value] as const;
    });
    stored.sort(([, left], [, right]) => left.at - right.at);
    for (const [token, value] of stored) transactions.#tokens.set(token, value);
    return transactions;
  }

  async write(input: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> {
    const { TransactItems: items, ClientRequestToken: token, ...rest } = input;
    refuseOptions('TransactWriteItems', rest);
    checkLength(items);
    const fingerprint = token === undefined || token === null ? null : fingerprintOf(token, items);
    const actions = items.map((item, index) =>
      parseAction(item, index, (operation, data) => this.#options.executor.validate(operation, data)),
    );
    await this.#options.database.write(async (scope) => {
      if (typeof token === 'string' && fingerprint !== null && this.#isRepeat(token, fingerprint)) {
        return;
      }
      this.#refuseDuplicates(actions);
      await this.#run(scope, actions);
      if (typeof token === 'string' && fingerprint !== null) this.#remember(scope, token, fingerprint);
    });
    return {};
  }

  async get(input: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> {
    const { executor } = this.#options;
    const gets = parseGets(input).map((get) => executor.validate('GetItem', get));
    this.#refuseDuplicates(
      gets.map(({ TableName, Key }) => ({ table: String(TableName), item: isItem(Key) ? Key : {} })),
    );
    return executor.atSnapshot(async (read) => {
      const Responses: Record<string, unknown>[] = [];
      for (const get of gets) {
        const { Item: found } = await read('GetItem', get);
        Responses.push(found === undefined ? {} : { Item: found });
      }
      return { Responses };
    });
  }

  #refuseDuplicates(actions: readonly Pick<Action, 'table' | 'item'>[]): void {
    const seen = new Set<string>();
    for (const { table, item } of actions) {
      const key = this.#keyOf(table, item);
      if (key === null) continue;
      if (seen.has(key)) {
        throw validationError('Transaction request cannot include multiple operations on one item');
      }
      seen.add(key);
    }
  }

  /** Where the item is stored, or null when its key is not of the table's form, which the action will say. */
  #keyOf(tableName: string, item: Item): string | null {
    const table = this.#options.catalog.get(tableName);
    if (table === undefined) {
      throw serviceError('ResourceNotFoundException', 'Requested resource not found');
    }
    try {
      return `item-${tableName}~${itemKey(item, table.definition)}`;
    } catch {
      return null;
    }
  }

  async #run(scope: WriteScope, actions: readonly Action[]): Promise<void> {
    const reasons: CancellationReason[] = [];
    for (const action of actions) reasons.push(await this.#act(scope, action));
    if (reasons.some(({ Code }) => Code !== 'None')) {
      const codes = reasons.map(({ Code }) => Code).join(', ');
      const message = `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`;
      throw serviceError('TransactionCanceledException', message, {
        Message: message,
        CancellationReasons: reasons,
      });
    }
    refuseOversize(scope);
  }

  async #act(scope: WriteScope, action: Action): Promise<CancellationReason> {
    try {
      const target = action.kind === 'ConditionCheck' ? scope.fork() : scope;
      await this.#options.executor.write(target, action.operation, action.data);
      return { Code: 'None' };
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      if (error.code === 'ConditionalCheckFailedException') {
        const key = action.returnOld ? this.#keyOf(action.table, action.item) : null;
        const existing = key === null ? null : scope.get(key);
        return {
          Code: 'ConditionalCheckFailed',
          Message: error.message,
          ...(isRecord(existing) ? { Item: existing } : {}),
        };
      }
      if (error.code === 'ValidationException') {
        return { Code: 'ValidationError', Message: error.message };
      }
      throw error;
    }
  }

  #isRepeat(token: string, fingerprint: string): boolean {
    const known = this.#tokens.get(token);
    if (known === undefined || known.at <= this.#options.now() - TOKEN_LIFETIME_MS) {
      return false;
    }
    if (known.fingerprint !== fingerprint) {
      throw serviceError(
        'IdempotentParameterMismatchException',
        'The request token was used for a transaction with other parameters',
      );
    }
    return true;
  }

  #remember(scope: WriteScope, token: string, fingerprint: string): void {
    const now = this.#options.now();
    if (now >= this.#nextTokenSweep) {
      for (const [old, { at }] of this.#tokens) {
        if (at > now - TOKEN_LIFETIME_MS) break;
        this.#tokens.delete(old);
        scope.delete(TOKENS + old);
      }
      this.#nextTokenSweep = now + TOKEN_SWEEP_MS;
    }
    // an expired token that is used anew moves to the end
    this.#tokens.delete(token);
    // at once, not after the commit: a repeat may be in the same batch
    this.#tokens.set(token, { at: now, fingerprint });
    scope.put(TOKENS + token, { at: now, fingerprint });
  }
}

function refuseOversize(scope: WriteScope): void {
  let bytes = 0;
  for (const [key, entry] of scope.writes) {
    if (key.startsWith('item-') && entry !== null && isItem(entry.value)) bytes += itemSize(entry.value);
  }
  if (bytes > MAXIMUM_BYTES) {
    throw validationError(
      `the items of the transaction take ${bytes} bytes: at most ${MAXIMUM_BYTES} are allowed`,
    );
  }
}

function isToken(value: unknown): value is Token {
  return isRecord(value) && typeof value['at'] === 'number' && typeof value['fingerprint'] === 'string';
}

function isItem(value: unknown): value is Item {
  return isRecord(value);
}
