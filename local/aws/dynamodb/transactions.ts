import { hash } from 'node:crypto';
import type { Item } from './attribute-value.ts';
import { AwsError, serviceError, unsupportedParameter, validationError } from './aws-error.ts';
import type { Catalog } from './catalog.ts';
import type { Database, WriteScope } from './database.ts';
import type { DynaliteOperation } from './dynalite.ts';
import { isRecord, itemKey, itemSize } from './dynalite.ts';
import { keysUnder } from './level.ts';

const MAXIMUM_ACTIONS = 100;
const MAXIMUM_BYTES = 4 * 1024 * 1024;
const TOKEN_LIFETIME_MS = 10 * 60 * 1000;
const TOKENS = 'transaction-token~';

const CONDITION = ['ConditionExpression', 'ExpressionAttributeNames', 'ExpressionAttributeValues'];
const ON_FAILURE = 'ReturnValuesOnConditionCheckFailure';

/** How each kind of action is carried out. A condition check is a deletion that is then thrown away. */
const KINDS: Readonly<
  Record<string, { operation: DynaliteOperation; members: readonly string[]; required: readonly string[] }>
> = {
  Put: { operation: 'PutItem', members: ['TableName', 'Item', ...CONDITION], required: [] },
  Update: {
    operation: 'UpdateItem',
    members: ['TableName', 'Key', 'UpdateExpression', ...CONDITION],
    required: ['UpdateExpression'],
  },
  Delete: { operation: 'DeleteItem', members: ['TableName', 'Key', ...CONDITION], required: [] },
  ConditionCheck: {
    operation: 'DeleteItem',
    members: ['TableName', 'Key', ...CONDITION],
    required: ['ConditionExpression'],
  },
};

interface Action {
  readonly kind: string;
  readonly operation: DynaliteOperation;
  readonly table: string;
  /** The key, or for a put the whole item. */
  readonly item: Item;
  readonly data: Record<string, unknown>;
  readonly returnOld: boolean;
}

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
  readonly validate: (
    operation: DynaliteOperation,
    data: Readonly<Record<string, unknown>>,
  ) => Record<string, unknown>;
  readonly perform: (
    scope: WriteScope,
    operation: DynaliteOperation,
    data: Record<string, unknown>,
  ) => Promise<Record<string, unknown>>;
}

/** `TransactWriteItems`: all or nothing, with a reason for each action, and safe to repeat with a token. */
export class Transactions {
  readonly #options: TransactionOptions;
  /** In the order of their times, so that the oldest come first. */
  readonly #tokens = new Map<string, Token>();

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
    const actions = items.map((item, index) => this.#parse(item, index));
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

  #parse(input: unknown, index: number): Action {
    const present = isRecord(input) ? Object.entries(input).filter(([, value]) => isPresent(value)) : [];
    const [kind, parameters] = present[0] ?? ['', null];
    const known = KINDS[kind];
    if (present.length !== 1 || known === undefined || !isRecord(parameters)) {
      throw validationError('TransactItems can only contain one of Check, Put, Update or Delete');
    }
    const { [ON_FAILURE]: onFailure, ...data } = parameters;
    for (const member of Object.keys(data)) {
      if (!known.members.includes(member) && isPresent(data[member])) {
        throw unsupportedParameter(
          'TransactWriteItems',
          `TransactItems[${index}].${kind}.${member}`,
          'leave it out',
        );
      }
    }
    for (const member of known.required) {
      if (!isPresent(data[member])) {
        const path = `transactItems.${index + 1}.member.${lowerFirst(kind)}.${lowerFirst(member)}`;
        throw validationError(
          `1 validation error detected: Value null at '${path}' failed to satisfy constraint: Member must not be null`,
        );
      }
    }
    const checked = this.#options.validate(known.operation, data);
    const item = checked[known.operation === 'PutItem' ? 'Item' : 'Key'];
    if (!isItem(item)) {
      throw validationError(`TransactItems[${index}].${kind} has no key`);
    }
    return {
      kind,
      operation: known.operation,
      table: String(checked['TableName']),
      item,
      data: checked,
      returnOld: parseOnFailure(onFailure),
    };
  }

