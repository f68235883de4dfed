import * as z from 'zod';
import type { DurableTarget } from '../../host/durable-target.ts';
import {
  AwsError,
  type AwsService,
  type Caller,
  type Resource,
  type ResourceType,
  type ServiceCall,
} from '../../host/kernel.ts';
import { physicalName } from '../../host/physical-name.ts';
import type { RuntimeParts } from '../../host/runtime-parts.ts';
import { type AsyncFunction, AsyncInvocations, type AsyncSettings } from './async-invocations.ts';
import { FunctionPool, LOCAL_CONCURRENCY } from './function-pool.ts';
import { type FunctionProperties, functionCode, functionProperties } from './function-settings.ts';
import type { InvocationOutcome } from './function-worker.ts';
import { sharedThreads, threadPerInstance } from './runtime-thread.ts';
import { SharedModules } from './shared-modules.ts';

/** A function of the assembly as the rest of the host sees it. */
export interface HostedFunction extends AsyncFunction {
  readonly name: string;
  readonly logicalId: string;
  readonly roleArn: string;
}

/** Lambda in the host: the API, its resource types, and ways in for rules, mappings and tests. */
export interface LambdaHost {
  readonly service: AwsService;
  readonly types: readonly ResourceType[];
  /** Finds a function by name, ARN or qualified ARN. @throws AwsError `ResourceNotFoundException` */
  find(reference: string): HostedFunction;
  readonly functions: readonly HostedFunction[];
  /** Events waiting for or being handled by a function, asynchronous invocations only. */
  queued(functionArn: string): number;
  start(): void;
  close(): Promise<void>;
}

interface FunctionEntry extends HostedFunction {
  readonly pool: FunctionPool;
  readonly reserved: number | undefined;
  readonly properties: FunctionProperties;
  settings: AsyncSettings;
}

const permissionProperties = z.object({
  Action: z.string(),
  FunctionName: z.string(),
  Principal: z.string(),
  SourceArn: z.string().optional(),
  SourceAccount: z.string().optional(),
});

const destination = z.object({ Destination: z.string() }).optional();
const eventInvokeProperties = z.object({
  FunctionName: z.string(),
  MaximumRetryAttempts: z.coerce.number().min(0).max(2).default(2),
  MaximumEventAgeInSeconds: z.coerce.number().min(60).max(21_600).default(21_600),
  DestinationConfig: z.object({ OnSuccess: destination, OnFailure: destination }).default({}),
});

const LARGEST_SYNCHRONOUS_PAYLOAD = 6 * 1024 * 1024;
const LARGEST_ASYNCHRONOUS_PAYLOAD = 1024 * 1024;

