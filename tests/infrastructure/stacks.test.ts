import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { detailType } from '#contracts/registry.ts';
import { type Environment, GATEWAY_IMAGE, references, type Synthesized, synthesized } from './synthesized.ts';

const paper = synthesized('paper');
const live = synthesized('live');
const local = synthesized('local');
const applications: readonly (readonly [Environment, Synthesized])[] = [
  ['local', local],
  ['paper', paper],
  ['live', live],
];

describe('delivery', () => {
  it('of every rule is retried and ends in a dead-letter queue', () => {
    const rules = paper
      .all('AWS::Events::Rule')
      .filter(({ properties }) => properties.EventPattern?.source?.[0] === 'abc');
    expect(rules.length).toBeGreaterThan(40);
    for (const { logicalId, properties } of rules) {
      expect(properties.Targets, logicalId).toHaveLength(1);
      const [target] = properties.Targets;
      expect(references(target.DeadLetterConfig?.Arn), logicalId).toHaveLength(1);
      expect(target.RetryPolicy?.MaximumRetryAttempts, logicalId).toBeGreaterThan(0);
    }
  });

  it('brings every revaluation on a bar to pyramiding, whatever the account may do: stops are raised in any state', () => {
    const [rule, ...others] = paper
      .all('AWS::Events::Rule')
      .filter(({ logicalId }) => /pyramiding/i.test(logicalId));
    expect(others).toEqual([]);
    expect(rule?.properties.EventPattern['detail-type']).toEqual(['PortfolioRevalued.v1']);
    expect(rule?.properties.EventPattern.detail.data).toEqual({
      cause: ['bar'],
      openPositions: [{ numeric: ['>', 0] }],
    });
  });

  it('of every schedule is retried and ends in a dead-letter queue', () => {
    const schedules = paper.all('AWS::Scheduler::Schedule');
    expect(schedules.length).toBeGreaterThan(0);
    for (const { logicalId, properties } of schedules) {
      expect(references(properties.Target.DeadLetterConfig?.Arn), logicalId).toHaveLength(1);
      expect(properties.Target.RetryPolicy?.MaximumRetryAttempts, logicalId).toBeGreaterThan(0);
    }
  });

  it('to every function that fails ends in a queue, from the bus, a queue or the journal alike', () => {
    const configured = paper.all('AWS::Lambda::EventInvokeConfig');
    expect(configured).toHaveLength(paper.functions.length);
    for (const { logicalId, properties } of configured)
      expect(references(properties.DestinationConfig?.OnFailure?.Destination), logicalId).toHaveLength(1);
    for (const { logicalId, properties } of paper.all('AWS::Lambda::EventSourceMapping')) {
      expect(properties.FunctionResponseTypes, logicalId).toEqual(['ReportBatchItemFailures']);
      const [source] = references(properties.EventSourceArn);
      const queue = paper.all('AWS::SQS::Queue').find((one) => one.logicalId === source);
      if (queue === undefined) {
        expect(references(properties.DestinationConfig?.OnFailure?.Destination), logicalId).toHaveLength(1);
        expect(properties.BisectBatchOnFunctionError, logicalId).toBe(true);
      } else expect(references(queue.properties.RedrivePolicy), logicalId).toHaveLength(1);
    }
  });

  it('of what must keep its order goes through FIFO queues', () => {
    const fifo = paper.all('AWS::SQS::Queue').filter(({ properties }) => properties.FifoQueue === true);
    const fed = paper
      .all('AWS::Events::Rule')
      .flatMap(({ properties }) =>
        properties.Targets.flatMap((target: { Arn: unknown; SqsParameters?: { MessageGroupId: string } }) =>
          target.SqsParameters === undefined ? [] : references(target.Arn),
        ),
      );
    const consumed = fifo.filter(({ properties }) => properties.RedrivePolicy !== undefined);
    expect(new Set(fed)).toEqual(new Set(consumed.map(({ logicalId }) => logicalId)));
    expect(new Set(fed)).toHaveLength(3);
  });

  it('keeps what may wait at the bridge in groups of its own, out of the way of cancels', () => {
    const groups = paper
      .all('AWS::Events::Rule')
      .filter(({ logicalId }) => logicalId.startsWith('CommandsRule'))
      .map(({ properties }) => [
        properties.Targets[0].SqsParameters.MessageGroupId,
        properties.EventPattern['detail-type'],
      ]);
    expect(Object.fromEntries(groups)).toEqual({
      orders: [detailType('OrderAuthorized')],
      cancels: [detailType('CancelAuthorized')],
      stops: [detailType('StopMoveAuthorized')],
      sessions: [detailType('SessionPrepared')],
      operator: [detailType('ReconciliationRequested'), detailType('OrderOutcomeEntered')],
    });
  });

  it('keeps commands while nobody takes them for as long as dead letters', () => {
    const days = (logicalId: RegExp) =>
      paper
        .all('AWS::SQS::Queue')
        .filter((queue) => logicalId.test(queue.logicalId))
        .map(({ properties }) => properties.MessageRetentionPeriod / 86_400);
    expect(days(/^(Failed)?Commands/)).toEqual([14, 14]);
  });
});