  #refuseDuplicates(actions: readonly Action[]): void {
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
      await this.#options.perform(target, action.operation, action.data);
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
    for (const [old, { at }] of this.#tokens) {
      if (at > now - TOKEN_LIFETIME_MS) break;
      this.#tokens.delete(old);
      scope.delete(TOKENS + old);
    }
    // at once, not after the commit: a repeat may be in the same batch
    this.#tokens.set(token, { at: now, fingerprint });
    scope.put(TOKENS + token, { at: now, fingerprint });
  }
}

/** The `Get` of each of the up to 100 items of a `TransactGetItems`. */
export function parseTransactGets(input: Readonly<Record<string, unknown>>): Record<string, unknown>[] {
  const { TransactItems: items, ...rest } = input;
  refuseOptions('TransactGetItems', rest);
  checkLength(items);
  return items.map((item, index) => {
    const get = isRecord(item) ? item['Get'] : undefined;
    if (!isRecord(item) || !isRecord(get)) {
      throw validationError(
        `1 validation error detected: Value null at 'transactItems.${index + 1}.member.get' failed to satisfy constraint: Member must not be null`,
      );
    }
    const known = ['TableName', 'Key', 'ProjectionExpression', 'ExpressionAttributeNames'];
    const unknown =
      Object.keys(item).find((member) => member !== 'Get' && isPresent(item[member])) ??
      Object.keys(get).find((member) => !known.includes(member) && isPresent(get[member]));
    if (unknown !== undefined) {
      throw unsupportedParameter('TransactGetItems', `TransactItems[${index}].${unknown}`, 'leave it out');
    }
    return { ...get };
  });
}

function checkLength(items: unknown): asserts items is unknown[] {
  if (!Array.isArray(items)) {
    throw validationError(
      "1 validation error detected: Value null at 'transactItems' failed to satisfy constraint: Member must not be null",
    );
  }
  if (items.length < 1 || items.length > MAXIMUM_ACTIONS) {
    const bound =
      items.length < 1 ? 'greater than or equal to 1' : `less than or equal to ${MAXIMUM_ACTIONS}`;
    throw validationError(
      `1 validation error detected: Value '[${items.length} members]' at 'transactItems' failed to satisfy constraint: Member must have length ${bound}`,
    );
  }
}

/** Only the values that ask for nothing are accepted: capacity and collections are not modelled here. */
function refuseOptions(operation: string, options: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(options)) {
    const known = name === 'ReturnConsumedCapacity' || name === 'ReturnItemCollectionMetrics';
    if (isPresent(value) && !(known && value === 'NONE')) {
      throw unsupportedParameter(operation, name, 'leave it out');
    }
  }
}

export function parseOnFailure(value: unknown): boolean {
  if (!isPresent(value) || value === 'NONE') {
    return false;
  }
  if (value !== 'ALL_OLD') {
    throw validationError(
      `1 validation error detected: Value '${String(value)}' at 'returnValuesOnConditionCheckFailure' failed to satisfy constraint: Member must satisfy enum value set: [ALL_OLD, NONE]`,
    );
  }
  return true;
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

function fingerprintOf(token: unknown, items: unknown[]): string {
  if (typeof token !== 'string' || token.length < 1 || token.length > 36) {
    throw validationError(
      `1 validation error detected: Value '${String(token)}' at 'clientRequestToken' failed to satisfy constraint: Member must have length between 1 and 36`,
    );
  }
  return hash('sha256', JSON.stringify(items), 'base64');
}

function isToken(value: unknown): value is Token {
  return isRecord(value) && typeof value['at'] === 'number' && typeof value['fingerprint'] === 'string';
}

function isItem(value: unknown): value is Item {
  return isRecord(value);
}

const isPresent = (value: unknown): boolean => value !== undefined && value !== null;
const lowerFirst = (name: string): string => name[0]!.toLowerCase() + name.slice(1);
