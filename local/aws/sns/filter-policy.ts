import { AwsError } from '../../host/kernel.ts';

/** The values that a message offers a filter policy for one key; undefined where the key is absent. */
type Offered = readonly (string | number | boolean | null)[] | undefined;

/** Whether a message passes. */
export type Filter = (lookup: (path: readonly string[]) => Offered) => boolean;

/**
 * Compiles a filter policy: every key must match, any condition of a key suffices. Conditions: exact text, number,
 * boolean or null, `prefix`, `suffix`, `equals-ignore-case`, `anything-but` (with `prefix`), `exists`, `numeric`; keys
 * may be nested, and `$or` is taken. @throws AwsError InvalidParameter naming a condition that is not one of these.
 */
export function compileFilter(policy: unknown, path: readonly string[] = []): Filter {
  const tests: Filter[] = [];
  for (const [key, value] of Object.entries(policy as Record<string, unknown>)) {
    if (key === '$or' && Array.isArray(value)) {
      const alternatives = value.map((alternative) => compileFilter(alternative, path));
      tests.push((lookup) => alternatives.some((alternative) => alternative(lookup)));
    } else if (Array.isArray(value)) {
      const conditions = value.map((condition) => compileCondition(condition));
      tests.push((lookup) => {
        const offered = lookup([...path, key]);
        return conditions.some((condition) => condition(offered));
      });
    } else if (typeof value === 'object' && value !== null) tests.push(compileFilter(value, [...path, key]));
    else
      throw new AwsError(
        'InvalidParameter',
        `filter policy: the value of ${[...path, key].join('.')} must be a list`,
      );
  }
  return (lookup) => tests.every((test) => test(lookup));
}

function compileCondition(condition: unknown): (offered: Offered) => boolean {
  if (typeof condition !== 'object' || condition === null)
    return (offered) => offered?.some((value) => value === condition) ?? false;
  const [[operator = '', operand] = []] = Object.entries(condition);
  const texts = (test: (text: string) => boolean) => (offered: Offered) =>
    offered?.some((value) => typeof value === 'string' && test(value)) ?? false;
  switch (operator) {
    case 'prefix':
      return texts((text) => text.startsWith(String(operand)));
    case 'suffix':
      return texts((text) => text.endsWith(String(operand)));
    case 'equals-ignore-case':
      return texts((text) => text.toLowerCase() === String(operand).toLowerCase());
    case 'exists':
      return (offered) => (offered !== undefined && offered.length > 0) === operand;
    case 'anything-but': {
      const excluded = Array.isArray(operand) ? operand : [operand];
      const isExcluded = (value: unknown): boolean =>
        excluded.some((item) =>
          typeof item === 'object' && item !== null && 'prefix' in item
            ? typeof value === 'string' && value.startsWith(String(item.prefix))
            : item === value,
        );
      return (offered) => offered?.some((value) => !isExcluded(value)) ?? false;
    }
    case 'numeric':
      return compileNumeric(operand);
    default:
      throw new AwsError(
        'InvalidParameter',
        `filter policy: the embedded host does not know the condition ${JSON.stringify(condition)}`,
      );
  }
}

function compileNumeric(operand: unknown): (offered: Offered) => boolean {
  if (!Array.isArray(operand) || operand.length === 0 || operand.length % 2 !== 0)
    throw new AwsError(
      'InvalidParameter',
      `filter policy: numeric needs pairs, not ${JSON.stringify(operand)}`,
    );
  const tests: ((value: number) => boolean)[] = [];
  for (let position = 0; position < operand.length; position += 2) {
    const bound = Number(operand[position + 1]);
    const comparisons: Readonly<Record<string, (value: number) => boolean>> = {
      '=': (value) => value === bound,
      '<': (value) => value < bound,
      '<=': (value) => value <= bound,
      '>': (value) => value > bound,
      '>=': (value) => value >= bound,
    };
    const comparison = comparisons[String(operand[position])];
    if (comparison === undefined)
      throw new AwsError(
        'InvalidParameter',
        `filter policy: numeric knows no ${JSON.stringify(operand[position])}`,
      );
    tests.push(comparison);
  }
  return (offered) =>
    offered?.some((value) => typeof value === 'number' && tests.every((test) => test(value))) ?? false;
}

/** Looks keys up in message attributes: `String.Array` as its items, `Number` as a number. */
export function attributeLookup(
  attributes: Readonly<
    Record<string, { readonly DataType: string; readonly StringValue?: string | undefined }>
  >,
): (path: readonly string[]) => Offered {
  return ([name]) => {
    const attribute = attributes[name ?? ''];
    if (attribute?.StringValue === undefined) return undefined;
    if (attribute.DataType === 'String.Array') return JSON.parse(attribute.StringValue) as Offered;
    return attribute.DataType.startsWith('Number')
      ? [Number(attribute.StringValue)]
      : [attribute.StringValue];
  };
}

/** Looks keys up in a message body that is JSON; one that is not offers nothing. */
export function bodyLookup(message: string): (path: readonly string[]) => Offered {
  let body: unknown;
  try {
    body = JSON.parse(message);
  } catch {
    return () => undefined;
  }
  return (path) => {
    let value = body;
    for (const name of path)
      value =
        typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
    if (value === undefined) return undefined;
    return (Array.isArray(value) ? value : [value]) as Offered;
  };
}
