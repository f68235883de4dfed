import { type AttributeValue, BatchGetItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { StateKey } from '#core/events/desk-store.ts';

/** Keys that one BatchGetItem takes. */
const MOST_KEYS = 100;
const READ_ATTEMPTS = 5;

export type Item = Record<string, AttributeValue>;

/** A read or commit that DynamoDB gave no usable answer to. The caller's retry policy decides. */
export class DeskStoreError extends Error {
  readonly code = 'DeskStoreUnavailable';
  readonly retryable = true;
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'DeskStoreError';
  }
}

interface Wanted {
  readonly table: string;
  readonly key: StateKey;
}

interface Round {
  readonly wanted: Map<string, Wanted>;
  readonly answer: Promise<ReadonlyMap<string, Item>>;
}

/** One address for an item of any table. */
export const addressIn = (table: string, key: StateKey): string =>
  `${table}\u0000${key.partition}\u0000${key.sort}`;

/**
 * Strongly consistent reads by key. What is asked for in one turn of the event loop, of whichever tables, goes out as one
 * BatchGetItem: a caller asks for what it needs where it needs it and does not pay a round trip for each question.
 *
 * @returns a function from table and keys to the items found, by {@link addressIn}
 * @throws DeskStoreError where items stay unread after several attempts
 */
export function gatheredReads(
  client: DynamoDBClient,
): (table: string, keys: readonly StateKey[]) => Promise<ReadonlyMap<string, Item>> {
  let round: Round | null = null;
  const open = (): Round => {
    const wanted = new Map<string, Wanted>();
    const answer = Promise.resolve().then(() => {
      round = null;
      return fetchAll(client, [...wanted.values()]);
    });
    return { wanted, answer };
  };
  return async (table, keys) => {
    if (keys.length === 0) return new Map();
    round ??= open();
    // The service refuses a batch that names one key twice.
    for (const key of keys) round.wanted.set(addressIn(table, key), { table, key });
    return round.answer;
  };
}

async function fetchAll(
  client: DynamoDBClient,
  wanted: readonly Wanted[],
): Promise<ReadonlyMap<string, Item>> {
  const found = new Map<string, Item>();
  const batches: Promise<void>[] = [];
  for (let from = 0; from < wanted.length; from += MOST_KEYS)
    batches.push(fetchBatch(client, wanted.slice(from, from + MOST_KEYS), found));
  await Promise.all(batches);
  return found;
}

async function fetchBatch(
  client: DynamoDBClient,
  wanted: readonly Wanted[],
  found: Map<string, Item>,
): Promise<void> {
  let pending: Record<string, { Keys: Item[]; ConsistentRead: true }> = {};
  for (const { table, key } of wanted) {
    pending[table] ??= { Keys: [], ConsistentRead: true };
    pending[table].Keys.push({ pk: { S: key.partition }, sk: { S: key.sort } });
  }
  for (let attempt = 0; Object.keys(pending).length > 0; attempt++) {
    if (attempt === READ_ATTEMPTS) {
      const unread = Object.entries(pending).map(([table, { Keys }]) => `${Keys.length} items of ${table}`);
      throw new DeskStoreError(`${unread.join(' and ')} stayed unread after ${READ_ATTEMPTS} attempts`);
    }
    const answer = await client.send(new BatchGetItemCommand({ RequestItems: pending }));
    for (const [table, items] of Object.entries(answer.Responses ?? {}))
      for (const item of items)
        found.set(addressIn(table, { partition: item['pk']?.S ?? '', sort: item['sk']?.S ?? '' }), item);
    pending = {};
    for (const [table, { Keys }] of Object.entries(answer.UnprocessedKeys ?? {}))
      if (Keys !== undefined && Keys.length > 0) pending[table] = { Keys, ConsistentRead: true };
  }
}
