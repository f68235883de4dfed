import { availableParallelism } from 'node:os';
import * as z from 'zod';
import { type ParameterRange, steppedRange } from '#core/simulation/validation/search-space.ts';
import type { WindowPlan } from '#core/simulation/validation/search-windows.ts';
import type { BacktestParameters } from '#local/backtest/backtest-parameters.ts';
import { ConfigurationError } from '#local/day/errors.ts';

/** What a search is determined by, beside the strategy's code and the bars. */
export interface SearchRequest {
  /** Name of a built-in strategy or path of a file. */
  readonly strategy: string;
  readonly ranges: readonly ParameterRange[];
  /** Trials to draw at random; every combination of the ranges without it. */
  readonly random: number | null;
  readonly windows: WindowPlan;
  readonly input: BacktestParameters;
}

const NUMBER = String.raw`-?\d+(?:\.\d+)?(?:[eE]-?\d+)?`;
const STEPPED = new RegExp(`^(${NUMBER}):(${NUMBER}):(${NUMBER})$`);
const LISTED = new RegExp(`^${NUMBER}(,${NUMBER})*$`);

/** `fast=5:50:5` (5, 10, … 50) or `fast=5,10,20`. @throws ConfigurationError, InvalidValidationError */
export function parseRange(text: string): ParameterRange {
  const [, name, values] = /^\s*([A-Za-z]\w*)\s*=\s*(\S+)\s*$/.exec(text) ?? [];
  const stepped = STEPPED.exec(values ?? '');
  if (name !== undefined && stepped !== null)
    return steppedRange(name, Number(stepped[1]), Number(stepped[2]), Number(stepped[3]));
  if (name === undefined || values === undefined || !LISTED.test(values))
    throw new ConfigurationError(
      `--range ${JSON.stringify(text)} is no range; write fast=5:50:5 (from:to:step) or fast=5,10,20`,
    );
  return { name, values: values.split(',').map(Number) };
}

const whole = z
  .string()
  .regex(/^[1-9]\d{0,6}$/, 'expected a whole number above zero')
  .transform(Number);
const schema = z.object({
  random: whole.nullable(),
  windows: whole.nullable(),
  train: whole,
  holdout: z
    .string()
    .regex(/^0?\.\d+$/, 'expected a part of the bars such as 0.3')
    .transform(Number)
    .refine((part) => part > 0, 'expected a part above zero such as 0.3'),
  workers: whole.refine((count) => count <= 256, 'expected at most 256'),
});

/** Words of the command line that only a search has. */
export interface SearchWords {
  readonly random?: string;
  readonly walkForward?: string;
  readonly train?: string;
  readonly anchored?: boolean;
  readonly holdout?: string;
  readonly workers?: string;
}

const OPTION = {
  random: '--random',
  windows: '--walk-forward',
  train: '--train',
  holdout: '--holdout',
  workers: '--workers',
} as const;

/** @throws ConfigurationError naming the option, its value and the mend */
export function parseSearchWords(words: SearchWords): {
  readonly random: number | null;
  readonly windows: WindowPlan;
  readonly workers: number;
} {
  const given = {
    random: words.random ?? null,
    windows: words.walkForward ?? null,
    train: words.train ?? '3',
    holdout: words.holdout ?? '0.3',
    workers: words.workers ?? String(availableParallelism()),
  };
  const parsed = schema.safeParse(given);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const name = String(issue?.path[0]) as keyof typeof given;
    throw new ConfigurationError(
      `${OPTION[name]} ${JSON.stringify(given[name])} cannot be used: ${issue?.message}`,
    );
  }
  const { random, windows, train, holdout, workers } = parsed.data;
  if (windows !== null && words.holdout !== undefined)
    throw new ConfigurationError('--holdout and --walk-forward exclude each other; give one');
  if (windows === null && (words.train !== undefined || words.anchored === true))
    throw new ConfigurationError('--train and --anchored need --walk-forward');
  return {
    random,
    windows:
      windows === null
        ? { kind: 'holdout', fraction: holdout }
        : { kind: 'walk-forward', windows, trainTests: train, anchored: words.anchored === true },
    workers,
  };
}
