import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import * as z from 'zod';
import type { Figure } from '#core/analytics/series.ts';
import type { TrialOutcome } from '#core/simulation/validation/trial.ts';
import { ConfigurationError } from '#local/day/errors.ts';
import type { TrialResult, TrialTask } from './trial-thread.ts';

const figure: z.ZodType<Figure> = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('value'), value: z.number() }),
  z.object({ kind: z.literal('undefined'), reason: z.string() }),
]);
const column = z.array(z.number()).transform((numbers) => Float64Array.from(numbers));
const outcome = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('measured'),
    figures: z.object({
      totalReturn: figure,
      annualGrowth: figure,
      sharpe: figure,
      maximumDrawdown: z.number(),
      sample: z.discriminatedUnion('kind', [
        z.object({
          kind: z.literal('value'),
          sample: z.object({
            sharpe: z.number(),
            observations: z.number(),
            skewness: z.number(),
            kurtosis: z.number(),
          }),
        }),
        z.object({ kind: z.literal('undefined'), reason: z.string() }),
      ]),
    }),
    orders: z.number(),
    trades: z.number(),
    costs: z.number(),
    blocks: z
      .object({ count: column, mean: column, squares: column })
      .nullable()
      .transform((blocks) => blocks ?? undefined),
  }),
  z.object({ kind: z.literal('failed'), code: z.string(), message: z.string() }),
]);
const header = z.object({ search: z.string() });
const line = z.object({
  window: z.number().int().nonnegative(),
  trial: z.number().int().nonnegative(),
  parameters: z.record(z.string(), z.number()),
  outcome,
});

function written(result: TrialResult): string {
  const { window, trial, parameters } = result;
  return `${JSON.stringify({ window, trial, parameters, outcome: writable(result.outcome) })}\n`;
}

function writable(result: TrialOutcome): unknown {
  if (result.kind === 'failed') return result;
  const { blocks } = result;
  return {
    ...result,
    blocks:
      blocks === undefined
        ? null
        : { count: [...blocks.count], mean: [...blocks.mean], squares: [...blocks.squares] },
  };
}

const keyOf = ({ window, trial }: Pick<TrialTask, 'window' | 'trial'>): string => `${window}/${trial}`;

/**
 * Every trial of a search as JSON lines: one that names the search, then one a trial, as they finish. A search that goes
 * on reads what is there; a last line that an interrupt cut off is run again. Once all are there they are put in order, so
 * that the same search leaves the same bytes however it was run.
 */
export class TrialFile {
  readonly path: string;
  readonly #head: string;
  readonly #done = new Map<string, TrialResult>();

  /**
   * @param search identifies the search with all that determines it
   * @throws ConfigurationError where the file belongs to another search or can't be read
   */
  constructor(path: string, search: string) {
    this.path = path;
    this.#head = `${JSON.stringify({ search })}\n`;
    if (existsSync(path)) this.#read(search);
    mkdirSync(dirname(path), { recursive: true });
    // Also without the line that was cut off, which the next would be glued to.
    this.#write(this.results);
  }

  #read(search: string): void {
    const [first = '', ...rest] = readFileSync(this.path, 'utf8').split('\n');
    const cut = rest.pop();
    if (cut === undefined) return;
    const named = header.safeParse(jsonOf(first));
    if (!named.success || named.data.search !== search)
      throw new ConfigurationError(
        `${this.path} holds the trials of another search; give another --trials file or remove this one`,
      );
    for (const [index, text] of rest.entries()) {
      const parsed = line.safeParse(jsonOf(text));
      if (!parsed.success)
        throw new ConfigurationError(
          `line ${index + 2} of ${this.path} is no trial (${parsed.error.issues[0]?.message}); remove the file to run all trials again`,
        );
      this.#done.set(keyOf(parsed.data), parsed.data);
    }
  }

  /** Trials that are done, by window and trial. */
  get results(): TrialResult[] {
    return [...this.#done.values()].sort((a, b) => a.window - b.window || a.trial - b.trial);
  }

  has(task: TrialTask): boolean {
    return this.#done.has(keyOf(task));
  }

  append(results: readonly TrialResult[]): void {
    for (const result of results) this.#done.set(keyOf(result), result);
    appendFileSync(this.path, results.map(written).join(''));
  }

  /** Puts the trials in order. */
  finish(): void {
    this.#write(this.results);
  }

  /** A whole file takes the place of the old one at once, so that no interrupt leaves half of it. */
  #write(results: readonly TrialResult[]): void {
    const beside = `${this.path}.${process.pid}`;
    writeFileSync(beside, this.#head + results.map(written).join(''));
    renameSync(beside, this.path);
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
