import { ConfigurationError } from '#local/day/errors.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { parsePort } from './serving.ts';

interface ControlOptions {
  readonly controlPort: string;
}

/** Nobody listens at the control port, or it refuses. */
export class ControlPortError extends Error {
  readonly code = 'ControlPort';
  readonly retryable = false;
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'ControlPortError';
  }
}

async function ask(
  options: ControlOptions,
  action: Readonly<Record<string, unknown>> | null,
): Promise<unknown> {
  const port = parsePort(options.controlPort, '--control-port');
  let response: Response;
  try {
    response = await fetch(
      `http://127.0.0.1:${port}/`,
      action === null ? {} : { method: 'POST', body: JSON.stringify(action) },
    );
  } catch (cause) {
    throw new ControlPortError(
      `no paper gateway answers at control port ${port}; start one with abc paper-gateway, or name its port with --control-port`,
      cause,
    );
  }
  const body: unknown = await response.json();
  if (response.ok) return body;
  const { error } = body as { readonly error?: unknown };
  throw new ControlPortError(`the paper gateway refuses: ${String(error)}`);
}

/** `name=value` pairs as one object: values are JSON where they can be read as that, and text otherwise. @throws ConfigurationError */
export function parsePairs(pairs: readonly string[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const middle = pair.indexOf('=');
      if (middle <= 0)
        throw new ConfigurationError(
          `${JSON.stringify(pair)} is not a name and a value; write it like delayMillis=500`,
        );
      return [pair.slice(0, middle), parseValue(pair.slice(middle + 1))];
    }),
  );
}

function parseValue(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) return text;
    throw error;
  }
}

const print = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);

/** Shows the faults in force, the clients and the book. @throws ControlPortError */
export async function faultListCommand(options: ControlOptions): Promise<ExitCode> {
  print(await ask(options, null));
  return EXIT.ok;
}

/** Sets faults that last until they are cleared. @throws ConfigurationError, ControlPortError */
export async function faultSetCommand(pairs: readonly string[], options: ControlOptions): Promise<ExitCode> {
  print(await ask(options, { action: 'set', settings: parsePairs(pairs) }));
  return EXIT.ok;
}

/** Ends all faults. @throws ControlPortError */
export async function faultClearCommand(options: ControlOptions): Promise<ExitCode> {
  print(await ask(options, { action: 'reset' }));
  return EXIT.ok;
}

/** Makes something happen now. @throws ConfigurationError, ControlPortError */
export async function faultDoCommand(
  action: string,
  pairs: readonly string[],
  options: ControlOptions,
): Promise<ExitCode> {
  print(await ask(options, { ...parsePairs(pairs), action }));
  return EXIT.ok;
}
