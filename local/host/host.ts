import type { CloudWatchHost } from '../aws/cloudwatch/cloudwatch.ts';
import type { DynamoHost } from '../aws/dynamodb-service/dynamodb-service.ts';
import type { EcsHost } from '../aws/ecs/ecs.ts';
import type { HostedFunction } from '../aws/lambda/lambda.ts';
import type { SnsHost } from '../aws/sns/sns.ts';
import type { SqsHost } from '../aws/sqs/sqs.ts';
import { createActivity } from './activity.ts';
import { findAsset, loadAssembly } from './assembly/assembly.ts';
import { createResources, resolveResources } from './assembly/resources.ts';
import { type ClockSettings, createHostClock, type DrivenClock } from './clock.ts';
import { createFaults, type Faults } from './faults.ts';
import { startHttpFront } from './http/front.ts';
import { Authorizer } from './iam/authorizer.ts';
import { type Credentials, CredentialsRegistry } from './iam/credentials.ts';
import { iamResourceTypes } from './iam/resource-types.ts';
import { createIdentifiers } from './identifiers.ts';
import {
  AwsError,
  type AwsService,
  type DeliveryTarget,
  type DeliveryTargets,
  type HostContext,
  type HostLog,
  type Resource,
} from './kernel.ts';
import { createLinks, type Link } from './links.ts';
import type { RuntimeParts } from './runtime-parts.ts';
import { createServices } from './services.ts';
import { openStore } from './store.ts';
import { createTurnstile } from './turnstile.ts';

export interface HostOptions {
  /** The cloud assembly, `cdk.out`. */
  readonly assemblyDirectory: string;
  /** 0 lets the system choose a free one. */
  readonly port: number;
  /** Where state is kept; null keeps it in memory. */
  readonly directory: string | null;
  readonly clock: ClockSettings;
  readonly region: string;
  readonly accountId: string;
  /** Decides ids and faults: the same seed and the same inputs give the same run. */
  readonly seed: string;
  readonly log: HostLog;
  /** The operator's credentials where another process has to know them over a restart; random without it. */
  readonly operator?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Variables for a function beside those of its template, by physical name. */
  readonly environmentOverrides?: (functionName: string) => Readonly<Record<string, string>>;
  /**
   * Lets all functions share so many threads; without it every instance of a function has a thread of its own, as
   * sandboxes are on AWS. Shared threads compile what functions have in common once, which takes a third of the memory
   * and of the processor time; in return a call that outlasts its time, or a crash, takes the calls with it that run in
   * the same thread at that moment.
   */
  readonly functionThreads?: number;
  /** Told of each metric document (embedded metric format) that a function or task writes. */
  readonly onMetrics?: (source: string, document: Readonly<Record<string, unknown>>) => void;
  /** Told of every other line that a function or task writes. */
  readonly onOutput?: (source: string, line: string) => void;
}

/** How a call of {@link Host.invoke} ended. */
export type InvokeResult =
  | { readonly kind: 'succeeded'; readonly result: unknown }
  | {
      readonly kind: 'failed';
      readonly errorType: string;
      readonly errorMessage: string;
      readonly trace: readonly string[];
    };

/** A running host. */
export interface Host {
  readonly endpoint: string;
  readonly context: HostContext;
  readonly clock: DrivenClock;
  readonly faults: Faults;
  /** Credentials with full rights, for the command line and tests. */
  readonly operatorCredentials: Credentials;
  /** Every resource of the assembly, in creation order. */
  readonly resources: readonly Resource[];
  /** The one resource with a logical id. @throws HostResourceError where there is none, or several stacks have one. */
  resource(logicalId: string): Resource;
  /** Calls a function, by logical id or name, as the operator. */
  invoke(functionId: string, event: unknown): Promise<InvokeResult>;
  /** Calls a service without HTTP, with the permissions of `caller`. @throws AwsError */
  call: RuntimeParts['call'];
  /** Tasks and their state; services can be stopped and started. */
  readonly ecs: EcsHost;
  /** Queues and tables without HTTP, and what topics would have sent outside. */
  readonly sqs: SqsHost;
  readonly dynamo: DynamoHost;
  readonly sns: SnsHost;
  /** Metrics and alarms. */
  readonly cloudwatch: CloudWatchHost;
  /** Events that a function has accepted asynchronously and not done with. */
  queued(functionArn: string): number;
  /** Makes connections between tasks and another part of the process count before stepped time moves. */
  addLink(link: Link): void;
  close(): Promise<void>;
}

/** No resource, or more than one, has the logical id. */
export class HostResourceError extends Error {
  readonly code = 'HostResource';
  readonly retryable = false;
  constructor(logicalId: string, found: readonly string[]) {
    super(
      found.length === 0
        ? `no resource has the logical id ${logicalId}`
        : `several stacks have a resource ${logicalId}: ${found.join(', ')}`,
    );
    this.name = 'HostResourceError';
  }
}

/**
 * Starts the embedded AWS host on a cloud assembly: checks every resource type and property, creates or adopts
 * everything, then starts mappings, rules, schedules and tasks. Prints nothing.
 *
 * @throws AssemblyError, UnsupportedAssemblyError, PortInUseError
 */
