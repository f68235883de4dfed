import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import { CLIENT_SETTINGS } from '#adapters/aws/client-settings.ts';
import { leafHash } from '#core/audit/merkle-tree.ts';
import { composeDesk } from '#functions/runtime/desk.ts';
import { parseEnvironment } from '#functions/runtime/environment.ts';
import { dynamoLeafStore } from '../leaf-store.ts';
import { appendedEntries } from '../stream.ts';

composeDesk('integrator');
const { LEAF_TABLE } = parseEnvironment(z.object({ LEAF_TABLE: z.string().min(1) }), process.env);
const leaves = dynamoLeafStore(new DynamoDBClient(CLIENT_SETTINGS), LEAF_TABLE);

/** Keeps the hash of every entry as it was at the moment it was appended: the checkpoint accepts no other content later. */
export const handler = async (input: unknown) => {
  const entries = appendedEntries(input);
  const [first] = entries;
  if (first === undefined) return { batchItemFailures: [] };
  await leaves.addPending({
    id: first.sequenceNumber,
    leaves: entries.map(({ correlationId, sortKey, occurredAt, canonical }) => ({
      correlationId,
      sortKey,
      occurredAt,
      hash: leafHash(Buffer.from(canonical, 'utf8')).toString('hex'),
    })),
  });
  return { batchItemFailures: [] };
};
