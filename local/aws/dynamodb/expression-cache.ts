import type { DynaliteOperation, DynaliteStore } from './dynalite.ts';
import { isRecord, validate, validateExpressionValues } from './dynalite.ts';

type Request = Readonly<Record<string, unknown>>;
/** Puts the values of one request into a parsed expression. */
type Template = (values: Request) => unknown;

interface Parsed {
  readonly condition: Template | null;
  readonly updates: Template | null;
}

const CACHED_EXPRESSIONS = 1000;
const CACHED_OPERATIONS: readonly DynaliteOperation[] = ['PutItem', 'UpdateItem', 'DeleteItem'];
/** Whether these are well-formed depends on the values themselves, not on their types only. */
const VALUE_DEPENDENT = /between|attribute_type/i;
const LEGACY_PARAMETERS = ['Expected', 'AttributeUpdates', 'ConditionalOperator'];

/**
 * Validates writes without parsing anew an expression that was parsed before.
 *
 * dynalite parses at every request, which costs more than all the rest of a small write. What it makes of an
 * expression depends on the expression, the attribute names and the types of the values; so the outcome is kept
 * under these, with places for the values. A request that could be refused takes the way through dynalite.
 */
export class ExpressionCache {
  readonly #parsed = new Map<string, Parsed | null>();

  /** As {@link validate}. */
  validate(operation: DynaliteOperation, input: Request, store: DynaliteStore): Record<string, unknown> {
    const signature = signatureOf(operation, input);
    if (signature === null) {
      return validate(operation, input, store);
    }
    const parsed = this.#parsed.get(signature);
    if (parsed === undefined) {
      const data = validate(operation, input, store);
      if (this.#parsed.size >= CACHED_EXPRESSIONS) this.#parsed.clear();
      this.#parsed.set(signature, templatesOf(data));
      return data;
    }
    const values = parsed === null ? null : validateExpressionValues(input['ExpressionAttributeValues']);
    if (parsed === null || values === null) {
      return validate(operation, input, store);
    }
    const {
      ConditionExpression: _condition,
      UpdateExpression: _update,
      ExpressionAttributeNames: _names,
      ExpressionAttributeValues: _values,
      ...rest
    } = input;
    const data = validate(operation, rest, store);
    if (parsed.condition !== null) data['_condition'] = parsed.condition(values);
    if (parsed.updates !== null) data['_updates'] = parsed.updates(values);
    return data;
  }
}

/** What the outcome of parsing depends on, or null for a request that is not cached. */
function signatureOf(operation: DynaliteOperation, input: Request): string | null {
  const {
    ConditionExpression: condition,
    UpdateExpression: update,
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: values,
  } = input;
  if (
    !CACHED_OPERATIONS.includes(operation) ||
    (typeof condition !== 'string' && typeof update !== 'string') ||
    VALUE_DEPENDENT.test(`${String(condition)} ${String(update)}`) ||
    LEGACY_PARAMETERS.some((parameter) => isPresent(input[parameter]))
  ) {
    return null;
  }
  const types: string[] = [];
  if (isPresent(values)) {
    if (!isRecord(values)) return null;
    for (const name in values) {
      const value = values[name];
      const present = isRecord(value) ? Object.keys(value) : [];
      if (present.length !== 1) return null;
      types.push(name, present[0]!);
    }
  }
  return JSON.stringify([operation, condition, update, names, isPresent(values) ? types : null]);
}

/** The parsed expressions of a validated request with its values taken out, or null if one is not found. */
function templatesOf(data: Request): Parsed | null {
  const { _condition: condition, _updates: updates, ExpressionAttributeValues: values } = data;
  const compiler = new Compiler(isRecord(values) ? values : {});
  const parsed = {
    condition: isPresent(condition) ? compiler.compile(condition) : null,
    updates: isRecord(updates) ? compileUpdates(compiler, updates) : null,
  };
  return compiler.foundAll ? parsed : null;
}

/** The sections are copied each time: carrying out an update writes into them. */
function compileUpdates(compiler: Compiler, updates: Readonly<Record<string, unknown>>): Template {
  const sections = Array.isArray(updates['sections']) ? updates['sections'] : [];
  const templates = sections.map((section: object) => {
    const value = 'val' in section ? compiler.compile(section.val) : null;
    return (values: Request) => (value === null ? { ...section } : { ...section, val: value(values) });
  });
  return (values) => ({ ...updates, sections: templates.map((template) => template(values)) });
}

class Compiler {
  readonly #names: Map<unknown, string>;
  readonly #found = new Set<string>();

  constructor(values: Readonly<Record<string, unknown>>) {
    this.#names = new Map(Object.entries(values).map(([name, value]) => [value, name]));
  }

  get foundAll(): boolean {
    return this.#found.size === this.#names.size;
  }

  compile(node: unknown): Template {
    return this.#template(node) ?? (() => node);
  }

  /** Null where nothing below depends on a value, so that the node itself can be shared. */
  #template(node: unknown): Template | null {
    const name = this.#names.get(node);
    if (name !== undefined) {
      this.#found.add(name);
      return (values) => values[name];
    }
    if (Array.isArray(node)) {
      const parts = node.map((element: unknown) => this.#template(element));
      if (parts.every((part) => part === null)) return null;
      return (values) => parts.map((part, index) => (part === null ? node[index] : part(values)));
    }
    if (!isRecord(node)) {
      return null;
    }
    const parts = Object.entries(node).map(([key, member]) => [key, this.#template(member)] as const);
    const variable = parts.filter(([, part]) => part !== null);
    if (variable.length === 0) return null;
    return (values) => {
      const copy: Record<string, unknown> = { ...node };
      for (const [key, part] of variable) copy[key] = part!(values);
      return copy;
    };
  }
}

const isPresent = (value: unknown): boolean => value !== undefined && value !== null;
