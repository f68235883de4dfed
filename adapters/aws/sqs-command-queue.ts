import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { CommandQueue } from '#core/broker/command-queue.ts';

/** The longest that SQS waits for a message. */
const LONG_POLL_SECONDS = 20;
const BATCH = 10;

/** {@link CommandQueue} on an SQS FIFO queue. */
export function sqsCommandQueue(
  client: SQSClient,
  queueUrl: string,
  visibilitySeconds: number,
): CommandQueue {
  return {
    async receive(signal) {
      try {
        const answer = await client.send(
          new ReceiveMessageCommand({
            QueueUrl: queueUrl,
            MaxNumberOfMessages: BATCH,
            WaitTimeSeconds: LONG_POLL_SECONDS,
            VisibilityTimeout: visibilitySeconds,
          }),
          { abortSignal: signal },
        );
        return (answer.Messages ?? []).flatMap(({ MessageId, ReceiptHandle, Body }) =>
          MessageId === undefined || ReceiptHandle === undefined
            ? []
            : [{ messageId: MessageId, receipt: ReceiptHandle, body: Body ?? '' }],
        );
      } catch (fault) {
        if (signal.aborted) return [];
        throw fault;
      }
    },
    async delete(receipt) {
      await client.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle: receipt }));
    },
    async extend(receipt, seconds) {
      await client.send(
        new ChangeMessageVisibilityCommand({
          QueueUrl: queueUrl,
          ReceiptHandle: receipt,
          VisibilityTimeout: seconds,
        }),
      );
    },
  };
}
