import { createHash } from 'node:crypto';
import type { RequiredPermission, ResourceType } from '../../host/kernel.ts';
import type { RuntimeParts } from '../../host/runtime-parts.ts';
import type { DynamoHost } from '../dynamodb-service/dynamodb-service.ts';
import type { LambdaHost } from '../lambda/lambda.ts';
import type { SqsHost } from '../sqs/sqs.ts';
import { MAPPING_PROPERTIES, type MappingSettings, mappingSettings } from './mapping-settings.ts';
import { QueueMapping, queuePermissions } from './queue-mapping.ts';
import { StreamMapping } from './stream-mapping.ts';

/** Event source mappings of the assembly. */
export interface EventSourceMappings {
  readonly types: readonly ResourceType[];
  /** Starts reading, once everything is created. */
  start(): void;
  close(): void;
}

const streamPermissions = (streamArn: string): readonly RequiredPermission[] =>
  ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'].map((action) => ({
    action,
    resource: streamArn,
  }));

/** Builds the mappings from table streams and queues to functions. */
export function createEventSourceMappings(
  parts: RuntimeParts,
  lambda: LambdaHost,
  dynamo: DynamoHost,
  sqs: SqsHost,
): EventSourceMappings {
  const { store } = parts.context;
  store.exec(
    'CREATE TABLE IF NOT EXISTS event_source_checkpoints (mapping TEXT PRIMARY KEY, sequence TEXT NOT NULL) STRICT, WITHOUT ROWID',
  );
  const load = store.prepare('SELECT sequence FROM event_source_checkpoints WHERE mapping = ?');
  const save = store.prepare(
    'INSERT INTO event_source_checkpoints (mapping, sequence) VALUES (?, ?) ON CONFLICT (mapping) DO UPDATE SET sequence = excluded.sequence',
  );
  const mappings: (StreamMapping | QueueMapping)[] = [];

  const build = (settings: MappingSettings): StreamMapping | QueueMapping => {
    const target = lambda.find(settings.functionName);
    if (settings.sourceArn.includes(':sqs:')) {
      parts.authorizer.check(target.caller, queuePermissions(settings.sourceArn));
      return new QueueMapping(parts, settings, target, sqs);
    }
    if (!settings.sourceArn.includes(':dynamodb:'))
      throw new TypeError(`event source ${settings.sourceArn} is neither a DynamoDB stream nor an SQS queue`);
    parts.authorizer.check(target.caller, streamPermissions(settings.sourceArn));
    return new StreamMapping(parts, settings, target, dynamo.stream(settings.sourceArn), {
      load() {
        const row = load.get(settings.id);
        return typeof row?.['sequence'] === 'string' ? row['sequence'] : undefined;
      },
      save: (sequence) => void save.run(settings.id, sequence),
    });
  };

  return {
    types: [
      {
        type: 'AWS::Lambda::EventSourceMapping',
        properties: {
          honoured: MAPPING_PROPERTIES,
          withoutLocalEffect: ['Tags', 'KmsKeyArn', 'MetricsConfig'],
        },
        identify(resource) {
          const digest = createHash('sha256').update(`${resource.stack}/${resource.logicalId}`).digest('hex');
          const id = digest.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
          return { ref: id, attributes: { Id: id } };
        },
        create(resource) {
          const settings = mappingSettings(resource);
          if (settings.enabled) mappings.push(build(settings));
        },
      },
    ],
    start() {
      for (const mapping of mappings) mapping.start();
    },
    close() {
      for (const mapping of mappings) mapping.close();
    },
  };
}
