import { Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import type { Settings } from '../config/settings.ts';
import { acknowledge } from '../constructs/nag.ts';

export interface StateStackProps extends StackProps {
  readonly settings: Settings;
}

/** Journal, state, idempotency and memory tables, and the bucket of content-addressed inputs, under one customer managed key. */
export class StateStack extends Stack {
  readonly dataKey: kms.Key;
  readonly journal: dynamodb.Table;
  readonly state: dynamodb.Table;
  readonly idempotency: dynamodb.Table;
  readonly memory: dynamodb.Table;
  readonly objects: s3.Bucket;

  constructor(scope: Construct, id: string, props: StateStackProps) {
    super(scope, id, props);
    const { retainData } = props.settings;
    const removalPolicy = retainData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;
    this.dataKey = new kms.Key(this, 'DataKey', {
      description: 'abc data at rest',
      enableKeyRotation: true,
      removalPolicy,
      pendingWindow: Duration.days(30),
    });

    const table = (name: string, sortKey: boolean, extra: Partial<dynamodb.TableProps> = {}) =>
      new dynamodb.Table(this, name, {
        partitionKey: { name: 'pk', type: dynamodb.AttributeType.STRING },
        ...(sortKey ? { sortKey: { name: 'sk', type: dynamodb.AttributeType.STRING } } : {}),
        billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
        encryption: dynamodb.TableEncryption.CUSTOMER_MANAGED,
        encryptionKey: this.dataKey,
        pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
        deletionProtection: retainData,
        removalPolicy,
        ...extra,
      });
    // NEW_IMAGE: the relay and the audit integrator need what was appended, and nothing is ever changed.
    this.journal = table('Journal', true, { stream: dynamodb.StreamViewType.NEW_IMAGE });
    this.state = table('State', true);
    this.idempotency = table('Idempotency', false, { timeToLiveAttribute: 'expiresAt' });
    this.memory = table('Memory', true, { timeToLiveAttribute: 'expiresAt' });

    this.objects = new s3.Bucket(this, 'Objects', {
      encryption: s3.BucketEncryption.KMS,
      encryptionKey: this.dataKey,
      bucketKeyEnabled: true,
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      versioned: true,
      removalPolicy,
    });
    acknowledge(
      this.objects,
      'AwsSolutions-S1',
      'objects are content-addressed and every use of one is journaled with its digest; access logs would add nothing that is not provable already',
    );
  }
}
