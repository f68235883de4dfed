import { Duration, SecretValue, Stack, type StackProps } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Platform } from 'aws-cdk-lib/aws-ecr-assets';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as secrets from 'aws-cdk-lib/aws-secretsmanager';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { COMMAND_GROUPS, COMMANDS_KEPT_DAYS } from '#core/broker/command-queue.ts';
import { patternOf, routeToQueue, undeliveredQueue } from '../constructs/desk-function.ts';
import type { DeskFoundation } from '../constructs/foundation.ts';
import { acknowledge, acknowledgeWildcard } from '../constructs/nag.ts';
import { OnCallPolicy } from '../constructs/on-call-policy.ts';
import { WeekendMaintenance } from '../constructs/weekend-maintenance.ts';

export interface BrokerStackProps extends StackProps {
  readonly foundation: DeskFoundation;
  /** Directory with Dockerfile and bridge.mjs; null where bundling is off (template tests). */
  readonly bridgeImage: string | null;
}

const STOP_TIMEOUT_SECONDS = 60;
const HEALTH_VOLUME = 'health';

/** The command queue and the one Fargate task that holds the broker session: bridge and IB Gateway side by side. */
export class BrokerStack extends Stack {
  readonly commands: sqs.Queue;
  readonly failedCommands: sqs.Queue;
  readonly undelivered: sqs.Queue;
  readonly service: ecs.FargateService;
  readonly cluster: ecs.Cluster;

  constructor(scope: Construct, id: string, props: BrokerStackProps) {
    super(scope, id, props);
    const { foundation } = props;
    this.undelivered = undeliveredQueue(this);
    this.failedCommands = new sqs.Queue(this, 'FailedCommands', {
      fifo: true,
      enforceSSL: true,
      encryption: sqs.QueueEncryption.SQS_MANAGED,
      retentionPeriod: Duration.days(COMMANDS_KEPT_DAYS),
    });
    this.commands = new sqs.Queue(this, 'Commands', {
      fifo: true,
      contentBasedDeduplication: true,
      enforceSSL: true,
      encryption: sqs.QueueEncryption.SQS_MANAGED,
      visibilityTimeout: Duration.seconds(60),
      // What a queue forgets is never declined.
      retentionPeriod: Duration.days(COMMANDS_KEPT_DAYS),
      deadLetterQueue: { queue: this.failedCommands, maxReceiveCount: 20 },
    });
    for (const [group, types] of Object.entries(COMMAND_GROUPS))
      routeToQueue(
        this,
        `CommandsRule-${group}`,
        foundation.bus,
        patternOf(types),
        this.commands,
        this.undelivered,
        group,
      );

    const vpc = new ec2.Vpc(this, 'Vpc', {
      maxAzs: 2,
      natGateways: 0,
      // The task calls out and is never called: public subnets without any inbound rule cost no NAT gateway.
      subnetConfiguration: [{ name: 'egress', subnetType: ec2.SubnetType.PUBLIC, cidrMask: 26 }],
      restrictDefaultSecurityGroup: false,
    });
    acknowledge(
      vpc,
      'AwsSolutions-VPC7',
      'one task that only calls out; the broker session and every AWS call are logged by the bridge and by CloudTrail',
    );
    this.cluster = new ecs.Cluster(this, 'Cluster', {
      vpc,
      containerInsightsV2: ecs.ContainerInsights.ENABLED,
    });

    // A key of its own: every function may use the data key, none of them may ever read the broker's password.
    const credentialsKey = new kms.Key(this, 'CredentialsKey', {
      description: 'abc broker credentials',
      enableKeyRotation: true,
      removalPolicy: foundation.removalPolicy,
      pendingWindow: Duration.days(30),
    });
    const credentials = new secrets.Secret(this, 'IbkrCredentials', {
      description: 'Interactive Brokers user name and password of the gateway; put in by a person',
      secretObjectValue: {
        username: SecretValue.unsafePlainText('replace-me'),
        password: SecretValue.unsafePlainText('replace-me'),
      },
      encryptionKey: credentialsKey,
      removalPolicy: foundation.removalPolicy,
    });
    acknowledge(
      credentials,
      'AwsSolutions-SMG4',
      'the broker has no interface to rotate a password; a person changes it there and here (runbook: weekly login)',
    );

    foundation.acknowledgeIn(this);
    this.service = this.#service(foundation, props.bridgeImage, credentials);
    if (foundation.settings.environment === 'local') return;
    new WeekendMaintenance(this, 'WeekendMaintenance', this.service);
    new OnCallPolicy(this, 'OnCall', { foundation, cluster: this.cluster, service: this.service });
  }

