import * as z from 'zod';
import {
  AwsError,
  type AwsService,
  type HostContext,
  type RequiredPermission,
  type Resource,
  type ResourceType,
  type ServiceCall,
} from '../../host/kernel.ts';
import { physicalName } from '../../host/physical-name.ts';
import { AwsError as DynamoError } from '../dynamodb/aws-error.ts';
import type { DynamoEngine } from '../dynamodb/engine.ts';
import type { StreamRecord } from '../dynamodb/streams.ts';

/** A table's stream as event source mappings read it. */
export interface TableStream {
  read(afterSequence: string | null, limit: number): readonly StreamRecord[];
  onRecords(listener: () => void): void;
}

/** The DynamoDB engine as one of the host's services, with its resource types and its streams. */
export interface DynamoHost {
  readonly service: AwsService;
  readonly types: readonly ResourceType[];
  readonly engine: DynamoEngine;
  /** The stream behind an ARN as templates know it. @throws AwsError `ResourceNotFoundException` */
  stream(streamArn: string): TableStream;
  start(): void;
}

/**
 * The label of every table's stream in templates. The engine labels a stream by the instant of its creation, but the
 * ARN must be known before the table is created, and stay the same on the next start.
 */
const STREAM_LABEL = 'current';
/** The service deletes expired items in its own time; within this here. */
const SWEEP_MILLIS = 15 * 60_000;

type Fields = Readonly<Record<string, unknown>>;
const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const TABLE_OPERATIONS = new Set([
  'GetItem',
  'PutItem',
  'UpdateItem',
  'DeleteItem',
  'DescribeTable',
  'UpdateTable',
  'DeleteTable',
  'CreateTable',
  'UpdateTimeToLive',
  'DescribeTimeToLive',
  'UpdateContinuousBackups',
  'DescribeContinuousBackups',
]);

/** Puts an open engine among the host's services. */
export function createDynamoHost(engine: DynamoEngine, context: HostContext): DynamoHost {
  const { region, accountId } = context;
  const tableArn = (name: string): string =>
    name.startsWith('arn:') ? name : `arn:aws:dynamodb:${region}:${accountId}:table/${name}`;
  const listeners = new Map<string, (() => void)[]>();
  let expires = false;
  engine.onStreamRecords((streamArn) => {
    for (const listener of listeners.get(streamArn) ?? []) listener();
  });

  const create = async (resource: Resource): Promise<void> => {
    const table = tableRequest(resource);
    await createOrAdopt(engine, table.create);
    if (
      table.timeToLive !== undefined &&
      (await timeToLiveAttribute(engine, resource.identity.ref)) !== table.timeToLive
    ) {
      await engine.handle('UpdateTimeToLive', {
        TableName: resource.identity.ref,
        TimeToLiveSpecification: { AttributeName: table.timeToLive, Enabled: true },
      });
    }
    expires ||= table.timeToLive !== undefined;
  };

  const sweepEvery = (): void => {
    context.clock.schedule(context.clock.now() + SWEEP_MILLIS, () => {
      const end = context.activity.begin('ttl-sweep');
      void engine
        .sweepTtl()
        .catch((error: unknown) =>
          context.log.error('expired items could not be deleted', { error: String(error) }),
        )
        .finally(end);
      sweepEvery();
    });
  };

  const identify = (resource: {
    readonly stack: string;
    readonly logicalId: string;
    readonly type: string;
    readonly properties: Fields;
    readonly metadata: Fields;
  }) => {
    const name = physicalName(resource, 'TableName', 255);
    return {
      ref: name,
      attributes: {
        Arn: tableArn(name),
        StreamArn: `${tableArn(name)}/stream/${STREAM_LABEL}`,
        TableId: name,
      },
    };
  };

  return {
    engine,
    service: {
      name: 'dynamodb',
      permissions: (call) => permissionsOf(call, tableArn),
      async handle({ operation, input }) {
        try {
          const output = await engine.handle(operation, input);
          return isFields(output) ? output : {};
        } catch (error) {
          if (!(error instanceof DynamoError)) throw error;
          const { __type: _type, message: _message, ...details } = error.body;
          throw new AwsError(error.code, error.message, error.statusCode, details);
        }
      },
    },
    types: [
      {
        type: 'AWS::DynamoDB::Table',
        properties: {
          honoured: [
            'TableName',
            'AttributeDefinitions',
            'KeySchema',
            'GlobalSecondaryIndexes',
            'LocalSecondaryIndexes',
            'StreamSpecification',
            'TimeToLiveSpecification',
            'BillingMode',
            'ProvisionedThroughput',
            'SSESpecification',
            'DeletionProtectionEnabled',
          ],
          withoutLocalEffect: [
            'PointInTimeRecoverySpecification',
            'Tags',
            'TableClass',
            'ContributorInsightsSpecification',
            'WarmThroughput',
            'OnDemandThroughput',
          ],
        },
        identify,
        create,
      },
      {
        type: 'AWS::DynamoDB::GlobalTable',
        properties: {
          honoured: [
            'TableName',
            'AttributeDefinitions',
            'KeySchema',
            'GlobalSecondaryIndexes',
            'LocalSecondaryIndexes',
            'StreamSpecification',
            'TimeToLiveSpecification',
            'BillingMode',
            'Replicas',
            'SSESpecification',
          ],
          withoutLocalEffect: [
            'WriteProvisionedThroughputSettings',
            'WriteOnDemandThroughputSettings',
            'WarmThroughput',
          ],
        },
        identify,
        create,
      },
    ],
    stream(streamArn) {
      const name = /:table\/([^/]+)\/stream\//.exec(streamArn)?.[1] ?? '';
      const current = engine.streamArn(name);
      if (current === null)
        throw new AwsError('ResourceNotFoundException', `table ${name} has no stream (${streamArn})`);
      return {
        read: (afterSequence, limit) => engine.readStream({ streamArn: current, afterSequence, limit }),
        onRecords(listener) {
          listeners.set(current, [...(listeners.get(current) ?? []), listener]);
        },
      };
    },
    start() {
      if (expires) sweepEvery();
    },
  };
}

