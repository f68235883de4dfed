import { Duration, Stack, TimeZone } from 'aws-cdk-lib';
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as sources from 'aws-cdk-lib/aws-lambda-event-sources';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as scheduler from 'aws-cdk-lib/aws-scheduler';
import * as schedulerTargets from 'aws-cdk-lib/aws-scheduler-targets';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { detailType, type EventType } from '#contracts/registry.ts';
import type { FunctionName } from '../config/functions.ts';
import type { DeskFoundation } from './foundation.ts';
import { acknowledge, acknowledgeWildcard, arnText } from './nag.ts';

export interface DeskFunctionProps {
  readonly foundation: DeskFoundation;
  readonly name: FunctionName;
  readonly timeout?: Duration;
  readonly memoryMegabytes?: number;
  /** At most so many at once; unlimited without it. */
  readonly concurrency?: number;
  readonly environment?: Readonly<Record<string, string>>;
  /** Where events go that could not be delivered after all retries. */
  readonly undelivered: sqs.IQueue;
}

/** What an event's data must look like beyond its type, in EventBridge's pattern language. */
export type DataPattern = Readonly<Record<string, unknown>>;

/** A Lambda function of the desk: one bundle, its own role, its own log group, no permission it was not granted. */
export class DeskFunction extends Construct {
  readonly function: lambda.Function;
  readonly #props: DeskFunctionProps;

