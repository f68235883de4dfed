import { createHash } from 'node:crypto';
import * as z from 'zod';
import {
  AwsError,
  type AwsService,
  type Caller,
  type DeliveryTarget,
  type RequiredPermission,
  type ResourceType,
  type ServiceCall,
} from '../../host/kernel.ts';
import { parseParameters, templateBoolean, unknownOperation } from '../../host/parameters.ts';
import { physicalName } from '../../host/physical-name.ts';
import type { ServiceParts } from '../../host/service-parts.ts';
import type { KeyDirectory } from '../sqs/sqs.ts';
import { attributeLookup, bodyLookup, compileFilter, type Filter } from './filter-policy.ts';
import { Outbox, type PendingDelivery } from './outbox.ts';

/** SNS in the host. */
export interface SnsHost {
  readonly service: AwsService;
  readonly types: readonly ResourceType[];
  /** Resumes deliveries that a former process left. Call when all targets are registered. */
  start(): void;
  /** What the topic would have sent outside (email, HTTPS), newest last; at most the last 1000. */
  readonly outsideNotifications: readonly {
    readonly topicArn: string;
    readonly protocol: string;
    readonly endpoint: string;
    readonly subject: string | undefined;
    readonly message: string;
  }[];
}

interface Subscription {
  readonly arn: string;
  readonly protocol: string;
  readonly endpoint: string;
  readonly raw: boolean;
  readonly filter: Filter | undefined;
  readonly filterScope: 'MessageAttributes' | 'MessageBody';
  readonly deadLetterArn: string | undefined;
}

interface Topic {
  readonly arn: string;
  readonly name: string;
  readonly displayName: string;
  readonly fifo: boolean;
  readonly contentBasedDeduplication: boolean;
  readonly kmsKey: string | undefined;
  readonly subscriptions: Map<string, Subscription>;
}

const attribute = z.strictObject({
  DataType: z.string(),
  StringValue: z.string().optional(),
  BinaryValue: z.string().optional(),
});
const message = {
  Message: z.string().min(1),
  Subject: z.string().max(100).optional(),
  MessageAttributes: z.record(z.string(), attribute).default({}),
  MessageGroupId: z.string().optional(),
  MessageDeduplicationId: z.string().optional(),
};
const publish = z.strictObject({
  TopicArn: z.string().optional(),
  TargetArn: z.string().optional(),
  ...message,
});
const publishBatch = z.strictObject({
  TopicArn: z.string(),
  PublishBatchRequestEntries: z.array(z.strictObject({ Id: z.string(), ...message })),
});
const topicOnly = z.strictObject({ TopicArn: z.string(), NextToken: z.string().optional() });
const nothing = z.strictObject({ NextToken: z.string().optional() });
type Publication = Omit<z.infer<typeof publish>, 'TopicArn' | 'TargetArn'>;

const subscriptionProperties = z.object({
  TopicArn: z.string(),
  Protocol: z.enum(['sqs', 'lambda', 'email', 'email-json', 'https', 'sms']),
  Endpoint: z.string(),
  RawMessageDelivery: templateBoolean.default(false),
  FilterPolicy: z.record(z.string(), z.unknown()).optional(),
  FilterPolicyScope: z.enum(['MessageAttributes', 'MessageBody']).default('MessageAttributes'),
  RedrivePolicy: z.object({ deadLetterTargetArn: z.string() }).optional(),
});

const topicProperties = z.object({
  DisplayName: z.string().default(''),
  FifoTopic: templateBoolean.default(false),
  ContentBasedDeduplication: templateBoolean.default(false),
  KmsMasterKeyId: z.string().optional(),
});

const largestMessage = 262_144;
const notificationsKept = 1_000;
const deduplicationMillis = 5 * 60_000;

/**
 * SNS: topics (standard and FIFO), subscriptions of queues and functions with filter policies, raw delivery, retries and
 * dead-letter queues, publications and batches. A publication is committed with its deliveries before it is answered.
 *
 * Not modelled: topics and subscriptions made through the API, confirmation of subscriptions, signatures of messages
 * (`Signature` is empty), SMS, mobile push, data protection policies, archives. Email and HTTPS subscriptions are
 * recorded and logged, never sent. Deduplication of FIFO topics does not outlive the process.
 */
