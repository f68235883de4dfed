import type { ResourceIdentity } from '../kernel.ts';
import { AssemblyError, type Stack } from './assembly.ts';

/** What the intrinsics of one stack may refer to. */
export interface IntrinsicScope {
  readonly stack: Stack;
  readonly region: string;
  readonly accountId: string;
  readonly identity: (logicalId: string) => ResourceIdentity | undefined;
  readonly importValue: (exportName: string) => string | undefined;
}

/** A value that `AWS::NoValue` stands for: the property is as if it were not written. */
const noValue = Symbol('AWS::NoValue');

/**
 * Resolves the intrinsic functions of one stack. Dynamic references (`{{resolve:…}}`) stay in the text: what they
 * refer to exists only once the resources are created (see {@link resolveDynamicReferences}).
 */
export class IntrinsicResolver {
  readonly #scope: IntrinsicScope;
  readonly #conditions = new Map<string, boolean>();

  constructor(scope: IntrinsicScope) {
    this.#scope = scope;
  }

  /** The value with every intrinsic replaced; undefined where it resolves to `AWS::NoValue`. @throws AssemblyError */
  resolve(value: unknown): unknown {
    const resolved = this.#resolve(value);
    return resolved === noValue ? undefined : resolved;
  }

  /** Whether a condition of the template holds. @throws AssemblyError where the template has no such condition. */
  condition(name: string): boolean {
    const known = this.#conditions.get(name);
    if (known !== undefined) return known;
    const expression = this.#scope.stack.template.Conditions[name];
    if (expression === undefined) throw this.#error(`condition ${name} is not declared`);
    const value = this.#boolean(this.#resolve(expression), `condition ${name}`);
    this.#conditions.set(name, value);
    return value;
  }

