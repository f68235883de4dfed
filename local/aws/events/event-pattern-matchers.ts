import { BlockList, isIP } from 'node:net';

/** A JSON scalar. */
export type Scalar = string | number | boolean | null;

/** Whether a scalar of the event fits one matcher. */
export type LeafMatcher = (value: Scalar) => boolean;

type Fail = (reason: string) => never;
type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === 'string';
const onText =
  (matches: (text: string) => boolean): LeafMatcher =>
  (value) =>
    typeof value === 'string' && matches(value);

/** Compiles one matcher object, such as `{"prefix": "a"}`, `exists` excepted. `fail` is told why it is not valid. */
export function compileMatcher(matcher: Fields, fail: Fail): LeafMatcher {
  const [entry, ...more] = Object.entries(matcher);
  if (entry === undefined || more.length > 0)
    return fail(`a matcher must have exactly one key: ${JSON.stringify(matcher)}`);
  const [name, operand] = entry;
  switch (name) {
    case 'prefix':
    case 'suffix':
      return compileAffix(name, operand, fail);
    case 'equals-ignore-case':
      if (!isText(operand)) return fail('equals-ignore-case must be a string');
      return equalsIgnoringCase(operand);
    case 'wildcard':
      return compileWildcard(operand, fail);
    case 'numeric':
      return compileNumeric(operand, fail);
    case 'cidr':
      return compileCidr(operand, fail);
    case 'anything-but':
      return compileAnythingBut(operand, fail);
    default:
      return fail(`unrecognized match type ${name}`);
  }
}

function equalsIgnoringCase(operand: string): LeafMatcher {
  const wanted = operand.toLowerCase();
  return onText((text) => text.toLowerCase() === wanted);
}

function compileAffix(name: 'prefix' | 'suffix', operand: unknown, fail: Fail): LeafMatcher {
  const test = (text: string, affix: string): boolean =>
    name === 'prefix' ? text.startsWith(affix) : text.endsWith(affix);
  if (isText(operand)) return onText((text) => test(text, operand));
  if (isFields(operand) && Object.keys(operand).length === 1 && isText(operand['equals-ignore-case'])) {
    const wanted = operand['equals-ignore-case'].toLowerCase();
    return onText((text) => test(text.toLowerCase(), wanted));
  }
  return fail(`${name} must be a string or {"equals-ignore-case": string}`);
}

function compileWildcard(operand: unknown, fail: Fail): LeafMatcher {
  if (!isText(operand)) return fail('wildcard must be a string');
  let source = '';
  for (let index = 0; index < operand.length; index += 1) {
    const character = operand.charAt(index);
    if (character === '\\') {
      index += 1;
      const escaped = operand.charAt(index);
      if (escaped !== '*' && escaped !== '\\')
        return fail(`invalid escape in wildcard ${JSON.stringify(operand)}`);
      source += `\\${escaped}`;
    } else if (character === '*') {
      if (operand.charAt(index + 1) === '*')
        return fail(`consecutive wildcard characters in ${JSON.stringify(operand)}`);
      source += '.*';
    } else {
      source += character.replace(/[.+?^${}()|[\]]/g, '\\$&');
    }
  }
  const expression = new RegExp(`^${source}$`, 's');
  return onText((text) => expression.test(text));
}

/** EventBridge compares numbers between ±5 × 10^9. */
const NUMERIC_LIMIT = 5_000_000_000;
const COMPARISONS: Readonly<Record<string, (value: number, bound: number) => boolean>> = {
  '=': (value, bound) => value === bound,
  '<': (value, bound) => value < bound,
  '<=': (value, bound) => value <= bound,
  '>': (value, bound) => value > bound,
  '>=': (value, bound) => value >= bound,
};

function compileNumeric(operand: unknown, fail: Fail): LeafMatcher {
  if (!Array.isArray(operand) || (operand.length !== 2 && operand.length !== 4)) {
    return fail('numeric must be [operator, number] or a range of two of them');
  }
  const bounds: { readonly compare: (value: number, bound: number) => boolean; readonly bound: number }[] =
    [];
  for (let index = 0; index < operand.length; index += 2) {
    const operator: unknown = operand[index];
    const bound: unknown = operand[index + 1];
    const compare = isText(operator) ? COMPARISONS[operator] : undefined;
    if (compare === undefined) return fail(`unrecognized numeric operator ${JSON.stringify(operator)}`);
    if (typeof bound !== 'number' || Math.abs(bound) > NUMERIC_LIMIT)
      return fail(`numeric bound must be a number within ±${NUMERIC_LIMIT}`);
    bounds.push({ compare, bound });
  }
  if (
    operand.length === 4 &&
    !(isText(operand[0]) && operand[0].startsWith('>') && isText(operand[2]) && operand[2].startsWith('<'))
  ) {
    return fail('a numeric range must be [">" or ">=", low, "<" or "<=", high]');
  }
  return (value) =>
    typeof value === 'number' &&
    Math.abs(value) <= NUMERIC_LIMIT &&
    bounds.every(({ compare, bound }) => compare(value, bound));
}

function compileCidr(operand: unknown, fail: Fail): LeafMatcher {
  if (!isText(operand)) return fail('cidr must be a string');
  const [address = '', bits, ...more] = operand.split('/');
  const family = isIP(address);
  const width = Number(bits ?? (family === 6 ? 128 : 32));
  if (
    family === 0 ||
    more.length > 0 ||
    !Number.isInteger(width) ||
    width < 0 ||
    width > (family === 6 ? 128 : 32)
  ) {
    return fail(`malformed cidr ${JSON.stringify(operand)}`);
  }
  const list = new BlockList();
  list.addSubnet(address, width, family === 6 ? 'ipv6' : 'ipv4');
  return onText((text) => {
    const kind = isIP(text);
    return kind !== 0 && list.check(text, kind === 6 ? 'ipv6' : 'ipv4');
  });
}

function compileAnythingBut(operand: unknown, fail: Fail): LeafMatcher {
  if (isFields(operand)) {
    const [entry, ...more] = Object.entries(operand);
    if (entry === undefined || more.length > 0) return fail('anything-but must name exactly one matcher');
    const [name, wanted] = entry;
    if (!['prefix', 'suffix', 'equals-ignore-case', 'wildcard'].includes(name))
      return fail(`unsupported anything-but matcher ${name}`);
    const list: readonly unknown[] = Array.isArray(wanted) ? wanted : [wanted];
    if (list.length === 0 || !list.every((item) => isText(item) || isFields(item)))
      return fail(`anything-but ${name} must be a string or a list of strings`);
    const excluded = list.map((item) => compileMatcher({ [name]: item }, fail));
    return onText((text) => !excluded.some((matches) => matches(text)));
  }
  const list: readonly unknown[] = Array.isArray(operand) ? operand : [operand];
  if (list.length === 0) return fail('anything-but must not be an empty list');
  const texts = list.every(isText);
  const numbers = list.every((item) => typeof item === 'number');
  const flags = list.every((item) => item === null || typeof item === 'boolean');
  if (!texts && !numbers && !flags) return fail('anything-but list must hold only strings or only numbers');
  const excluded = new Set<unknown>(list);
  return (value) => !excluded.has(value);
}
