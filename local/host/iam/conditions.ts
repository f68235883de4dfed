/** Values of the request that conditions compare with. Keys are lower case. */
export type ConditionContext = ReadonlyMap<string, readonly string[]>;

/** A condition block, compiled: true where every operator holds. */
export type CompiledCondition = (context: ConditionContext) => boolean;

/** A policy that the host cannot evaluate. Never ignored: what is not understood must not grant or fail to deny. */
export class PolicyError extends Error {
  readonly code = 'PolicyUnsupported';
  readonly retryable = false;
  constructor(message: string) {
    super(message);
    this.name = 'PolicyError';
  }
}

/** Condition keys that the host or its services fill in. Lower case; a trailing `*` stands for any suffix. */
const knownKeys = [
  'aws:sourcearn',
  'aws:sourceaccount',
  'aws:sourceowner',
  'aws:sourceorgid',
  'aws:securetransport',
  'aws:principalarn',
  'aws:principalaccount',
  'aws:principaltype',
  'aws:principalservicename',
  'aws:principalisawsservice',
  'aws:resourceaccount',
  'aws:requestedregion',
  'kms:encryptioncontext:*',
  'kms:encryptioncontextkeys',
  'kms:viaservice',
  'kms:calleraccount',
  'kms:grantisforawsresource',
  'kms:messagetype',
  'kms:signingalgorithm',
  'dynamodb:leadingkeys',
  'dynamodb:attributes',
  'dynamodb:select',
  'dynamodb:returnvalues',
  'dynamodb:enclosingoperation',
  's3:prefix',
  's3:delimiter',
  's3:max-keys',
  's3:versionid',
  's3:tlsversion',
  's3:object-lock-mode',
  's3:object-lock-legal-hold',
  's3:object-lock-remaining-retention-days',
  's3:x-amz-server-side-encryption',
  's3:x-amz-server-side-encryption-aws-kms-key-id',
  's3:if-none-match',
  'sns:protocol',
  'sns:endpoint',
  'events:source',
  'events:detail-type',
  'events:eventbusinvocation',
  'lambda:functionarn',
  'cloudwatch:namespace',
  'iam:passedtoservice',
  'ecs:cluster',
  'secretsmanager:versionstage',
  'secretsmanager:secretid',
];

const operators: Readonly<
  Record<string, { readonly negated: boolean; readonly test: (wanted: string) => (given: string) => boolean }>
> = {
  StringEquals: { negated: false, test: (wanted) => (given) => given === wanted },
  StringNotEquals: { negated: true, test: (wanted) => (given) => given === wanted },
  StringEqualsIgnoreCase: {
    negated: false,
    test: (wanted) => (given) => given.toLowerCase() === wanted.toLowerCase(),
  },
  StringNotEqualsIgnoreCase: {
    negated: true,
    test: (wanted) => (given) => given.toLowerCase() === wanted.toLowerCase(),
  },
  StringLike: { negated: false, test: wildcard },
  StringNotLike: { negated: true, test: wildcard },
  // AWS gives ArnEquals and ArnLike the same meaning: both take wildcards, neither across a colon-separated section.
  ArnEquals: { negated: false, test: arnPattern },
  ArnLike: { negated: false, test: arnPattern },
  ArnNotEquals: { negated: true, test: arnPattern },
  ArnNotLike: { negated: true, test: arnPattern },
  Bool: { negated: false, test: (wanted) => (given) => given.toLowerCase() === wanted.toLowerCase() },
  NumericEquals: { negated: false, test: numeric((given, wanted) => given === wanted) },
  NumericNotEquals: { negated: true, test: numeric((given, wanted) => given === wanted) },
  NumericLessThan: { negated: false, test: numeric((given, wanted) => given < wanted) },
  NumericLessThanEquals: { negated: false, test: numeric((given, wanted) => given <= wanted) },
  NumericGreaterThan: { negated: false, test: numeric((given, wanted) => given > wanted) },
  NumericGreaterThanEquals: { negated: false, test: numeric((given, wanted) => given >= wanted) },
};

