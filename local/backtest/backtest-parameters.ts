import * as z from 'zod';
import { ConfigurationError } from '#local/day/errors.ts';

const schema = z.object({
  symbols: z.array(z.string().regex(/^[A-Z0-9][A-Z0-9.-]{0,31}$/)).min(1),
  from: z.iso.date(),
  to: z.iso.date(),
  data: z.string().nullable(),
  cash: z
    .string()
    .regex(/^\d+(\.\d+)?$/, 'expected an amount above zero such as 100000')
    .transform(Number)
    .refine((cash) => cash > 0, 'expected an amount above zero such as 100000'),
  commission: z.enum(['tiered', 'fixed']),
  seed: z.string().min(1).max(200),
});
/** What a backtest is determined by, beside its strategy. */
export type BacktestParameters = z.infer<typeof schema>;

/** @throws ConfigurationError naming the option, its value and the mend */
export function parseBacktestParameters(
  value: Readonly<Record<keyof BacktestParameters, unknown>>,
): BacktestParameters {
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const name = String(issue?.path[0]) as keyof BacktestParameters;
    throw new ConfigurationError(
      `--${name} ${JSON.stringify(value[name])} cannot be used: ${issue?.message}; dates are written like 2018-01-22, symbols like AAPL,SPX-PROXY`,
    );
  }
  if (parsed.data.from > parsed.data.to)
    throw new ConfigurationError(`--from ${parsed.data.from} is after --to ${parsed.data.to}; swap them`);
  return parsed.data;
}

/** What is played, in the words of the command line; each may be left out. */
export interface BacktestWords {
  readonly symbols?: string;
  readonly from?: string;
  readonly to?: string;
  readonly data?: string;
  readonly cash?: string;
  readonly commission?: string;
  readonly seed?: string;
}

/** @throws ConfigurationError naming the option, its value and the mend */
export const readBacktestWords = (words: BacktestWords): BacktestParameters =>
  parseBacktestParameters({
    symbols: (words.symbols ?? 'SPX-PROXY').split(',').map((symbol) => symbol.trim().toUpperCase()),
    from: words.from ?? '2000-01-03',
    to: words.to ?? '2020-04-17',
    data: words.data ?? null,
    cash: words.cash ?? '100000',
    commission: words.commission ?? 'tiered',
    seed: words.seed ?? 'abc-application',
  });

/** `fast=10,slow=30` as numbers. @throws ConfigurationError naming the part that is no `name=number` */
export function strategyParameters(text: string | undefined): Readonly<Record<string, number>> {
  const entries = (text ?? '')
    .split(',')
    .filter((part) => part.trim() !== '')
    .map((part) => {
      const match = /^\s*([A-Za-z]\w*)\s*=\s*(-?\d+(?:\.\d+)?)\s*$/.exec(part);
      if (match === null)
        throw new ConfigurationError(
          `--parameters: ${JSON.stringify(part)} is not name=number; write fast=10,slow=30`,
        );
      return [match[1] as string, Number(match[2])] as const;
    });
  return Object.fromEntries(entries);
}
