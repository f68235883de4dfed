import * as z from 'zod';
import type { DurableTarget } from '../../host/durable-target.ts';
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
import type { LambdaHost } from '../lambda/lambda.ts';
import { parseDefinition } from './definition.ts';
import { type ExecutionRow, Executions } from './executions.ts';
import { callResource, isSupportedResource } from './task-resources.ts';

/** Step Functions in the host. */
export interface StatesHost {
  readonly service: AwsService;
  readonly types: readonly ResourceType[];
  start(): void;
  close(): void;
}

const text = z.string();
const startInput = z.strictObject({
  stateMachineArn: text,
  name: text.regex(/^[^\s<>{}[\]?*"#%\\^|~`$&,;:/]{1,80}$/).optional(),
  input: text.default('{}'),
  traceHeader: text.optional(),
});
const executionInput = z.strictObject({ executionArn: text });
const stopInput = z.strictObject({ executionArn: text, error: text.optional(), cause: text.optional() });
const historyInput = z.strictObject({
  executionArn: text,
  maxResults: z.number().int().min(0).max(1000).default(100),
  reverseOrder: z.boolean().default(false),
  nextToken: text.optional(),
  includeExecutionData: z.boolean().optional(),
});
const listInput = z.strictObject({
  stateMachineArn: text,
  statusFilter: text.optional(),
  maxResults: z.number().int().optional(),
  nextToken: text.optional(),
});
const machineProperties = z.object({
  DefinitionString: text,
  DefinitionSubstitutions: z.record(text, z.coerce.string()).default({}),
  RoleArn: text,
  StateMachineType: z.literal('STANDARD', 'only STANDARD state machines run locally').default('STANDARD'),
});

/** Builds Step Functions: JSONata machines, one durable checkpoint a transition. */
export function createStates(parts: RuntimeParts, lambda: LambdaHost): StatesHost {
  const { context, authorizer } = parts;
  const { region, accountId } = context;
  const executions = new Executions(context);
  const machineArn = (name: string): string => `arn:aws:states:${region}:${accountId}:stateMachine:${name}`;

  const begin = (arn: string, name: string | undefined, input: string): ExecutionRow => {
    try {
      JSON.parse(input);
    } catch (cause) {
      throw new AwsError('InvalidExecutionInput', `Invalid State Machine Execution Input: ${String(cause)}`);
    }
    return executions.start(arn, name ?? context.nextId('execution'), input);
  };
  const targetOf = (arn: string): DurableTarget => {
    const accept = (payload: string, sender: Caller): void => {
      authorizer.check(sender, [{ action: 'states:StartExecution', resource: arn }]);
      begin(arn, undefined, payload);
    };
    return {
      arn,
      accept,
      deliver: async (event, { sender }) =>
        accept(typeof event === 'string' ? event : JSON.stringify(event), sender),
    };
  };

  const operations: Readonly<Record<string, (call: ServiceCall) => Readonly<Record<string, unknown>>>> = {
    StartExecution(call) {
      const { stateMachineArn, name, input } = parseParameters(call, startInput);
      const row = begin(stateMachineArn, name, input);
      return { executionArn: row.arn, startDate: row.started_at / 1000 };
    },
    DescribeExecution(call) {
      const row = executions.describe(parseParameters(call, executionInput).executionArn);
      return {
        ...summary(row),
        input: row.input,
        ...(row.output === null ? {} : { output: row.output }),
        ...(row.error === null ? {} : { error: row.error }),
        ...(row.cause === null ? {} : { cause: row.cause }),
      };
    },
    StopExecution(call) {
      const { executionArn, error = null, cause = null } = parseParameters(call, stopInput);
      return {
        stopDate: (executions.stop(executionArn, error, cause).stopped_at ?? context.clock.now()) / 1000,
      };
    },
    ListExecutions(call) {
      const { stateMachineArn, statusFilter } = parseParameters(call, listInput);
      return { executions: executions.list(stateMachineArn, statusFilter).map(summary) };
    },
    ListStateMachines: () => ({
      stateMachines: executions.machines.map(({ arn, name }) => ({
        stateMachineArn: arn,
        name,
        type: 'STANDARD',
      })),
    }),
    GetExecutionHistory(call) {
      const { executionArn, maxResults, reverseOrder, nextToken = '0' } = parseParameters(call, historyInput);
      const rows = executions.history(executionArn);
      const events = rows.map(({ at, type, details }, index) => ({
        id: index + 1,
        previousEventId: index,
        timestamp: at / 1000,
        type,
        ...historyDetails(type, details),
      }));
      const ordered = reverseOrder ? events.reverse() : events;
      const from = Number(nextToken);
      const until = from + (maxResults === 0 ? 100 : maxResults);
      return {
        events: ordered.slice(from, until),
        ...(until < ordered.length ? { nextToken: String(until) } : {}),
      };
    },
  };

  return {
    service: {
      name: 'states',
      permissions({ operation, input }) {
        const resource = input['stateMachineArn'] ?? input['executionArn'];
        return [{ action: `states:${operation}`, resource: typeof resource === 'string' ? resource : '*' }];
      },
      async handle(call) {
        const operation = operations[call.operation];
        if (operation === undefined) throw unknownOperation(call);
        return operation(call);
      },
    },
    types: [
      {
        type: 'AWS::StepFunctions::StateMachine',
        properties: {
          honoured: ['StateMachineName', ...Object.keys(machineProperties.shape)],
          withoutLocalEffect: [
            'LoggingConfiguration',
            'TracingConfiguration',
            'EncryptionConfiguration',
            'Tags',
          ],
        },
        identify(resource) {
          const name = physicalName(resource, 'StateMachineName', 80);
          return { ref: machineArn(name), attributes: { Arn: machineArn(name), Name: name } };
        },
        create({ identity, properties }) {
          const parsed = machineProperties.safeParse(properties);
          if (!parsed.success) throw new TypeError(z.prettifyError(parsed.error), { cause: parsed.error });
          const { DefinitionString, DefinitionSubstitutions, RoleArn } = parsed.data;
          const arn = identity.ref;
          authorizer.assertAssumable(RoleArn, 'states.amazonaws.com');
          const definition = Object.entries(DefinitionSubstitutions).reduce(
            (source, [name, value]) => source.replaceAll(`\${${name}}`, value),
            DefinitionString,
          );
          executions.add({
            arn,
            name: identity.attributes['Name'] ?? '',
            roleArn: RoleArn,
            definition: parseDefinition(definition, isSupportedResource),
            call: (resource, input) => callResource(parts, lambda, arn, RoleArn, resource, input),
          });
          parts.targets.register(targetOf(arn));
        },
      },
    ],
    start: () => executions.resume(),
    close: () => executions.close(),
  };
}

function summary(row: ExecutionRow): Readonly<Record<string, unknown>> {
  return {
    executionArn: row.arn,
    stateMachineArn: row.machine_arn,
    name: row.name,
    status: row.status,
    startDate: row.started_at / 1000,
    ...(row.stopped_at === null ? {} : { stopDate: row.stopped_at / 1000 }),
  };
}

/** The details of an event under the member that the API has for its type. */
function historyDetails(type: string, details: string): Readonly<Record<string, unknown>> {
  const value = JSON.parse(details) as Readonly<Record<string, unknown>>;
  if (type.endsWith('StateExited'))
    return { stateExitedEventDetails: { name: value['name'], output: JSON.stringify(value['output']) } };
  const member = `${type.charAt(0).toLowerCase()}${type.slice(1)}EventDetails`;
  return { [member]: value };
}
