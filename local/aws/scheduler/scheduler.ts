import * as z from 'zod';
import type { EpochMillis } from '#core/values/clock.ts';
import {
  AwsError,
  type AwsService,
  type Caller,
  type ResourceType,
  type ServiceCall,
} from '../../host/kernel.ts';
import { parseParameters, unknownOperation } from '../../host/parameters.ts';
import { physicalName } from '../../host/physical-name.ts';
import type { RuntimeParts } from '../../host/runtime-parts.ts';
import { transaction } from '../../host/store.ts';
import { Deliveries, type Route } from '../events/deliveries.ts';
import { parseScheduleExpression } from '../events/schedule-expression.ts';
import type { ScheduleFirings } from '../events/schedule-firings.ts';
import {
  type ScheduleDefinition,
  scheduleDefinition,
  scheduleInput,
  scheduleReference,
} from './schedule-settings.ts';

/** EventBridge Scheduler in the host. */
export interface SchedulerHost {
  readonly service: AwsService;
  readonly types: readonly ResourceType[];
  start(): void;
  close(): void;
}

interface Schedule {
  readonly name: string;
  readonly arn: string;
  readonly definition: ScheduleDefinition;
  /** Created through the API (and so kept in the store), not by the template. */
  readonly dynamic: boolean;
  readonly deleteWhenDone: boolean;
}