describe('schedules', () => {
  it('are those of a trading day, in New York time', () => {
    const schedules = paper.all('AWS::Scheduler::Schedule').map(({ properties }) => {
      expect(properties.ScheduleExpressionTimezone).toBe('America/New_York');
      expect(properties.State).toBe('ENABLED');
      const input = JSON.parse(properties.Target.Input) as { task?: string; scheduledTime: string };
      expect(input.scheduledTime).toBe('<aws.scheduler.scheduled-time>');
      return [properties.Description.replace('abc ', ''), input.task, properties.ScheduleExpression];
    });
    expect(schedules.sort()).toEqual(
      [
        ['Weekly', 'weekly', 'cron(30 5 ? * MON *)'],
        ['Prepare', 'prepare', 'cron(0 6 ? * MON-FRI *)'],
        ['PreMarket', 'pre-market', 'cron(30 7 ? * MON-FRI *)'],
        ['Decision0', 'decision', 'cron(45 9 ? * MON-FRI *)'],
        ['Decision1', 'decision', 'cron(0/15 10-15 ? * MON-FRI *)'],
        ['Report', undefined, 'cron(0 12 ? * MON-FRI *)'],
        ['Close', 'close', 'cron(30 16 ? * MON-FRI *)'],
        ['Checkpoint', undefined, 'cron(0 17 ? * MON-FRI *)'],
        ['Scan', undefined, 'cron(7/15 9-16 ? * MON-FRI *)'],
      ].sort(),
    );
  });
});

