import {
  type AttributeValue,
  type DynamoDBClient,
  PutItemCommand,
  QueryCommand,
  TransactionCanceledException,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { canonicalJson } from '#core/events/canonical.ts';
import {
  type Commit,
  type CommitResult,
  CommitTooLargeError,
  type DeskStore,
  type EntryReference,
  RepeatedItemError,
  type StateKey,
  type StoredEntry,
  type StoredState,
} from '#core/events/desk-store.ts';
import type { JournalEntry } from '#core/events/new-event.ts';
import type { Clock } from '#core/values/clock.ts';
import { addressIn, gatheredReads } from './gathered-reads.ts';

/** Table names and the age after which the mark of a dealt-with cause may be forgotten. */
export interface DynamoDeskStoreSettings {
  readonly journalTable: string;
  readonly stateTable: string;
  readonly idempotencyTable: string;
  readonly processedDays: number;
}

const MAXIMUM_ITEMS = 100;
const DAY_SECONDS = 86_400;

type Role =
  | { readonly kind: 'cause'; readonly id: string }
  | { readonly kind: 'state'; readonly key: StateKey }
  | { readonly kind: 'entry'; readonly id: string };

/**
 * {@link DeskStore} on DynamoDB. One commit is one TransactWriteItems (a single PutItem where it is one entry and nothing
 * else), so that an event is in the journal if and only if the state it speaks of is.
 */
export function dynamoDeskStore(
  client: DynamoDBClient,
  settings: DynamoDeskStoreSettings,
  clock: Clock,
): DeskStore {
  const readItems = gatheredReads(client);
  return {
    read: (keys) => readState(readItems, settings.stateTable, keys),
    commit: (change) => commit(client, settings, clock, change),
    entries: (references) => readEntries(readItems, settings.journalTable, references),
    journal: (correlationId, types) => readJournal(client, settings, correlationId, types),
  };
}

async function readState(
  readItems: ReturnType<typeof gatheredReads>,
  table: string,
  keys: readonly StateKey[],
): Promise<readonly (StoredState | null)[]> {
  const found = await readItems(table, keys);
  return keys.map((key) => {
    const item = found.get(addressIn(table, key));
    return item === undefined
      ? null
      : {
          value: JSON.parse(item['value']?.S ?? 'null') as unknown,
          version: Number(item['version']?.N ?? '0'),
        };
  });
}

async function readEntries(
  readItems: ReturnType<typeof gatheredReads>,
  table: string,
  references: readonly EntryReference[],
): Promise<readonly (StoredEntry | null)[]> {
  const keys = references.map(({ correlationId, type, key }) => ({
    partition: correlationId,
    sort: `${type}#${key}`,
  }));
  const found = await readItems(table, keys);
  return keys.map((key) => {
    const item = found.get(addressIn(table, key));
    return item === undefined
      ? null
      : { correlationId: key.partition, sortKey: key.sort, canonical: item['event']?.S ?? '' };
  });
}

async function readJournal(
  client: DynamoDBClient,
  settings: DynamoDeskStoreSettings,
  correlationId: string,
  types?: readonly string[],
): Promise<readonly StoredEntry[]> {
  const prefix = types === undefined ? '' : commonPrefix(types.map((type) => `${type}#`));
  const entries: StoredEntry[] = [];
  let start: Record<string, AttributeValue> | undefined;
  do {
    const page = await client.send(
      new QueryCommand({
        TableName: settings.journalTable,
        ConsistentRead: true,
        KeyConditionExpression: prefix === '' ? 'pk = :pk' : 'pk = :pk AND begins_with(sk, :prefix)',
        ExpressionAttributeValues: {
          ':pk': { S: correlationId },
          ...(prefix === '' ? {} : { ':prefix': { S: prefix } }),
        },
        ...(start === undefined ? {} : { ExclusiveStartKey: start }),
      }),
    );
    for (const item of page.Items ?? []) {
      const sortKey = item['sk']?.S ?? '';
      if (types === undefined || types.includes(sortKey.split('#', 1)[0] as string)) {
        entries.push({ correlationId, sortKey, canonical: item['event']?.S ?? '' });
      }
    }
    start = page.LastEvaluatedKey;
  } while (start !== undefined);
  return entries;
}

async function commit(
  client: DynamoDBClient,
  settings: DynamoDeskStoreSettings,
  clock: Clock,
  change: Commit,
): Promise<CommitResult> {
  const { items, roles } = transaction(settings, clock, change);
  if (items.length === 0) return { kind: 'committed' };
  if (items.length > MAXIMUM_ITEMS) throw new CommitTooLargeError(items.length);
  refuseRepeats(settings, change);
  const only = items.length === 1 ? items[0]?.Put : undefined;
  try {
    if (only !== undefined) await client.send(new PutItemCommand(only));
    else await client.send(new TransactWriteItemsCommand({ TransactItems: items }));
    return { kind: 'committed' };
  } catch (error) {
    if (only !== undefined && (error as Error).name === 'ConditionalCheckFailedException')
      return resultOf(roles);
    if (!(error instanceof TransactionCanceledException)) throw error;
    const reasons = error.CancellationReasons ?? [];
    const failed = roles.filter((_, index) => reasons[index]?.Code === 'ConditionalCheckFailed');
    if (failed.length > 0) return resultOf(failed);
    const contended = roles.flatMap((role, index) =>
      reasons[index]?.Code === 'TransactionConflict' && role.kind === 'state' ? [role.key] : [],
    );
    if (reasons.some((reason) => reason.Code === 'TransactionConflict'))
      return { kind: 'conflict', keys: contended };
    throw error;
  }
}

function refuseRepeats(settings: DynamoDeskStoreSettings, change: Commit): void {
  const names = [
    ...(change.processed?.eventIds ?? []).map((id) => `cause ${change.processed?.consumer}#${id}`),
    ...[...(change.writes ?? []), ...(change.checks ?? [])].map(
      ({ key }) => `state ${key.partition}#${key.sort} of ${settings.stateTable}`,
    ),
    ...change.entries.map(
      ({ key, event: { metadata } }) => `entry ${metadata.correlationId}#${metadata.type}#${key}`,
    ),
  ];
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) throw new RepeatedItemError(name);
    seen.add(name);
  }
}