export async function startHost(options: HostOptions): Promise<Host> {
  const { region, accountId, log } = options;
  const assembly = loadAssembly(options.assemblyDirectory);
  const store = openStore(options.directory);
  const activity = createActivity();
  const clock = createHostClock(options.clock, activity, clockMemory(store));
  const faults = createFaults(options.seed);
  const authorizer = new Authorizer({ region, accountId });
  const credentials = new CredentialsRegistry(options.operator);
  const services = new Map<string, AwsService>();
  let ready = false;
  const front = await startHttpFront({
    port: options.port,
    services,
    authorizer,
    credentials,
    context: { activity, log },
    intercept: ({ service, operation }) => faults.throttle(service, operation),
    ready: () => ready,
  });
  const context: HostContext = {
    region,
    accountId,
    endpoint: front.endpoint,
    clock,
    store,
    directory: options.directory,
    activity,
    log,
    nextId: createIdentifiers(store, options.seed),
  };
  const targets = createTargets();
  const parts: RuntimeParts = {
    context,
    targets,
    turnstile: createTurnstile(clock.mode, activity),
    faults,
    clockScale: clock.scale,
    sharedNow: clock.shared,
    functionThreads: options.functionThreads,
    authorizer,
    credentials,
    assetDirectory: (reference) => findAsset(assembly, reference).path,
    async call(service, operation, input, caller) {
      const known = services.get(service);
      if (known === undefined)
        throw new AwsError('UnknownOperationException', `the embedded host has no service ${service}`);
      const call = { service, operation, input, caller };
      authorizer.check(caller, known.permissions(call));
      return known.handle(call);
    },
    output: (source, line) => {
      const metrics = embeddedMetrics(line);
      if (metrics !== undefined) {
        cloud.cloudwatch.recordLogLine(line);
        options.onMetrics?.(source, metrics);
      } else if (options.onOutput !== undefined) {
        options.onOutput(source, line);
      } else {
        log.info(line, { source });
      }
    },
  };

  const links = createLinks(() => front);
  const cloud = await createServices(parts, activity, links, options.environmentOverrides);
  for (const service of cloud.services) services.set(service.name, service);

  const close = async (): Promise<void> => {
    await cloud.stop();
    await front.close();
    await cloud.close();
    clock.close();
    store.close();
  };
  try {
    const all = [...iamResourceTypes(authorizer, accountId), ...cloud.types];
    const types = new Map(all.map((type) => [type.type, type]));
    const resolved = resolveResources(assembly, types, { region, accountId, endpoint: front.endpoint });
    await createResources(resolved.resources, types, (reference) => cloud.secretsManager.resolve(reference));
    ready = true;
    await cloud.start();
    return {
      endpoint: front.endpoint,
      context,
      clock,
      faults,
      operatorCredentials: credentials.operator,
      resources: resolved.resources,
      resource: (logicalId) => {
        const found = resolved.resources.filter((resource) => resource.logicalId === logicalId);
        const [only] = found;
        if (only === undefined || found.length > 1)
          throw new HostResourceError(
            logicalId,
            found.map(({ stack }) => stack),
          );
        return only;
      },
      invoke: async (functionId, event) => {
        const { lambda } = cloud;
        const target =
          lambda.functions.find(({ logicalId }) => logicalId === functionId) ?? lambda.find(functionId);
        return invokeResult(target, event);
      },
      call: (service, operation, input, caller) => parts.call(service, operation, input, caller),
      ecs: cloud.ecs,
      sns: cloud.sns,
      sqs: cloud.sqs,
      dynamo: cloud.dynamo,
      cloudwatch: cloud.cloudwatch,
      queued: (functionArn) => cloud.lambda.queued(functionArn),
      addLink: (link) => links.add(link),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function invokeResult(target: HostedFunction, event: unknown): Promise<InvokeResult> {
  const outcome = await target.invoke('operator', JSON.stringify(event) ?? 'null');
  if (outcome.kind === 'succeeded') return { kind: 'succeeded', result: JSON.parse(outcome.payload) };
  const error = JSON.parse(outcome.payload) as {
    readonly errorType?: string;
    readonly errorMessage?: string;
    readonly trace?: readonly string[];
  };
  return {
    kind: 'failed',
    errorType: error.errorType ?? 'Error',
    errorMessage: error.errorMessage ?? '',
    trace: error.trace ?? [],
  };
}

function createTargets(): DeliveryTargets {
  const byArn = new Map<string, DeliveryTarget>();
  return {
    register: (target) => void byArn.set(target.arn, target),
    find: (arn) => byArn.get(arn),
  };
}

function clockMemory(store: HostContext['store']) {
  store.exec(
    'CREATE TABLE IF NOT EXISTS host_clock (only INTEGER PRIMARY KEY CHECK (only = 1), now INTEGER NOT NULL) STRICT',
  );
  const select = store.prepare('SELECT now FROM host_clock');
  const upsert = store.prepare(
    'INSERT INTO host_clock VALUES (1, ?) ON CONFLICT (only) DO UPDATE SET now = excluded.now',
  );
  return {
    load() {
      const now = select.get()?.['now'];
      return typeof now === 'number' ? now : undefined;
    },
    save: (now: number) => void upsert.run(Math.floor(now)),
  };
}

/** The document of a line in embedded metric format, or undefined for any other line. */
function embeddedMetrics(line: string): Readonly<Record<string, unknown>> | undefined {
  if (!line.startsWith('{') || !line.includes('"_aws"')) return undefined;
  try {
    const document: unknown = JSON.parse(line);
    return typeof document === 'object' && document !== null && '_aws' in document
      ? (document as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}
