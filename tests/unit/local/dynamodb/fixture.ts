import type { Item } from '#local/aws/dynamodb/attribute-value.ts';
import { AwsError } from '#local/aws/dynamodb/aws-error.ts';
import type { DynamoEngine } from '#local/aws/dynamodb/engine.ts';
import { openDynamo } from '#local/aws/dynamodb/engine.ts';
import type { StreamRecord, StreamViewType } from '#local/aws/dynamodb/streams.ts';

export const REGION = 'eu-central-1';
export const ACCOUNT_ID = '123456789012';
/** 2026-01-05T09:00:00Z */
export const START_MS = 1_767_603_600_000;

export interface Clock {
  milliseconds: number;
}

export interface Fixture {
  readonly engine: DynamoEngine;
  readonly clock: Clock;
  /** `handle` with an answer that can be looked into. */
  call(operation: string, input: object): Promise<Record<string, unknown>>;
}

export async function openFixture(
  directory: string | null = null,
  clock: Clock = { milliseconds: START_MS },
): Promise<Fixture> {
  const engine = await openDynamo({
    directory,
    now: () => clock.milliseconds,
    region: REGION,
    accountId: ACCOUNT_ID,
  });
  return {
    engine,
    clock,
    async call(operation, input) {
      const output = await engine.handle(operation, input);
      if (typeof output !== 'object' || output === null) {
        throw new TypeError(`${operation} answered ${JSON.stringify(output)}`);
      }
      return { ...output };
    },
  };
}

/** A table keyed by `pk` and `sk`, with one index by `group` and `rank`, and a stream when a view is given. */
export async function createTable(
  { call }: Fixture,
  name: string,
  view: StreamViewType | null = null,
): Promise<void> {
  await call('CreateTable', {
    TableName: name,
    AttributeDefinitions: ['pk', 'sk', 'group']
      .map((attribute) => ({ AttributeName: attribute, AttributeType: 'S' }))
      .concat({ AttributeName: 'rank', AttributeType: 'N' }),
    KeySchema: [
      { AttributeName: 'pk', KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ],
    GlobalSecondaryIndexes: [
      {
        IndexName: 'by-group',
        KeySchema: [
          { AttributeName: 'group', KeyType: 'HASH' },
          { AttributeName: 'rank', KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'ALL' },
      },
    ],
    BillingMode: 'PAY_PER_REQUEST',
    ...(view === null ? {} : { StreamSpecification: { StreamEnabled: true, StreamViewType: view } }),
  });
}

export const keyOf = (pk: string, sk = 'a'): Item => ({ pk: { S: pk }, sk: { S: sk } });

export function allRecords(engine: DynamoEngine, table: string): StreamRecord[] {
  const streamArn = engine.streamArn(table);
  if (streamArn === null) {
    throw new Error(`table ${table} has no stream`);
  }
  return engine.readStream({ streamArn, afterSequence: null, limit: Number.MAX_SAFE_INTEGER });
}

/** The refusal a promise ends with. */
export async function refusalOf(promise: Promise<unknown>): Promise<AwsError> {
  try {
    const answer = await promise;
    throw new Error(`expected a refusal, got ${JSON.stringify(answer)}`);
  } catch (error) {
    if (error instanceof AwsError) {
      return error;
    }
    throw error;
  }
}
