import * as z from 'zod';

/** Inputs of the SQS API as the host takes them; a parameter that is not listed is refused by name. */

const attribute = z.strictObject({
  DataType: z.string(),
  StringValue: z.string().optional(),
  BinaryValue: z.string().optional(),
});
const attributes = z.record(z.string(), attribute).optional();

const message = {
  MessageBody: z.string(),
  DelaySeconds: z.number().int().optional(),
  MessageAttributes: attributes,
  MessageSystemAttributes: z.partialRecord(z.enum(['AWSTraceHeader']), attribute).optional(),
  MessageGroupId: z.string().min(1).max(128).optional(),
  MessageDeduplicationId: z.string().min(1).max(128).optional(),
};
const QueueUrl = z.string();
const ReceiptHandle = z.string();
const Id = z.string().regex(/^[\w-]{1,80}$/);

export const sendEntry = z.object(message);
export const sendMessage = z.strictObject({ QueueUrl, ...message });
export const sendMessageBatch = z.strictObject({
  QueueUrl,
  Entries: z.array(z.strictObject({ Id, ...message })),
});

export const receiveMessage = z.strictObject({
  QueueUrl,
  MaxNumberOfMessages: z.number().int().min(1).max(10).default(1),
  VisibilityTimeout: z.number().int().min(0).max(43_200).optional(),
  WaitTimeSeconds: z.number().int().min(0).max(20).optional(),
  AttributeNames: z.array(z.string()).optional(),
  MessageSystemAttributeNames: z.array(z.string()).optional(),
  MessageAttributeNames: z.array(z.string()).optional(),
});

export const deleteMessage = z.strictObject({ QueueUrl, ReceiptHandle });
export const deleteMessageBatch = z.strictObject({
  QueueUrl,
  Entries: z.array(z.strictObject({ Id, ReceiptHandle })),
});
export const changeVisibility = z.strictObject({
  QueueUrl,
  ReceiptHandle,
  VisibilityTimeout: z.number().int(),
});
export const changeVisibilityBatch = z.strictObject({
  QueueUrl,
  Entries: z.array(z.strictObject({ Id, ReceiptHandle, VisibilityTimeout: z.number().int() })),
});

export const getQueueUrl = z.strictObject({
  QueueName: z.string(),
  QueueOwnerAWSAccountId: z.string().optional(),
});
export const getQueueAttributes = z.strictObject({
  QueueUrl,
  AttributeNames: z.array(z.string()).default([]),
});
export const listQueues = z.strictObject({ QueueNamePrefix: z.string().optional() });
export const queueOnly = z.strictObject({ QueueUrl });
