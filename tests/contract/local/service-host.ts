import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Timer } from '#core/values/timer-clock.ts';
import { type CloudWatchHost, createCloudWatch } from '#local/aws/cloudwatch/cloudwatch.ts';
import { createKms, type KmsHost } from '#local/aws/kms/kms.ts';
import { createS3, type S3Host } from '#local/aws/s3/s3.ts';
import { createSecretsManager, type SecretsManagerHost } from '#local/aws/secrets-manager/secrets-manager.ts';
import { createSns, type SnsHost } from '#local/aws/sns/sns.ts';
import { createSqs, type SqsHost } from '#local/aws/sqs/sqs.ts';
import { loadAssembly } from '#local/host/assembly/assembly.ts';
import { createResources, resolveResources } from '#local/host/assembly/resources.ts';
import { type HttpFront, startHttpFront } from '#local/host/http/front.ts';
import { Authorizer } from '#local/host/iam/authorizer.ts';
import { type Credentials, CredentialsRegistry } from '#local/host/iam/credentials.ts';
import { iamResourceTypes } from '#local/host/iam/resource-types.ts';
import { securityTokenService } from '#local/host/iam/security-token-service.ts';
import type {
  AwsService,
  DeliveryTarget,
  HostClock,
  HostContext,
  Resource,
  ResourceType,
  ServiceCall,
} from '#local/host/kernel.ts';
import { openStore } from '#local/host/store.ts';
import { TimerHeap } from '#local/host/timer-heap.ts';

/** A clock that stands still until a test moves it. */
export class ManualClock implements HostClock {
  // Moved by hand, but like a clock that flows: in stepped time a long poll would outlast any wait.
  readonly mode = 'scaled';
  readonly #timers = new TimerHeap();
  #now = Date.parse('2026-01-05T14:30:00.000Z');

  now(): number {
    return this.#now;
  }

  schedule(at: number, run: () => void): Timer {
    return this.#timers.push(at, run);
  }

  /** Moves on by so many seconds, firing what is due on the way. */
  advance(seconds: number): void {
    const until = this.#now + seconds * 1000;
    for (let next = this.#timers.peek(); next !== undefined && next.at <= until; next = this.#timers.peek()) {
      this.#timers.pop();
      this.#now = Math.max(this.#now, next.at);
      next.run();
    }
    this.#now = until;
  }

  get pendingTimers(): number {
    return this.#timers.size;
  }
}

export const region = 'us-east-1';
export const accountId = '000000000000';

/** Tags an account-wide ARN of the test host. */
export function arn(service: string, name: string): string {
  return `arn:aws:${service}:${region}:${accountId}:${name}`;
}

export interface ServiceHost {
  readonly clock: ManualClock;
  readonly context: HostContext;
  readonly authorizer: Authorizer;
  readonly credentials: CredentialsRegistry;
  readonly front: HttpFront;
  readonly sqs: SqsHost;
  readonly sns: SnsHost;
  readonly kms: KmsHost;
  readonly s3: S3Host;
  readonly secrets: SecretsManagerHost;
  readonly cloudWatch: CloudWatchHost;
  readonly resources: readonly Resource[];
  readonly targets: Map<string, DeliveryTarget>;
  readonly inFlight: () => number;
  readonly problems: string[];
  /** Options for an SDK client, with the operator's rights or a role's. */
  client(credentials?: Credentials): {
    endpoint: string;
    region: string;
    maxAttempts: number;
    credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
  };
  close(): Promise<void>;
}

/** Stacks by name: `Resources` of a template. */
export type Stacks = Readonly<
  Record<
    string,
    { readonly Resources: Readonly<Record<string, unknown>>; readonly [section: string]: unknown }
  >
>;

/** Writes a cloud assembly for these templates. */
export function writeAssembly(
  directory: string,
  stacks: Stacks,
  dependencies: Readonly<Record<string, readonly string[]>> = {},
): void {
  mkdirSync(directory, { recursive: true });
  const artifacts: Record<string, unknown> = {};
  for (const [name, template] of Object.entries(stacks)) {
    writeFileSync(join(directory, `${name}.template.json`), JSON.stringify(template));
    artifacts[name] = {
      type: 'aws:cloudformation:stack',
      properties: { templateFile: `${name}.template.json` },
      dependencies: dependencies[name] ?? [],
    };
  }
  writeFileSync(join(directory, 'manifest.json'), JSON.stringify({ version: '48.0.0', artifacts }));
}