describe('data', () => {
  it.each(applications)('in %s: every table recovers to a point in time, under a key of ours', (_, app) => {
    const tables = app.all('AWS::DynamoDB::Table');
    expect(tables).toHaveLength(5);
    for (const { logicalId, properties } of tables) {
      expect(properties.PointInTimeRecoverySpecification?.PointInTimeRecoveryEnabled, logicalId).toBe(true);
      expect(properties.SSESpecification, logicalId).toMatchObject({ SSEEnabled: true, SSEType: 'KMS' });
      expect(references(properties.SSESpecification.KMSMasterKeyId)[0], logicalId).toMatch(/DataKey/);
    }
  });

  it('the journal streams what was appended; nothing expires from it', () => {
    const journal = paper
      .of('State', 'AWS::DynamoDB::Table')
      .find(({ logicalId }) => logicalId.startsWith('Journal'));
    expect(journal?.properties.StreamSpecification).toEqual({ StreamViewType: 'NEW_IMAGE' });
    expect(journal?.properties.TimeToLiveSpecification).toBeUndefined();
    const mapped = paper
      .all('AWS::Lambda::EventSourceMapping')
      .filter(({ properties }) => properties.StartingPosition);
    expect(mapped.map(({ properties }) => properties.StartingPosition)).toEqual([
      'TRIM_HORIZON',
      'TRIM_HORIZON',
    ]);
  });

  it('outlives its stack where it matters, and is deleted with it where it does not', () => {
    for (const type of [
      'AWS::DynamoDB::Table',
      'AWS::S3::Bucket',
      'AWS::KMS::Key',
      'AWS::SecretsManager::Secret',
    ]) {
      for (const { logicalId, raw } of [...paper.all(type), ...live.all(type)])
        expect(raw['DeletionPolicy'], logicalId).toBe('Retain');
      for (const { logicalId, raw } of local.all(type))
        expect(raw['DeletionPolicy'], logicalId).toBe('Delete');
    }
    for (const { logicalId, properties } of paper.all('AWS::DynamoDB::Table'))
      expect(properties.DeletionProtectionEnabled, logicalId).toBe(true);
  });

  it('names no resource, so that none is in another deployment’s way', () => {
    const names = {
      'AWS::DynamoDB::Table': 'TableName',
      'AWS::S3::Bucket': 'BucketName',
      'AWS::SQS::Queue': 'QueueName',
    };
    for (const [type, name] of Object.entries(names))
      for (const { logicalId, properties } of paper.all(type))
        expect(properties[name], logicalId).toBeUndefined();
  });

  it('in buckets and queues is refused without TLS', () => {
    for (const type of ['AWS::S3::BucketPolicy', 'AWS::SQS::QueuePolicy', 'AWS::SNS::TopicPolicy']) {
      expect(paper.all(type).length).toBeGreaterThan(0);
      for (const { logicalId, properties } of paper.all(type)) {
        expect(
          properties.PolicyDocument.Statement.some(
            (statement: { Effect: string; Condition?: { Bool?: Record<string, string> } }) =>
              statement.Effect === 'Deny' && statement.Condition?.Bool?.['aws:SecureTransport'] === 'false',
          ),
          logicalId,
        ).toBe(true);
      }
    }
    expect(paper.all('AWS::SQS::QueuePolicy')).toHaveLength(paper.all('AWS::SQS::Queue').length);
    expect(paper.all('AWS::S3::BucketPolicy')).toHaveLength(paper.all('AWS::S3::Bucket').length);
  });
});

