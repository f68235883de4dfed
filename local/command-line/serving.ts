import { ConfigurationError } from '#local/day/errors.ts';

/** A line for the person at the terminal. */
export const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** Resolves when the person or the system wants the program to end. */
export const stopped = (): Promise<void> =>
  new Promise<void>((stop) => {
    process.once('SIGINT', stop);
    process.once('SIGTERM', stop);
  });

/** A port from the command line. @throws ConfigurationError */
export function parsePort(text: string, option = '--port'): number {
  const port = Number(text);
  if (text.trim() === '' || !Number.isInteger(port) || port < 0 || port > 65_535)
    throw new ConfigurationError(
      `${option} ${JSON.stringify(text)} is not a port; give a number from 0 (any free one) to 65535`,
    );
  return port;
}
