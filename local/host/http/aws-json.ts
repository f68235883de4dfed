import { AwsError } from '../kernel.ts';
import type { HttpRequest, Protocol } from './protocol.ts';

/**
 * Error names of the query protocol that the JSON protocol replaced. The clients of SQS still raise their exceptions
 * under these names when the header `x-amzn-query-error` carries them.
 */
const queryErrors: Readonly<Record<string, string>> = {
  QueueDoesNotExist: 'AWS.SimpleQueueService.NonExistentQueue',
  QueueNameExists: 'QueueAlreadyExists',
  ReceiptHandleIsInvalid: 'ReceiptHandleIsInvalid',
  InvalidMessageContents: 'InvalidMessageContents',
  EmptyBatchRequest: 'AWS.SimpleQueueService.EmptyBatchRequest',
  TooManyEntriesInBatchRequest: 'AWS.SimpleQueueService.TooManyEntriesInBatchRequest',
  BatchEntryIdsNotDistinct: 'AWS.SimpleQueueService.BatchEntryIdsNotDistinct',
  BatchRequestTooLong: 'AWS.SimpleQueueService.BatchRequestTooLong',
  InvalidBatchEntryId: 'AWS.SimpleQueueService.InvalidBatchEntryId',
  UnsupportedOperation: 'AWS.SimpleQueueService.UnsupportedOperation',
  MessageNotInflight: 'AWS.SimpleQueueService.MessageNotInflight',
  PurgeQueueInProgress: 'AWS.SimpleQueueService.PurgeQueueInProgress',
};

/** AWS JSON 1.0 and 1.1: the operation stands in `X-Amz-Target`, input and output are the bodies. */
export const awsJson: Protocol = {
  decode(request) {
    const target = String(request.headers['x-amz-target'] ?? '');
    const operation = target.slice(target.lastIndexOf('.') + 1);
    const contentType = contentTypeOf(request);
    return {
      operation,
      input: parseJson(request.body),
      encode: (output, requestId) => ({
        statusCode: 200,
        headers: { 'content-type': contentType, 'x-amzn-requestid': requestId },
        body: JSON.stringify(output),
      }),
    };
  },
  encodeError(error, requestId, request) {
    const headers: Record<string, string> = {
      'content-type': contentTypeOf(request),
      'x-amzn-requestid': requestId,
    };
    if (request.headers['x-amzn-query-mode'] === 'true') {
      headers['x-amzn-query-error'] =
        `${queryErrors[error.code] ?? error.code};${error.statusCode >= 500 ? 'Receiver' : 'Sender'}`;
    }
    const target = String(request.headers['x-amz-target'] ?? '');
    const namespace = target.startsWith('DynamoDB') ? 'com.amazonaws.dynamodb.v20120810#' : '';
    return {
      statusCode: error.statusCode,
      headers,
      // Both spellings: services differ, clients read either.
      body: JSON.stringify({
        __type: namespace + error.code,
        message: error.message,
        Message: error.message,
        ...error.details,
      }),
    };
  },
};

function contentTypeOf(request: HttpRequest): string {
  return String(request.headers['content-type'] ?? 'application/x-amz-json-1.0');
}

/** @throws AwsError SerializationException where the body is not a JSON object. */
export function parseJson(body: Buffer): Readonly<Record<string, unknown>> {
  if (body.length === 0) return {};
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch {
    // Answered below: not JSON and not an object are the same fault to the caller.
  }
  throw new AwsError('SerializationException', 'the body of the request is not a JSON object');
}
