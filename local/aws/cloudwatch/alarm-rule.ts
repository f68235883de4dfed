/** The state of an alarm. */
export type AlarmState = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';

/** A compiled rule of a composite alarm. */
export interface AlarmRule {
  /** Names or ARNs as the rule gives them. */
  readonly alarms: readonly string[];
  holds(state: (alarm: string) => AlarmState): boolean;
}

type Test = (state: (alarm: string) => AlarmState) => boolean;

/**
 * Compiles `ALARM(name) AND NOT (OK("arn") OR TRUE)`. AND binds before OR, NOT before both.
 * @throws SyntaxError naming the rule
 */
export function compileAlarmRule(rule: string): AlarmRule {
  const tokens = [
    ...rule.matchAll(
      /(ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*(?:"([^"]+)"|'([^']+)'|([^\s()"']+))\s*\)|AND|OR|NOT|TRUE|FALSE|[()]/g,
    ),
  ];
  const covered = tokens
    .map(([text]) => text)
    .join('')
    .replace(/\s/g, '');
  if (covered !== rule.replace(/\s/g, ''))
    throw new SyntaxError(`cannot read the alarm rule ${JSON.stringify(rule)}`);
  const alarms: string[] = [];
  let position = 0;

  const primary = (): Test => {
    const token = tokens[position++];
    if (token === undefined) throw new SyntaxError(`the alarm rule ${JSON.stringify(rule)} ends too early`);
    const [text, wanted, ...names] = token;
    if (wanted !== undefined) {
      const name = names.find((candidate) => candidate !== undefined)!;
      alarms.push(name);
      return (state) => state(name) === wanted;
    }
    if (text === 'TRUE') return () => true;
    if (text === 'FALSE') return () => false;
    if (text === 'NOT') {
      const operand = primary();
      return (state) => !operand(state);
    }
    if (text !== '(') throw new SyntaxError(`unexpected ${text} in the alarm rule ${JSON.stringify(rule)}`);
    const inner = any();
    if (tokens[position++]?.[0] !== ')')
      throw new SyntaxError(`a parenthesis is open in the alarm rule ${JSON.stringify(rule)}`);
    return inner;
  };
  const all = (): Test => {
    const operands = [primary()];
    while (tokens[position]?.[0] === 'AND') {
      position++;
      operands.push(primary());
    }
    return (state) => operands.every((operand) => operand(state));
  };
  const any = (): Test => {
    const operands = [all()];
    while (tokens[position]?.[0] === 'OR') {
      position++;
      operands.push(all());
    }
    return (state) => operands.some((operand) => operand(state));
  };

  const holds = any();
  if (position < tokens.length)
    throw new SyntaxError(`unexpected ${tokens[position]![0]} in the alarm rule ${JSON.stringify(rule)}`);
  return { alarms, holds };
}