  #resolve(value: unknown): unknown {
    if (Array.isArray(value))
      return value.map((item) => this.#resolve(item)).filter((item) => item !== noValue);
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value);
    const only = entries.length === 1 ? entries[0] : undefined;
    if (only !== undefined && isIntrinsic(only[0], only[1])) return this.#intrinsic(only[0], only[1]);
    const resolved: Record<string, unknown> = {};
    for (const [name, item] of entries) {
      const inner = this.#resolve(item);
      if (inner !== noValue) resolved[name] = inner;
    }
    return resolved;
  }

  #intrinsic(name: string, argument: unknown): unknown {
    switch (name) {
      case 'Ref':
        return this.#reference(this.#text(argument, 'Ref'));
      case 'Condition':
        return this.condition(this.#text(argument, 'Condition'));
      case 'Fn::GetAtt': {
        const parts = typeof argument === 'string' ? splitOnce(argument, '.') : this.#texts(argument, name);
        return this.#attribute(parts[0] ?? '', parts[1] ?? '');
      }
      case 'Fn::Join': {
        const [separator, list] = this.#pair(argument, name);
        return this.#texts(this.#resolve(list), name).join(this.#text(separator, name));
      }
      case 'Fn::Sub':
        return this.#substitute(argument);
      case 'Fn::Select': {
        const [index, list] = this.#pair(argument, name);
        const items = this.#list(this.#resolve(list), name);
        const position = Number(this.#resolve(index));
        if (!(position >= 0 && position < items.length))
          throw this.#error(`Fn::Select of ${position} in a list of ${items.length}`);
        return items[position];
      }
      case 'Fn::Split': {
        const [separator, text] = this.#pair(argument, name);
        return this.#text(this.#resolve(text), name).split(this.#text(separator, name));
      }
      case 'Fn::ImportValue': {
        const exportName = this.#text(this.#resolve(argument), name);
        const imported = this.#scope.importValue(exportName);
        if (imported === undefined) throw this.#error(`no stack exports ${JSON.stringify(exportName)}`);
        return imported;
      }
      case 'Fn::If': {
        const [condition, whenTrue, whenFalse] = this.#list(argument, name);
        return this.#resolve(this.condition(this.#text(condition, name)) ? whenTrue : whenFalse);
      }
      case 'Fn::Equals': {
        const [left, right] = this.#pair(argument, name);
        return JSON.stringify(this.#resolve(left)) === JSON.stringify(this.#resolve(right));
      }
      case 'Fn::And':
        return this.#list(argument, name).every((item) => this.#boolean(this.#resolve(item), name));
      case 'Fn::Or':
        return this.#list(argument, name).some((item) => this.#boolean(this.#resolve(item), name));
      case 'Fn::Not':
        return !this.#boolean(this.#resolve(this.#list(argument, name)[0]), name);
      case 'Fn::FindInMap':
        return this.#findInMap(argument);
      case 'Fn::Base64':
        return Buffer.from(this.#text(this.#resolve(argument), name)).toString('base64');
      case 'Fn::GetAZs': {
        const region = this.#text(this.#resolve(argument), name) || this.#scope.region;
        return ['a', 'b', 'c'].map((zone) => region + zone);
      }
      case 'Fn::Length':
        return this.#list(this.#resolve(argument), name).length;
      case 'Fn::ToJsonString':
        return JSON.stringify(this.#resolve(argument));
      default:
        throw this.#error(`intrinsic ${name} is not implemented by the embedded host`);
    }
  }

  #reference(name: string): unknown {
    switch (name) {
      case 'AWS::AccountId':
        return this.#scope.accountId;
      case 'AWS::Region':
        return this.#scope.region;
      case 'AWS::Partition':
        return 'aws';
      case 'AWS::URLSuffix':
        return 'amazonaws.com';
      case 'AWS::StackName':
        return this.#scope.stack.name;
      case 'AWS::StackId':
        return `arn:aws:cloudformation:${this.#scope.region}:${this.#scope.accountId}:stack/${this.#scope.stack.name}/local`;
      case 'AWS::NotificationARNs':
        return [];
      case 'AWS::NoValue':
        return noValue;
    }
    const parameter = this.#scope.stack.template.Parameters[name];
    if (parameter !== undefined) return this.#parameter(name, parameter);
    const identity = this.#scope.identity(name);
    if (identity === undefined) throw this.#error(`Ref of ${name}: no such resource or parameter`);
    return identity.ref;
  }

  #parameter(name: string, parameter: { readonly Type: string; readonly Default?: unknown }): unknown {
    if (parameter.Type.startsWith('AWS::SSM::Parameter::'))
      throw this.#error(`parameter ${name} is read from SSM, which the embedded host does not have`);
    const value = this.#scope.stack.parameters[name] ?? parameter.Default;
    if (value === undefined) throw this.#error(`parameter ${name} has neither a value nor a default`);
    if (parameter.Type === 'CommaDelimitedList' || parameter.Type.startsWith('List<'))
      return String(value).split(',');
    return String(value);
  }

  #attribute(logicalId: string, attribute: string): string {
    const identity = this.#scope.identity(logicalId);
    if (identity === undefined) throw this.#error(`Fn::GetAtt of ${logicalId}: no such resource`);
    const value = identity.attributes[attribute];
    if (value === undefined) {
      const known = Object.keys(identity.attributes).join(', ') || 'none';
      throw this.#error(
        `Fn::GetAtt ${logicalId}.${attribute}: the embedded host knows no such attribute (it knows: ${known})`,
      );
    }
    return value;
  }

  #substitute(argument: unknown): string {
    const [template, given] = typeof argument === 'string' ? [argument, {}] : this.#pair(argument, 'Fn::Sub');
    const variables = (this.#resolve(given) ?? {}) as Record<string, unknown>;
    return this.#text(template, 'Fn::Sub').replace(/\$\{([^}]+)\}/g, (_, expression: string) => {
      const name = expression.trim();
      if (name.startsWith('!')) return `\${${name.slice(1)}}`;
      if (name in variables) return this.#text(variables[name], 'Fn::Sub');
      if (name.includes('.')) {
        const [logicalId, attribute] = splitOnce(name, '.');
        return this.#attribute(logicalId, attribute);
      }
      return this.#text(this.#reference(name), 'Fn::Sub');
    });
  }

  #findInMap(argument: unknown): unknown {
    const [map, first, second] = this.#texts(
      this.#list(argument, 'Fn::FindInMap').map((item) => this.#resolve(item)),
      'Fn::FindInMap',
    );
    const value = this.#scope.stack.template.Mappings[map ?? '']?.[first ?? '']?.[second ?? ''];
    if (value === undefined) throw this.#error(`Fn::FindInMap: nothing at ${map}.${first}.${second}`);
    return value;
  }

  #text(value: unknown, where: string): string {
    if (typeof value === 'string') return value;
    if (typeof value === 'number' || typeof value === 'boolean') return String(value);
    throw this.#error(`${where} needs text, not ${JSON.stringify(value)}`);
  }

  #list(value: unknown, where: string): readonly unknown[] {
    if (Array.isArray(value)) return value;
    throw this.#error(`${where} needs a list, not ${JSON.stringify(value)}`);
  }

  #texts(value: unknown, where: string): string[] {
    return this.#list(value, where).map((item) => this.#text(item, where));
  }

  #pair(value: unknown, where: string): readonly [unknown, unknown] {
    const list = this.#list(value, where);
    if (list.length !== 2) throw this.#error(`${where} needs two arguments, not ${list.length}`);
    return [list[0], list[1]];
  }

  #boolean(value: unknown, where: string): boolean {
    if (typeof value === 'boolean') return value;
    throw this.#error(`${where} needs a condition, not ${JSON.stringify(value)}`);
  }

  #error(message: string): AssemblyError {
    return new AssemblyError(`stack ${this.#scope.stack.name}: ${message}`);
  }
}

