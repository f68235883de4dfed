import { hash } from 'node:crypto';
import { validationError } from './aws-error.ts';
import type { Catalog, Table, TableSettings } from './catalog.ts';
import { isTableDefinition, tableKeys } from './catalog.ts';
import type { Database } from './database.ts';
import type { TableDefinition } from './dynalite.ts';
import { isRecord } from './dynalite.ts';
import type { Executor } from './executor.ts';
import { keysUnder } from './level.ts';
import { tableNotFound, tablePrefixes } from './store.ts';
import type { Streams, StreamViewType } from './streams.ts';
import type { SettingsInput } from './table-requests.ts';
import {
  backupsSchema,
  parse,
  refuseIndexChanges,
  splitSettings,
  tableNameSchema,
  timeToLiveSchema,
} from './table-requests.ts';
import type { TimeToLive } from './time-to-live.ts';
import type { WriteScope } from './write-scope.ts';

const DEFAULT_RECOVERY_DAYS = 35;
const DEFAULT_KEY = 'alias/aws/dynamodb';
const NO_SETTINGS: TableSettings = {
  streamArn: null,
  timeToLiveAttribute: null,
  pointInTimeRecovery: null,
  deletionProtection: false,
  encryptionKey: null,
  tableClass: null,
};

type Request = Readonly<Record<string, unknown>>;
type Response = Promise<Record<string, unknown>>;

interface TablesOptions {
  readonly database: Database;
  readonly catalog: Catalog;
  readonly streams: Streams;
  readonly timeToLive: TimeToLive;
  readonly now: () => number;
  readonly executor: Executor;
}

/** The operations on tables and their settings; each is a commit of its own and takes effect at once. */
export class Tables {
  readonly #options: TablesOptions;

  constructor(options: TablesOptions) {
    this.#options = options;
  }

