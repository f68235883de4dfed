import * as z from 'zod';
import {
  AwsError,
  type AwsService,
  type Resource,
  type ResourceType,
  type ServiceCall,
} from '../../host/kernel.ts';
import { parseParameters, unknownOperation } from '../../host/parameters.ts';
import { physicalName } from '../../host/physical-name.ts';
import type { RuntimeParts } from '../../host/runtime-parts.ts';
import { transaction } from '../../host/store.ts';
import { Archives } from './archives.ts';
import { Deliveries } from './deliveries.ts';
import { compileEventPattern, InvalidEventPatternError } from './event-pattern.ts';
import { type CheckedEntry, checkEntries } from './put-events.ts';
import { Replays } from './replays.ts';
import { compileRule, type Rule, RuleIndex, ruleProperties } from './rules.ts';
import { parseScheduleExpression } from './schedule-expression.ts';
import type { ScheduleFirings } from './schedule-firings.ts';

/** EventBridge in the host. */
export interface EventsHost {
  readonly service: AwsService;
  readonly types: readonly ResourceType[];
  start(): void;
  close(): void;
}

interface Bus {
  readonly name: string;
  readonly arn: string;
  readonly rules: RuleIndex;
}

const text = z.string();
const ruleReference = z.object({ Name: text, EventBusName: text.optional() }).strict();
const testPattern = z.object({ EventPattern: text, Event: text }).strict();
const archiveProperties = z.object({
  SourceArn: text,
  EventPattern: z.union([z.record(z.string(), z.unknown()), text]).optional(),
  RetentionDays: z.coerce.number().default(0),
});