/** Logical ids that a value refers to by `Ref`, `Fn::GetAtt` or `Fn::Sub` (parameters and pseudo parameters among them). */
export function referencesOf(value: unknown, found: Set<string> = new Set()): Set<string> {
  if (Array.isArray(value)) {
    for (const item of value) referencesOf(item, found);
    return found;
  }
  if (typeof value !== 'object' || value === null) return found;
  for (const [name, item] of Object.entries(value)) {
    if (name === 'Ref' && typeof item === 'string') found.add(item);
    else if (name === 'Fn::GetAtt')
      found.add(String(Array.isArray(item) ? item[0] : splitOnce(String(item), '.')[0]));
    else {
      if (name === 'Fn::Sub') {
        const template = String(Array.isArray(item) ? item[0] : item);
        for (const [, expression] of template.matchAll(/\$\{([^}!]+)\}/g))
          found.add(splitOnce(expression!.trim(), '.')[0]);
      }
      referencesOf(item, found);
    }
  }
  return found;
}

/** A `{{resolve:secretsmanager:…}}` reference, taken apart. */
export interface SecretReference {
  /** Name or ARN. */
  readonly secretId: string;
  /** A member of the secret's JSON; undefined for the whole string. */
  readonly jsonKey: string | undefined;
  readonly versionStage: string | undefined;
  readonly versionId: string | undefined;
}

const dynamicReference = /\{\{resolve:([^:}]+):([^}]*)\}\}/g;

/**
 * Replaces dynamic references in every text of `value`. Secrets Manager is the one source the host has.
 * @throws AssemblyError for any other source.
 */
export function resolveDynamicReferences<T>(value: T, secret: (reference: SecretReference) => string): T {
  return replace(value, secret) as T;
}

function replace(value: unknown, secret: (reference: SecretReference) => string): unknown {
  if (typeof value === 'string') {
    if (!value.includes('{{resolve:')) return value;
    return value.replace(dynamicReference, (whole, source: string, rest: string) => {
      if (source !== 'secretsmanager')
        throw new AssemblyError(
          `${whole}: dynamic references to ${source} are not implemented by the embedded host`,
        );
      return secret(parseSecretReference(rest));
    });
  }
  if (Array.isArray(value)) return value.map((item) => replace(item, secret));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, replace(item, secret)]));
}

function parseSecretReference(rest: string): SecretReference {
  const parts = rest.split(':');
  // An ARN has six colons of its own: arn:aws:secretsmanager:region:account:secret:name.
  const idLength = parts[0] === 'arn' ? 7 : 1;
  const [, jsonKey, versionStage, versionId] = parts.slice(idLength);
  return {
    secretId: parts.slice(0, idLength).join(':'),
    jsonKey: jsonKey || undefined,
    versionStage: versionStage || undefined,
    versionId: versionId || undefined,
  };
}

function isIntrinsic(name: string, argument: unknown): boolean {
  // `Condition` is also a member of policy statements, where its value is an object.
  return (
    name.startsWith('Fn::') || ((name === 'Ref' || name === 'Condition') && typeof argument === 'string')
  );
}

function splitOnce(text: string, separator: string): readonly [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + separator.length)];
}
