import { Duration, Stack, type StackProps } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as sources from 'aws-cdk-lib/aws-lambda-event-sources';
import * as s3 from 'aws-cdk-lib/aws-s3';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { DeskFunction, schedule, undeliveredQueue } from '../constructs/desk-function.ts';
import type { DeskFoundation } from '../constructs/foundation.ts';
import { acknowledge, acknowledgeWildcard, arnText } from '../constructs/nag.ts';

export interface AuditStackProps extends StackProps {
  readonly foundation: DeskFoundation;
}

/**
 * The journal's two readers, relay and integrator, and the signed log: every entry is a leaf, every session ends in a
 * checkpoint signed by a key nobody can export, in a bucket nothing can be deleted from.
 */
export class AuditStack extends Stack {
  readonly relay: DeskFunction;
  readonly integrator: DeskFunction;
  readonly checkpoint: DeskFunction;
  readonly undelivered: Queue;
  readonly worm: s3.Bucket;
  readonly signingKey: kms.Key;

  constructor(scope: Construct, id: string, props: AuditStackProps) {
    super(scope, id, props);
    const { foundation } = props;
    const { settings } = foundation;
    this.undelivered = undeliveredQueue(this);
    this.signingKey = new kms.Key(this, 'SigningKey', {
      description: 'abc audit checkpoints',
      keySpec: kms.KeySpec.ECC_NIST_P256,
      keyUsage: kms.KeyUsage.SIGN_VERIFY,
      removalPolicy: foundation.removalPolicy,
    });
    const leaves = new dynamodb.Table(this, 'Leaves', {
      partitionKey: { name: 'pk', type: dynamodb.AttributeType.STRING },
      sortKey: { name: 'sk', type: dynamodb.AttributeType.STRING },
      billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
      encryption: dynamodb.TableEncryption.CUSTOMER_MANAGED,
      encryptionKey: foundation.dataKey,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: settings.retainData,
      removalPolicy: foundation.removalPolicy,
    });
    this.worm = new s3.Bucket(this, 'Worm', {
      objectLockEnabled: true,
      objectLockDefaultRetention:
        settings.environment === 'live'
          ? s3.ObjectLockRetention.compliance(Duration.days(settings.auditRetentionDays))
          : s3.ObjectLockRetention.governance(Duration.days(settings.auditRetentionDays)),
      versioned: true,
      encryption: s3.BucketEncryption.KMS,
      encryptionKey: foundation.dataKey,
      bucketKeyEnabled: true,
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      removalPolicy: foundation.removalPolicy,
    });
    acknowledge(
      this.worm,
      'AwsSolutions-S1',
      'objects can be neither changed nor deleted, and each carries its own proof; access logs would need a bucket of their own for no gain',
    );

    const add = (
      name: 'relay' | 'integrator' | 'checkpoint',
      options: {
        readonly environment?: Readonly<Record<string, string>>;
        readonly timeout?: Duration;
        readonly concurrency?: number;
      } = {},
    ) => new DeskFunction(this, name, { foundation, name, undelivered: this.undelivered, ...options });
    this.relay = add('relay', { environment: { BUS_NAME: foundation.bus.eventBusName } });
    this.integrator = add('integrator', { environment: { LEAF_TABLE: leaves.tableName } });
    this.checkpoint = add('checkpoint', {
      environment: {
        LEAF_TABLE: leaves.tableName,
        WORM_BUCKET: this.worm.bucketName,
        SIGNING_KEY: this.signingKey.keyArn,
        LOG_ORIGIN: `abc-application/${settings.environment}/journal`,
      },
      timeout: Duration.minutes(5),
      // Two at once could sign two texts for one number.
      concurrency: 1,
    });

    this.#read(foundation, this.relay, 100);
    // Nobody waits for the integrator: a few seconds' batches save most of its invocations.
    this.#read(foundation, this.integrator, 500, Duration.seconds(10));
    foundation.bus.grantPutEventsTo(this.relay.function);
    const allow = (fn: lambda.Function, actions: readonly string[], resources: readonly string[]) =>
      fn.addToRolePolicy(new iam.PolicyStatement({ actions: [...actions], resources: [...resources] }));
    allow(this.integrator.function, ['dynamodb:PutItem', 'dynamodb:BatchWriteItem'], [leaves.tableArn]);
    allow(
      this.checkpoint.function,
      ['dynamodb:Query', 'dynamodb:PutItem', 'dynamodb:GetItem', 'dynamodb:BatchWriteItem'],
      [leaves.tableArn],
    );
    allow(this.checkpoint.function, ['kms:Sign', 'kms:GetPublicKey'], [this.signingKey.keyArn]);
    allow(this.checkpoint.function, ['s3:PutObject', 's3:GetObject'], [this.worm.arnForObjects('audit/*')]);
    // Whether a part is there already is told only to who may list: everybody else is refused instead.
    allow(this.checkpoint.function, ['s3:ListBucket'], [this.worm.bucketArn]);
    schedule(this, 'Checkpoint', settings.schedules.audit, this.checkpoint, {
      undelivered: this.undelivered,
      retryAttempts: 10,
      maxEventAge: Duration.hours(6),
    });
    foundation.acknowledgeIn(this);
    acknowledgeWildcard(
      this.checkpoint,
      `${arnText(this.worm)}/audit/*`,
      'the parts of the log are numbered as it grows; the prefix confines the grant',
    );
    for (const reader of [this.relay, this.integrator]) {
      acknowledgeWildcard(
        reader,
        '*',
        'dynamodb:ListStreams takes no resource; reading is granted on the one stream',
      );
    }
  }

  #read(foundation: DeskFoundation, reader: DeskFunction, batchSize: number, window?: Duration): void {
    reader.function.addEventSource(
      new sources.DynamoEventSource(foundation.journal, {
        startingPosition: lambda.StartingPosition.TRIM_HORIZON,
        batchSize,
        ...(window === undefined ? {} : { maxBatchingWindow: window }),
        bisectBatchOnError: true,
        reportBatchItemFailures: true,
        retryAttempts: 100,
        onFailure: new sources.SqsDlq(this.undelivered),
      }),
    );
  }
}