/** Starts all services of this half of the host on what the templates describe. */
export async function startServiceHost(
  stacks: Stacks,
  options: {
    readonly directory?: string;
    readonly extraServices?: readonly AwsService[];
    readonly observe?: (call: ServiceCall) => () => void;
    /** Called when all resources exist, before deliveries that were left are taken up. */
    readonly beforeStart?: (targets: Map<string, DeliveryTarget>) => void;
  } = {},
): Promise<ServiceHost> {
  const scratch = mkdtempSync(join(tmpdir(), 'service-host-'));
  writeAssembly(scratch, stacks);
  const clock = new ManualClock();
  const problems: string[] = [];
  let inFlight = 0;
  const ids = new Map<string, number>();
  const targets = new Map<string, DeliveryTarget>();
  const store = openStore(options.directory ?? null);
  const authorizer = new Authorizer({ region, accountId });
  const credentials = new CredentialsRegistry();
  const services = new Map<string, AwsService>();
  const activity = {
    begin: () => {
      inFlight++;
      let ended = false;
      return () => {
        if (!ended) inFlight--;
        ended = true;
      };
    },
    get inFlight() {
      return inFlight;
    },
    addParticipant: () => undefined,
  };
  const log = {
    info: () => undefined,
    warn: () => undefined,
    error: (message: string, fields?: Readonly<Record<string, unknown>>) =>
      void problems.push(`${message} ${JSON.stringify(fields)}`),
  };
  const front = await startHttpFront({
    port: 0,
    services,
    authorizer,
    credentials,
    context: { activity, log },
    ...(options.observe === undefined ? {} : { observe: options.observe }),
  });
  const context: HostContext = {
    region,
    accountId,
    endpoint: front.endpoint,
    clock,
    store,
    directory: options.directory ?? null,
    activity,
    log,
    nextId: (kind) => {
      const next = (ids.get(kind) ?? 0) + 1;
      ids.set(kind, next);
      return `${kind}-${clock.now()}-${next}`;
    },
  };
  const parts = {
    context,
    authorizer,
    targets: {
      register: (target: DeliveryTarget) => void targets.set(target.arn, target),
      find: (target: string) => targets.get(target),
    },
  };
  const kms = createKms(parts);
  const sqs = createSqs(parts, kms);
  const sns = createSns(parts, kms);
  const s3 = createS3(parts, kms);
  const secrets = createSecretsManager(parts, kms);
  const cloudWatch = createCloudWatch(parts);
  for (const service of [
    kms.service,
    sqs.service,
    sns.service,
    s3.service,
    secrets.service,
    cloudWatch.service,
    securityTokenService(authorizer, accountId),
    ...(options.extraServices ?? []),
  ]) {
    services.set(service.name, service);
  }
  const types = new Map<string, ResourceType>(
    [
      ...iamResourceTypes(authorizer, accountId),
      ...kms.types,
      ...sqs.types,
      ...sns.types,
      ...s3.types,
      ...secrets.types,
      ...cloudWatch.types,
    ].map((type) => [type.type, type]),
  );
  const { resources } = resolveResources(loadAssembly(scratch), types, {
    region,
    accountId,
    endpoint: front.endpoint,
  });
  await createResources(resources, types, (reference) => secrets.resolve(reference));
  options.beforeStart?.(targets);
  cloudWatch.watchQueues(sqs);
  sns.start();
  return {
    clock,
    context,
    authorizer,
    credentials,
    front,
    sqs,
    sns,
    kms,
    s3,
    secrets,
    cloudWatch,
    resources,
    targets,
    problems,
    inFlight: () => inFlight,
    client: (chosen = credentials.operator) => ({
      endpoint: front.endpoint,
      region,
      maxAttempts: 1,
      credentials: {
        accessKeyId: chosen.accessKeyId,
        secretAccessKey: chosen.secretAccessKey,
        ...(chosen.sessionToken === undefined ? {} : { sessionToken: chosen.sessionToken }),
      },
    }),
    close: async () => {
      await front.close();
      store.close();
      rmSync(scratch, { recursive: true, force: true });
    },
  };
}
