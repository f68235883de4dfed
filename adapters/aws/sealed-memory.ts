import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import {
  type AttributeValue,
  type DynamoDBClient,
  PutItemCommand,
  QueryCommand,
  type QueryCommandOutput,
} from '@aws-sdk/client-dynamodb';
import { DecryptCommand, GenerateDataKeyCommand, type KMSClient } from '@aws-sdk/client-kms';
import type { MemoryStore } from '#core/agents/memory/memory-store.ts';
import { KmsAnswerError } from './kms-signer.ts';

export interface SealedMemorySettings {
  readonly table: string;
  readonly keyId: string;
  /** Whose memory it is: part of the partition and of every encryption context. */
  readonly agent: string;
}

/** A remembered item that does not open: changed, cut short, or moved here from another agent, collection or id. */
export class MemoryTamperedError extends Error {
  readonly code = 'MemoryTampered';
  readonly retryable = false;
  constructor(agent: string, collection: string, id: string, cause: unknown) {
    super(
      `the memory ${id} in ${collection} of ${agent} is not what was sealed there; delete it once it is known why`,
      { cause },
    );
    this.name = 'MemoryTamperedError';
  }
}

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Memory in DynamoDB, encrypted before it gets there: one data key an agent, itself encrypted by KMS under the agent's
 * encryption context, and AES-256-GCM with agent, collection and id as additional data, so that no content can be read by
 * another agent or moved to another place.
 */
export function sealedMemory(
  dynamo: DynamoDBClient,
  kms: KMSClient,
  settings: SealedMemorySettings,
): MemoryStore {
  let key: Promise<Buffer> | undefined;
  const dataKey = (): Promise<Buffer> => {
    key ??= openDataKey(dynamo, kms, settings).catch((error: unknown) => {
      key = undefined;
      throw error;
    });
    return key;
  };
  const contextOf = (collection: string, id: string) =>
    Buffer.from([settings.agent, collection, id].join('\u0000'), 'utf8');
  const partition = (collection: string) => ({ S: `${settings.agent}#${collection}` });
  return {
    async remember(collection, id, content) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', await dataKey(), nonce);
      cipher.setAAD(contextOf(collection, id));
      const sealed = Buffer.concat([
        nonce,
        cipher.update(JSON.stringify(content), 'utf8'),
        cipher.final(),
        cipher.getAuthTag(),
      ]);
      await dynamo.send(
        new PutItemCommand({
          TableName: settings.table,
          Item: { pk: partition(collection), sk: { S: id }, sealed: { B: sealed } },
        }),
      );
    },
    async recall(collection, limit) {
      const items: Record<string, AttributeValue>[] = [];
      let start: Record<string, AttributeValue> | undefined;
      do {
        const page: QueryCommandOutput = await dynamo.send(
          new QueryCommand({
            TableName: settings.table,
            ConsistentRead: true,
            KeyConditionExpression: 'pk = :pk',
            ExpressionAttributeValues: { ':pk': partition(collection) },
            ScanIndexForward: false,
            Limit: limit - items.length,
            ...(start === undefined ? {} : { ExclusiveStartKey: start }),
          }),
        );
        items.push(...(page.Items ?? []));
        start = page.LastEvaluatedKey;
      } while (start !== undefined && items.length < limit);
      if (items.length === 0) return [];
      const opened = await dataKey();
      return items.map((item) => {
        const id = item['sk']?.S ?? '';
        try {
          return open(opened, contextOf(collection, id), Buffer.from(item['sealed']?.B ?? []));
        } catch (cause) {
          throw new MemoryTamperedError(settings.agent, collection, id, cause);
        }
      });
    },
  };
}

function open(key: Buffer, context: Buffer, sealed: Buffer): unknown {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE_BYTES));
  decipher.setAAD(context);
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  const text = Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
  return JSON.parse(text.toString('utf8')) as unknown;
}

async function openDataKey(
  dynamo: DynamoDBClient,
  kms: KMSClient,
  { table, keyId, agent }: SealedMemorySettings,
): Promise<Buffer> {
  const context = { EncryptionContext: { agent } };
  const stored = async () => {
    const page = await dynamo.send(
      new QueryCommand({
        TableName: table,
        ConsistentRead: true,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': { S: `${agent}#KEY` } },
        Limit: 1,
      }),
    );
    return page.Items?.[0]?.['sealed']?.B;
  };
  const existing = await stored();
  if (existing === undefined) {
    const generated = await kms.send(
      new GenerateDataKeyCommand({ KeyId: keyId, KeySpec: 'AES_256', ...context }),
    );
    if (generated.CiphertextBlob === undefined) throw new KmsAnswerError('a data key');
    try {
      await dynamo.send(
        new PutItemCommand({
          TableName: table,
          Item: { pk: { S: `${agent}#KEY` }, sk: { S: 'KEY' }, sealed: { B: generated.CiphertextBlob } },
          ConditionExpression: 'attribute_not_exists(pk)',
        }),
      );
    } catch (error) {
      // Another instance was first: its key is the one to use.
      if ((error as Error).name !== 'ConditionalCheckFailedException') throw error;
    }
  }
  const sealed = existing ?? (await stored());
  const opened = await kms.send(new DecryptCommand({ CiphertextBlob: sealed, ...context }));
  if (opened.Plaintext === undefined) throw new KmsAnswerError('the opened data key');
  return Buffer.from(opened.Plaintext);
}
