import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import type * as events from 'aws-cdk-lib/aws-events';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import { correlations } from '#core/events/state-keys.ts';
import type { FunctionName } from '../config/functions.ts';
import type { Settings } from '../config/settings.ts';
import { acknowledgeWildcard, exportedArnText } from './nag.ts';

export interface FoundationProps {
  readonly settings: Settings;
  readonly bus: events.EventBus;
  readonly journal: dynamodb.Table;
  readonly state: dynamodb.Table;
  readonly idempotency: dynamodb.Table;
  readonly memory: dynamodb.Table;
  readonly objects: s3.Bucket;
  readonly dataKey: kms.Key;
  /** Directory of each function's bundle; null where bundling is off (template tests). */
  readonly bundles: Readonly<Record<string, string>> | null;
}

const USES_KEY = ['kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey', 'kms:DescribeKey'];

/** What every stack builds on: the bus, the tables, and the grants in the desk's own terms. */
export class DeskFoundation {
  readonly settings: Settings;
  readonly bus: events.EventBus;
  readonly journal: dynamodb.Table;
  readonly state: dynamodb.Table;
  readonly idempotency: dynamodb.Table;
  readonly memory: dynamodb.Table;
  readonly objects: s3.Bucket;
  readonly dataKey: kms.Key;
  readonly #bundles: Readonly<Record<string, string>> | null;

  constructor(props: FoundationProps) {
    this.settings = props.settings;
    this.bus = props.bus;
    this.journal = props.journal;
    this.state = props.state;
    this.idempotency = props.idempotency;
    this.memory = props.memory;
    this.objects = props.objects;
    this.dataKey = props.dataKey;
    this.#bundles = props.bundles;
  }

  /** The wildcards that granting on this foundation brings into a stack's policies, with their reasons. */
  acknowledgeIn(stack: Stack): void {
    const objects = exportedArnText(Stack.of(this.objects), this.objects.bucketArn);
    for (const prefix of ['snapshots', 'history']) {
      acknowledgeWildcard(
        stack,
        `${objects}/${prefix}/*`,
        'objects are content-addressed: their keys are digests that no policy can list; the prefix confines the grant',
      );
    }
  }

  get removalPolicy(): RemovalPolicy {
    return this.settings.retainData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;
  }

  /** The environment variables every function parses (functions/runtime/environment.ts). */
  get environment(): Record<string, string> {
    return {
      JOURNAL_TABLE: this.journal.tableName,
      STATE_TABLE: this.state.tableName,
      IDEMPOTENCY_TABLE: this.idempotency.tableName,
      OBJECT_BUCKET: this.objects.bucketName,
      DESK_ENVIRONMENT: this.settings.environment,
      DESK_MODE: this.settings.mode,
      BAR_MINUTES: String(this.settings.barMinutes),
      INSTRUMENTS: this.settings.instruments.join(','),
      DESK_SEED: this.settings.seed,
    };
  }

  codeOf(name: FunctionName): lambda.Code {
    const directory = this.#bundles?.[name];
    return directory === undefined
      ? lambda.Code.fromInline(
          'export const handler = async () => { throw new Error("bundling was off at synthesis"); };',
        )
      : lambda.Code.fromAsset(directory);
  }

  /**
   * What every function may do: append to the journal (never change or delete), mark its causes as dealt with, read the
   * journal and the cycle's snapshot.
   */
  grantAppend(grantee: iam.IGrantable): void {
    this.#allow(
      grantee,
      [this.journal.tableArn],
      ['dynamodb:PutItem', 'dynamodb:BatchGetItem', 'dynamodb:Query'],
    );
    this.#allow(grantee, [this.idempotency.tableArn], ['dynamodb:PutItem']);
    this.#allow(grantee, [this.dataKey.keyArn], USES_KEY);
    this.#allow(
      grantee,
      [this.objects.arnForObjects('snapshots/*'), this.objects.arnForObjects('history/*')],
      ['s3:GetObject'],
    );
  }

  /** Reading any state item. */
  grantReadState(grantee: iam.IGrantable): void {
    this.#allow(grantee, [this.state.tableArn], ['dynamodb:BatchGetItem', 'dynamodb:ConditionCheckItem']);
  }

  /** Writing the state items of these partitions and no others: an agent cannot write the book, whatever it does. */
  grantWriteState(grantee: iam.IGrantable, partitions: readonly string[]): void {
    this.#allowPut(grantee, this.state, partitions);
  }

  /** What a person needs who halts, resumes, compares, looks, sets the policy and enters outcomes and cash: these items, and the desk's own journal. */
  grantOperate(grantee: iam.IGrantable): void {
    this.#allow(grantee, ['*'], ['dynamodb:ListTables']);
    this.#allowPut(grantee, this.journal, [correlations.desk]);
    this.grantReadState(grantee);
    this.grantWriteState(grantee, ['HALT', 'POLICY', 'OUTCOME', 'CASH']);
    this.#allow(grantee, [this.dataKey.keyArn], USES_KEY);
  }

  /** Looking into the tables that the runbooks look into. */
  grantInspect(grantee: iam.IGrantable): void {
    this.#allow(
      grantee,
      [this.state.tableArn, this.journal.tableArn],
      ['dynamodb:GetItem', 'dynamodb:Query'],
    );
    this.#allow(grantee, [this.dataKey.keyArn], ['kms:Decrypt', 'kms:DescribeKey']);
  }

  /** Writing content-addressed objects under a prefix. */
  grantPutObjects(grantee: iam.IGrantable, prefix: string): void {
    this.#allow(grantee, [this.objects.arnForObjects(`${prefix}/*`)], ['s3:PutObject']);
  }

  #allowPut(grantee: iam.IGrantable, table: dynamodb.Table, partitions: readonly string[]): void {
    grantee.grantPrincipal.addToPrincipalPolicy(
      new iam.PolicyStatement({
        actions: ['dynamodb:PutItem'],
        resources: [table.tableArn],
        conditions: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [...partitions] } },
      }),
    );
  }

  #allow(grantee: iam.IGrantable, resources: readonly string[], actions: readonly string[]): void {
    grantee.grantPrincipal.addToPrincipalPolicy(
      new iam.PolicyStatement({ actions: [...actions], resources: [...resources] }),
    );
  }
}