/** Builds EventBridge: buses, rules, archives, PutEvents. */
export function createEvents(parts: RuntimeParts, firings: ScheduleFirings): EventsHost {
  const { context } = parts;
  const { region, accountId, store, clock } = context;
  const prefix = `arn:aws:events:${region}:${accountId}`;
  const buses = new Map<string, Bus>();
  const deliveries = new Deliveries(parts, 'event_deliveries');
  const archives = new Archives(context);

  const busName = (reference: string): string =>
    reference.startsWith('arn:') ? reference.slice(reference.lastIndexOf('/') + 1) : reference;
  const busArn = (reference: string): string => `${prefix}:event-bus/${busName(reference)}`;
  const ruleArn = (bus: string, name: string): string =>
    bus === 'default' ? `${prefix}:rule/${name}` : `${prefix}:rule/${bus}/${name}`;
  const addBus = (name: string): void => {
    const bus: Bus = { name, arn: busArn(name), rules: new RuleIndex() };
    buses.set(name, bus);
    parts.targets.register({
      arn: bus.arn,
      // An event forwarded from another bus arrives as a whole event.
      async deliver(event, { sender }) {
        parts.authorizer.check(sender, [{ action: 'events:PutEvents', resource: bus.arn }]);
        const forwarded = forwardedEvent.parse(typeof event === 'string' ? JSON.parse(event) : event);
        transaction(store, () => publish(bus, forwarded, JSON.stringify(forwarded)));
      },
    });
  };

  /** Matches an event and accepts its deliveries. Runs within a transaction. */
  const publish = (
    bus: Bus,
    event: Readonly<Record<string, unknown>>,
    eventText: string,
    only?: ReadonlySet<string>,
  ): void => {
    if (only === undefined) archives.record(bus.arn, event, eventText);
    for (const rule of bus.rules.candidates(String(event['detail-type']))) {
      if (
        !rule.enabled ||
        rule.matches?.(event) !== true ||
        (only !== undefined && only.size > 0 && !only.has(rule.arn))
      )
        continue;
      for (const { route, shape } of rule.targets)
        deliveries.accept(route, shape(event, eventText, String(event['time'])));
    }
  };
  const replays = new Replays(context, archives, (destination, event, eventText, only) => {
    const bus = buses.get(busName(destination));
    if (bus !== undefined) publish(bus, event, eventText, only);
  });

  const putEvents = (call: ServiceCall): Readonly<Record<string, unknown>> => {
    const entries = checkEntries(call.input);
    return transaction(store, () => {
      const results = entries.map((entry) => {
        if ('ErrorCode' in entry) return entry;
        const bus = buses.get(busName(entry.busReference));
        if (bus === undefined)
          return {
            ErrorCode: 'ResourceNotFoundException',
            ErrorMessage: `Event bus ${entry.busReference} does not exist.`,
          };
        return { EventId: accept(bus, entry) };
      });
      return { FailedEntryCount: results.filter((result) => 'ErrorCode' in result).length, Entries: results };
    });
  };
  const accept = (bus: Bus, entry: CheckedEntry): string => {
    const id = context.nextId('event');
    const time = `${new Date(entry.time ?? clock.now()).toISOString().slice(0, 19)}Z`;
    const envelope = {
      version: '0',
      id,
      'detail-type': entry.detailType,
      source: entry.source,
      account: accountId,
      time,
      region,
      resources: entry.resources,
    };
    publish(
      bus,
      { ...envelope, detail: entry.detail },
      `${JSON.stringify(envelope).slice(0, -1)},"detail":${entry.detailText}}`,
    );
    return id;
  };

  const findRule = (call: ServiceCall): Rule => {
    const { Name, EventBusName = 'default' } = parseParameters(call, ruleReference);
    const rule = buses.get(busName(EventBusName))?.rules.all.find(({ name }) => name === Name);
    if (rule === undefined)
      throw new AwsError(
        'ResourceNotFoundException',
        `Rule ${Name} does not exist on EventBus ${EventBusName}.`,
      );
    return rule;
  };
  const startRule = (rule: Rule): void => {
    if (rule.scheduleExpression === undefined || !rule.enabled) return;
    const longest = Math.max(60_000, ...rule.targets.map(({ route }) => route.maximumEventAgeMillis));
    firings.start({
      arn: rule.arn,
      expression: parseScheduleExpression(rule.scheduleExpression),
      maximumEventAgeMillis: longest,
      fire(scheduledAt) {
        const time = `${new Date(scheduledAt).toISOString().slice(0, 19)}Z`;
        const event = {
          version: '0',
          id: context.nextId('event'),
          'detail-type': 'Scheduled Event',
          source: 'aws.events',
          account: accountId,
          time,
          region,
          resources: [rule.arn],
          detail: {},
        };
        for (const { route, shape } of rule.targets)
          deliveries.accept(route, shape(event, JSON.stringify(event), time));
      },
    });
  };
  const setEnabled = (call: ServiceCall, enabled: boolean): Readonly<Record<string, unknown>> => {
    const rule = findRule(call);
    if (rule.enabled !== enabled) {
      rule.enabled = enabled;
      if (enabled) startRule(rule);
      else firings.stop(rule.arn);
    }
    return {};
  };

  const operations: Readonly<Record<string, (call: ServiceCall) => Readonly<Record<string, unknown>>>> = {
    PutEvents: putEvents,
    TestEventPattern(call) {
      const { EventPattern, Event } = parseParameters(call, testPattern);
      try {
        return { Result: compileEventPattern(JSON.parse(EventPattern))(JSON.parse(Event)) };
      } catch (error) {
        if (error instanceof InvalidEventPatternError) throw new AwsError(error.code, error.message);
        if (error instanceof SyntaxError)
          throw new AwsError(
            'InvalidEventPatternException',
            `Event pattern is not valid. Reason: ${error.message}`,
          );
        throw error;
      }
    },
    EnableRule: (call) => setEnabled(call, true),
    DisableRule: (call) => setEnabled(call, false),
    DescribeRule(call) {
      const rule = findRule(call);
      return {
        Name: rule.name,
        Arn: rule.arn,
        EventBusName: rule.busName,
        State: rule.enabled ? 'ENABLED' : 'DISABLED',
        ScheduleExpression: rule.scheduleExpression,
      };
    },
    StartReplay: (call) => replays.begin(call),
    DescribeReplay: (call) => replays.describe(call),
  };

  const createArchive = (resource: Resource): void => {
    const { SourceArn, EventPattern = {}, RetentionDays } = archiveProperties.parse(resource.properties);
    const pattern: unknown = typeof EventPattern === 'string' ? JSON.parse(EventPattern) : EventPattern;
    const everything = typeof pattern === 'object' && pattern !== null && Object.keys(pattern).length === 0;
    archives.add({
      name: resource.identity.ref,
      arn: resource.identity.attributes['Arn'] ?? '',
      busArn: SourceArn,
      matches: everything ? () => true : compileEventPattern(pattern),
      retentionDays: RetentionDays,
    });
  };

  addBus('default');
  return {
    service: {
      name: 'events',
      permissions: (call) => permissionsOf(call, { busArn, busName, ruleArn }),
      async handle(call) {
        const operation = operations[call.operation];
        if (operation === undefined) throw unknownOperation(call);
        return operation(call);
      },
    },
    types: [
      {
        type: 'AWS::Events::EventBus',
        properties: {
          honoured: ['Name', 'Policy'],
          withoutLocalEffect: ['Description', 'KmsKeyIdentifier', 'Tags', 'LogConfig', 'DeadLetterConfig'],
        },
        identify(resource) {
          const name = physicalName(resource, 'Name', 256);
          return { ref: name, attributes: { Arn: busArn(name), Name: name } };
        },
        create: ({ identity }) => addBus(identity.ref),
      },
      {
        type: 'AWS::Events::EventBusPolicy',
        properties: { honoured: ['EventBusName', 'Statement', 'StatementId'], withoutLocalEffect: [] },
        identify: (resource) => ({ ref: resource.logicalId, attributes: {} }),
        create({ properties, logicalId }) {
          const statement = properties['Statement'];
          if (statement === undefined)
            throw new TypeError('only the Statement form of an event bus policy is known');
          parts.authorizer.putResourcePolicy(
            busArn(String(properties['EventBusName'] ?? 'default')),
            { Version: '2012-10-17', Statement: [statement] },
            logicalId,
          );
        },
      },
      {
        type: 'AWS::Events::Rule',
        properties: {
          honoured: ['Name', 'EventBusName', 'EventPattern', 'ScheduleExpression', 'State', 'Targets'],
          withoutLocalEffect: ['Description', 'Tags', 'RoleArn'],
        },
        identify(resource) {
          const name = physicalName(resource, 'Name', 64);
          const bus = busName(String(resource.properties['EventBusName'] ?? 'default'));
          return {
            ref: bus === 'default' ? name : `${bus}|${name}`,
            attributes: { Arn: ruleArn(bus, name) },
          };
        },
        create(resource) {
          const properties = ruleProperties.parse(resource.properties);
          const arn = resource.identity.attributes['Arn'] ?? '';
          const bus = buses.get(busName(properties.EventBusName ?? 'default'));
          if (bus === undefined)
            throw new TypeError(`event bus ${String(properties.EventBusName)} does not exist`);
          const rule = compileRule(
            { name: arn.slice(arn.lastIndexOf('/') + 1), arn, busName: bus.name },
            properties,
          );
          for (const { route } of rule.targets) {
            if (route.sender.kind === 'role')
              parts.authorizer.assertAssumable(route.sender.roleArn, 'events.amazonaws.com');
            deliveries.addRoute(route);
          }
          bus.rules.add(rule);
        },
      },
      {
        type: 'AWS::Events::Archive',
        properties: {
          honoured: ['ArchiveName', 'SourceArn', 'EventPattern', 'RetentionDays'],
          withoutLocalEffect: ['Description', 'KmsKeyIdentifier'],
        },
        identify(resource) {
          const name = physicalName(resource, 'ArchiveName', 48);
          return { ref: name, attributes: { Arn: `${prefix}:archive/${name}`, ArchiveName: name } };
        },
        create: createArchive,
      },
    ],
    start() {
      deliveries.start();
      replays.start();
      for (const { rules } of buses.values()) for (const rule of rules.all) startRule(rule);
    },
    close: () => deliveries.close(),
  };
}

