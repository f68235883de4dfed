import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as z from 'zod';
import type { HostActivity } from '../../host/activity.ts';
import { AwsError, type Caller, type Resource, type ResourceType } from '../../host/kernel.ts';
import { physicalName } from '../../host/physical-name.ts';
import type { RuntimeParts } from '../../host/runtime-parts.ts';
import { ContainerRunner, type TaskStatus } from './container-runner.ts';
import type { ContainerCode, Links } from './task.ts';

/** Docker label that names a container's entry within its image's build context; containers without it do not run locally. */
export const LOCAL_ENTRY_LABEL = 'abc.local.entry';

/** ECS in the host: services of one task each, as worker threads. */
export interface EcsHost {
  readonly types: readonly ResourceType[];
  readonly tasks: readonly TaskStatus[];
  /** Stops (as a deployment or a lost host would) or starts the tasks of a service. */
  setDesiredCount(service: string, count: 0 | 1): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

const nameValue = z.object({ Name: z.string(), Value: z.coerce.string() });
const container = z.object({
  Name: z.string(),
  Image: z.string(),
  DockerLabels: z.record(z.string(), z.string()).default({}),
  Environment: z.array(nameValue).default([]),
  Secrets: z.array(z.object({ Name: z.string(), ValueFrom: z.string() })).default([]),
  StopTimeout: z.coerce.number().default(30),
  Memory: z.coerce.number().optional(),
});
const taskDefinition = z.object({
  ContainerDefinitions: z.array(container),
  TaskRoleArn: z.string().optional(),
  ExecutionRoleArn: z.string().optional(),
  Memory: z.coerce.number().default(512),
});
type TaskDefinition = z.infer<typeof taskDefinition>;
const serviceProperties = z.object({
  TaskDefinition: z.string(),
  DesiredCount: z.coerce.number().max(1, 'at most one task of a service runs locally').default(1),
});

/** Closing the host does not wait longer than this for a task to say goodbye. */
const CLOSE_PATIENCE_MILLIS = 2_000;

/** Builds ECS. `links` tells which connections of tasks end within the host. */
export function createEcs(parts: RuntimeParts, activity: HostActivity, links: Links): EcsHost {
  const { region, accountId, log } = parts.context;
  const arn = (path: string): string => `arn:aws:ecs:${region}:${accountId}:${path}`;
  const definitions = new Map<string, TaskDefinition>();
  const runners: ContainerRunner[] = [];
  const notRun: TaskStatus[] = [];

  const createService = (resource: Resource): void => {
    const { TaskDefinition: definitionArn, DesiredCount } = serviceProperties.parse(resource.properties);
    const definition = definitions.get(definitionArn);
    if (definition === undefined) throw new TypeError(`task definition ${definitionArn} does not exist`);
    const service = resource.identity.attributes['Name'] ?? resource.logicalId;
    if (definition.TaskRoleArn !== undefined)
      parts.authorizer.assertAssumable(definition.TaskRoleArn, 'ecs-tasks.amazonaws.com');
    for (const settings of definition.ContainerDefinitions) {
      const entry = settings.DockerLabels[LOCAL_ENTRY_LABEL];
      if (entry === undefined) {
        notRun.push({
          service,
          container: settings.Name,
          state: 'not-run-locally',
          restarts: 0,
          healthy: undefined,
        });
        continue;
      }
      const file = join(parts.assetDirectory(settings.Image), entry);
      if (!existsSync(file))
        throw new TypeError(
          `container ${settings.Name} names ${entry} as its local entry, but ${file} does not exist; bundle it before synthesizing`,
        );
      const code = (): Promise<ContainerCode> => containerCode(parts, service, file, settings, definition);
      runners.push(
        new ContainerRunner(
          parts,
          activity,
          links,
          { service, container: settings.Name, code },
          DesiredCount,
        ),
      );
    }
  };

  return {
    get tasks() {
      return [...runners.map((runner) => runner.status), ...notRun];
    },
    types: [
      {
        type: 'AWS::ECS::Cluster',
        properties: {
          honoured: [],
          withoutLocalEffect: [
            'ClusterName',
            'ClusterSettings',
            'CapacityProviders',
            'Configuration',
            'DefaultCapacityProviderStrategy',
            'ServiceConnectDefaults',
            'Tags',
          ],
        },
        identify(resource) {
          const name = physicalName(resource, 'ClusterName', 255);
          return { ref: name, attributes: { Arn: arn(`cluster/${name}`) } };
        },
        create: () => {},
      },
      {
        type: 'AWS::ECS::TaskDefinition',
        properties: {
          honoured: ['ContainerDefinitions', 'TaskRoleArn', 'ExecutionRoleArn', 'Memory', 'Family'],
          withoutLocalEffect: [
            'Cpu',
            'NetworkMode',
            'RequiresCompatibilities',
            'RuntimePlatform',
            'Volumes',
            'EphemeralStorage',
            'Tags',
            'PidMode',
            'IpcMode',
            'EnableFaultInjection',
            'PlacementConstraints',
            'ProxyConfiguration',
          ],
        },
        identify(resource) {
          const definitionArn = arn(`task-definition/${physicalName(resource, 'Family', 255)}:1`);
          return { ref: definitionArn, attributes: { TaskDefinitionArn: definitionArn } };
        },
        create({ identity, properties }) {
          definitions.set(identity.ref, taskDefinition.parse(properties));
        },
      },
      {
        type: 'AWS::ECS::Service',
        properties: {
          honoured: ['TaskDefinition', 'DesiredCount', 'ServiceName', 'Cluster'],
          withoutLocalEffect: [
            'LaunchType',
            'CapacityProviderStrategy',
            'DeploymentConfiguration',
            'DeploymentController',
            'EnableECSManagedTags',
            'EnableExecuteCommand',
            'HealthCheckGracePeriodSeconds',
            'NetworkConfiguration',
            'PlatformVersion',
            'PropagateTags',
            'SchedulingStrategy',
            'Tags',
            'AvailabilityZoneRebalancing',
            'PlacementConstraints',
            'PlacementStrategies',
          ],
        },
        identify(resource) {
          const name = physicalName(resource, 'ServiceName', 255);
          const serviceArn = arn(
            `service/${String(resource.properties['Cluster'] ?? 'default').replace(/^.*\//, '')}/${name}`,
          );
          return { ref: serviceArn, attributes: { Name: name, ServiceArn: serviceArn } };
        },
        create: createService,
      },
    ],
    async setDesiredCount(service, count) {
      const found = runners.filter(({ status }) => status.service === service);
      if (found.length === 0)
        throw new AwsError('ServiceNotFoundException', `no service ${service} runs locally`);
      await Promise.all(found.map((runner) => (count === 0 ? runner.stop() : runner.start())));
    },
    async start() {
      for (const { service, container: name } of notRun)
        log.info('container has no local entry and does not run', {
          service,
          container: name,
          label: LOCAL_ENTRY_LABEL,
        });
      await Promise.all(runners.filter(({ wanted }) => wanted).map((runner) => runner.start()));
    },
    async close() {
      await Promise.all(runners.map((runner) => runner.stop(CLOSE_PATIENCE_MILLIS)));
    },
  };
}

async function containerCode(
  parts: RuntimeParts,
  service: string,
  file: string,
  settings: z.infer<typeof container>,
  definition: TaskDefinition,
): Promise<ContainerCode> {
  const { context, credentials } = parts;
  const secrets: Record<string, string> = {};
  for (const { Name, ValueFrom } of settings.Secrets)
    secrets[Name] = await secretValue(parts, ValueFrom, definition.ExecutionRoleArn);
  const role =
    definition.TaskRoleArn === undefined
      ? undefined
      : credentials.issueCredentials(definition.TaskRoleArn, service);
  return {
    name: `${service}/${settings.Name}`,
    entryUrl: pathToFileURL(file).href,
    memoryMegabytes: settings.Memory ?? definition.Memory,
    stopTimeoutMillis: settings.StopTimeout * 1000,
    environment: {
      ...Object.fromEntries(settings.Environment.map(({ Name, Value }) => [Name, Value])),
      ...secrets,
      AWS_REGION: context.region,
      AWS_DEFAULT_REGION: context.region,
      AWS_ENDPOINT_URL: context.endpoint,
      ...(role === undefined
        ? {}
        : {
            AWS_ACCESS_KEY_ID: role.accessKeyId,
            AWS_SECRET_ACCESS_KEY: role.secretAccessKey,
            AWS_SESSION_TOKEN: role.sessionToken,
          }),
      NODE_OPTIONS: '',
      TZ: 'UTC',
    },
  };
}

/** The value of `…:secret:name-suffix` or `…:secret:name-suffix:jsonKey:versionStage:versionId`. */
async function secretValue(
  parts: RuntimeParts,
  valueFrom: string,
  executionRoleArn: string | undefined,
): Promise<string> {
  const [secretId = valueFrom, jsonKey = ''] =
    /^(arn:[^:]*:secretsmanager:[^:]*:[^:]*:secret:[^:]+)(?::([^:]*))?/.exec(valueFrom)?.slice(1) ?? [];
  const caller: Caller =
    executionRoleArn === undefined
      ? { kind: 'operator' }
      : { kind: 'role', roleArn: executionRoleArn, sessionName: 'ecs' };
  const answer = await parts.call('secretsmanager', 'GetSecretValue', { SecretId: secretId }, caller);
  const text = String(answer['SecretString']);
  if (jsonKey === '') return text;
  const value = z.record(z.string(), z.unknown()).parse(JSON.parse(text))[jsonKey];
  if (value === undefined) throw new TypeError(`secret ${secretId} has no key ${jsonKey}`);
  return typeof value === 'string' ? value : JSON.stringify(value);
}
