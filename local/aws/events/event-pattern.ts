import { compileMatcher, type LeafMatcher, type Scalar } from './event-pattern-matchers.ts';

/** Whether an event fits a pattern. */
export type EventPattern = (event: unknown) => boolean;

/** A pattern that EventBridge would refuse. `message` says where and why. */
export class InvalidEventPatternError extends Error {
  readonly code = 'InvalidEventPatternException';
  readonly retryable = false;
  constructor(reason: string) {
    super(`Event pattern is not valid. Reason: ${reason}`);
    this.name = 'InvalidEventPatternError';
  }
}

type Fields = Readonly<Record<string, unknown>>;
const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Compiles an event pattern (all operators of the EventBridge pattern language, `$or` included) into a function.
 * Semantics: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
 * @throws InvalidEventPatternError
 */
export function compileEventPattern(pattern: unknown): EventPattern {
  if (!isFields(pattern)) throw new InvalidEventPatternError('a pattern must be a JSON object');
  if (Object.keys(pattern).length === 0) throw new InvalidEventPatternError('empty patterns are not allowed');
  return compileObject(pattern, '');
}

/** The exact `detail-type`s a pattern asks for, or undefined where it does not narrow them to a list of names. */
export function exactDetailTypes(pattern: unknown): ReadonlySet<string> | undefined {
  if (!isFields(pattern)) return undefined;
  const wanted = pattern['detail-type'];
  if (!Array.isArray(wanted) || !wanted.every((name): name is string => typeof name === 'string'))
    return undefined;
  return new Set(wanted);
}

function compileObject(pattern: Fields, path: string): EventPattern {
  const conditions: ((fields: Fields | undefined) => boolean)[] = [];
  for (const [name, wanted] of Object.entries(pattern)) {
    const place = path === '' ? name : `${path}.${name}`;
    if (name === '$or') {
      conditions.push(compileAlternatives(wanted, place));
    } else if (Array.isArray(wanted)) {
      const matches = compileLeaf(wanted, place);
      conditions.push((fields) => matches(fields?.[name]));
    } else if (isFields(wanted)) {
      if (Object.keys(wanted).length === 0)
        throw new InvalidEventPatternError(`empty objects are not allowed at ${place}`);
      const matches = compileObject(wanted, place);
      conditions.push((fields) => matches(fields?.[name]));
    } else {
      throw new InvalidEventPatternError(`"${place}" must be an object or an array`);
    }
  }
  const fits = (value: Fields | undefined): boolean => conditions.every((condition) => condition(value));
  // Elements of an array are tried one by one, so that conditions on several fields hold for the same element.
  const matchValue = (value: unknown): boolean => {
    if (Array.isArray(value)) return value.length === 0 ? fits(undefined) : value.some(matchValue);
    return fits(isFields(value) ? value : undefined);
  };
  return matchValue;
}

function compileAlternatives(wanted: unknown, place: string): (fields: Fields | undefined) => boolean {
  if (!Array.isArray(wanted) || wanted.length < 2 || !wanted.every(isFields)) {
    throw new InvalidEventPatternError(`"${place}" must be an array of at least two objects`);
  }
  const alternatives = wanted.map((alternative) => compileObject(alternative, place));
  return (fields) => alternatives.some((matches) => matches(fields));
}

function compileLeaf(wanted: readonly unknown[], place: string): EventPattern {
  if (wanted.length === 0) throw new InvalidEventPatternError(`empty arrays are not allowed at ${place}`);
  const exact = new Set<Scalar>();
  const matchers: LeafMatcher[] = [];
  let acceptsAbsent = false;
  let acceptsPresent = false;
  for (const item of wanted) {
    if (item === null || typeof item === 'string' || typeof item === 'number' || typeof item === 'boolean')
      exact.add(item);
    else if (isFields(item) && 'exists' in item) {
      if (typeof item['exists'] !== 'boolean')
        throw new InvalidEventPatternError(`exists must be true or false at ${place}`);
      if (item['exists']) acceptsPresent = true;
      else acceptsAbsent = true;
    } else if (isFields(item)) {
      matchers.push(
        compileMatcher(item, (reason) => {
          throw new InvalidEventPatternError(`${reason} at ${place}`);
        }),
      );
    } else {
      throw new InvalidEventPatternError(
        `match value must be a string, number, true, false, null or an object at ${place}`,
      );
    }
  }
  const scalarFits = (value: Scalar): boolean =>
    acceptsPresent || exact.has(value) || matchers.some((matches) => matches(value));
  return (value) => {
    const leaves = leavesOf(value);
    return leaves.length === 0 ? acceptsAbsent : leaves.some(scalarFits);
  };
}

/** The scalars at a path. An object in between is no leaf, so for `exists` it counts as absent. */
function leavesOf(value: unknown): readonly Scalar[] {
  if (value === undefined) return [];
  if (Array.isArray(value)) return value.flatMap(leavesOf);
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return [value];
  return [];
}