async function createOrAdopt(engine: DynamoEngine, request: Fields): Promise<void> {
  const existing = await describe(engine, String(request['TableName']));
  if (existing === undefined) {
    await engine.handle('CreateTable', request);
    return;
  }
  // Keys and indexes of a table with data in it cannot be changed here; saying so beats a query that fails later.
  const indexes = (table: Fields): string =>
    JSON.stringify(
      [table['GlobalSecondaryIndexes'], table['LocalSecondaryIndexes']].map((list) =>
        Array.isArray(list)
          ? list.map((index: Fields) => [index['IndexName'], index['KeySchema']]).sort()
          : [],
      ),
    );
  if (
    JSON.stringify(existing['KeySchema']) !== JSON.stringify(request['KeySchema']) ||
    indexes(existing) !== indexes(request)
  ) {
    throw new TypeError(
      `table ${String(request['TableName'])} exists with other keys or indexes; start on an empty directory`,
    );
  }
}

async function describe(engine: DynamoEngine, name: string): Promise<Fields | undefined> {
  try {
    const answer = await engine.handle('DescribeTable', { TableName: name });
    const table = isFields(answer) ? answer['Table'] : undefined;
    return isFields(table) ? table : undefined;
  } catch (error) {
    if (error instanceof DynamoError && error.code === 'ResourceNotFoundException') return undefined;
    throw error;
  }
}

async function timeToLiveAttribute(engine: DynamoEngine, name: string): Promise<string | undefined> {
  const answer = await engine.handle('DescribeTimeToLive', { TableName: name });
  const description = isFields(answer) ? answer['TimeToLiveDescription'] : undefined;
  const attribute = isFields(description) ? description['AttributeName'] : undefined;
  return typeof attribute === 'string' ? attribute : undefined;
}

