import { unsupportedParameter } from './aws-error.ts';
import type { DynaliteOperation, ParameterType, ParameterTypes } from './dynalite.ts';
import { isRecord, parameterTypes } from './dynalite.ts';

/** Finds the path of the first parameter that is not known. */
type Finder = (value: unknown, path: string) => string | null;

const finders = new Map<DynaliteOperation, Finder>();

/**
 * Refuses a request with a parameter that dynalite does not know, at any depth: left alone, it would drop
 * the parameter in silence. Attribute values are not looked into; their types are checked later.
 */
export function refuseUnknownParameters(operation: DynaliteOperation, input: object): void {
  let finder = finders.get(operation);
  if (finder === undefined) {
    finder = structFinder(parameterTypes(operation));
    finders.set(operation, finder);
  }
  const unknown = finder(input, '');
  if (unknown !== null) {
    throw unsupportedParameter(operation, unknown, 'leave it out');
  }
  // dynalite accepts this and answers without the metrics
  if ('ReturnItemCollectionMetrics' in input && input.ReturnItemCollectionMetrics === 'SIZE') {
    throw unsupportedParameter(operation, 'ReturnItemCollectionMetrics=SIZE', 'leave it out');
  }
}

function structFinder(types: ParameterTypes): Finder {
  const members = new Map<string, Finder | null>(
    Object.entries(types).map(([name, type]) => [name, finderFor(type)]),
  );
  return (value, path) => {
    if (!isRecord(value)) {
      return null;
    }
    for (const name in value) {
      const member = value[name];
      if (member === null || member === undefined) continue;
      const finder = members.get(name);
      const memberPath = path === '' ? name : `${path}.${name}`;
      if (finder === undefined) return memberPath;
      const unknown = finder === null ? null : finder(member, memberPath);
      if (unknown !== null) return unknown;
    }
    return null;
  };
}

function finderFor(type: ParameterType): Finder | null {
  if (typeof type === 'string' || type.children === undefined) {
    return null;
  }
  if (/^(Value|Field)Struct/.test(type.type)) {
    return isStructure(type.children) ? structFinder(type.children) : null;
  }
  const element = isStructure(type.children) ? null : finderFor(type.children);
  if (element === null) {
    return null;
  }
  return (value, path) => {
    const entries = Array.isArray(value) ? value.entries() : isRecord(value) ? Object.entries(value) : [];
    for (const [key, member] of entries) {
      const unknown = element(member, `${path}[${key}]`);
      if (unknown !== null) return unknown;
    }
    return null;
  };
}

function isStructure(
  children: ParameterType | Readonly<Record<string, ParameterType>>,
): children is Readonly<Record<string, ParameterType>> {
  return typeof children !== 'string' && typeof children['type'] !== 'string';
}
