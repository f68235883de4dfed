/** Turns an event (parsed, and as JSON text) into the text a target gets. */
export type InputTransformer = (
  event: Readonly<Record<string, unknown>>,
  text: string,
  ingestedAt: string,
) => string;

/** The three ways a target may shape its input; at most one of them. */
export interface InputSettings {
  readonly Input?: string | undefined;
  readonly InputPath?: string | undefined;
  readonly InputTransformer?:
    | {
        readonly InputPathsMap?: Readonly<Record<string, string>> | undefined;
        readonly InputTemplate: string;
      }
    | undefined;
}

type Step = string | number;
type Piece = { readonly literal: string } | { readonly name: string; readonly insideString: boolean };

/**
 * Compiles a target's input settings. `rule` fills `<aws.events.rule-arn>` and `<aws.events.rule-name>`.
 * A path that finds nothing gives `null`, or nothing where the placeholder stands inside a string.
 * @throws TypeError naming a path or placeholder that is not valid.
 */
export function compileInput(
  settings: InputSettings,
  rule: { readonly arn: string; readonly name: string },
): InputTransformer {
  const { Input: constant, InputPath: path, InputTransformer: transformer } = settings;
  if (constant !== undefined) return () => constant;
  if (path !== undefined) {
    const steps = parsePath(path);
    return (event) => JSON.stringify(follow(event, steps)) ?? 'null';
  }
  if (transformer === undefined) return (_event, text) => text;
  const paths = new Map(
    Object.entries(transformer.InputPathsMap ?? {}).map(([name, text]) => [name, parsePath(text)]),
  );
  const pieces = parseTemplate(transformer.InputTemplate);
  const known = new Set([
    ...paths.keys(),
    'aws.events.rule-arn',
    'aws.events.rule-name',
    'aws.events.event',
    'aws.events.event.json',
    'aws.events.event.ingestion-time',
  ]);
  for (const piece of pieces) {
    if ('name' in piece && !known.has(piece.name))
      throw new TypeError(
        `input template of rule ${rule.name} uses <${piece.name}>, which InputPathsMap does not define`,
      );
  }
  return (event, text, ingestedAt) => {
    const value = (name: string): unknown => {
      switch (name) {
        case 'aws.events.rule-arn':
          return rule.arn;
        case 'aws.events.rule-name':
          return rule.name;
        case 'aws.events.event.ingestion-time':
          return ingestedAt;
        case 'aws.events.event.json':
          return JSON.parse(text);
        case 'aws.events.event': {
          const { detail: _detail, ...envelope } = event;
          return envelope;
        }
        default:
          return follow(event, paths.get(name) ?? []);
      }
    };
    return pieces
      .map((piece) => ('literal' in piece ? piece.literal : rendered(value(piece.name), piece.insideString)))
      .join('');
  };
}

function rendered(value: unknown, insideString: boolean): string {
  if (!insideString) return JSON.stringify(value) ?? 'null';
  if (value === undefined) return '';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return JSON.stringify(text).slice(1, -1);
}

function parseTemplate(template: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let literal = '';
  let insideString = false;
  for (let index = 0; index < template.length; index += 1) {
    const character = template.charAt(index);
    const placeholder = character === '<' ? /^<([\w.-]+)>/.exec(template.slice(index, index + 128)) : null;
    if (placeholder !== null) {
      pieces.push({ literal }, { name: placeholder[1] ?? '', insideString });
      literal = '';
      index += placeholder[0].length - 1;
      continue;
    }
    literal += character;
    if (character === '\\') {
      index += 1;
      literal += template.charAt(index);
    } else if (character === '"') {
      insideString = !insideString;
    }
  }
  pieces.push({ literal });
  return pieces.filter((piece) => !('literal' in piece) || piece.literal !== '');
}

/** Parses the JSON paths that EventBridge takes: `$`, `.name`, `['name']`, `[index]`. */
function parsePath(path: string): readonly Step[] {
  if (!path.startsWith('$')) throw new TypeError(`input path must begin with $: ${JSON.stringify(path)}`);
  const steps: Step[] = [];
  const part = /\.([^.[\]]+)|\['([^']+)'\]|\["([^"]+)"\]|\[(\d+)\]/y;
  part.lastIndex = 1;
  while (part.lastIndex < path.length) {
    const at = part.lastIndex;
    const found = part.exec(path);
    if (found === null)
      throw new TypeError(
        `input path ${JSON.stringify(path)} is not understood from ${JSON.stringify(path.slice(at))}`,
      );
    steps.push(found[4] === undefined ? (found[1] ?? found[2] ?? found[3] ?? '') : Number(found[4]));
  }
  return steps;
}

function follow(event: unknown, steps: readonly Step[]): unknown {
  let value = event;
  for (const step of steps) {
    if (typeof value !== 'object' || value === null) return undefined;
    value =
      Array.isArray(value) && typeof step === 'number'
        ? value[step]
        : (value as Readonly<Record<string, unknown>>)[step];
  }
  return value;
}
