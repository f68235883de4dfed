import { ConfigurationError } from '#local/day/errors.ts';

const PART = /^\s*([^=\s][^=]*?)\s*=\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*$/;

/** `AAPL=0.6,MSFT=0.4` as numbers by name. @throws ConfigurationError naming the part that is none, or comes twice */
export function namedNumbers(option: string, text: string, example: string): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const part of text.split(',')) {
    const [, name, number] = PART.exec(part) ?? [];
    if (name === undefined)
      throw new ConfigurationError(`${option}: ${JSON.stringify(part)} is not name=number; write ${example}`);
    if (found.has(name)) throw new ConfigurationError(`${option} gives ${name} twice; leave one`);
    found.set(name, Number(number));
  }
  return found;
}

/** One number of an option within bounds. @throws ConfigurationError naming option, value and what was expected */
export function optionNumber(
  option: string,
  text: string,
  { expected, accepts }: { readonly expected: string; readonly accepts: (number: number) => boolean },
): number {
  const number = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isFinite(number) && accepts(number)) return number;
  throw new ConfigurationError(`${option} ${JSON.stringify(text)} cannot be used; expected ${expected}`);
}

/** One of some words. @throws ConfigurationError naming option, value and the words */
export function optionWord<Word extends string>(option: string, text: string, words: readonly Word[]): Word {
  const found = words.find((word) => word === text);
  if (found !== undefined) return found;
  throw new ConfigurationError(
    `${option} ${JSON.stringify(text)} is not known; use one of ${words.join(', ')}`,
  );
}
