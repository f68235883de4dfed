import { AwsError, type Caller } from '../../host/kernel.ts';
import type { RuntimeParts } from '../../host/runtime-parts.ts';
import type { LambdaHost } from '../lambda/lambda.ts';
import { StateError } from './expressions.ts';

type Fields = Readonly<Record<string, unknown>>;
const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Services by their name in `arn:aws:states:::aws-sdk:<name>:<action>` and in the optimised integrations. */
const SERVICES: Readonly<Record<string, string>> = {
  dynamodb: 'dynamodb',
  eventbridge: 'events',
  events: 'events',
  sqs: 'sqs',
  sns: 'sns',
  s3: 's3',
  scheduler: 'scheduler',
  kms: 'kms',
  lambda: 'lambda',
  secretsmanager: 'secretsmanager',
};
/** Optimised integrations and the member that takes a JSON object where the API wants text. */
const OPTIMISED: Readonly<Record<string, string | undefined>> = {
  'lambda:invoke': undefined,
  'events:putEvents': 'Detail',
  'sqs:sendMessage': 'MessageBody',
  'sns:publish': 'Message',
  'dynamodb:getItem': undefined,
  'dynamodb:putItem': undefined,
  'dynamodb:updateItem': undefined,
  'dynamodb:deleteItem': undefined,
};

/** Whether a task's resource can be called here. Callbacks (`.waitForTaskToken`) and `.sync` cannot. */
export function isSupportedResource(resource: string): boolean {
  if (/^arn:aws:lambda:[^:]+:[^:]+:function:/.test(resource)) return true;
  const sdk = /^arn:aws:states:::aws-sdk:([a-z0-9]+):[a-zA-Z]+$/.exec(resource);
  if (sdk !== null) return sdk[1] !== undefined && sdk[1] in SERVICES;
  return (/^arn:aws:states:::(.+)$/.exec(resource)?.[1] ?? '') in OPTIMISED;
}

/** Calls a task's resource with the role of the machine. @throws StateError named as Step Functions names it. */
export async function callResource(
  parts: RuntimeParts,
  lambda: LambdaHost,
  machineArn: string,
  roleArn: string,
  resource: string,
  input: unknown,
): Promise<unknown> {
  const caller: Caller = { kind: 'role', roleArn, sessionName: 'states' };
  if (resource.startsWith('arn:aws:lambda:'))
    return (
      await invokeFunction(parts, lambda, machineArn, caller, { FunctionName: resource, Payload: input })
    )['Payload'];
  if (resource === 'arn:aws:states:::lambda:invoke')
    return invokeFunction(parts, lambda, machineArn, caller, input);
  const [serviceName = '', action = ''] = resource.replace(/^arn:aws:states:::(aws-sdk:)?/, '').split(':');
  const operation = `${action.charAt(0).toUpperCase()}${action.slice(1)}`;
  const textMember = OPTIMISED[`${serviceName}:${action}`];
  if (!isFields(input)) throw new StateError('States.Runtime', `${resource} needs an object as Arguments`);
  try {
    const output = await parts.call(
      SERVICES[serviceName] ?? serviceName,
      operation,
      textMember === undefined ? input : withText(input, textMember),
      caller,
    );
    if (operation === 'PutEvents' && output['FailedEntryCount'] !== 0 && !resource.includes('aws-sdk')) {
      throw new StateError('EventBridge.FailedEntry', JSON.stringify(output));
    }
    return JSON.parse(JSON.stringify(output)) as unknown;
  } catch (error) {
    if (error instanceof AwsError)
      throw new StateError(`${errorPrefix(serviceName)}.${error.code}`, error.message);
    throw error;
  }
}

async function invokeFunction(
  parts: RuntimeParts,
  lambda: LambdaHost,
  machineArn: string,
  caller: Caller,
  input: unknown,
): Promise<Fields> {
  const functionName = isFields(input) ? input['FunctionName'] : undefined;
  if (!isFields(input) || typeof functionName !== 'string')
    throw new StateError('States.Runtime', 'lambda:invoke needs FunctionName');
  try {
    const target = lambda.find(functionName);
    parts.authorizer.check(caller, [{ action: 'lambda:InvokeFunction', resource: target.arn }]);
    const payload = JSON.stringify(input['Payload'] ?? {});
    const outcome = await target.invoke(`states:${machineArn}`, payload);
    const result: unknown = JSON.parse(outcome.payload);
    if (outcome.kind === 'succeeded') return { ExecutedVersion: '$LATEST', Payload: result, StatusCode: 200 };
    const errorType = isFields(result) ? result['errorType'] : undefined;
    const code =
      errorType === 'Sandbox.Timedout'
        ? 'States.Timeout'
        : typeof errorType === 'string'
          ? errorType
          : 'Lambda.Unknown';
    throw new StateError(code, outcome.payload);
  } catch (error) {
    if (error instanceof AwsError) throw new StateError(`Lambda.${error.code}`, error.message);
    throw error;
  }
}

function withText(input: Fields, member: string): Fields {
  const convert = (fields: Fields): Fields =>
    isFields(fields[member]) ? { ...fields, [member]: JSON.stringify(fields[member]) } : fields;
  const entries = input['Entries'];
  return Array.isArray(entries)
    ? { ...input, Entries: entries.map((entry: unknown) => (isFields(entry) ? convert(entry) : entry)) }
    : convert(input);
}

const PREFIXES: Readonly<Record<string, string>> = {
  dynamodb: 'DynamoDB',
  events: 'EventBridge',
  eventbridge: 'EventBridge',
  sqs: 'Sqs',
  sns: 'Sns',
  s3: 'S3',
  scheduler: 'Scheduler',
  kms: 'Kms',
  lambda: 'Lambda',
  secretsmanager: 'SecretsManager',
};
const errorPrefix = (serviceName: string): string => PREFIXES[serviceName] ?? serviceName;
