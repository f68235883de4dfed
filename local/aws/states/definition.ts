import * as z from 'zod';

/**
 * The part of the Amazon States Language that the host carries: JSONata machines. Schemas are strict, so a field that
 * is not implemented is refused when the machine is loaded, by name.
 * https://docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html
 */
const json = z.json();
const text = z.string();
const flow = { Next: text.optional(), End: z.boolean().optional() };
const described = {
  Comment: text.optional(),
  QueryLanguage: z.literal('JSONata', 'only QueryLanguage JSONata runs locally').optional(),
};
const results = { Output: json.optional(), Assign: z.record(text, json).optional() };

const retry = z.strictObject({
  ErrorEquals: z.array(text).min(1),
  IntervalSeconds: z.number().positive().default(1),
  MaxAttempts: z.number().int().min(0).default(3),
  BackoffRate: z.number().min(1).default(2),
  MaxDelaySeconds: z.number().positive().optional(),
  JitterStrategy: z.enum(['NONE', 'FULL']).default('NONE'),
  Comment: text.optional(),
});
const catcher = z.strictObject({
  ErrorEquals: z.array(text).min(1),
  Next: text,
  ...results,
  Comment: text.optional(),
});
const handling = { Retry: z.array(retry).default([]), Catch: z.array(catcher).default([]) };

const pass = z.strictObject({ Type: z.literal('Pass'), ...described, ...results, ...flow });
const task = z.strictObject({
  Type: z.literal('Task'),
  Resource: text,
  Arguments: json.optional(),
  TimeoutSeconds: z.number().positive().optional(),
  ...described,
  ...results,
  ...handling,
  ...flow,
});
const choice = z.strictObject({
  Type: z.literal('Choice'),
  Choices: z
    .array(
      z.strictObject({
        Condition: z.union([text, z.boolean()]),
        Next: text,
        ...results,
        Comment: text.optional(),
      }),
    )
    .min(1),
  Default: text.optional(),
  ...described,
  ...results,
});
const wait = z.strictObject({
  Type: z.literal('Wait'),
  Seconds: z.union([z.number(), text]).optional(),
  Timestamp: text.optional(),
  ...described,
  ...results,
  ...flow,
});
const succeed = z.strictObject({ Type: z.literal('Succeed'), Output: json.optional(), ...described });
const fail = z.strictObject({
  Type: z.literal('Fail'),
  Error: text.optional(),
  Cause: text.optional(),
  ...described,
});
const parallel = z.strictObject({
  Type: z.literal('Parallel'),
  Branches: z.array(z.lazy((): z.ZodType<Branch> => branch)).min(1),
  Arguments: json.optional(),
  ...described,
  ...results,
  ...handling,
  ...flow,
});
const map = z.strictObject({
  Type: z.literal('Map'),
  Items: json.optional(),
  ItemSelector: json.optional(),
  MaxConcurrency: z.number().int().min(0).default(0),
  ItemProcessor: z.lazy((): z.ZodType<Branch> => itemProcessor),
  ...described,
  ...results,
  ...handling,
  ...flow,
});
const state = z.discriminatedUnion('Type', [pass, task, choice, wait, succeed, fail, parallel, map]);

/** States that lead from one to another: a machine, a branch of a Parallel state, the processor of a Map state. */
export interface Branch {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, StateDefinition>>;
}
const branchFields = { StartAt: text, States: z.record(text, state), Comment: text.optional() };
const branch = z.strictObject(branchFields);
const itemProcessor = z.strictObject({
  ...branchFields,
  ProcessorConfig: z.strictObject({ Mode: z.literal('INLINE', 'only inline maps run locally') }).optional(),
});
const machine = z.strictObject({
  ...branchFields,
  QueryLanguage: z.literal('JSONata', 'only QueryLanguage JSONata runs locally'),
  TimeoutSeconds: z.number().positive().optional(),
  Version: text.optional(),
});

export type StateDefinition = z.infer<typeof state>;
export type MachineDefinition = z.infer<typeof machine>;
export type Retrier = z.infer<typeof retry>;
export type TaskDefinition = z.infer<typeof task>;
export type MapDefinition = z.infer<typeof map>;
export type ParallelDefinition = z.infer<typeof parallel>;

/** A machine that the host cannot run. Names each thing that is wrong or not implemented. */
export class InvalidDefinitionError extends Error {
  readonly code = 'InvalidDefinition';
  readonly retryable = false;
  constructor(problem: string, options?: ErrorOptions) {
    super(`state machine definition: ${problem}`, options);
    this.name = 'InvalidDefinitionError';
  }
}

/** Parses and checks a machine. `supports` tells whether a task's resource can be called. @throws InvalidDefinitionError */
export function parseDefinition(
  definition: string,
  supports: (resource: string) => boolean,
): MachineDefinition {
  let value: unknown;
  try {
    value = JSON.parse(definition);
  } catch (cause) {
    throw new InvalidDefinitionError('it is not JSON', { cause });
  }
  const parsed = machine.safeParse(value);
  if (!parsed.success)
    throw new InvalidDefinitionError(z.prettifyError(parsed.error), { cause: parsed.error });
  checkBranch(parsed.data, supports);
  return parsed.data;
}

function checkBranch(branchDefinition: Branch, supports: (resource: string) => boolean): void {
  const names = new Set(Object.keys(branchDefinition.States));
  const known = (name: string, where: string): void => {
    if (!names.has(name))
      throw new InvalidDefinitionError(
        `${where} names the state ${JSON.stringify(name)}, which does not exist`,
      );
  };
  known(branchDefinition.StartAt, 'StartAt');
  for (const [name, definition] of Object.entries(branchDefinition.States)) {
    for (const next of nextStates(definition)) known(next, name);
    if (definition.Type === 'Task' && !supports(definition.Resource))
      throw new InvalidDefinitionError(
        `${name} uses the resource ${definition.Resource}, which is not carried locally`,
      );
    if (
      definition.Type === 'Wait' &&
      (definition.Seconds === undefined) === (definition.Timestamp === undefined)
    )
      throw new InvalidDefinitionError(`${name} must have either Seconds or Timestamp`);
    if (definition.Type === 'Parallel') for (const inner of definition.Branches) checkBranch(inner, supports);
    if (definition.Type === 'Map') checkBranch(definition.ItemProcessor, supports);
    if ('End' in definition || 'Next' in definition) {
      if ((definition.End === true) === (definition.Next !== undefined))
        throw new InvalidDefinitionError(`${name} must have either Next or End: true`);
    }
  }
}

function nextStates(definition: StateDefinition): readonly string[] {
  const next = 'Next' in definition && definition.Next !== undefined ? [definition.Next] : [];
  const caught = 'Catch' in definition ? definition.Catch.map(({ Next }) => Next) : [];
  const chosen =
    definition.Type === 'Choice'
      ? [
          ...definition.Choices.map(({ Next }) => Next),
          ...(definition.Default === undefined ? [] : [definition.Default]),
        ]
      : [];
  return [...next, ...caught, ...chosen];
}
