import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import * as z from 'zod';
import { CLIENT_SETTINGS } from '#adapters/aws/client-settings.ts';
import { composeDesk } from '#functions/runtime/desk.ts';
import { parseEnvironment } from '#functions/runtime/environment.ts';
import { appendedEntries } from '../stream.ts';
import { publish } from './publish.ts';

const desk = composeDesk('relay');
const { BUS_NAME } = parseEnvironment(z.object({ BUS_NAME: z.string().min(1) }), process.env);
const client = new EventBridgeClient(CLIENT_SETTINGS);

/** The outbox's other end: whatever was appended to the journal goes onto the bus, in order, at least once. */
export const handler = async (input: unknown) => {
  const messages = appendedEntries(input).map((entry) => ({ id: entry.sequenceNumber, ...entry }));
  const failed = await publish(client, BUS_NAME, messages, desk.log);
  return { batchItemFailures: failed === null ? [] : [{ itemIdentifier: failed }] };
};
