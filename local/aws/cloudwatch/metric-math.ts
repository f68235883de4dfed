/** A value for one period; undefined where there is none. */
export type Datapoint = number | undefined;

/** A compiled expression: a datapoint from those of the metrics that it names. */
export type MetricExpression = (values: (id: string) => Datapoint) => Datapoint;

/** The expression uses something of metric math that the host does not compute. */
export class MetricMathError extends Error {
  readonly code = 'MetricMathUnsupported';
  readonly retryable = false;
}

type Tokens = { readonly list: readonly string[]; position: number; readonly text: string };

/**
 * Compiles metric math on single periods: `+ - * /`, comparisons (1 or 0), `AND`, `OR`, parentheses, lists, `IF`,
 * `FILL` with a number, `ABS`, `CEIL`, `FLOOR`, `SUM`, `AVG`, `MIN`, `MAX` over lists. An operation on a missing value
 * gives none; lists leave missing values out; a division by zero gives none.
 * @throws MetricMathError naming what is not understood
 */
export function compileExpression(text: string): MetricExpression {
  const list = text.match(/\d+(?:\.\d+)?|[A-Za-z]\w*|&&|\|\||==|!=|>=|<=|[-+*/()<>,[\]]/g) ?? [];
  if (list.join('') !== text.replace(/\s+/g, ''))
    throw new MetricMathError(`cannot read the expression ${JSON.stringify(text)}`);
  const tokens: Tokens = { list, position: 0, text };
  const expression = logical(tokens);
  if (tokens.position < list.length)
    throw new MetricMathError(`unexpected ${list[tokens.position]} in ${JSON.stringify(text)}`);
  return expression;
}

const both =
  (
    left: MetricExpression,
    right: MetricExpression,
    combine: (left: number, right: number) => Datapoint,
  ): MetricExpression =>
  (values) => {
    const first = left(values);
    const second = right(values);
    return first === undefined || second === undefined ? undefined : combine(first, second);
  };

function chain(
  tokens: Tokens,
  operand: (tokens: Tokens) => MetricExpression,
  operators: Readonly<Record<string, (left: number, right: number) => Datapoint>>,
): MetricExpression {
  let left = operand(tokens);
  for (let operator = operators[peek(tokens)]; operator !== undefined; operator = operators[peek(tokens)]) {
    tokens.position++;
    left = both(left, operand(tokens), operator);
  }
  return left;
}

const truth = (holds: boolean): number => (holds ? 1 : 0);
const logicalOperators = {
  AND: (left: number, right: number) => truth(left !== 0 && right !== 0),
  '&&': (left: number, right: number) => truth(left !== 0 && right !== 0),
  OR: (left: number, right: number) => truth(left !== 0 || right !== 0),
  '||': (left: number, right: number) => truth(left !== 0 || right !== 0),
};
const comparisons = {
  '<': (left: number, right: number) => truth(left < right),
  '<=': (left: number, right: number) => truth(left <= right),
  '>': (left: number, right: number) => truth(left > right),
  '>=': (left: number, right: number) => truth(left >= right),
  '==': (left: number, right: number) => truth(left === right),
  '!=': (left: number, right: number) => truth(left !== right),
};

const logical = (tokens: Tokens): MetricExpression => chain(tokens, comparison, logicalOperators);
const comparison = (tokens: Tokens): MetricExpression => chain(tokens, sum, comparisons);
const sum = (tokens: Tokens): MetricExpression =>
  chain(tokens, product, { '+': (left, right) => left + right, '-': (left, right) => left - right });
const product = (tokens: Tokens): MetricExpression =>
  chain(tokens, unary, {
    '*': (left, right) => left * right,
    '/': (left, right) => (right === 0 ? undefined : left / right),
  });

function unary(tokens: Tokens): MetricExpression {
  const token = next(tokens);
  if (token === '-') {
    const operand = unary(tokens);
    return (values) => {
      const value = operand(values);
      return value === undefined ? undefined : -value;
    };
  }
  if (token === '(') {
    const inner = logical(tokens);
    expect(tokens, ')');
    return inner;
  }
  if (/^\d/.test(token)) return () => Number(token);
  if (peek(tokens) === '(') return call(token, tokens);
  if (/^[a-z]/.test(token)) return (values) => values(token);
  throw new MetricMathError(`unexpected ${token} in ${JSON.stringify(tokens.text)}`);
}

function call(name: string, tokens: Tokens): MetricExpression {
  expect(tokens, '(');
  const listed = peek(tokens) === '[';
  if (listed) tokens.position++;
  const operands: MetricExpression[] = [logical(tokens)];
  while (peek(tokens) === ',') {
    tokens.position++;
    operands.push(logical(tokens));
  }
  if (listed) expect(tokens, ']');
  expect(tokens, ')');
  const [first, second, third] = operands;
  const present = (values: (id: string) => Datapoint): number[] =>
    operands.map((operand) => operand(values)).filter((value) => value !== undefined);
  const over =
    (combine: (values: readonly number[]) => number): MetricExpression =>
    (values) => {
      const known = present(values);
      return known.length === 0 ? undefined : combine(known);
    };
  const total = (values: readonly number[]): number => values.reduce((left, right) => left + right, 0);
  const each =
    (change: (value: number) => number): MetricExpression =>
    (values) => {
      const value = first!(values);
      return value === undefined ? undefined : change(value);
    };
  switch (name) {
    case 'FILL':
      return (values) => first!(values) ?? second?.(values);
    case 'IF':
      return (values) => {
        const condition = first!(values);
        if (condition === undefined) return undefined;
        return condition !== 0 ? second?.(values) : third?.(values);
      };
    case 'SUM':
      return over(total);
    case 'AVG':
      return over((values) => total(values) / values.length);
    case 'MIN':
      return over((values) => Math.min(...values));
    case 'MAX':
      return over((values) => Math.max(...values));
    case 'ABS':
      return each(Math.abs);
    case 'CEIL':
      return each(Math.ceil);
    case 'FLOOR':
      return each(Math.floor);
    default:
      throw new MetricMathError(
        `the function ${name} in ${JSON.stringify(tokens.text)} is not one that the embedded host computes`,
      );
  }
}

function peek(tokens: Tokens): string {
  return tokens.list[tokens.position] ?? '';
}

function next(tokens: Tokens): string {
  const token = peek(tokens);
  if (token === '') throw new MetricMathError(`the expression ${JSON.stringify(tokens.text)} ends too early`);
  tokens.position++;
  return token;
}

function expect(tokens: Tokens, wanted: string): void {
  const token = next(tokens);
  if (token !== wanted)
    throw new MetricMathError(`expected ${wanted}, not ${token}, in ${JSON.stringify(tokens.text)}`);
}
