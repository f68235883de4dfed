import {
  BatchWriteItemCommand,
  type DynamoDBClient,
  PutItemCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import * as z from 'zod';

/** A leaf on its way into the log: where its entry stands, and the hash it had when it was appended. */
export const pendingLeaf = z.object({
  correlationId: z.string(),
  sortKey: z.string(),
  occurredAt: z.string(),
  hash: z.string(),
});
export type PendingLeaf = z.infer<typeof pendingLeaf>;

/** One batch of pending leaves, under the stream position of its first. */
export interface PendingBatch {
  readonly id: string;
  readonly leaves: readonly PendingLeaf[];
}

/** A signed checkpoint and what the next one starts from. */
export const checkpointRecord = z.object({
  number: z.int().min(1),
  size: z.int().min(1),
  root: z.string(),
  frontier: z.array(z.string()),
  note: z.string(),
  entriesKey: z.string(),
});
export type CheckpointRecord = z.infer<typeof checkpointRecord>;

/** The integrator's and the checkpoint's table. */
export interface LeafStore {
  addPending(batch: PendingBatch): Promise<void>;
  pending(): Promise<readonly PendingBatch[]>;
  removePending(ids: readonly string[]): Promise<void>;
  latestCheckpoint(): Promise<CheckpointRecord | null>;
  /** False where a checkpoint of this number is there already. */
  addCheckpoint(record: CheckpointRecord): Promise<boolean>;
}

const PENDING = 'PENDING';
const CHECKPOINT = 'CHECKPOINT';
const DELETES_PER_CALL = 25;

export function dynamoLeafStore(client: DynamoDBClient, table: string): LeafStore {
  const itemsOf = async (
    partition: string,
    options: { readonly newestFirst?: boolean; readonly limit?: number } = {},
  ) => {
    const items: { readonly id: string; readonly body: string }[] = [];
    let start: Record<string, never> | undefined;
    do {
      const page = await client.send(
        new QueryCommand({
          TableName: table,
          ConsistentRead: true,
          KeyConditionExpression: 'pk = :pk',
          ExpressionAttributeValues: { ':pk': { S: partition } },
          ScanIndexForward: options.newestFirst !== true,
          ...(options.limit === undefined ? {} : { Limit: options.limit }),
          ...(start === undefined ? {} : { ExclusiveStartKey: start }),
        }),
      );
      for (const item of page.Items ?? [])
        items.push({ id: item['sk']?.S ?? '', body: item['body']?.S ?? '' });
      start = page.LastEvaluatedKey as Record<string, never> | undefined;
    } while (start !== undefined && options.limit === undefined);
    return items;
  };
  return {
    async addPending({ id, leaves }) {
      await client.send(
        new PutItemCommand({
          TableName: table,
          Item: { pk: { S: PENDING }, sk: { S: id }, body: { S: JSON.stringify(leaves) } },
        }),
      );
    },
    async pending() {
      return (await itemsOf(PENDING)).map(({ id, body }) => ({
        id,
        leaves: z.array(pendingLeaf).parse(JSON.parse(body)),
      }));
    },
    async removePending(ids) {
      for (let start = 0; start < ids.length; start += DELETES_PER_CALL) {
        let requests = ids
          .slice(start, start + DELETES_PER_CALL)
          .map((id) => ({ DeleteRequest: { Key: { pk: { S: PENDING }, sk: { S: id } } } }));
        while (requests.length > 0) {
          const answer = await client.send(
            new BatchWriteItemCommand({ RequestItems: { [table]: requests } }),
          );
          requests = (answer.UnprocessedItems?.[table] ?? []) as typeof requests;
        }
      }
    },
    async latestCheckpoint() {
      const [newest] = await itemsOf(CHECKPOINT, { newestFirst: true, limit: 1 });
      return newest === undefined ? null : checkpointRecord.parse(JSON.parse(newest.body));
    },
    async addCheckpoint(record) {
      try {
        await client.send(
          new PutItemCommand({
            TableName: table,
            Item: {
              pk: { S: CHECKPOINT },
              sk: { S: checkpointName(record.number) },
              body: { S: JSON.stringify(record) },
            },
            ConditionExpression: 'attribute_not_exists(pk)',
          }),
        );
        return true;
      } catch (error) {
        if ((error as Error).name === 'ConditionalCheckFailedException') return false;
        throw error;
      }
    },
  };
}

/** `000017`: sorts as text in the order of the log. */
export const checkpointName = (number: number): string => String(number).padStart(6, '0');