describe('the audit log', () => {
  it.each([
    ['local', local, 'GOVERNANCE', 1],
    ['paper', paper, 'GOVERNANCE', 365],
    ['live', live, 'COMPLIANCE', 2557],
  ] as const)('in %s is locked in the mode of the environment', (_, app, mode, days) => {
    app.template('Audit').hasResourceProperties('AWS::S3::Bucket', {
      ObjectLockEnabled: true,
      ObjectLockConfiguration: {
        ObjectLockEnabled: 'Enabled',
        Rule: { DefaultRetention: { Mode: mode, Days: days } },
      },
      VersioningConfiguration: { Status: 'Enabled' },
      PublicAccessBlockConfiguration: Match.objectLike({
        BlockPublicPolicy: true,
        RestrictPublicBuckets: true,
      }),
    });
  });

  it('is signed with an elliptic curve key that does nothing else', () => {
    paper
      .template('Audit')
      .hasResourceProperties('AWS::KMS::Key', { KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' });
  });

  it('has the name of its environment', () => {
    for (const [environment, app] of applications) {
      app.template('Audit').hasResourceProperties('AWS::Lambda::Function', {
        Environment: {
          Variables: Match.objectLike({ LOG_ORIGIN: `abc-application/${environment}/journal` }),
        },
      });
    }
  });
});

describe('the broker’s task', () => {
  it('runs once at most: the old one stops before the new one starts, a failed one rolls back', () => {
    paper.template('Broker').hasResourceProperties('AWS::ECS::Service', {
      DesiredCount: 1,
      LaunchType: 'FARGATE',
      EnableExecuteCommand: false,
      DeploymentConfiguration: Match.objectLike({
        MaximumPercent: 100,
        MinimumHealthyPercent: 0,
        DeploymentCircuitBreaker: { Enable: true, Rollback: true },
      }),
    });
    expect(paper.all('AWS::ApplicationAutoScaling::ScalableTarget')).toHaveLength(0);
  });

  it('is replaced for maintenance on Saturdays only, where Amazon runs it', () => {
    const calls = (app: Synthesized) =>
      app
        .all('Custom::AWS')
        .map(({ properties }) => JSON.stringify(properties.Create))
        .join();
    for (const app of [paper, live]) {
      expect(calls(app)).toContain('fargateEventWindows');
      expect(calls(app)).toContain('createInstanceEventWindow');
      expect(calls(app)).toMatch(/StartWeekDay[^,]*saturday.*EndWeekDay[^,]*saturday/);
      expect(calls(app)).toContain('associateInstanceEventWindow');
      expect(calls(app)).toContain('aws:ecs:serviceArn');
      expect(references(app.all('Custom::AWS').map(({ properties }) => properties.Create))).toContain(
        app.all('AWS::ECS::Service')[0]?.logicalId,
      );
    }
    expect(calls(local)).toBe('');
  });

  it('is not reachable: no inbound rule, no port, no load balancer', () => {
    const groups = paper.all('AWS::EC2::SecurityGroup');
    expect(groups).toHaveLength(1);
    for (const { properties } of groups) expect(properties.SecurityGroupIngress).toBeUndefined();
    expect(paper.all('AWS::EC2::SecurityGroupIngress')).toHaveLength(0);
    expect(paper.all('AWS::ElasticLoadBalancingV2::LoadBalancer')).toHaveLength(0);
    for (const { ContainerDefinitions } of paper
      .all('AWS::ECS::TaskDefinition')
      .map(({ properties }) => properties))
      for (const container of ContainerDefinitions) expect(container.PortMappings).toBeUndefined();
  });

  it('is judged by the bridge’s own report of its health', () => {
    const [bridge] = paper.all('AWS::ECS::TaskDefinition')[0]?.properties.ContainerDefinitions ?? [];
    expect(bridge).toMatchObject({
      Name: 'bridge',
      Essential: true,
      HealthCheck: { Command: ['CMD', 'node', 'health.mjs'] },
    });
  });

  it('carries the gateway’s image by digest, and its credentials as secrets only', () => {
    const containers = paper.all('AWS::ECS::TaskDefinition')[0]?.properties.ContainerDefinitions ?? [];
    const gateway = containers.find(({ Name }: { Name: string }) => Name === 'ib-gateway');
    expect(gateway.Image).toBe(GATEWAY_IMAGE);
    expect(gateway.Secrets.map(({ Name }: { Name: string }) => Name).sort()).toEqual([
      'TWS_PASSWORD',
      'TWS_USERID',
    ]);
    for (const { Environment } of containers)
      for (const { Name } of Environment) expect(Name).not.toMatch(/PASSWORD|SECRET|USERID/);
  });

  it('brings no gateway where one runs elsewhere, and is started by the replay', () => {
    const [task] = local.all('AWS::ECS::TaskDefinition');
    expect(task?.properties.ContainerDefinitions.map(({ Name }: { Name: string }) => Name)).toEqual([
      'bridge',
    ]);
    expect(local.all('AWS::ECS::Service')[0]?.properties.DesiredCount).toBe(0);
  });

  it('has credentials under a key that no function may use', () => {
    const [secret] = paper.all('AWS::SecretsManager::Secret');
    const [key] = references(secret?.properties.KmsKeyId);
    expect(paper.of('Broker', 'AWS::KMS::Key').map(({ logicalId }) => logicalId)).toEqual([key]);
  });
});

describe('the bus', () => {
  it('keeps a year of what travelled on it, to replay from', () => {
    paper.template('Bus').hasResourceProperties('AWS::Events::Archive', {
      EventPattern: { source: ['abc'] },
      RetentionDays: 365,
    });
  });
});
