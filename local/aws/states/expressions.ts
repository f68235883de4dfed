import { createHash } from 'node:crypto';
import jsonata from 'jsonata';

/** An error of a state, by the names that Retry and Catch match. */
export class StateError extends Error {
  readonly code: string;
  readonly retryable = false;
  /** What `$states.errorOutput.Cause` holds. */
  readonly reason: string;
  constructor(code: string, reason: string) {
    super(`${code}: ${reason}`);
    this.name = 'StateError';
    this.code = code;
    this.reason = reason;
  }
}

/** What expressions see besides `$states` and the machine's variables. */
export interface ExpressionWorld {
  now(): number;
  uuid(): string;
}

const compiled = new Map<string, jsonata.Expression>();

function compile(source: string): jsonata.Expression {
  const known = compiled.get(source);
  if (known !== undefined) return known;
  const expression = jsonata(source);
  compiled.set(source, expression);
  return expression;
}

const EXPRESSION = /^\{%([\s\S]*)%\}$/;

/** Replaces every `{% … %}` within a JSON value by what it evaluates to. @throws StateError `States.QueryEvaluationError` */
export async function evaluate(
  template: unknown,
  states: Readonly<Record<string, unknown>>,
  variables: Readonly<Record<string, unknown>>,
  world: ExpressionWorld,
): Promise<unknown> {
  if (typeof template === 'string') {
    const source = EXPRESSION.exec(template.trim())?.[1];
    return source === undefined ? template : evaluateExpression(source.trim(), states, variables, world);
  }
  if (Array.isArray(template)) {
    const items: unknown[] = [];
    for (const item of template) items.push(await evaluate(item, states, variables, world));
    return items;
  }
  if (typeof template === 'object' && template !== null) {
    const fields: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(template))
      fields[name] = await evaluate(value, states, variables, world);
    return fields;
  }
  return template;
}

async function evaluateExpression(
  source: string,
  states: Readonly<Record<string, unknown>>,
  variables: Readonly<Record<string, unknown>>,
  world: ExpressionWorld,
): Promise<unknown> {
  let value: unknown;
  try {
    value = await compile(source).evaluate(undefined, { ...variables, states, ...functions(world) });
  } catch (cause) {
    const reason =
      typeof cause === 'object' && cause !== null && 'message' in cause
        ? String(cause.message)
        : String(cause);
    throw new StateError(
      'States.QueryEvaluationError',
      `the expression ${JSON.stringify(source)} failed: ${reason}`,
    );
  }
  const text = JSON.stringify(value);
  if (text === undefined)
    throw new StateError(
      'States.QueryEvaluationError',
      `the expression ${JSON.stringify(source)} gives no value`,
    );
  // JSONata's sequences are arrays with hidden members; machines pass on plain JSON.
  return JSON.parse(text);
}

/** https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html, "JSONata functions provided by Step Functions" */
function functions(world: ExpressionWorld): Readonly<Record<string, unknown>> {
  return {
    now: () => new Date(world.now()).toISOString(),
    millis: () => world.now(),
    uuid: () => world.uuid(),
    random: () => createHash('sha256').update(world.uuid()).digest().readUInt32BE(0) / 4294967296,
    parse: (text: string) => JSON.parse(text) as unknown,
    hash: (text: string, algorithm: string) =>
      createHash(algorithm.replace('-', '').toLowerCase()).update(text).digest('hex'),
    range: (first: number, last: number, step: number) =>
      Array.from(
        { length: Math.max(0, Math.floor((last - first) / step) + 1) },
        (_, index) => first + index * step,
      ),
    partition: (items: readonly unknown[], size: number) =>
      Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
        items.slice(index * size, (index + 1) * size),
      ),
    eval: undefined,
  };
}
