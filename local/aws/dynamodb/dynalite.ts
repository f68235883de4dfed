/**
 * The typed face of dynalite 4.0.0, which is plain JavaScript without types.
 *
 * Its actions and validations are used as they are; its own storage (`db.create`) is not: the store it
 * runs over here is {@link DynaliteStore}, so that writes can be collected and committed as one batch.
 */
import { createRequire } from 'node:module';
import type { Stream } from 'node:stream';
import type { Item } from './attribute-value.ts';
import { AwsError } from './aws-error.ts';

/** The operations that dynalite itself carries out. */
export const DYNALITE_OPERATIONS = [
  'BatchGetItem',
  'BatchWriteItem',
  'CreateTable',
  'DeleteItem',
  'DeleteTable',
  'DescribeTable',
  'GetItem',
  'ListTables',
  'ListTagsOfResource',
  'PutItem',
  'Query',
  'Scan',
  'TagResource',
  'UntagResource',
  'UpdateItem',
  'UpdateTable',
] as const;
export type DynaliteOperation = (typeof DYNALITE_OPERATIONS)[number];

export type Callback = (error: unknown, result?: unknown) => void;

/** Bounds of a range of keys within one sub-database, as dynalite's query and scan give them. */
export interface KeyRange {
  gt?: string;
  gte?: string;
  lt?: string;
  lte?: string;
  reverse?: boolean;
  limit?: number;
}

export interface SubDatabase {
  lock(key: string, work: (release: (callback: Callback) => Callback) => void): void;
  get(key: string, callback: Callback): void;
  put(key: string, value: unknown, callback: Callback): void;
  del(key: string, callback: Callback): void;
  batch(
    operations: readonly { type: 'put' | 'del'; key: string; value?: unknown }[],
    callback: Callback,
  ): void;
  createKeyStream(range?: KeyRange): Stream;
  createValueStream(range?: KeyRange): Stream;
}

export interface TableDatabase extends SubDatabase {
  awsRegion: string;
  awsAccountId: string;
}

/** All that dynalite's actions ask of their store. */
export interface DynaliteStore {
  options: { createTableMs: number; deleteTableMs: number; updateTableMs: number; maxItemSize: number };
  tableDb: TableDatabase;
  getItemDb(table: string): SubDatabase;
  deleteItemDb(table: string, callback: Callback): void;
  getIndexDb(kind: string, table: string, index: string): SubDatabase;
  deleteIndexDb(kind: string, table: string, index: string, callback: Callback): void;
  getTagDb(table: string): SubDatabase;
  deleteTagDb(table: string, callback: Callback): void;
  getTable(table: string, checkStatus: boolean | Callback, callback?: Callback): void;
}

export interface KeySchemaElement {
  readonly AttributeName: string;
  readonly KeyType: 'HASH' | 'RANGE';
}

/** A table as dynalite stores it: the `TableDescription` of the API without streams and settings. */
export interface TableDefinition {
  readonly TableName: string;
  readonly TableArn: string;
  readonly TableStatus: string;
  readonly KeySchema: readonly KeySchemaElement[];
  readonly [member: string]: unknown;
}

/** One node of dynalite's description of a request; a bare string is a type without constraints. */
export type ParameterType =
  | string
  | { readonly type: string; readonly children?: ParameterType | Readonly<Record<string, ParameterType>> };
export type ParameterTypes = Readonly<Record<string, ParameterType>>;

interface Validation {
  readonly types: ParameterTypes;
  readonly custom?: (data: object, store: DynaliteStore) => string | undefined;
}

interface Validations {
  checkTypes(data: object, types: ParameterTypes): Record<string, unknown>;
  checkValidations(
    data: object,
    types: ParameterTypes,
    custom: Validation['custom'],
    store: DynaliteStore,
  ): void;
  /** The reason why a value is refused; numbers are put into their normal form. */
  validateAttributeValue(value: unknown): string | undefined;
}

type Action = (store: DynaliteStore, data: object, callback: Callback) => void;

interface DatabaseHelpers {
  createKey(item: Item, table: TableDefinition): string;
  itemSize(item: Item): number;
}

const load = createRequire(import.meta.url);
const validations: Validations = load('dynalite/validations');
const helpers: DatabaseHelpers = load('dynalite/db');

const OPERATIONS = new Map<string, { action: Action; validation: Validation }>(
  DYNALITE_OPERATIONS.map((operation) => {
    const file = operation[0]!.toLowerCase() + operation.slice(1);
    const action: Action = load(`dynalite/actions/${file}`);
    const validation: Validation = load(`dynalite/validations/${file}`);
    return [operation, { action, validation }];
  }),
);

/** The parameters an operation knows. */
export function parameterTypes(operation: DynaliteOperation): ParameterTypes {
  return OPERATIONS.get(operation)!.validation.types;
}

/**
 * Checks the types and constraints of a request and parses its expressions.
 *
 * Returns a copy that shares no object with `input`.
 * @throws AwsError as the service would refuse it
 */
export function validate(
  operation: DynaliteOperation,
  input: object,
  store: DynaliteStore,
): Record<string, unknown> {
  const { types, custom } = OPERATIONS.get(operation)!.validation;
  try {
    const data = validations.checkTypes({ ...input }, types);
    validations.checkValidations(data, types, custom, store);
    return data;
  } catch (error) {
    throw asAwsError(error);
  }
}

/**
 * Copies and checks the values of an expression; null when one is refused, for reasons that {@link validate}
 * gives.
 */
export function validateExpressionValues(values: unknown): Readonly<Record<string, unknown>> | null {
  if (values === undefined || values === null) {
    return {};
  }
  const types = { ExpressionAttributeValues: parameterTypes('PutItem')['ExpressionAttributeValues']! };
  try {
    const { ExpressionAttributeValues: copy } = validations.checkTypes(
      { ExpressionAttributeValues: values },
      types,
    );
    const refused = Object.values(Object(copy)).some((value) => validations.validateAttributeValue(value));
    return isRecord(copy) && !refused ? copy : null;
  } catch (error) {
    throw asAwsError(error);
  }
}

/** Carries out a validated request over `store`. */
export function perform(
  operation: DynaliteOperation,
  data: object,
  store: DynaliteStore,
): Promise<Record<string, unknown>> {
  const { action } = OPERATIONS.get(operation)!;
  return new Promise((resolve, reject) => {
    action(store, data, (error, result) => {
      if (error) {
        reject(asAwsError(error));
      } else {
        // tagging answers with an empty string, which stands for an empty body
        resolve(isRecord(result) ? result : {});
      }
    });
  });
}

/** The key of an item within its table's sub-database. */
export function itemKey(item: Item, table: TableDefinition): string {
  return helpers.createKey(item, table);
}

/** The size of an item in bytes, by the rules of the service. */
export function itemSize(item: Item): number {
  return helpers.itemSize(item);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** dynalite throws an `Error` with the status and the body of the response; anything else is a fault. */
function asAwsError(error: unknown): unknown {
  if (!(error instanceof Error) || !('statusCode' in error) || !('body' in error)) {
    return error;
  }
  const { statusCode, body } = error;
  if (typeof statusCode !== 'number' || !isRecord(body)) {
    return error;
  }
  const { __type, message, Message, ...members } = body;
  return new AwsError(statusCode, String(__type), String(message ?? Message ?? ''), members);
}