export function createSns(parts: ServiceParts, keys: KeyDirectory): SnsHost {
  const { context, authorizer, targets } = parts;
  const topics = new Map<string, Topic>();
  const outside: SnsHost['outsideNotifications'][number][] = [];
  const published = new Map<string, { readonly messageId: string; readonly expiresAt: number }>();

  const outbox = new Outbox(
    context,
    async (delivery) => {
      const subscription = topics.get(delivery.topicArn)?.subscriptions.get(delivery.subscriptionArn);
      if (subscription === undefined) return;
      const target = targets.find(subscription.endpoint);
      if (target === undefined)
        throw new AwsError('NotFound', `nothing of the host answers to ${subscription.endpoint}`, 404);
      await target.deliver(eventFor(subscription, delivery), {
        sender: { kind: 'service', principal: 'sns.amazonaws.com', sourceArn: delivery.topicArn },
        ...(delivery.messageGroupId === undefined ? {} : { messageGroupId: delivery.messageGroupId }),
        ...(delivery.deduplicationId === undefined ? {} : { deduplicationId: delivery.deduplicationId }),
      });
    },
    async (delivery, error) => {
      const subscription = topics.get(delivery.topicArn)?.subscriptions.get(delivery.subscriptionArn);
      const deadLetters =
        subscription?.deadLetterArn === undefined ? undefined : targets.find(subscription.deadLetterArn);
      context.log.error('a notification could not be delivered', {
        topic: delivery.topicArn,
        endpoint: subscription?.endpoint,
        error: error.message,
        deadLettered: deadLetters !== undefined,
      });
      if (deadLetters === undefined || subscription === undefined) return;
      await deadLetters.deliver(eventFor(subscription, delivery), {
        sender: { kind: 'service', principal: 'sns.amazonaws.com', sourceArn: delivery.topicArn },
      });
    },
  );

  const envelope = (delivery: PendingDelivery): Record<string, unknown> => ({
    Type: 'Notification',
    MessageId: delivery.messageId,
    ...(delivery.sequenceNumber === undefined ? {} : { SequenceNumber: delivery.sequenceNumber }),
    TopicArn: delivery.topicArn,
    ...(delivery.subject === undefined ? {} : { Subject: delivery.subject }),
    Message: delivery.message,
    Timestamp: new Date(delivery.publishedAt).toISOString(),
    SignatureVersion: '1',
    Signature: '',
    SigningCertURL: '',
    UnsubscribeURL: '',
    ...(Object.keys(delivery.attributes).length === 0
      ? {}
      : { MessageAttributes: notificationAttributes(delivery) }),
  });

  const notificationAttributes = ({ attributes }: PendingDelivery): Record<string, unknown> =>
    Object.fromEntries(
      Object.entries(attributes).map(([name, { DataType, StringValue, BinaryValue }]) => [
        name,
        { Type: DataType, Value: StringValue ?? BinaryValue },
      ]),
    );

  const eventFor = (subscription: Subscription, delivery: PendingDelivery): unknown => {
    if (subscription.protocol === 'sqs')
      return subscription.raw ? delivery.message : JSON.stringify(envelope(delivery));
    // Lambda always gets the attributes and a subject, if only null.
    const Sns = { Subject: null, ...envelope(delivery), MessageAttributes: notificationAttributes(delivery) };
    return {
      Records: [{ EventSource: 'aws:sns', EventVersion: '1.0', EventSubscriptionArn: subscription.arn, Sns }],
    };
  };

  const topicOf = (arn: string | undefined): Topic => {
    const topic = topics.get(arn ?? '');
    if (topic === undefined) throw new AwsError('NotFound', `Topic does not exist: ${arn}`, 404);
    return topic;
  };

  const publishTo = (topic: Topic, publication: Publication): Record<string, unknown> => {
    if (Buffer.byteLength(publication.Message) > largestMessage)
      throw new AwsError('InvalidParameter', 'Invalid parameter: Message too long');
    const now = context.clock.now();
    const deduplicationId = deduplicationOf(topic, publication);
    const earlier =
      deduplicationId === undefined ? undefined : published.get(`${topic.arn} ${deduplicationId}`);
    if (earlier !== undefined && earlier.expiresAt > now) return { MessageId: earlier.messageId };
    const messageId = context.nextId('sns-message');
    const deliveries: PendingDelivery[] = [];
    for (const subscription of topic.subscriptions.values()) {
      const lookup =
        subscription.filterScope === 'MessageBody'
          ? bodyLookup(publication.Message)
          : attributeLookup(publication.MessageAttributes);
      if (subscription.filter !== undefined && !subscription.filter(lookup)) continue;
      if (subscription.protocol !== 'sqs' && subscription.protocol !== 'lambda') {
        recordOutside(topic, subscription, publication);
        continue;
      }
      deliveries.push({
        topicArn: topic.arn,
        subscriptionArn: subscription.arn,
        messageId,
        message: publication.Message,
        subject: publication.Subject,
        attributes: publication.MessageAttributes,
        messageGroupId: publication.MessageGroupId,
        deduplicationId,
        sequenceNumber: undefined,
        publishedAt: now,
      });
    }
    outbox.add(deliveries);
    if (deduplicationId !== undefined)
      published.set(`${topic.arn} ${deduplicationId}`, { messageId, expiresAt: now + deduplicationMillis });
    return { MessageId: messageId };
  };

  const deduplicationOf = (topic: Topic, publication: Publication): string | undefined => {
    if (!topic.fifo) return undefined;
    if (publication.MessageGroupId === undefined)
      throw new AwsError(
        'InvalidParameter',
        'Invalid parameter: The MessageGroupId parameter is required for FIFO topics',
      );
    const id =
      publication.MessageDeduplicationId ??
      (topic.contentBasedDeduplication
        ? createHash('sha256').update(publication.Message).digest('hex')
        : undefined);
    if (id === undefined) {
      throw new AwsError(
        'InvalidParameter',
        'Invalid parameter: The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly',
      );
    }
    return id;
  };

  const recordOutside = (
    topic: Topic,
    { protocol, endpoint }: Subscription,
    { Subject, Message }: Publication,
  ): void => {
    outside.push({ topicArn: topic.arn, protocol, endpoint, subject: Subject, message: Message });
    if (outside.length > notificationsKept) outside.shift();
    context.log.warn(
      `a ${protocol} notification stays on this machine: ${Subject ?? Message.slice(0, 200)}`,
      { topic: topic.name, endpoint },
    );
  };

  const handle = async (call: ServiceCall): Promise<Record<string, unknown>> => {
    const invalid = 'InvalidParameter';
    switch (call.operation) {
      case 'Publish': {
        const { TopicArn, TargetArn, ...publication } = parseParameters(call, publish, invalid);
        return publishTo(topicOf(TopicArn ?? TargetArn), publication);
      }
      case 'PublishBatch': {
        const { TopicArn, PublishBatchRequestEntries: entries } = parseParameters(
          call,
          publishBatch,
          invalid,
        );
        if (entries.length === 0)
          throw new AwsError('EmptyBatchRequest', 'The batch request does not contain any entries.');
        if (entries.length > 10)
          throw new AwsError(
            'TooManyEntriesInBatchRequest',
            'The batch request contains more entries than permissible.',
          );
        const topic = topicOf(TopicArn);
        const Successful: unknown[] = [];
        const Failed: unknown[] = [];
        for (const { Id, ...publication } of entries) {
          try {
            Successful.push({ Id, ...publishTo(topic, publication) });
          } catch (cause) {
            if (!(cause instanceof AwsError)) throw cause;
            Failed.push({ Id, Code: cause.code, Message: cause.message, SenderFault: true });
          }
        }
        return { Successful, Failed };
      }
      case 'ListTopics':
        parseParameters(call, nothing, invalid);
        return { Topics: [...topics.keys()].map((TopicArn) => ({ TopicArn })) };
      case 'ListSubscriptionsByTopic': {
        const topic = topicOf(parseParameters(call, topicOnly, invalid).TopicArn);
        return {
          Subscriptions: [...topic.subscriptions.values()].map(({ arn, protocol, endpoint }) => ({
            SubscriptionArn: arn,
            Owner: context.accountId,
            Protocol: protocol,
            Endpoint: endpoint,
            TopicArn: topic.arn,
          })),
        };
      }
      case 'GetTopicAttributes': {
        const topic = topicOf(parseParameters(call, topicOnly, invalid).TopicArn);
        const attributes = {
          TopicArn: topic.arn,
          Owner: context.accountId,
          DisplayName: topic.displayName,
          SubscriptionsConfirmed: String(topic.subscriptions.size),
          SubscriptionsPending: '0',
          SubscriptionsDeleted: '0',
        };
        return { Attributes: new Map(Object.entries(attributes)) };
      }
      default:
        throw unknownOperation(call);
    }
  };

  const publishPermissions = (topicArn: string): RequiredPermission[] => {
    const permissions: RequiredPermission[] = [{ action: 'sns:Publish', resource: topicArn }];
    const kmsKey = topics.get(topicArn)?.kmsKey;
    const resource = kmsKey === undefined ? undefined : keys.keyArn(kmsKey);
    if (resource === undefined) return permissions;
    const keyContext = {
      'kms:ViaService': `sns.${context.region}.amazonaws.com`,
      'kms:EncryptionContext:aws:sns:topicArn': topicArn,
    };
    for (const action of ['kms:GenerateDataKey', 'kms:Decrypt'])
      permissions.push({ action, resource, context: keyContext });
    return permissions;
  };

  const deliveryTarget = (
    topic: Topic,
  ): DeliveryTarget & { accept(payload: string, sender: Caller): void } => {
    const accept = (
      payload: string,
      sender: Caller,
      MessageGroupId?: string,
      MessageDeduplicationId?: string,
    ): void => {
      authorizer.check(sender, publishPermissions(topic.arn));
      publishTo(topic, {
        Message: payload,
        MessageAttributes: {},
        ...(MessageGroupId === undefined ? {} : { MessageGroupId }),
        ...(MessageDeduplicationId === undefined ? {} : { MessageDeduplicationId }),
      });
    };
    return {
      arn: topic.arn,
      deliver: async (event, { sender, messageGroupId, deduplicationId }) =>
        accept(
          typeof event === 'string' ? event : JSON.stringify(event),
          sender,
          messageGroupId,
          deduplicationId,
        ),
      accept: (payload, sender) => accept(payload, sender),
    };
  };

  const subscribe = (properties: Readonly<Record<string, unknown>>, arn: string): void => {
    const parsed = subscriptionProperties.parse(properties);
    topicOf(parsed.TopicArn).subscriptions.set(arn, {
      arn,
      protocol: parsed.Protocol,
      endpoint: parsed.Endpoint,
      raw: parsed.RawMessageDelivery,
      filter: parsed.FilterPolicy === undefined ? undefined : compileFilter(parsed.FilterPolicy),
      filterScope: parsed.FilterPolicyScope,
      deadLetterArn: parsed.RedrivePolicy?.deadLetterTargetArn,
    });
  };

  const topicType: ResourceType = {
    type: 'AWS::SNS::Topic',
    properties: {
      honoured: ['TopicName', 'Subscription', ...Object.keys(topicProperties.shape)],
      withoutLocalEffect: ['TracingConfig', 'SignatureVersion', 'Tags', 'FifoThroughputScope'],
    },
    identify: (resource) => {
      const fifo = resource.properties['FifoTopic'] === true || resource.properties['FifoTopic'] === 'true';
      const given = resource.properties['TopicName'] !== undefined;
      const name =
        given || !fifo
          ? physicalName(resource, 'TopicName', 256)
          : `${physicalName(resource, 'TopicName', 251)}.fifo`;
      const arn = `arn:aws:sns:${context.region}:${context.accountId}:${name}`;
      return { ref: arn, attributes: { TopicArn: arn, TopicName: name, Arn: arn } };
    },
    create: ({ properties, identity }) => {
      const parsed = topicProperties.parse(properties);
      const topic: Topic = {
        arn: identity.ref,
        name: identity.attributes['TopicName']!,
        displayName: parsed.DisplayName,
        fifo: parsed.FifoTopic,
        contentBasedDeduplication: parsed.ContentBasedDeduplication,
        kmsKey: parsed.KmsMasterKeyId,
        subscriptions: new Map(),
      };
      topics.set(topic.arn, topic);
      targets.register(deliveryTarget(topic));
      const inline = z.array(z.record(z.string(), z.unknown())).default([]).parse(properties['Subscription']);
      for (const [position, subscription] of inline.entries())
        subscribe({ ...subscription, TopicArn: topic.arn }, `${topic.arn}:${position}`);
    },
  };

  const subscriptionType: ResourceType = {
    type: 'AWS::SNS::Subscription',
    properties: { honoured: Object.keys(subscriptionProperties.shape), withoutLocalEffect: ['Region'] },
    identify: ({ stack, logicalId, properties }) => {
      const arn = `${String(properties['TopicArn'])}:${stack}-${logicalId}`;
      return { ref: arn, attributes: { Arn: arn } };
    },
    create: ({ properties, identity }) => subscribe(properties, identity.ref),
  };

  const policyType: ResourceType = {
    type: 'AWS::SNS::TopicPolicy',
    properties: { honoured: ['Topics', 'PolicyDocument'], withoutLocalEffect: [] },
    identify: ({ stack, logicalId }) => ({ ref: `${stack}-${logicalId}`, attributes: { Id: logicalId } }),
    create: ({ properties, identity }) => {
      for (const arn of z.array(z.string()).parse(properties['Topics']))
        authorizer.putResourcePolicy(arn, properties['PolicyDocument'], identity.ref);
    },
  };

  return {
    service: {
      name: 'sns',
      permissions: (call) => {
        if (call.operation === 'ListTopics') return [{ action: 'sns:ListTopics', resource: '*' }];
        const topicArn = String(call.input['TopicArn'] ?? call.input['TargetArn']);
        return call.operation.startsWith('Publish')
          ? publishPermissions(topicArn)
          : [{ action: `sns:${call.operation}`, resource: topicArn }];
      },
      handle,
    },
    types: [topicType, subscriptionType, policyType],
    start: () => outbox.resume(),
    outsideNotifications: outside,
  };
}
