/**
 * A refusal in the form DynamoDB gives it, ready to be serialised by an HTTP front.
 *
 * `body` is the JSON of the response (its `__type` is `type`); `code` is the part of the type after `#`,
 * which is what the SDK shows as the name of the exception.
 */
export class AwsError extends Error {
  override readonly name = 'AwsError';
  readonly statusCode: number;
  readonly type: string;
  readonly code: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly retryable: boolean;

  constructor(
    statusCode: number,
    type: string,
    message: string,
    members: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
    this.statusCode = statusCode;
    this.type = type;
    this.code = type.slice(type.indexOf('#') + 1);
    this.body = { __type: type, message, ...members };
    this.retryable = statusCode >= 500;
  }
}

const SERVICE = 'com.amazonaws.dynamodb.v20120810';

/** An exception of the DynamoDB service itself, such as `ResourceNotFoundException`. */
export function serviceError(
  code: string,
  message: string,
  members: Readonly<Record<string, unknown>> = {},
): AwsError {
  return new AwsError(400, `${SERVICE}#${code}`, message, members);
}

/** A request that the service's front refuses before it looks at any table. */
export function validationError(message: string): AwsError {
  return new AwsError(400, 'com.amazon.coral.validate#ValidationException', message);
}

/** The request asks for something that AWS has and this host has not: say so rather than ignore it. */
export function unsupportedParameter(operation: string, path: string, advice: string): AwsError {
  return validationError(`the local DynamoDB does not support ${path} of ${operation}: ${advice}`);
}