  #service(
    foundation: DeskFoundation,
    bridgeImage: string | null,
    credentials: secrets.Secret,
  ): ecs.FargateService {
    const { settings } = foundation;
    const { broker } = settings;
    const execution = new iam.Role(this, 'ExecutionRole', {
      assumedBy: new iam.ServicePrincipal('ecs-tasks.amazonaws.com'),
    });
    const task = new iam.Role(this, 'TaskRole', {
      assumedBy: new iam.ServicePrincipal('ecs-tasks.amazonaws.com'),
    });
    acknowledgeWildcard(
      execution,
      '*',
      'ecr:GetAuthorizationToken takes no resource; pulling is granted on the one repository',
    );
    const definition = new ecs.FargateTaskDefinition(this, 'Task', {
      cpu: 512,
      memoryLimitMiB: 2048,
      executionRole: execution,
      taskRole: task,
      runtimePlatform: {
        cpuArchitecture: ecs.CpuArchitecture.X86_64,
        operatingSystemFamily: ecs.OperatingSystemFamily.LINUX,
      },
    });
    acknowledge(
      definition,
      'AwsSolutions-ECS2',
      'the variables are names of tables, queues and hosts; credentials come from Secrets Manager',
    );
    const logGroup = new logs.LogGroup(this, 'Logs', {
      retention: logs.RetentionDays.ONE_YEAR,
      removalPolicy: foundation.removalPolicy,
    });
    const logging = (streamPrefix: string) => ecs.LogDrivers.awsLogs({ logGroup, streamPrefix });

    const bridge = definition.addContainer('bridge', {
      image:
        bridgeImage === null
          ? ecs.ContainerImage.fromRegistry('public.ecr.aws/docker/library/node:24')
          : ecs.ContainerImage.fromAsset(bridgeImage, {
              // Whatever machine deploys, the task runs on this one.
              platform: Platform.LINUX_AMD64,
              ...(broker.nodeImage === null ? {} : { buildArgs: { NODE_IMAGE: broker.nodeImage } }),
            }),
      logging: logging('bridge'),
      essential: true,
      stopTimeout: Duration.seconds(STOP_TIMEOUT_SECONDS),
      readonlyRootFilesystem: true,
      dockerLabels: { 'abc.local.entry': 'bridge.mjs' },
      healthCheck: {
        command: ['CMD', 'node', 'health.mjs'],
        interval: Duration.seconds(30),
        timeout: Duration.seconds(5),
        retries: 3,
        startPeriod: Duration.seconds(180),
      },
      environment: {
        ...foundation.environment,
        BROKER_MODE: settings.mode,
        ...(settings.liveAccount === null ? {} : { LIVE_TRADING_CONFIRMED: settings.liveAccount }),
        BROKER_HOST: broker.host,
        BROKER_PORT: String(broker.port),
        BROKER_ACCOUNT: broker.account,
        BROKER_CLIENT_ID: String(broker.clientId),
        BROKER_COMMAND_QUEUE_URL: this.commands.queueUrl,
        ...(broker.leaseOwner === null ? {} : { LEASE_OWNER: broker.leaseOwner }),
        LEASE_SECONDS: String(broker.leaseSeconds),
        HEARTBEAT_SECONDS: String(broker.heartbeatSeconds),
        HALT_POLL_SECONDS: String(broker.haltPollSeconds),
        RECONCILE_MINUTES: String(broker.reconcileMinutes),
        ACCOUNT_MINUTES: String(broker.reconcileMinutes),
        DAILY_RESTART: broker.dailyRestart,
        SUNDAY_LOGIN: broker.sundayLogin,
        FIRST_LOGIN_GRACE: String(broker.firstLoginMinutes),
        MARKET_DATA_SOURCE: broker.marketDataSource,
        MARKET_DATA_MODELLED: String(broker.marketDataModelled),
      },
    });
    // The one place it writes to: its health, read by the check in the same container.
    definition.addVolume({ name: HEALTH_VOLUME });
    bridge.addMountPoints({ sourceVolume: HEALTH_VOLUME, containerPath: '/health', readOnly: false });
    if (broker.gatewayContainer && broker.gatewayImage !== null) {
      const gateway = definition.addContainer('ib-gateway', {
        image: ecs.ContainerImage.fromRegistry(broker.gatewayImage),
        logging: logging('ib-gateway'),
        essential: true,
        stopTimeout: Duration.seconds(STOP_TIMEOUT_SECONDS),
        environment: {
          TRADING_MODE: settings.mode,
          READ_ONLY_API: 'no',
          TWOFA_TIMEOUT_ACTION: 'restart',
          AUTO_RESTART_TIME: '11:45 PM',
          TIME_ZONE: 'America/New_York',
        },
        secrets: {
          TWS_USERID: ecs.Secret.fromSecretsManager(credentials, 'username'),
          TWS_PASSWORD: ecs.Secret.fromSecretsManager(credentials, 'password'),
        },
      });
      bridge.addContainerDependencies({
        container: gateway,
        condition: ecs.ContainerDependencyCondition.START,
      });
    }
    this.#grantTask(foundation, task);
    return new ecs.FargateService(this, 'Service', {
      cluster: this.cluster,
      taskDefinition: definition,
      desiredCount: broker.desiredTasks,
      // One username, one session: a second task could only lose, so the old one stops before the new one starts.
      minHealthyPercent: 0,
      maxHealthyPercent: 100,
      circuitBreaker: { rollback: true },
      assignPublicIp: true,
      enableExecuteCommand: false,
    });
  }

  #grantTask(foundation: DeskFoundation, task: iam.Role): void {
    foundation.grantAppend(task);
    foundation.grantReadState(task);
    foundation.grantWriteState(task, ['BROKER', 'BROKER#ORDER']);
    foundation.grantPutObjects(task, 'history');
    task.addToPrincipalPolicy(
      new iam.PolicyStatement({
        actions: [
          'sqs:ReceiveMessage',
          'sqs:DeleteMessage',
          'sqs:ChangeMessageVisibility',
          'sqs:GetQueueAttributes',
        ],
        resources: [this.commands.queueArn],
      }),
    );
  }
}
