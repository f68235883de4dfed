import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import { S3Client } from '@aws-sdk/client-s3';
import * as z from 'zod';
import { CLIENT_SETTINGS } from '#adapters/aws/client-settings.ts';
import { kmsSigner } from '#adapters/aws/kms-signer.ts';
import { s3ObjectStore } from '#adapters/aws/s3-object-store.ts';
import { composeDesk } from '#functions/runtime/desk.ts';
import { parseEnvironment } from '#functions/runtime/environment.ts';
import { dynamoLeafStore } from '../leaf-store.ts';
import { seal } from './seal.ts';

const desk = composeDesk('checkpoint');
const environment = parseEnvironment(
  z.object({
    LEAF_TABLE: z.string().min(1),
    WORM_BUCKET: z.string().min(1),
    SIGNING_KEY: z.string().min(1),
    LOG_ORIGIN: z.string().min(1),
  }),
  process.env,
);
const leaves = dynamoLeafStore(new DynamoDBClient(CLIENT_SETTINGS), environment.LEAF_TABLE);
const worm = s3ObjectStore(
  new S3Client({ ...CLIENT_SETTINGS, forcePathStyle: true }),
  environment.WORM_BUCKET,
);
const signer = kmsSigner(new KMSClient(CLIENT_SETTINGS), environment.SIGNING_KEY);

export const handler = async () => {
  try {
    const outcome = await seal({ desk, leaves, worm, signer, origin: environment.LOG_ORIGIN });
    desk.log.info('audit checkpoint', { ...outcome });
    return outcome;
  } catch (error) {
    desk.log.metric('AuditFailed', 1, 'Count');
    throw error;
  }
};