/** Builds Lambda. `environment` gives variables beside those of the template, by function name; `onError` is told of each failed invocation. */
export function createLambda(
  parts: RuntimeParts,
  environment: (functionName: string) => Readonly<Record<string, string>> = () => ({}),
  onError: (functionName: string) => void = () => {},
): LambdaHost {
  const { context } = parts;
  const entries = new Map<string, FunctionEntry>();
  const threadClock = () => ({
    mode: context.clock.mode,
    scale: parts.clockScale,
    now: context.clock.now(),
  });
  const shared = parts.functionThreads === undefined ? undefined : new SharedModules();
  const threads =
    parts.functionThreads === undefined
      ? threadPerInstance(threadClock)
      : sharedThreads(parts.functionThreads, threadClock);
  const asynchronous = new AsyncInvocations(parts, (arn) => entries.get(arn));
  const arnOf = (name: string): string =>
    `arn:aws:lambda:${context.region}:${context.accountId}:function:${name}`;

  const find = (reference: string): FunctionEntry => {
    const name = functionName(reference);
    const entry = entries.get(arnOf(name));
    if (entry === undefined)
      throw new AwsError('ResourceNotFoundException', `Function not found: ${arnOf(name)}`, 404);
    return entry;
  };

  const invoke = async (entry: FunctionEntry, payload: string): Promise<InvocationOutcome> => {
    if (entry.reserved === 0) {
      throw new AwsError('TooManyRequestsException', 'Rate Exceeded.', 429, {
        Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded',
      });
    }
    const outcome = await entry.pool.invoke(payload, parts.faults.crash());
    if (outcome.kind === 'failed') onError(entry.name);
    return outcome;
  };

  const functionTarget = ({ arn }: FunctionEntry): DurableTarget => {
    const accept = (payload: string, sender: Caller): void => {
      parts.authorizer.check(sender, [{ action: 'lambda:InvokeFunction', resource: arn }]);
      asynchronous.accept(arn, payload);
    };
    return {
      arn,
      accept,
      async deliver(event, { sender }) {
        accept(typeof event === 'string' ? event : (JSON.stringify(event) ?? 'null'), sender);
      },
    };
  };

  const createFunction = (resource: Resource): void => {
    const properties = parse(functionProperties, resource);
    const name = resource.identity.ref;
    const arn = resource.identity.attributes['Arn'] ?? arnOf(name);
    parts.authorizer.assertAssumable(properties.Role, 'lambda.amazonaws.com');
    const reserved = properties.ReservedConcurrentExecutions;
    const concurrency = Math.max(1, reserved ?? LOCAL_CONCURRENCY);
    const pool = new FunctionPool(
      functionCode(parts, name, arn, properties, environment(name), shared),
      concurrency,
      context,
      threads,
      (lines) => {
        for (const line of lines) parts.output(name, line);
      },
    );
    const entry: FunctionEntry = {
      name,
      arn,
      logicalId: resource.logicalId,
      roleArn: properties.Role,
      caller: { kind: 'role', roleArn: properties.Role, sessionName: name },
      concurrency,
      reserved,
      pool,
      properties,
      settings: {
        maximumRetryAttempts: 2,
        maximumEventAgeMillis: 21_600_000,
        onSuccess: undefined,
        onFailure: undefined,
        deadLetterQueue: properties.DeadLetterConfig.TargetArn,
      },
      invoke: (source, payload) =>
        parts.turnstile.pass(source, arn, () =>
          invoke(entry, typeof payload === 'string' ? payload : payload()),
        ),
    };
    entries.set(arn, entry);
    parts.targets.register(functionTarget(entry));
  };

  const service: AwsService = {
    name: 'lambda',
    permissions({ operation, input }) {
      const resource =
        typeof input['FunctionName'] === 'string' ? arnOf(functionName(input['FunctionName'])) : '*';
      switch (operation) {
        case 'Invoke':
          return [{ action: 'lambda:InvokeFunction', resource }];
        case 'GetFunction':
        case 'GetFunctionConfiguration':
          return [{ action: `lambda:${operation}`, resource }];
        case 'ListFunctions':
          return [{ action: 'lambda:ListFunctions', resource: '*' }];
        default:
          throw new AwsError(
            'UnknownOperationException',
            `the local host does not carry lambda:${operation}`,
            404,
          );
      }
    },
    async handle(call) {
      switch (call.operation) {
        case 'Invoke':
          return invokeCall(call);
        case 'GetFunction':
          return { Configuration: configuration(find(text(call, 'FunctionName'))) };
        case 'GetFunctionConfiguration':
          return configuration(find(text(call, 'FunctionName')));
        case 'ListFunctions':
          return { Functions: [...entries.values()].map(configuration) };
        default:
          throw new AwsError(
            'UnknownOperationException',
            `the local host does not carry lambda:${call.operation}`,
            404,
          );
      }
    },
  };

  const invokeCall = async ({ input }: ServiceCall): Promise<Readonly<Record<string, unknown>>> => {
    const entry = find(String(input['FunctionName']));
    const payload = payloadText(input['Payload']);
    const type = input['InvocationType'] ?? 'RequestResponse';
    const limit = type === 'Event' ? LARGEST_ASYNCHRONOUS_PAYLOAD : LARGEST_SYNCHRONOUS_PAYLOAD;
    if (Buffer.byteLength(payload) > limit) {
      throw new AwsError(
        'RequestTooLargeException',
        `${Buffer.byteLength(payload)} byte payload is too large for the ${String(type)} invocation type (limit ${limit} bytes)`,
        413,
      );
    }
    if (type === 'DryRun') return { StatusCode: 204 };
    if (type === 'Event') {
      asynchronous.accept(entry.arn, payload);
      return { StatusCode: 202 };
    }
    if (type !== 'RequestResponse')
      throw new AwsError('InvalidParameterValueException', `unknown InvocationType ${JSON.stringify(type)}`);
    const outcome = await invoke(entry, payload);
    return {
      StatusCode: 200,
      ExecutedVersion: '$LATEST',
      Payload: outcome.payload,
      ...(outcome.kind === 'failed' ? { FunctionError: 'Unhandled' } : {}),
    };
  };

  const types: ResourceType[] = [
    {
      type: 'AWS::Lambda::Function',
      properties: {
        honoured: [
          'Code',
          'Handler',
          'Runtime',
          'Role',
          'FunctionName',
          'Timeout',
          'MemorySize',
          'ReservedConcurrentExecutions',
          'Environment',
          'DeadLetterConfig',
        ],
        withoutLocalEffect: [
          'Description',
          'Architectures',
          'TracingConfig',
          'LoggingConfig',
          'KmsKeyArn',
          'EphemeralStorage',
          'Tags',
          'RecursiveLoop',
          'RuntimeManagementConfig',
          'PackageType',
          'VpcConfig',
        ],
      },
      identify(resource) {
        const name = physicalName(resource, 'FunctionName', 64);
        return { ref: name, attributes: { Arn: arnOf(name) } };
      },
      create: createFunction,
    },
    {
      type: 'AWS::Lambda::Permission',
      properties: {
        honoured: ['Action', 'FunctionName', 'Principal', 'SourceArn', 'SourceAccount'],
        withoutLocalEffect: [],
      },
      identify: (resource) => ({ ref: resource.logicalId, attributes: {} }),
      create(resource) {
        const { Action, FunctionName, Principal, SourceArn, SourceAccount } = parse(
          permissionProperties,
          resource,
        );
        const { arn } = find(FunctionName);
        const statement = {
          Effect: 'Allow',
          Action,
          Resource: arn,
          Principal: Principal.endsWith('.amazonaws.com') ? { Service: Principal } : { AWS: Principal },
          ...(SourceArn === undefined && SourceAccount === undefined
            ? {}
            : {
                Condition: {
                  ...(SourceArn === undefined ? {} : { ArnLike: { 'aws:SourceArn': SourceArn } }),
                  ...(SourceAccount === undefined
                    ? {}
                    : { StringEquals: { 'aws:SourceAccount': SourceAccount } }),
                },
              }),
        };
        parts.authorizer.putResourcePolicy(
          arn,
          { Version: '2012-10-17', Statement: [statement] },
          resource.logicalId,
        );
      },
    },
    {
      type: 'AWS::Lambda::EventInvokeConfig',
      properties: {
        honoured: [
          'FunctionName',
          'Qualifier',
          'MaximumRetryAttempts',
          'MaximumEventAgeInSeconds',
          'DestinationConfig',
        ],
        withoutLocalEffect: [],
      },
      identify: (resource) => ({ ref: resource.logicalId, attributes: {} }),
      create(resource) {
        const properties = parse(eventInvokeProperties, resource);
        const entry = find(properties.FunctionName);
        entry.settings = {
          ...entry.settings,
          maximumRetryAttempts: properties.MaximumRetryAttempts,
          maximumEventAgeMillis: properties.MaximumEventAgeInSeconds * 1000,
          onSuccess: properties.DestinationConfig.OnSuccess?.Destination,
          onFailure: properties.DestinationConfig.OnFailure?.Destination,
        };
      },
    },
    {
      type: 'AWS::Lambda::Version',
      properties: {
        honoured: ['FunctionName'],
        withoutLocalEffect: ['CodeSha256', 'Description', 'RuntimePolicy'],
      },
      identify(resource) {
        const functionArn = `${arnOf(functionName(String(resource.properties['FunctionName'])))}:1`;
        return { ref: functionArn, attributes: { Version: '1', FunctionArn: functionArn } };
      },
      create: () => {},
    },
    {
      type: 'AWS::Lambda::Alias',
      properties: {
        honoured: ['FunctionName', 'FunctionVersion', 'Name'],
        withoutLocalEffect: ['Description'],
      },
      identify(resource) {
        const aliasArn = `${arnOf(functionName(String(resource.properties['FunctionName'])))}:${String(resource.properties['Name'])}`;
        return { ref: aliasArn, attributes: { AliasArn: aliasArn } };
      },
      // One version runs locally, so an alias is another name for the function; targets find it under its ARN.
      create(resource) {
        const entry = find(String(resource.properties['FunctionName']));
        parts.targets.register({ ...functionTarget(entry), arn: resource.identity.ref });
      },
    },
  ];

  return {
    service,
    types,
    find,
    get functions() {
      return [...entries.values()];
    },
    queued: (arn) => asynchronous.depth(arn),
    start: () => asynchronous.start(),
    async close() {
      asynchronous.close();
      await Promise.all([...entries.values()].map((entry) => entry.pool.close()));
    },
  };
}