const index = z.object({ IndexName: z.string(), KeySchema: z.array(z.unknown()), Projection: z.unknown() });
const tableProperties = z.object({
  AttributeDefinitions: z.array(z.unknown()).optional(),
  KeySchema: z.array(z.unknown()),
  GlobalSecondaryIndexes: z.array(index).optional(),
  LocalSecondaryIndexes: z.array(index).optional(),
  StreamSpecification: z.object({ StreamViewType: z.string() }).optional(),
  TimeToLiveSpecification: z
    .object({ AttributeName: z.string().optional(), Enabled: z.boolean() })
    .optional(),
  SSESpecification: z
    .object({
      SSEEnabled: z.boolean(),
      SSEType: z.string().optional(),
      KMSMasterKeyId: z.string().optional(),
    })
    .optional(),
  Replicas: z.array(z.unknown()).max(1, 'one region runs locally; more than one replica cannot').optional(),
});

/** The CreateTable request for a template's table. Capacity has no local effect, so every table is on demand. */
function tableRequest(resource: Resource): {
  readonly create: Fields;
  readonly timeToLive: string | undefined;
} {
  const properties = tableProperties.parse(resource.properties);
  const {
    GlobalSecondaryIndexes,
    LocalSecondaryIndexes,
    StreamSpecification,
    TimeToLiveSpecification: timeToLive,
    SSESpecification: encryption,
  } = properties;
  return {
    create: {
      TableName: resource.identity.ref,
      AttributeDefinitions: properties.AttributeDefinitions,
      KeySchema: properties.KeySchema,
      BillingMode: 'PAY_PER_REQUEST',
      ...(GlobalSecondaryIndexes === undefined ? {} : { GlobalSecondaryIndexes }),
      ...(LocalSecondaryIndexes === undefined ? {} : { LocalSecondaryIndexes }),
      ...(StreamSpecification === undefined
        ? {}
        : { StreamSpecification: { StreamEnabled: true, ...StreamSpecification } }),
      ...(encryption?.SSEEnabled === true && encryption.SSEType === 'KMS'
        ? {
            SSESpecification: {
              Enabled: true,
              SSEType: 'KMS',
              ...(encryption.KMSMasterKeyId === undefined
                ? {}
                : { KMSMasterKeyId: encryption.KMSMasterKeyId }),
            },
          }
        : {}),
    },
    timeToLive: timeToLive?.Enabled === true ? timeToLive.AttributeName : undefined,
  };
}

function permissionsOf(
  { operation, input }: ServiceCall,
  tableArn: (name: string) => string,
): readonly RequiredPermission[] {
  if (TABLE_OPERATIONS.has(operation))
    return [{ action: `dynamodb:${operation}`, resource: tableArn(String(input['TableName'])) }];
  switch (operation) {
    case 'Query':
    case 'Scan': {
      const table = tableArn(String(input['TableName']));
      return [
        {
          action: `dynamodb:${operation}`,
          resource: typeof input['IndexName'] === 'string' ? `${table}/index/${input['IndexName']}` : table,
        },
      ];
    }
    case 'BatchGetItem':
    case 'BatchWriteItem':
      return Object.keys(isFields(input['RequestItems']) ? input['RequestItems'] : {}).map((name) => ({
        action: `dynamodb:${operation}`,
        resource: tableArn(name),
      }));
    case 'TransactWriteItems':
    case 'TransactGetItems': {
      const actions: Readonly<Record<string, string>> = {
        Put: 'PutItem',
        Update: 'UpdateItem',
        Delete: 'DeleteItem',
        ConditionCheck: 'ConditionCheckItem',
        Get: 'GetItem',
      };
      const items: readonly unknown[] = Array.isArray(input['TransactItems']) ? input['TransactItems'] : [];
      return items.flatMap((item) =>
        Object.entries(isFields(item) ? item : {}).map(([kind, request]) => ({
          action: `dynamodb:${actions[kind] ?? kind}`,
          resource: tableArn(String(isFields(request) ? request['TableName'] : '')),
        })),
      );
    }
    case 'TagResource':
    case 'UntagResource':
    case 'ListTagsOfResource':
      return [{ action: `dynamodb:${operation}`, resource: String(input['ResourceArn']) }];
    default:
      return [{ action: `dynamodb:${operation}`, resource: '*' }];
  }
}
