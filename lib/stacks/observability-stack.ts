import { Duration, Stack, type StackProps } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as actions from 'aws-cdk-lib/aws-cloudwatch-actions';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import * as sns from 'aws-cdk-lib/aws-sns';
import * as subscriptions from 'aws-cdk-lib/aws-sns-subscriptions';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { Settings } from '../config/settings.ts';

export interface ObservabilityStackProps extends StackProps {
  readonly settings: Settings;
  readonly dataKey: kms.Key;
  /** By name: what could not be delivered or dealt with. */
  readonly deadLetters: Readonly<Record<string, sqs.Queue>>;
  /** Readers of the journal stream, whose lag is the desk's lag. */
  readonly streamReaders: Readonly<Record<string, lambda.Function>>;
  readonly functions: Readonly<Record<string, lambda.Function>>;
}

const NAMESPACE = 'AbcApplication';
/** A restart of the gateway outside its window takes some two minutes. */
const LONGEST_ABSENCE_SECONDS = 300;
/** A deployment ends one task before it starts the next, and a gateway takes some minutes to log in. */
const MINUTES_WITHOUT_BRIDGE = 10;
/** In a quarter of an hour; one or two are a router's, more are a fault. */
const MOST_LINKS_ENDED = 4;

/** Who is paged, and for what. Every alarm here means that a person has to look now. */
export class ObservabilityStack extends Stack {
  readonly onCall: sns.Topic;

