import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import * as z from 'zod';
import { CLIENT_SETTINGS } from '#adapters/aws/client-settings.ts';
import { sealedMemory } from '#adapters/aws/sealed-memory.ts';
import { composeDesk } from '#functions/runtime/desk.ts';
import { parseEnvironment } from '#functions/runtime/environment.ts';
import { deskHandler } from '#functions/runtime/handler.ts';
import { MEMORY_TYPES, memoryAgent } from './memory-agent.ts';

const desk = composeDesk('memory');
const { MEMORY_TABLE, MEMORY_KEY } = parseEnvironment(
  z.object({ MEMORY_TABLE: z.string().min(1), MEMORY_KEY: z.string().min(1) }),
  process.env,
);
const memory = sealedMemory(new DynamoDBClient(CLIENT_SETTINGS), new KMSClient(CLIENT_SETTINGS), {
  table: MEMORY_TABLE,
  keyId: MEMORY_KEY,
  agent: 'memory',
});

export const handler = deskHandler(desk, { accepts: MEMORY_TYPES, mode: 'each' }, memoryAgent(memory));