  constructor(scope: Construct, id: string, props: DeskFunctionProps) {
    super(scope, id);
    this.#props = props;
    const { foundation, name } = props;
    const logGroup = new logs.LogGroup(this, 'Logs', {
      retention: logs.RetentionDays.THREE_MONTHS,
      removalPolicy: foundation.removalPolicy,
    });
    const role = new iam.Role(this, 'Role', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
    logGroup.grantWrite(role);
    this.function = new lambda.Function(this, 'Function', {
      description: `abc ${name}`,
      runtime: lambda.Runtime.NODEJS_24_X,
      architecture: lambda.Architecture.ARM_64,
      handler: 'index.handler',
      code: foundation.codeOf(name),
      role,
      timeout: props.timeout ?? Duration.seconds(30),
      memorySize: props.memoryMegabytes ?? 512,
      ...(props.concurrency === undefined ? {} : { reservedConcurrentExecutions: props.concurrency }),
      logGroup,
      loggingFormat: lambda.LoggingFormat.TEXT,
      environment: { ...foundation.environment, ...props.environment },
      retryAttempts: 2,
      maxEventAge: Duration.minutes(15),
      onFailure: new FailureQueue(props.undelivered),
    });
    foundation.grantAppend(this.function);
  }

  /** Events of these types reach the function at once. */
  on(id: string, types: readonly EventType[], data?: DataPattern): this {
    const { foundation, undelivered } = this.#props;
    new events.Rule(this, id, {
      eventBus: foundation.bus,
      eventPattern: patternOf(types, data),
      targets: [
        new targets.LambdaFunction(this.function, {
          deadLetterQueue: undelivered,
          retryAttempts: 8,
          maxEventAge: Duration.minutes(15),
        }),
      ],
    });
    return this;
  }

  /**
   * Events of these types are collected in a queue: the function gets as many at a time as are there. With `delay` they
   * come as a deadline, that long after they happened.
   */
  collects(
    id: string,
    types: readonly EventType[],
    options: { readonly data?: DataPattern; readonly delay?: Duration; readonly batch?: number } = {},
  ): this {
    const queue = new sqs.Queue(this, id, {
      enforceSSL: true,
      encryption: sqs.QueueEncryption.SQS_MANAGED,
      visibilityTimeout: Duration.seconds(180),
      ...(options.delay === undefined ? {} : { deliveryDelay: options.delay }),
      deadLetterQueue: { queue: this.#props.undelivered, maxReceiveCount: 5 },
    });
    routeToQueue(
      this,
      `${id}Rule`,
      this.#props.foundation.bus,
      patternOf(types, options.data),
      queue,
      this.#props.undelivered,
    );
    this.function.addEventSource(
      new sources.SqsEventSource(queue, {
        batchSize: options.batch ?? 10,
        reportBatchItemFailures: true,
        maxConcurrency: 2,
      }),
    );
    return this;
  }

  /** Events of these types reach the function one after the other, in order, through a FIFO queue. */
  serializes(id: string, types: readonly EventType[], group: string): sqs.Queue {
    const { foundation } = this.#props;
    const failed = new sqs.Queue(this, `${id}Failed`, {
      fifo: true,
      enforceSSL: true,
      encryption: sqs.QueueEncryption.SQS_MANAGED,
      retentionPeriod: Duration.days(14),
    });
    const queue = new sqs.Queue(this, id, {
      fifo: true,
      contentBasedDeduplication: true,
      enforceSSL: true,
      encryption: sqs.QueueEncryption.SQS_MANAGED,
      visibilityTimeout: Duration.seconds(180),
      deadLetterQueue: { queue: failed, maxReceiveCount: 10 },
    });
    routeToQueue(this, `${id}Rule`, foundation.bus, patternOf(types), queue, this.#props.undelivered, group);
    this.function.addEventSource(
      new sources.SqsEventSource(queue, { batchSize: 10, reportBatchItemFailures: true }),
    );
    return failed;
  }
}

/** The rule that puts events on a queue, as the plain desk event without the bus's wrapping. */
export function routeToQueue(
  scope: Construct,
  id: string,
  bus: events.IEventBus,
  pattern: events.EventPattern,
  queue: sqs.Queue,
  undelivered: sqs.IQueue,
  group?: string,
): events.Rule {
  return new events.Rule(scope, id, {
    eventBus: bus,
    eventPattern: pattern,
    targets: [
      new targets.SqsQueue(queue, {
        message: events.RuleTargetInput.fromEventPath('$.detail'),
        deadLetterQueue: undelivered,
        retryAttempts: 8,
        maxEventAge: Duration.hours(1),
        ...(group === undefined ? {} : { messageGroupId: group }),
      }),
    ],
  });
}

export function patternOf(types: readonly EventType[], data?: DataPattern): events.EventPattern {
  return {
    source: ['abc'],
    detailType: types.map(detailType),
    ...(data === undefined ? {} : { detail: { data } }),
  };
}

/** On-failure destination that grants only what it needs. */
class FailureQueue implements lambda.IDestination {
  readonly #queue: sqs.IQueue;
  constructor(queue: sqs.IQueue) {
    this.#queue = queue;
  }
  bind(_scope: Construct, fn: lambda.IFunction): lambda.DestinationConfig {
    this.#queue.grantSendMessages(fn);
    return { destination: this.#queue.queueArn };
  }
}

/** The queue of what a stack could not deliver; not empty means somebody is paged. */
export function undeliveredQueue(scope: Construct): sqs.Queue {
  const queue = new sqs.Queue(scope, 'Undelivered', {
    enforceSSL: true,
    encryption: sqs.QueueEncryption.SQS_MANAGED,
    retentionPeriod: Duration.days(14),
  });
  acknowledge(queue, 'AwsSolutions-SQS3', 'it is itself where undelivered events end; an alarm watches it');
  return queue;
}

/** Calls a function at the times of a New York schedule, with the time it was scheduled for. */
export function schedule(
  scope: Construct,
  name: string,
  expression: string,
  target: DeskFunction,
  options: {
    readonly input?: Readonly<Record<string, unknown>>;
    readonly undelivered: sqs.IQueue;
    readonly retryAttempts?: number;
    readonly maxEventAge?: Duration;
  },
): void {
  new scheduler.Schedule(scope, `Schedule${name}`, {
    description: `abc ${name}`,
    schedule: scheduler.ScheduleExpression.expression(expression, TimeZone.AMERICA_NEW_YORK),
    target: new schedulerTargets.LambdaInvoke(target.function, {
      input: scheduler.ScheduleTargetInput.fromObject({
        ...options.input,
        scheduledTime: scheduler.ContextAttribute.scheduledTime,
      }),
      deadLetterQueue: options.undelivered,
      retryAttempts: options.retryAttempts ?? 4,
      maxEventAge: options.maxEventAge ?? Duration.minutes(10),
    }),
  });
  acknowledgeWildcard(
    Stack.of(scope),
    `${arnText(target.function)}:*`,
    'the scheduler may invoke any version of this one function; the construct grants it so',
  );
}
