import type * as z from 'zod';
import { signalOf } from '../../host/http/abandonment.ts';
import {
  AwsError,
  type AwsService,
  type Caller,
  type DeliveryTarget,
  type RequiredPermission,
  type Resource,
  type ResourceType,
  type ServiceCall,
} from '../../host/kernel.ts';
import { parseParameters, unknownOperation } from '../../host/parameters.ts';
import type { ServiceParts } from '../../host/service-parts.ts';
import { transaction } from '../../host/store.ts';
import { queueAttributes, sequenceNumber, systemAttributes } from './attributes.ts';
import { HostedQueue, type Outgoing, type QueueSettings } from './hosted-queue.ts';
import { attributesDigest, bodyDigest, isWanted, messageSize } from './message-attributes.ts';
import type { Message } from './message-queue.ts';
import { MessageStore } from './message-store.ts';
import { queuePolicyType, queueProperties, queueType } from './resource-types.ts';
import * as shapes from './shapes.ts';

/** A message as an event source mapping takes it. */
export interface ReceivedMessage {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly body: string;
  readonly md5OfBody: string;
  /** As the system attributes of the API: text. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly messageAttributes: Message['attributes'];
}

/** SQS in the host. The functions take queue ARNs and have the semantics of the API, without its permissions. */
export interface SqsHost {
  readonly service: AwsService;
  readonly types: readonly ResourceType[];
  /** @throws AwsError QueueDoesNotExist */
  settings(queueArn: string): QueueSettings;
  send(queueArn: string, outgoing: Outgoing): { readonly messageId: string };
  /** Up to 10 messages; `visibilityTimeout` in seconds. */
  receive(
    queueArn: string,
    options?: { readonly maximum?: number; readonly visibilityTimeout?: number },
  ): readonly ReceivedMessage[];
  delete(queueArn: string, receiptHandles: readonly string[]): void;
  /** `seconds` until the message is visible again; 0 gives it back at once. */
  changeVisibility(queueArn: string, receiptHandle: string, seconds: number): void;
  /** Gives back at once all that is in flight, because whoever had it in hand is gone. */
  release(queueArn: string): void;
  /** Calls back, a microtask later, whenever a receive would find something; also once at registration. */
  onMessagesAvailable(queueArn: string, listener: () => void): () => void;
  /** Calls back, a microtask later, whenever the counts of the queue may have changed. */
  onQueueChanged(queueArn: string, observer: () => void): void;
  counts(queueArn: string): { readonly visible: number; readonly inFlight: number; readonly delayed: number };
  oldestAgeSeconds(queueArn: string): number;
  readonly queueArns: readonly string[];
}

/** The part of KMS that other services need. */
export interface KeyDirectory {
  /** ARN of a customer managed key by id, ARN or alias; undefined for AWS managed keys (`alias/aws/…`), which need no grant. */
  keyArn(reference: string): string | undefined;
}

const largestBatch = 10;
const largestBatchBytes = 1_048_576;

/**
 * SQS: standard and FIFO queues, deduplication, visibility, delays, redrive, long polls, batches.
 *
 * Not modelled: queues created through the API, tags, message move tasks, `ReceiveRequestAttemptId`, throughput
 * quotas, the limits on messages in flight, the minute between purges, the order in which standard queues shuffle.
 * A message whose retention ends while it is hidden is dropped at the next call on its queue. Encrypted queues ask
 * for the key's permissions but keep bodies as they are.
 */
export function createSqs(parts: ServiceParts, keys: KeyDirectory): SqsHost {
  const { context, authorizer, targets } = parts;
  const store = new MessageStore(context.store);
  const byArn = new Map<string, HostedQueue>();

  const queueOf = (reference: string): HostedQueue => {
    const name = reference.slice(Math.max(reference.lastIndexOf('/'), reference.lastIndexOf(':')) + 1);
    const queue = byArn.get(arnOf(name));
    if (queue === undefined)
      throw new AwsError('QueueDoesNotExist', `The specified queue does not exist: ${reference}`);
    return queue;
  };
  const arnOf = (name: string): string => `arn:aws:sqs:${context.region}:${context.accountId}:${name}`;

  const encryption = (queue: HostedQueue, actions: readonly string[]): RequiredPermission[] => {
    const { kmsKey, arn } = queue.settings;
    const resource = kmsKey === undefined ? undefined : keys.keyArn(kmsKey);
    if (resource === undefined) return [];
    const keyContext = {
      'kms:ViaService': `sqs.${context.region}.amazonaws.com`,
      'kms:EncryptionContext:aws:sqs:arn': arn,
    };
    return actions.map((action) => ({ action, resource, context: keyContext }));
  };
  const sendPermissions = (queue: HostedQueue): RequiredPermission[] => [
    { action: 'sqs:SendMessage', resource: queue.settings.arn },
    ...encryption(queue, ['kms:GenerateDataKey', 'kms:Decrypt']),
  ];

  const create = (resource: Resource): void => {
    const properties = queueProperties.parse(resource.properties);
    const arn = resource.identity.attributes['Arn']!;
    const settings: QueueSettings = {
      name: resource.identity.attributes['QueueName']!,
      arn,
      url: resource.identity.ref,
      fifo: properties.FifoQueue,
      contentBasedDeduplication: properties.ContentBasedDeduplication,
      deduplicationScope: properties.DeduplicationScope,
      visibilityTimeout: properties.VisibilityTimeout,
      delaySeconds: properties.DelaySeconds,
      retentionPeriod: properties.MessageRetentionPeriod,
      maximumMessageSize: properties.MaximumMessageSize,
      receiveWaitTime: properties.ReceiveMessageWaitTimeSeconds,
      redrive: properties.RedrivePolicy,
      kmsKey: properties.KmsMasterKeyId,
      createdAt: context.clock.now(),
    };
    const existing = byArn.get(arn);
    if (existing !== undefined) {
      existing.settings = settings;
      return;
    }
    const queue = new HostedQueue(settings, {
      clock: context.clock,
      database: context.store,
      store,
      newMessageId: () => context.nextId('sqs-message'),
      queue: (target) => byArn.get(target),
    });
    byArn.set(arn, queue);
    targets.register(deliveryTarget(queue));
  };

  const deliveryTarget = (
    queue: HostedQueue,
  ): DeliveryTarget & { accept(payload: string, sender: Caller): void } => {
    const accept = (
      body: string,
      sender: Caller,
      ids: { readonly groupId?: string | undefined; readonly deduplicationId?: string | undefined },
    ): void => {
      authorizer.check(sender, sendPermissions(queue));
      queue.send({
        body,
        senderId: senderIdOf(sender),
        groupId: ids.groupId,
        deduplicationId: ids.deduplicationId,
      });
    };
    return {
      arn: queue.settings.arn,
      deliver: async (event, { sender, messageGroupId, deduplicationId }) =>
        accept(typeof event === 'string' ? event : JSON.stringify(event), sender, {
          groupId: messageGroupId,
          deduplicationId,
        }),
      accept: (payload, sender) => accept(payload, sender, {}),
    };
  };

  const senderIdOf = (caller: Caller): string =>
    caller.kind === 'service' ? caller.principal : authorizer.arnOf(caller);

  const receivedMessage = (queue: HostedQueue, message: Message): ReceivedMessage => ({
    messageId: message.messageId,
    receiptHandle: queue.receiptHandle(message),
    body: message.body,
    md5OfBody: bodyDigest(message.body),
    attributes: systemAttributes(message),
    messageAttributes: message.attributes,
  });

  const wireMessage = (
    queue: HostedQueue,
    message: Message,
    systemWanted: readonly string[],
    wanted: readonly string[],
  ): Record<string, unknown> => {
    const system = Object.entries(systemAttributes(message)).filter(([name]) => isWanted(name, systemWanted));
    const attributes = Object.fromEntries(
      Object.entries(message.attributes).filter(([name]) => isWanted(name, wanted)),
    );
    return {
      MessageId: message.messageId,
      ReceiptHandle: queue.receiptHandle(message),
      MD5OfBody: bodyDigest(message.body),
      Body: message.body,
      ...(system.length > 0 ? { Attributes: Object.fromEntries(system) } : {}),
      ...(Object.keys(attributes).length > 0
        ? { MessageAttributes: attributes, MD5OfMessageAttributes: attributesDigest(attributes) }
        : {}),
    };
  };

  const send = (
    queue: HostedQueue,
    entry: z.infer<typeof shapes.sendEntry>,
    caller: Caller,
  ): Record<string, unknown> => {
    const sent = queue.send({
      body: entry.MessageBody,
      attributes: entry.MessageAttributes,
      delaySeconds: entry.DelaySeconds,
      groupId: entry.MessageGroupId,
      deduplicationId: entry.MessageDeduplicationId,
      traceHeader: entry.MessageSystemAttributes?.['AWSTraceHeader']?.StringValue,
      senderId: senderIdOf(caller),
    });
    const digest = attributesDigest(entry.MessageAttributes ?? {});
    return {
      MessageId: sent.messageId,
      MD5OfMessageBody: bodyDigest(entry.MessageBody),
      ...(digest === undefined ? {} : { MD5OfMessageAttributes: digest }),
      ...(queue.settings.fifo ? { SequenceNumber: sequenceNumber(sent.sequence) } : {}),
    };
  };

  const handle = async (call: ServiceCall): Promise<Record<string, unknown>> => {
    const invalid = 'InvalidParameterValue';
    switch (call.operation) {
      case 'SendMessage': {
        const input = parseParameters(call, shapes.sendMessage, invalid);
        return send(queueOf(input.QueueUrl), input, call.caller);
      }
      case 'SendMessageBatch': {
        const { QueueUrl, Entries } = parseParameters(call, shapes.sendMessageBatch, invalid);
        const queue = queueOf(QueueUrl);
        const bytes = Entries.reduce(
          (total, entry) => total + messageSize(entry.MessageBody, entry.MessageAttributes ?? {}),
          0,
        );
        if (bytes > largestBatchBytes) {
          throw new AwsError(
            'BatchRequestTooLong',
            `Batch requests cannot be longer than ${largestBatchBytes} bytes. You have sent ${bytes} bytes.`,
          );
        }
        return transaction(context.store, () => batch(Entries, (entry) => send(queue, entry, call.caller)));
      }
      case 'ReceiveMessage': {
        const input = parseParameters(call, shapes.receiveMessage, invalid);
        const queue = queueOf(input.QueueUrl);
        const messages = await queue.poll(
          input.MaxNumberOfMessages,
          input.VisibilityTimeout,
          input.WaitTimeSeconds ?? queue.settings.receiveWaitTime,
          signalOf(call),
        );
        const systemWanted = [...(input.MessageSystemAttributeNames ?? []), ...(input.AttributeNames ?? [])];
        if (messages.length === 0) return {};
        return {
          Messages: messages.map((message) =>
            wireMessage(queue, message, systemWanted, input.MessageAttributeNames ?? []),
          ),
        };
      }
      case 'DeleteMessage': {
        const { QueueUrl, ReceiptHandle } = parseParameters(call, shapes.deleteMessage, invalid);
        queueOf(QueueUrl).delete(ReceiptHandle);
        return {};
      }
      case 'DeleteMessageBatch': {
        const { QueueUrl, Entries } = parseParameters(call, shapes.deleteMessageBatch, invalid);
        const queue = queueOf(QueueUrl);
        return transaction(context.store, () =>
          batch(Entries, ({ ReceiptHandle }) => {
            queue.delete(ReceiptHandle);
            return {};
          }),
        );
      }
      case 'ChangeMessageVisibility': {
        const { QueueUrl, ReceiptHandle, VisibilityTimeout } = parseParameters(
          call,
          shapes.changeVisibility,
          invalid,
        );
        queueOf(QueueUrl).changeVisibility(ReceiptHandle, VisibilityTimeout);
        return {};
      }
      case 'ChangeMessageVisibilityBatch': {
        const { QueueUrl, Entries } = parseParameters(call, shapes.changeVisibilityBatch, invalid);
        const queue = queueOf(QueueUrl);
        return batch(Entries, ({ ReceiptHandle, VisibilityTimeout }) => {
          queue.changeVisibility(ReceiptHandle, VisibilityTimeout);
          return {};
        });
      }
      case 'GetQueueUrl': {
        const { QueueName } = parseParameters(call, shapes.getQueueUrl, invalid);
        return { QueueUrl: queueOf(QueueName).settings.url };
      }
      case 'GetQueueAttributes': {
        const { QueueUrl, AttributeNames } = parseParameters(call, shapes.getQueueAttributes, invalid);
        const attributes = queueAttributes(queueOf(QueueUrl)).filter(
          ([name]) => AttributeNames.includes('All') || AttributeNames.includes(name),
        );
        return attributes.length === 0 ? {} : { Attributes: Object.fromEntries(attributes) };
      }
      case 'ListQueues': {
        const { QueueNamePrefix = '' } = parseParameters(call, shapes.listQueues, invalid);
        const urls = [...byArn.values()]
          .filter(({ settings }) => settings.name.startsWith(QueueNamePrefix))
          .map(({ settings }) => settings.url);
        return urls.length === 0 ? {} : { QueueUrls: urls };
      }
      case 'PurgeQueue': {
        queueOf(parseParameters(call, shapes.queueOnly, invalid).QueueUrl).purge();
        return {};
      }
      default:
        throw unknownOperation(call);
    }
  };

  const service: AwsService = {
    name: 'sqs',
    permissions: (call) => {
      const { QueueUrl, QueueName } = call.input;
      if (call.operation === 'ListQueues') return [{ action: 'sqs:ListQueues', resource: '*' }];
      if (call.operation === 'GetQueueUrl')
        return [{ action: 'sqs:GetQueueUrl', resource: arnOf(String(QueueName)) }];
      const queue = queueOf(String(QueueUrl));
      const action = `sqs:${call.operation.replace(/Batch$/, '')}`;
      if (action === 'sqs:SendMessage') return sendPermissions(queue);
      const decrypts = action === 'sqs:ReceiveMessage' ? encryption(queue, ['kms:Decrypt']) : [];
      return [{ action, resource: queue.settings.arn }, ...decrypts];
    },
    handle,
  };

  return {
    service,
    types: [
      queueType(create),
      queuePolicyType((url) => queueOf(url).settings.arn, authorizer.putResourcePolicy.bind(authorizer)),
    ],
    settings: (arn) => queueOf(arn).settings,
    send: (arn, outgoing) => queueOf(arn).send(outgoing),
    receive: (arn, options = {}) => {
      const queue = queueOf(arn);
      return queue
        .receive(options.maximum ?? largestBatch, options.visibilityTimeout)
        .map((message) => receivedMessage(queue, message));
    },
    delete: (arn, handles) => {
      const queue = queueOf(arn);
      transaction(context.store, () => {
        for (const handle of handles) queue.delete(handle);
      });
    },
    changeVisibility: (arn, handle, seconds) => queueOf(arn).changeVisibility(handle, seconds),
    release: (arn) => queueOf(arn).release(),
    onMessagesAvailable: (arn, listener) => queueOf(arn).onAvailable(listener),
    onQueueChanged: (arn, observer) => queueOf(arn).onChange(observer),
    counts: (arn) => queueOf(arn).counts(),
    oldestAgeSeconds: (arn) => queueOf(arn).oldestAgeSeconds(),
    get queueArns() {
      return [...byArn.keys()];
    },
  };
}

function batch<T extends { readonly Id: string }>(
  entries: readonly T[],
  work: (entry: T) => Record<string, unknown>,
): Record<string, unknown> {
  if (entries.length === 0)
    throw new AwsError('EmptyBatchRequest', 'There should be at least one entry in the request.');
  if (entries.length > largestBatch) {
    throw new AwsError(
      'TooManyEntriesInBatchRequest',
      `Maximum number of entries per request are ${largestBatch}. You have sent ${entries.length}.`,
    );
  }
  if (new Set(entries.map(({ Id }) => Id)).size < entries.length)
    throw new AwsError('BatchEntryIdsNotDistinct', 'Two or more batch entries have the same Id.');
  const Successful: unknown[] = [];
  const Failed: unknown[] = [];
  for (const entry of entries) {
    try {
      Successful.push({ Id: entry.Id, ...work(entry) });
    } catch (cause) {
      if (!(cause instanceof AwsError)) throw cause;
      Failed.push({
        Id: entry.Id,
        Code: cause.code,
        Message: cause.message,
        SenderFault: cause.statusCode < 500,
      });
    }
  }
  return { Successful, ...(Failed.length > 0 ? { Failed } : {}) };
}