const forwardedEvent = z
  .object({
    version: z.string(),
    id: z.string(),
    'detail-type': z.string(),
    source: z.string(),
    account: z.string(),
    time: z.string(),
    region: z.string(),
    resources: z.array(z.string()),
    detail: z.record(z.string(), z.unknown()),
  })
  .loose();

function permissionsOf(
  { operation, input }: ServiceCall,
  names: {
    readonly busArn: (reference: string) => string;
    readonly busName: (reference: string) => string;
    readonly ruleArn: (bus: string, name: string) => string;
  },
): {
  readonly action: string;
  readonly resource: string;
  readonly context?: Readonly<Record<string, readonly string[]>>;
}[] {
  const action = `events:${operation}`;
  switch (operation) {
    case 'PutEvents': {
      const entries: readonly unknown[] = Array.isArray(input['Entries']) ? input['Entries'] : [];
      const buses = new Set(
        entries.map((entry) =>
          names.busArn(String(isFields(entry) ? (entry['EventBusName'] ?? 'default') : 'default')),
        ),
      );
      return [...buses].map((resource) => ({ action, resource }));
    }
    case 'EnableRule':
    case 'DisableRule':
    case 'DescribeRule':
      return [
        {
          action,
          resource: names.ruleArn(
            names.busName(String(input['EventBusName'] ?? 'default')),
            String(input['Name']),
          ),
        },
      ];
    case 'StartReplay':
      return [{ action, resource: String(input['EventSourceArn']) }];
    default:
      return [{ action, resource: '*' }];
  }
}

const isFields = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;