/** A cause already dealt with outranks a state conflict, and that outranks a repeated entry: it tells the caller most. */
function resultOf(failed: readonly Role[]): CommitResult {
  const causes = failed.flatMap((role) => (role.kind === 'cause' ? [role.id] : []));
  if (causes.length > 0) return { kind: 'duplicate', of: 'cause', ids: causes };
  const keys = failed.flatMap((role) => (role.kind === 'state' ? [role.key] : []));
  if (keys.length > 0) return { kind: 'conflict', keys };
  return {
    kind: 'duplicate',
    of: 'entry',
    ids: failed.flatMap((role) => (role.kind === 'entry' ? [role.id] : [])),
  };
}

function transaction(
  settings: DynamoDeskStoreSettings,
  clock: Clock,
  change: Commit,
): { items: TransactWriteItem[]; roles: Role[] } {
  const items: TransactWriteItem[] = [];
  const roles: Role[] = [];
  const add = (item: TransactWriteItem, role: Role) => {
    items.push(item);
    roles.push(role);
  };
  const expiry = Math.floor(clock.now() / 1000) + settings.processedDays * DAY_SECONDS;
  for (const id of change.processed?.eventIds ?? []) {
    const item = { pk: { S: `${change.processed?.consumer}#${id}` }, expiresAt: { N: String(expiry) } };
    add(
      {
        Put: {
          TableName: settings.idempotencyTable,
          Item: item,
          ConditionExpression: 'attribute_not_exists(pk)',
        },
      },
      { kind: 'cause', id },
    );
  }
  for (const { key, value, expectedVersion } of change.writes ?? []) {
    const item = {
      ...stateKeyItem(key),
      value: { S: JSON.stringify(value) },
      version: { N: String(expectedVersion + 1) },
    };
    add(
      { Put: { TableName: settings.stateTable, Item: item, ...versionCondition(expectedVersion) } },
      { kind: 'state', key },
    );
  }
  for (const { key, expectedVersion } of change.checks ?? []) {
    add(
      {
        ConditionCheck: {
          TableName: settings.stateTable,
          Key: stateKeyItem(key),
          ...versionCondition(expectedVersion),
        },
      },
      { kind: 'state', key },
    );
  }
  for (const entry of change.entries) {
    add(
      {
        Put: {
          TableName: settings.journalTable,
          Item: journalItem(entry),
          ConditionExpression: 'attribute_not_exists(pk)',
        },
      },
      { kind: 'entry', id: entry.event.metadata.id },
    );
  }
  return { items, roles };
}

function stateKeyItem(key: StateKey): Record<string, AttributeValue> {
  return { pk: { S: key.partition }, sk: { S: key.sort } };
}

function versionCondition(expectedVersion: number) {
  return expectedVersion === 0
    ? { ConditionExpression: 'attribute_not_exists(pk)' }
    : {
        ConditionExpression: '#v = :v',
        ExpressionAttributeNames: { '#v': 'version' },
        ExpressionAttributeValues: { ':v': { N: String(expectedVersion) } },
      };
}

function journalItem({ key, event }: JournalEntry): Record<string, AttributeValue> {
  const { metadata } = event;
  return {
    pk: { S: metadata.correlationId },
    sk: { S: `${metadata.type}#${key}` },
    id: { S: metadata.id },
    type: { S: metadata.type },
    version: { N: String(metadata.version) },
    occurredAt: { S: metadata.occurredAt },
    event: { S: canonicalJson(event) },
  };
}

function commonPrefix(texts: readonly string[]): string {
  const [first = '', ...rest] = texts;
  let length = first.length;
  for (const text of rest) {
    let same = 0;
    while (same < length && same < text.length && text[same] === first[same]) same++;
    length = same;
  }
  return first.slice(0, length);
}