function functionName(reference: string): string {
  const parts = reference.split(':');
  if (parts.length === 1) return reference;
  const at = parts.indexOf('function');
  return at >= 0 ? (parts[at + 1] ?? reference) : (parts[0] ?? reference);
}

function configuration(entry: FunctionEntry): Readonly<Record<string, unknown>> {
  return {
    FunctionName: entry.name,
    FunctionArn: entry.arn,
    Role: entry.roleArn,
    Handler: entry.properties.Handler,
    Runtime: entry.properties.Runtime,
    Timeout: entry.properties.Timeout,
    MemorySize: entry.properties.MemorySize,
    Version: '$LATEST',
    State: 'Active',
    LastUpdateStatus: 'Successful',
    PackageType: 'Zip',
  };
}

function payloadText(payload: unknown): string {
  if (payload === undefined || payload === '') return 'null';
  const value = payload instanceof Uint8Array ? Buffer.from(payload).toString('utf8') : String(payload);
  try {
    JSON.parse(value);
  } catch (cause) {
    throw new AwsError(
      'InvalidRequestContentException',
      `Could not parse request body into json: ${String(cause)}`,
      400,
    );
  }
  return value;
}

function text({ input, operation }: ServiceCall, name: string): string {
  const value = input[name];
  if (typeof value !== 'string') throw new AwsError('ValidationException', `${operation} needs ${name}`);
  return value;
}

function parse<T>(shape: z.ZodType<T>, resource: Resource): T {
  const parsed = shape.safeParse(resource.properties);
  if (!parsed.success)
    throw new TypeError(`${resource.type} ${resource.logicalId}: ${z.prettifyError(parsed.error)}`, {
      cause: parsed.error,
    });
  return parsed.data;
}
