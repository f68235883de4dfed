import { join } from 'node:path';
import { type CloudWatchHost, createCloudWatch } from '../aws/cloudwatch/cloudwatch.ts';
import { openDynamo } from '../aws/dynamodb/engine.ts';
import { createDynamoHost, type DynamoHost } from '../aws/dynamodb-service/dynamodb-service.ts';
import { createEcs, type EcsHost } from '../aws/ecs/ecs.ts';
import type { Links } from '../aws/ecs/task.ts';
import { createEventSourceMappings } from '../aws/event-source-mappings/event-source-mappings.ts';
import { createEvents } from '../aws/events/events.ts';
import { ScheduleFirings } from '../aws/events/schedule-firings.ts';
import { createKms } from '../aws/kms/kms.ts';
import { createLambda, type LambdaHost } from '../aws/lambda/lambda.ts';
import { createS3 } from '../aws/s3/s3.ts';
import { createScheduler } from '../aws/scheduler/scheduler.ts';
import { createSecretsManager, type SecretsManagerHost } from '../aws/secrets-manager/secrets-manager.ts';
import { createSns, type SnsHost } from '../aws/sns/sns.ts';
import { createSqs, type SqsHost } from '../aws/sqs/sqs.ts';
import { createStates } from '../aws/states/states.ts';
import type { HostActivity } from './activity.ts';
import type { AwsService, ResourceType } from './kernel.ts';
import type { RuntimeParts } from './runtime-parts.ts';

/** Every service of the host, wired together. */
export interface Services {
  readonly services: readonly AwsService[];
  readonly types: readonly ResourceType[];
  readonly lambda: LambdaHost;
  readonly sqs: SqsHost;
  readonly sns: SnsHost;
  readonly dynamo: DynamoHost;
  readonly secretsManager: SecretsManagerHost;
  readonly ecs: EcsHost;
  readonly cloudwatch: CloudWatchHost;
  /** Takes up what an earlier run left, then starts mappings, rules, schedules and tasks. All resources exist by now. */
  start(): Promise<void>;
  /** Takes no more work: mappings, rules, schedules and tasks end. */
  stop(): Promise<void>;
  /** Ends functions and the tables, when nobody can call any more. */
  close(): Promise<void>;
}

/** Builds every service. */
export async function createServices(
  parts: RuntimeParts,
  activity: HostActivity,
  links: Links,
  environment?: (functionName: string) => Readonly<Record<string, string>>,
): Promise<Services> {
  const { context } = parts;
  const { directory, region, accountId, clock } = context;
  const engine = await openDynamo({
    directory: directory === null ? null : join(directory, 'dynamodb'),
    now: () => clock.now(),
    region,
    accountId,
  });
  const dynamo = createDynamoHost(engine, context);
  const kms = createKms(parts);
  const secretsManager = createSecretsManager(parts, kms);
  const sqs = createSqs(parts, kms);
  const sns = createSns(parts, kms);
  const cloudwatch = createCloudWatch(parts);
  const s3 = createS3(parts, kms);
  const lambda = createLambda(parts, environment, (functionName) => {
    cloudwatch.recordMetric(
      { namespace: 'AWS/Lambda', name: 'Errors', dimensions: { FunctionName: functionName } },
      1,
    );
  });
  const firings = new ScheduleFirings(context);
  const events = createEvents(parts, firings);
  const scheduler = createScheduler(parts, firings);
  const states = createStates(parts, lambda);
  const ecs = createEcs(parts, activity, links);
  const mappings = createEventSourceMappings(parts, lambda, dynamo, sqs);
  const withApi = [dynamo, kms, secretsManager, sqs, sns, lambda, events, scheduler, states, cloudwatch, s3];

  return {
    services: withApi.map(({ service }) => service),
    types: [...withApi.flatMap(({ types }) => types), ...ecs.types, ...mappings.types],
    lambda,
    sqs,
    sns,
    dynamo,
    secretsManager,
    cloudwatch,
    ecs,
    async start() {
      // What functions and tasks of an earlier run had in hand died with them. Until its visibility ended, minutes later,
      // the others would go on without it.
      for (const arn of sqs.queueArns) sqs.release(arn);
      cloudwatch.watchQueues(sqs);
      dynamo.start();
      lambda.start();
      sns.start();
      events.start();
      scheduler.start();
      states.start();
      mappings.start();
      await ecs.start();
    },
    async stop() {
      await ecs.close();
      mappings.close();
      events.close();
      scheduler.close();
      states.close();
    },
    async close() {
      await lambda.close();
      await engine.close();
    },
  };
}
