import { hash } from 'node:crypto';
import type { Item } from './attribute-value.ts';
import { unsupportedParameter, validationError } from './aws-error.ts';
import type { DynaliteOperation } from './dynalite.ts';
import { isRecord } from './dynalite.ts';

const MAXIMUM_ACTIONS = 100;
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

export interface Action {
  readonly kind: string;
  readonly operation: DynaliteOperation;
  readonly table: string;
  /** The key, or for a put the whole item. */
  readonly item: Item;
  readonly data: Record<string, unknown>;
  readonly returnOld: boolean;
}

/** One of the actions of a `TransactWriteItems`. */
export function parseAction(
  input: unknown,
  index: number,
  validate: (
    operation: DynaliteOperation,
    data: Readonly<Record<string, unknown>>,
  ) => Record<string, unknown>,
): Action {
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
  const checked = validate(known.operation, data);
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

/** The `Get` of each of the up to 100 items of a `TransactGetItems`. */
export function parseGets(input: Readonly<Record<string, unknown>>): Record<string, unknown>[] {
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

/** A transaction has 1 to 100 actions. */
export function checkLength(items: unknown): asserts items is unknown[] {
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
export function refuseOptions(operation: string, options: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(options)) {
    const known = name === 'ReturnConsumedCapacity' || name === 'ReturnItemCollectionMetrics';
    if (isPresent(value) && !(known && value === 'NONE')) {
      throw unsupportedParameter(operation, name, 'leave it out');
    }
  }
}

/** Whether a failed condition is to be answered with the item as it is. */
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

/** Two transactions with one token must be the same. */
export function fingerprintOf(token: unknown, items: unknown[]): string {
  if (typeof token !== 'string' || token.length < 1 || token.length > 36) {
    throw validationError(
      `1 validation error detected: Value '${String(token)}' at 'clientRequestToken' failed to satisfy constraint: Member must have length between 1 and 36`,
    );
  }
  return hash('sha256', JSON.stringify(items), 'base64');
}

function isItem(value: unknown): value is Item {
  return isRecord(value);
}

const isPresent = (value: unknown): boolean => value !== undefined && value !== null;
const lowerFirst = (name: string): string => name[0]!.toLowerCase() + name.slice(1);