/**
 * Compiles a `Condition` block. Between operators and keys: all must hold. Between the values of one key: any
 * (none, for a negated operator). A key absent from the request fails a positive operator and passes a negated one.
 *
 * @throws PolicyError naming an operator or key that the host does not know.
 */
export function compileCondition(block: unknown): CompiledCondition {
  if (block === undefined) return () => true;
  const tests: CompiledCondition[] = [];
  for (const [operator, keys] of Object.entries(block as Record<string, Record<string, unknown>>)) {
    for (const [key, values] of Object.entries(keys)) {
      tests.push(compileTest(operator, key, (Array.isArray(values) ? values : [values]).map(String)));
    }
  }
  return (context) => tests.every((test) => test(context));
}

function compileTest(operator: string, conditionKey: string, values: readonly string[]): CompiledCondition {
  const key = conditionKey.toLowerCase();
  if (!isKnownKey(key))
    throw new PolicyError(`condition key ${conditionKey} is not one that the embedded host evaluates`);
  for (const value of values) rejectVariables(value);
  const [set, withoutSet] = operator.includes(':') ? operator.split(':') : [undefined, operator];
  if (set !== undefined && set !== 'ForAllValues' && set !== 'ForAnyValue')
    throw new PolicyError(`condition operator ${operator} is unknown`);
  const ifExists = withoutSet!.endsWith('IfExists');
  const name = ifExists ? withoutSet!.slice(0, -'IfExists'.length) : withoutSet!;

  if (name === 'Null') {
    const mustBeAbsent = values.some((value) => value.toLowerCase() === 'true');
    return (context) => ((context.get(key)?.length ?? 0) === 0) === mustBeAbsent;
  }
  const known = operators[name];
  if (known === undefined)
    throw new PolicyError(`condition operator ${operator} is not one that the embedded host evaluates`);
  const tests = values.map((value) => known.test(value));
  const holds = (given: string): boolean => tests.some((test) => test(given)) !== known.negated;

  return (context) => {
    const given = context.get(key) ?? [];
    if (set === 'ForAllValues') return given.every(holds);
    if (set === 'ForAnyValue') return given.some(holds);
    if (given.length === 0) return ifExists || known.negated;
    return known.negated ? given.every(holds) : given.some(holds);
  };
}

function isKnownKey(key: string): boolean {
  return knownKeys.some((known) =>
    known.endsWith('*') ? key.startsWith(known.slice(0, -1)) && key.length >= known.length : key === known,
  );
}

/** @throws PolicyError on a policy variable (`${aws:username}`): none is substituted, so none may pass unnoticed. */
export function rejectVariables(text: string): void {
  const variable = /\$\{(?![*?$]\})[^}]*\}/.exec(text);
  if (variable !== null)
    throw new PolicyError(`policy variable ${variable[0]} is not one that the embedded host substitutes`);
}

/** Matches `*` (any run) and `?` (one character), case-sensitively, unless told otherwise. */
export function wildcard(pattern: string, flags = ''): (text: string) => boolean {
  if (pattern === '*') return () => true;
  if (!/[*?]/.test(pattern) && flags === '') return (text) => text === pattern;
  const expression = new RegExp(
    `^${pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replace(/\*/g, '.*')
      .replace(/\?/g, '.')}$`,
    `s${flags}`,
  );
  return (text) => expression.test(text);
}

function arnPattern(pattern: string): (text: string) => boolean {
  const sections = splitArn(pattern);
  // A wildcard never stands for several sections, but for a lone one that stands for any ARN.
  if (sections === undefined) return () => pattern === '*';
  const tests = sections.map((section) => wildcard(section));
  return (text) => {
    const given = splitArn(text);
    return given !== undefined && tests.every((test, position) => test(given[position]!));
  };
}

function splitArn(text: string): readonly string[] | undefined {
  const parts = text.split(':');
  return parts.length < 6 ? undefined : [...parts.slice(0, 5), parts.slice(5).join(':')];
}

function numeric(
  compare: (given: number, wanted: number) => boolean,
): (wanted: string) => (given: string) => boolean {
  return (wanted) => {
    const bound = Number(wanted);
    return (given) => compare(Number(given), bound);
  };
}
