/** The parts of JSON Schema that zod generates and that compatibility is judged on. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly JsonSchema[];
  readonly [keyword: string]: unknown;
}

/**
 * What a change from `before` to `after` would break for a consumer that was built on `before` and for an event that
 * was journaled under it. Within a major version only additions of optional members are allowed. Empty: compatible.
 */
export function breakingChanges(before: JsonSchema, after: JsonSchema, path = '$'): readonly string[] {
  const found: string[] = [];
  if (JSON.stringify(before.type) !== JSON.stringify(after.type)) {
    found.push(`${path}: type changed from ${JSON.stringify(before.type)} to ${JSON.stringify(after.type)}`);
  }
  const beforeProperties = before.properties ?? {};
  const afterProperties = after.properties ?? {};
  for (const [name, schema] of Object.entries(beforeProperties)) {
    const now = afterProperties[name];
    if (now === undefined) found.push(`${path}.${name}: removed`);
    else found.push(...breakingChanges(schema, now, `${path}.${name}`));
  }
  const wasRequired = new Set(before.required ?? []);
  const isRequired = new Set(after.required ?? []);
  for (const name of isRequired) {
    if (!wasRequired.has(name)) found.push(`${path}.${name}: newly required; journaled events lack it`);
  }
  for (const name of wasRequired) {
    if (!isRequired.has(name)) found.push(`${path}.${name}: no longer guaranteed to consumers`);
  }
  for (const value of before.enum ?? []) {
    if (!(after.enum ?? []).includes(value))
      found.push(`${path}: enum value ${JSON.stringify(value)} removed`);
  }
  if (before.enum === undefined && after.enum !== undefined) found.push(`${path}: restricted to an enum`);
  found.push(...nestedChanges('items', before, after, path, `${path}[]`));
  found.push(...nestedChanges('additionalProperties', before, after, path, `${path}.*`));
  const narrowing = [
    'pattern',
    'minimum',
    'maximum',
    'exclusiveMinimum',
    'exclusiveMaximum',
    'minLength',
    'maxLength',
    'minItems',
    'maxItems',
    'format',
    'const',
  ];
  for (const keyword of narrowing) {
    if (JSON.stringify(before[keyword]) !== JSON.stringify(after[keyword])) {
      found.push(
        `${path}: ${keyword} changed from ${JSON.stringify(before[keyword])} to ${JSON.stringify(after[keyword])}`,
      );
    }
  }
  const beforeAny = before.anyOf ?? [];
  const afterAny = after.anyOf ?? [];
  if (beforeAny.length !== afterAny.length)
    found.push(`${path}: alternatives changed from ${beforeAny.length} to ${afterAny.length}`);
  else {
    for (const [index, schema] of beforeAny.entries()) {
      found.push(...breakingChanges(schema, afterAny[index] as JsonSchema, `${path}|${index}`));
    }
  }
  return found;
}

/** A schema inside a schema: described on both sides it is compared, on one side only it is a change. */
function nestedChanges(
  keyword: 'items' | 'additionalProperties',
  before: JsonSchema,
  after: JsonSchema,
  path: string,
  inner: string,
): readonly string[] {
  const [was, is] = [before[keyword], after[keyword]];
  if (isSchema(was) && isSchema(is)) return breakingChanges(was, is, inner);
  return JSON.stringify(was) === JSON.stringify(is) ? [] : [`${path}: ${keyword} changed`];
}

const isSchema = (value: unknown): value is JsonSchema => typeof value === 'object' && value !== null;