/** Builds Scheduler: schedules of the template, and those that code creates. */
export function createScheduler(parts: RuntimeParts, firings: ScheduleFirings): SchedulerHost {
  const { context } = parts;
  const { store, region, accountId } = context;
  const deliveries = new Deliveries(parts, 'schedule_deliveries');
  const schedules = new Map<string, Schedule>();
  const groups = new Set(['default']);
  let started = false;
  store.exec(
    'CREATE TABLE IF NOT EXISTS schedules (arn TEXT PRIMARY KEY, name TEXT NOT NULL, definition TEXT NOT NULL, delete_when_done INTEGER NOT NULL) STRICT, WITHOUT ROWID',
  );
  const insert = store.prepare('INSERT OR REPLACE INTO schedules VALUES (?, ?, ?, ?)');
  const remove = store.prepare('DELETE FROM schedules WHERE arn = ?');
  const arnOf = (group: string, name: string): string =>
    `arn:aws:scheduler:${region}:${accountId}:schedule/${group}/${name}`;

  const forget = (schedule: Schedule): void => {
    schedules.delete(schedule.arn);
    remove.run(schedule.arn);
    firings.forget(schedule.arn);
  };

  const begin = (schedule: Schedule): void => {
    const { arn, definition } = schedule;
    const route = routeOf(parts, arn, definition);
    deliveries.addRoute(route);
    if (definition.State === 'DISABLED') return;
    firings.start({
      arn,
      expression: parseScheduleExpression(
        definition.ScheduleExpression,
        definition.ScheduleExpressionTimezone,
      ),
      startAt: definition.StartDate,
      endAt: definition.EndDate,
      maximumEventAgeMillis: route.maximumEventAgeMillis,
      fire: (scheduledAt) =>
        deliveries.accept(route, inputOf(schedule, scheduledAt, context.nextId('schedule-execution'))),
      ...(schedule.deleteWhenDone ? { completed: () => forget(schedule) } : {}),
    });
  };

  /** Checks everything that can be wrong with a schedule, then keeps it. */
  const add = (schedule: Schedule): void => {
    const { definition, arn } = schedule;
    if (!groups.has(definition.GroupName))
      throw new AwsError(
        'ResourceNotFoundException',
        `Schedule group ${definition.GroupName} does not exist.`,
        404,
      );
    if (/^arn:aws:scheduler:::/.test(definition.Target.Arn)) {
      throw new AwsError(
        'ValidationException',
        `the local host does not carry universal targets (${definition.Target.Arn}); aim at a function, queue, topic, bus or state machine`,
      );
    }
    if (
      definition.Target.Arn.includes(':event-bus/') &&
      definition.Target.EventBridgeParameters === undefined
    ) {
      throw new AwsError(
        'ValidationException',
        'EventBridgeParameters must be provided for an event bus target.',
      );
    }
    parseScheduleExpression(definition.ScheduleExpression, definition.ScheduleExpressionTimezone);
    // The service assumes the role as the schedule's group, not as the schedule: trust policies name the group.
    parts.authorizer.assertAssumable(
      definition.Target.RoleArn,
      'scheduler.amazonaws.com',
      `arn:aws:scheduler:${parts.context.region}:${parts.context.accountId}:schedule-group/${definition.GroupName}`,
    );
    schedules.set(arn, schedule);
    if (started) begin(schedule);
  };

  const put = (call: ServiceCall, replace: boolean): Readonly<Record<string, unknown>> => {
    const {
      Name,
      ActionAfterCompletion,
      Description: _d,
      ClientToken: _c,
      KmsKeyArn: _k,
      ...definition
    } = parseParameters(call, scheduleInput);
    const arn = arnOf(definition.GroupName, Name);
    const existing = schedules.get(arn);
    if (replace && existing === undefined)
      throw new AwsError('ResourceNotFoundException', `Schedule ${Name} does not exist.`, 404);
    if (!replace && existing !== undefined)
      throw new AwsError('ConflictException', `Schedule ${Name} already exists.`, 409);
    const schedule: Schedule = {
      name: Name,
      arn,
      definition,
      dynamic: true,
      deleteWhenDone: ActionAfterCompletion === 'DELETE',
    };
    transaction(store, () => {
      if (existing !== undefined) forget(existing);
      insert.run(
        arn,
        Name,
        JSON.stringify({
          ...definition,
          StartDate: seconds(definition.StartDate),
          EndDate: seconds(definition.EndDate),
        }),
        Number(schedule.deleteWhenDone),
      );
      add(schedule);
    });
    return { ScheduleArn: arn };
  };

  const find = (call: ServiceCall): Schedule => {
    const { Name, GroupName } = parseParameters(call, scheduleReference);
    const schedule = schedules.get(arnOf(GroupName, Name));
    if (schedule === undefined)
      throw new AwsError('ResourceNotFoundException', `Schedule ${Name} does not exist.`, 404);
    return schedule;
  };

  const operations: Readonly<Record<string, (call: ServiceCall) => Readonly<Record<string, unknown>>>> = {
    CreateSchedule: (call) => put(call, false),
    UpdateSchedule: (call) => put(call, true),
    GetSchedule(call) {
      const { name, arn, definition } = find(call);
      return {
        Name: name,
        Arn: arn,
        ...definition,
        StartDate: seconds(definition.StartDate),
        EndDate: seconds(definition.EndDate),
      };
    },
    DeleteSchedule(call) {
      forget(find(call));
      return {};
    },
    ListSchedules: () => ({
      Schedules: [...schedules.values()].map(({ name, arn, definition }) => ({
        Name: name,
        Arn: arn,
        GroupName: definition.GroupName,
        State: definition.State,
        Target: { Arn: definition.Target.Arn },
      })),
    }),
  };

  return {
    service: {
      name: 'scheduler',
      permissions({ operation, input }) {
        const resource =
          operation === 'ListSchedules'
            ? '*'
            : arnOf(String(input['GroupName'] ?? 'default'), String(input['Name']));
        const role = isFields(input['Target']) ? input['Target']['RoleArn'] : undefined;
        const pass =
          (operation === 'CreateSchedule' || operation === 'UpdateSchedule') && typeof role === 'string';
        return [
          { action: `scheduler:${operation}`, resource },
          ...(pass
            ? [
                {
                  action: 'iam:PassRole',
                  resource: role,
                  context: { 'iam:PassedToService': 'scheduler.amazonaws.com' },
                },
              ]
            : []),
        ];
      },
      async handle(call) {
        const operation = operations[call.operation];
        if (operation === undefined) throw unknownOperation(call);
        return operation(call);
      },
    },
    types: [
      {
        type: 'AWS::Scheduler::ScheduleGroup',
        properties: { honoured: ['Name'], withoutLocalEffect: ['Tags'] },
        identify(resource) {
          const name = physicalName(resource, 'Name', 64);
          return {
            ref: name,
            attributes: { Arn: `arn:aws:scheduler:${region}:${accountId}:schedule-group/${name}` },
          };
        },
        create: ({ identity }) => void groups.add(identity.ref),
      },
      {
        type: 'AWS::Scheduler::Schedule',
        properties: {
          honoured: ['Name', ...Object.keys(scheduleDefinition.shape)],
          withoutLocalEffect: ['Description', 'KmsKeyArn'],
        },
        identify(resource) {
          const name = physicalName(resource, 'Name', 64);
          return {
            ref: name,
            attributes: { Arn: arnOf(String(resource.properties['GroupName'] ?? 'default'), name) },
          };
        },
        create({ identity, properties }) {
          const parsed = scheduleDefinition.safeParse(properties);
          if (!parsed.success) throw new TypeError(z.prettifyError(parsed.error), { cause: parsed.error });
          const arn = arnOf(parsed.data.GroupName, identity.ref);
          add({ name: identity.ref, arn, definition: parsed.data, dynamic: false, deleteWhenDone: false });
        },
      },
    ],
    start() {
      const rows = store.prepare('SELECT * FROM schedules ORDER BY arn').all() as unknown as {
        readonly arn: string;
        readonly name: string;
        readonly definition: string;
        readonly delete_when_done: number;
      }[];
      for (const row of rows) {
        add({
          name: row.name,
          arn: row.arn,
          definition: scheduleDefinition.parse(JSON.parse(row.definition)),
          dynamic: true,
          deleteWhenDone: row.delete_when_done === 1,
        });
      }
      started = true;
      for (const schedule of schedules.values()) begin(schedule);
      deliveries.start();
    },
    close: () => deliveries.close(),
  };
}

