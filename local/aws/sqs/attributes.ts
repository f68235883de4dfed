import type { HostedQueue } from './hosted-queue.ts';
import type { Message } from './message-queue.ts';

/** Twenty digits, as SQS writes them, so that their order as text is their order. */
export function sequenceNumber(sequence: number): string {
  return String(sequence).padStart(20, '0');
}

/** What the API tells of a message beside its body, as text. */
export function systemAttributes(message: Message): Record<string, string> {
  const attributes: Record<string, string> = {
    SenderId: message.senderId,
    SentTimestamp: String(message.sentAt),
    ApproximateReceiveCount: String(message.receiveCount),
    ApproximateFirstReceiveTimestamp: String(message.firstReceivedAt ?? message.sentAt),
  };
  if (message.groupId !== undefined) attributes['MessageGroupId'] = message.groupId;
  if (message.deduplicationId !== undefined) {
    attributes['MessageDeduplicationId'] = message.deduplicationId;
    attributes['SequenceNumber'] = sequenceNumber(message.sequence);
  }
  if (message.sourceQueueArn !== undefined) attributes['DeadLetterQueueSourceArn'] = message.sourceQueueArn;
  if (message.traceHeader !== undefined) attributes['AWSTraceHeader'] = message.traceHeader;
  return attributes;
}

/** What GetQueueAttributes tells, as text. */
export function queueAttributes(queue: HostedQueue): [string, string][] {
  const { settings } = queue;
  const counts = queue.counts();
  const attributes: Record<string, string> = {
    ApproximateNumberOfMessages: String(counts.visible),
    ApproximateNumberOfMessagesNotVisible: String(counts.inFlight),
    ApproximateNumberOfMessagesDelayed: String(counts.delayed),
    CreatedTimestamp: String(Math.floor(settings.createdAt / 1000)),
    DelaySeconds: String(settings.delaySeconds),
    MaximumMessageSize: String(settings.maximumMessageSize),
    MessageRetentionPeriod: String(settings.retentionPeriod),
    QueueArn: settings.arn,
    ReceiveMessageWaitTimeSeconds: String(settings.receiveWaitTime),
    VisibilityTimeout: String(settings.visibilityTimeout),
  };
  if (settings.redrive !== undefined) attributes['RedrivePolicy'] = JSON.stringify(settings.redrive);
  if (settings.kmsKey !== undefined) attributes['KmsMasterKeyId'] = settings.kmsKey;
  if (settings.fifo) {
    attributes['FifoQueue'] = 'true';
    attributes['ContentBasedDeduplication'] = String(settings.contentBasedDeduplication);
    attributes['DeduplicationScope'] = settings.deduplicationScope;
  }
  return Object.entries(attributes);
}