  create(input: Request): Response {
    const { rest, settings } = splitSettings('CreateTable', input);
    return this.#alone(async (scope) => {
      const { TableDescription } = await this.#options.executor.writeTable(scope, 'CreateTable', rest);
      const definition = this.#stamp(TableDescription, {});
      Object.assign(definition, { TableId: tableId(definition, this.#options.now()) });
      if (settings.Tags !== undefined && settings.Tags.length > 0) {
        const tagging = { ResourceArn: definition.TableArn, Tags: settings.Tags };
        await this.#options.executor.tagTable(scope, tagging);
      }
      return this.#apply(scope, { definition, settings: NO_SETTINGS, keyNames: [] }, settings);
    });
  }

  update(input: Request): Response {
    const { rest, settings } = splitSettings('UpdateTable', input);
    const { TableName, ...changes } = rest;
    refuseIndexChanges(changes['GlobalSecondaryIndexUpdates']);
    return this.#alone(async (scope) => {
      const table = this.#table(TableName);
      if (Object.keys(changes).length > 0 || Object.keys(settings).length === 0) {
        const { TableDescription } = await this.#options.executor.writeTable(scope, 'UpdateTable', rest);
        return this.#apply(
          scope,
          { ...table, definition: this.#stamp(TableDescription, table.definition) },
          settings,
        );
      }
      return this.#apply(scope, table, settings);
    });
  }

  delete(input: Request): Response {
    return this.#alone(async (scope) => {
      const name = input['TableName'];
      const table = typeof name === 'string' ? this.#options.catalog.get(name) : undefined;
      if (table?.settings.deletionProtection === true) {
        throw validationError(
          'Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.',
        );
      }
      const { TableDescription } = await this.#options.executor.writeTable(scope, 'DeleteTable', input);
      if (table !== undefined) await this.#clear(scope, table);
      return { TableDescription };
    });
  }

  describe(input: Request): Record<string, unknown> {
    const { TableName } = parse('DescribeTable', tableNameSchema, input);
    return { Table: this.#describe(this.#table(TableName)) };
  }

  updateTimeToLive(input: Request): Response {
    const { TableName, TimeToLiveSpecification: wanted } = parse('UpdateTimeToLive', timeToLiveSchema, input);
    return this.#alone(async (scope) => {
      const table = this.#table(TableName);
      const current = table.settings.timeToLiveAttribute;
      if (wanted.Enabled === (current !== null)) {
        throw validationError(`TimeToLive is already ${wanted.Enabled ? 'enabled' : 'disabled'}`);
      }
      if (current !== null && current !== wanted.AttributeName) {
        throw validationError(
          `TimeToLive is active on a different AttributeName: current AttributeName is ${current}`,
        );
      }
      if (wanted.Enabled) await this.#options.timeToLive.enable(scope, TableName, wanted.AttributeName);
      else await this.#options.timeToLive.disable(scope, TableName);
      const timeToLiveAttribute = wanted.Enabled ? wanted.AttributeName : null;
      this.#save(scope, table.definition, { ...table.settings, timeToLiveAttribute });
      return { TimeToLiveSpecification: wanted };
    });
  }

  describeTimeToLive(input: Request): Record<string, unknown> {
    const { TableName } = parse('DescribeTimeToLive', tableNameSchema, input);
    const attribute = this.#table(TableName).settings.timeToLiveAttribute;
    return {
      TimeToLiveDescription:
        attribute === null
          ? { TimeToLiveStatus: 'DISABLED' }
          : { TimeToLiveStatus: 'ENABLED', AttributeName: attribute },
    };
  }

  updateContinuousBackups(input: Request): Response {
    const { TableName, PointInTimeRecoverySpecification: wanted } = parse(
      'UpdateContinuousBackups',
      backupsSchema,
      input,
    );
    return this.#alone(async (scope) => {
      const table = this.#table(TableName);
      const days = wanted.RecoveryPeriodInDays ?? DEFAULT_RECOVERY_DAYS;
      const since = table.settings.pointInTimeRecovery?.since ?? this.#options.now();
      const pointInTimeRecovery = wanted.PointInTimeRecoveryEnabled ? { days, since } : null;
      const settings = { ...table.settings, pointInTimeRecovery };
      this.#save(scope, table.definition, settings);
      return { ContinuousBackupsDescription: this.#describeBackups(settings) };
    });
  }

  describeContinuousBackups(input: Request): Record<string, unknown> {
    const { TableName } = parse('DescribeContinuousBackups', tableNameSchema, input);
    return { ContinuousBackupsDescription: this.#describeBackups(this.#table(TableName).settings) };
  }

  #alone(work: (scope: WriteScope) => Response): Response {
    return this.#options.database.write(work, true);
  }

  #table(name: unknown): Table {
    const table = typeof name === 'string' ? this.#options.catalog.get(name) : undefined;
    if (table === undefined) {
      throw tableNotFound(String(name));
    }
    return table;
  }

  #apply(scope: WriteScope, table: Table, wanted: SettingsInput): Record<string, unknown> {
    const { definition } = table;
    const settings: TableSettings = {
      ...table.settings,
      streamArn: this.#applyStream(scope, table, wanted.StreamSpecification),
      deletionProtection: wanted.DeletionProtectionEnabled ?? table.settings.deletionProtection,
      encryptionKey:
        wanted.SSESpecification === undefined
          ? table.settings.encryptionKey
          : wanted.SSESpecification.Enabled === true
            ? (wanted.SSESpecification.KMSMasterKeyId ?? DEFAULT_KEY)
            : null,
      tableClass: wanted.TableClass ?? table.settings.tableClass,
    };
    this.#save(scope, definition, settings);
    const description = this.#describe({ ...table, settings });
    if (wanted.StreamSpecification?.StreamEnabled === true) {
      // the stream itself is known only after the commit
      Object.assign(
        description,
        streamMembers(settings.streamArn!, wanted.StreamSpecification.StreamViewType!),
      );
    }
    return { TableDescription: description };
  }

  #applyStream(
    scope: WriteScope,
    { definition, settings }: Table,
    wanted: SettingsInput['StreamSpecification'],
  ): string | null {
    if (wanted === undefined || (!wanted.StreamEnabled && settings.streamArn === null)) {
      return settings.streamArn;
    }
    if (!wanted.StreamEnabled) {
      this.#options.streams.end(scope, settings.streamArn!);
      return null;
    }
    if (settings.streamArn !== null) {
      throw validationError(`Table already has an enabled stream: TableName: ${definition.TableName}`);
    }
    if (wanted.StreamViewType === undefined) {
      throw validationError(
        'One or more parameter values were invalid: StreamViewType is required when stream is enabled',
      );
    }
    const table = { name: definition.TableName, arn: definition.TableArn };
    return this.#options.streams.create(scope, table, wanted.StreamViewType).arn;
  }

  #save(scope: WriteScope, definition: TableDefinition, settings: TableSettings): void {
    const keys = tableKeys(definition.TableName);
    scope.put(keys.definition, definition);
    scope.put(keys.settings, settings);
    // dynalite and callers may hold the object
    const own = structuredClone(definition);
    scope.afterCommit(() => this.#options.catalog.set(own, settings));
  }

  async #clear(scope: WriteScope, { definition, settings }: Table): Promise<void> {
    const { catalog, database, streams, timeToLive } = this.#options;
    for (const prefix of tablePrefixes(definition)) {
      for (const key of await keysUnder(database.level, prefix)) scope.discard(prefix + key);
    }
    await timeToLive.disable(scope, definition.TableName);
    if (settings.streamArn !== null) streams.end(scope, settings.streamArn);
    scope.delete(tableKeys(definition.TableName).settings);
    scope.afterCommit(() => catalog.delete(definition.TableName));
  }

  #describe({ definition, settings }: Table): Record<string, unknown> {
    const stream = this.#options.streams.describe(settings.streamArn);
    return {
      ...structuredClone(definition),
      DeletionProtectionEnabled: settings.deletionProtection,
      ...(stream === null ? {} : streamMembers(stream.arn, stream.view)),
      ...(settings.encryptionKey === null
        ? {}
        : { SSEDescription: { Status: 'ENABLED', SSEType: 'KMS', KMSMasterKeyArn: settings.encryptionKey } }),
      ...(settings.tableClass === null ? {} : { TableClassSummary: { TableClass: settings.tableClass } }),
    };
  }

  #describeBackups({ pointInTimeRecovery }: TableSettings): Record<string, unknown> {
    if (pointInTimeRecovery === null) {
      return {
        ContinuousBackupsStatus: 'ENABLED',
        PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus: 'DISABLED' },
      };
    }
    const { days, since } = pointInTimeRecovery;
    const now = this.#options.now();
    return {
      ContinuousBackupsStatus: 'ENABLED',
      PointInTimeRecoveryDescription: {
        PointInTimeRecoveryStatus: 'ENABLED',
        RecoveryPeriodInDays: days,
        EarliestRestorableDateTime: Math.max(since, now - days * 24 * 60 * 60 * 1000) / 1000,
        LatestRestorableDateTime: now / 1000,
      },
    };
  }

  /** dynalite stamps with the machine's clock; what it has stamped just now gets the host's. */
  #stamp(after: unknown, before: object): TableDefinition {
    if (!isTableDefinition(after)) {
      throw new TypeError('dynalite answered without a table description');
    }
    stampTimes(after, before, this.#options.now() / 1000);
    return after;
  }
}

function stampTimes(after: object, before: unknown, seconds: number): void {
  const earlier: Record<string, unknown> = isRecord(before) ? before : {};
  for (const [name, value] of Object.entries(after)) {
    if (name.endsWith('DateTime') && value !== earlier[name]) {
      Object.assign(after, { [name]: seconds });
    } else if (typeof value === 'object' && value !== null) {
      stampTimes(value, earlier[name], seconds);
    }
  }
}

const streamMembers = (arn: string, view: StreamViewType): Record<string, unknown> => ({
  StreamSpecification: { StreamEnabled: true, StreamViewType: view },
  LatestStreamArn: arn,
  LatestStreamLabel: arn.slice(arn.lastIndexOf('/') + 1),
});

/** dynalite draws it at random; here the same run gives the same id. */
function tableId({ TableArn }: TableDefinition, now: number): string {
  const digest = hash('sha256', `${TableArn}/${now}`);
  return digest.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
