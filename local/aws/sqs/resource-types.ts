import * as z from 'zod';
import type { Resource, ResourceType } from '../../host/kernel.ts';
import { templateBoolean } from '../../host/parameters.ts';
import { physicalName } from '../../host/physical-name.ts';

/** The properties of a queue that the host honours. */
export const queueProperties = z.object({
  FifoQueue: templateBoolean.default(false),
  ContentBasedDeduplication: templateBoolean.default(false),
  DeduplicationScope: z.enum(['queue', 'messageGroup']).default('queue'),
  VisibilityTimeout: z.coerce.number().default(30),
  DelaySeconds: z.coerce.number().default(0),
  MessageRetentionPeriod: z.coerce.number().default(345_600),
  MaximumMessageSize: z.coerce.number().default(1_048_576),
  ReceiveMessageWaitTimeSeconds: z.coerce.number().default(0),
  RedrivePolicy: z.object({ deadLetterTargetArn: z.string(), maxReceiveCount: z.coerce.number() }).optional(),
  KmsMasterKeyId: z.string().optional(),
});

/** `AWS::SQS::Queue`. */
export function queueType(create: (resource: Resource) => void): ResourceType {
  return {
    type: 'AWS::SQS::Queue',
    properties: {
      honoured: ['QueueName', ...Object.keys(queueProperties.shape)],
      withoutLocalEffect: [
        'KmsDataKeyReusePeriodSeconds',
        'SqsManagedSseEnabled',
        'FifoThroughputLimit',
        'RedriveAllowPolicy',
        'Tags',
      ],
    },
    identify: (resource, { region, accountId, endpoint }) => {
      const fifo = resource.properties['FifoQueue'] === true || resource.properties['FifoQueue'] === 'true';
      const given = resource.properties['QueueName'] !== undefined;
      const name =
        given || !fifo
          ? physicalName(resource, 'QueueName', 80)
          : `${physicalName(resource, 'QueueName', 75)}.fifo`;
      return {
        ref: `${endpoint}/${accountId}/${name}`,
        attributes: {
          Arn: `arn:aws:sqs:${region}:${accountId}:${name}`,
          QueueName: name,
          QueueUrl: `${endpoint}/${accountId}/${name}`,
        },
      };
    },
    create,
  };
}

/** `AWS::SQS::QueuePolicy`. */
export function queuePolicyType(
  arnOfUrl: (url: string) => string,
  put: (arn: string, document: unknown, name: string) => void,
): ResourceType {
  return {
    type: 'AWS::SQS::QueuePolicy',
    properties: { honoured: ['Queues', 'PolicyDocument'], withoutLocalEffect: [] },
    identify: ({ stack, logicalId }) => ({ ref: `${stack}-${logicalId}`, attributes: { Id: logicalId } }),
    create: ({ properties, identity }) => {
      for (const url of z.array(z.string()).parse(properties['Queues']))
        put(arnOfUrl(url), properties['PolicyDocument'], identity.ref);
    },
  };
}