function routeOf(parts: RuntimeParts, arn: string, { Target: target }: ScheduleDefinition): Route {
  const sender: Caller = { kind: 'role', roleArn: target.RoleArn, sessionName: 'scheduler' };
  const bus = target.EventBridgeParameters;
  return {
    key: arn,
    sourceArn: arn,
    targetArn: target.Arn,
    sender,
    messageGroupId: target.SqsParameters?.MessageGroupId,
    maximumRetryAttempts: target.RetryPolicy.MaximumRetryAttempts,
    maximumEventAgeMillis: target.RetryPolicy.MaximumEventAgeInSeconds * 1000,
    deadLetterArn: target.DeadLetterConfig?.Arn,
    ...(bus === undefined
      ? {}
      : {
          async send(payload: string) {
            const entry = {
              EventBusName: target.Arn,
              DetailType: bus.DetailType,
              Source: bus.Source,
              Detail: payload,
            };
            const answer = await parts.call('events', 'PutEvents', { Entries: [entry] }, sender);
            if (answer['FailedEntryCount'] !== 0)
              throw new AwsError(
                'ValidationException',
                `the bus refused the event: ${JSON.stringify(answer['Entries'])}`,
              );
          },
        }),
  };
}

/** The input with the context attributes that Scheduler fills in. */
function inputOf({ arn, definition }: Schedule, scheduledAt: EpochMillis, executionId: string): string {
  const input = definition.Target.Input ?? '{}';
  if (!input.includes('<aws.scheduler.')) return input;
  return input
    .replaceAll('<aws.scheduler.schedule-arn>', arn)
    .replaceAll('<aws.scheduler.scheduled-time>', `${new Date(scheduledAt).toISOString().slice(0, 19)}Z`)
    .replaceAll('<aws.scheduler.execution-id>', executionId)
    .replaceAll('<aws.scheduler.attempt-number>', '1');
}

const seconds = (at: EpochMillis | undefined): number | undefined =>
  at === undefined ? undefined : at / 1000;
const isFields = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;