  constructor(scope: Construct, id: string, props: ObservabilityStackProps) {
    super(scope, id, props);
    this.onCall = new sns.Topic(this, 'OnCall', {
      displayName: 'abc on call',
      enforceSSL: true,
      masterKey: props.dataKey,
    });
    this.#letAlarmsPublish(props.dataKey);
    if (props.settings.onCallEmail !== null)
      this.onCall.addSubscription(new subscriptions.EmailSubscription(props.settings.onCallEmail));
    const page = new actions.SnsAction(this.onCall);
    const alarm = (
      name: string,
      description: string,
      metric: cloudwatch.IMetric,
      threshold: number,
      treatMissingData = cloudwatch.TreatMissingData.NOT_BREACHING,
    ) => {
      new cloudwatch.Alarm(this, name, {
        alarmDescription: description,
        metric,
        threshold,
        evaluationPeriods: 1,
        treatMissingData,
        comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
      }).addAlarmAction(page);
    };
    // Environments may share an account: each alarm listens to its own (adapters/aws/embedded-metric.ts).
    const dimensionsMap = { Environment: props.settings.environment };
    const own = (metricName: string, statistic: string, period = Duration.minutes(1)) =>
      new cloudwatch.Metric({ namespace: NAMESPACE, metricName, dimensionsMap, statistic, period });

    for (const [name, queue] of Object.entries(props.deadLetters)) {
      alarm(
        `DeadLetters${name}`,
        `${name}: something could not be delivered (docs/runbooks/dead-letters.md)`,
        queue.metricApproximateNumberOfMessagesVisible({ period: Duration.minutes(1), statistic: 'Maximum' }),
        0,
      );
    }
    for (const [name, reader] of Object.entries(props.streamReaders)) {
      alarm(
        `IteratorAge${name}`,
        `${name} lags behind the journal by more than a minute (docs/runbooks/journal-lag.md)`,
        reader.metric('IteratorAge', { period: Duration.minutes(1), statistic: 'Maximum' }),
        60_000,
      );
    }
    for (const [name, fn] of Object.entries(props.functions)) {
      alarm(
        `Errors${name}`,
        `${name} fails repeatedly (docs/runbooks/function-errors.md)`,
        fn.metricErrors({ period: Duration.minutes(5), statistic: 'Sum' }),
        3,
      );
    }
    alarm('TradingHalted', 'trading was halted (docs/runbooks/halt.md)', own('TradingHalted', 'Sum'), 0);
    alarm(
      'TradingReducing',
      'only reductions are allowed since the drawdown step (docs/runbooks/halt.md)',
      own('TradingReducing', 'Sum'),
      0,
    );
    alarm(
      'BrokerSilent',
      'no price from the broker for too long in market hours (docs/runbooks/broker-down.md)',
      own('PriceAgeMinutes', 'Maximum'),
      3 * props.settings.barMinutes,
    );
    alarm(
      'BrokerDifference',
      'the broker and the book differ (docs/runbooks/position-difference.md)',
      own('BrokerDifferenceFound', 'Sum'),
      0,
    );
    alarm(
      'BrokerTradingDisabled',
      'the gateway takes no orders (docs/runbooks/read-only.md)',
      own('BrokerTradingDisabled', 'Sum'),
      0,
    );
    alarm(
      'BrokerLoginDue',
      'the weekly login at the gateway is due (docs/runbooks/weekly-login.md)',
      own('BrokerLoginDue', 'Sum'),
      0,
    );
    alarm(
      'BrokerNotReady',
      'the bridge cannot trade, outside a planned window (docs/runbooks/broker-down.md)',
      own('BrokerNotReadySeconds', 'Maximum'),
      LONGEST_ABSENCE_SECONDS,
    );
    // Where no task is to run there is none to miss: before the first login, and in a replay, which starts its own.
    if (props.settings.broker.desiredTasks > 0) this.#watchReadiness(own('BrokerReady', 'Maximum'), page);
    alarm(
      'BrokerLinkUnstable',
      'the link to the gateway ends again and again, each time after it had been whole (docs/runbooks/broker-down.md)',
      own('BrokerLinkEnded', 'Sum', Duration.minutes(15)),
      MOST_LINKS_ENDED,
    );
    alarm(
      'BrokerInstrumentStale',
      'an instrument is silent in its session (docs/runbooks/broker-down.md)',
      own('BrokerInstrumentStale', 'Sum', Duration.minutes(15)),
      0,
    );
    alarm(
      'BrokerLeaseLost',
      'another bridge has taken the lease, or it could not be renewed (docs/runbooks/session-conflict.md)',
      own('BrokerLeaseLost', 'Sum'),
      0,
    );
    alarm(
      'BrokerCommandRefused',
      'the bridge got a command that the desk does not send (docs/runbooks/stuck-order.md)',
      own('BrokerCommandRefused', 'Sum'),
      0,
    );
    alarm(
      'BrokerBridgeFailed',
      'the bridge refuses to trade: configuration, account or mode (docs/runbooks/broker-down.md)',
      own('BrokerBridgeFailed', 'Sum'),
      0,
    );
    alarm(
      'CycleNotRecovered',
      'a decision cycle could not be recovered (docs/runbooks/cycle-recovery.md)',
      own('CycleNotRecovered', 'Sum'),
      0,
    );
    alarm(
      'AuditFailed',
      'the audit checkpoint does not verify (docs/runbooks/audit.md)',
      own('AuditFailed', 'Sum'),
      0,
    );
  }

  /**
   * Rings where the bridge is dead, hangs, or starts again and again: then nothing is heard of it, or only that it is not
   * ready. The maximum, so that one bridge that waits for the lease of another does not make it ring.
   */
  #watchReadiness(metric: cloudwatch.IMetric, page: actions.SnsAction): void {
    new cloudwatch.Alarm(this, 'BrokerGone', {
      alarmDescription: 'the bridge is not ready, or not there (docs/runbooks/broker-down.md)',
      metric,
      threshold: 1,
      evaluationPeriods: MINUTES_WITHOUT_BRIDGE,
      treatMissingData: cloudwatch.TreatMissingData.BREACHING,
      comparisonOperator: cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
    }).addAlarmAction(page);
  }

  /** A topic with a policy and a key of its own admits nobody by itself: without these an alarm would ring unheard. */
  #letAlarmsPublish(dataKey: kms.Key): void {
    const cloudWatch = 'cloudwatch.amazonaws.com';
    this.onCall.grantPublish(
      new iam.ServicePrincipal(cloudWatch, {
        conditions: { StringEquals: { 'aws:SourceAccount': this.account } },
      }),
    );
    dataKey.grant(new iam.ServicePrincipal(cloudWatch), 'kms:Decrypt', 'kms:GenerateDataKey*');
  }
}
