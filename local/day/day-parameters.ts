import * as z from 'zod';
import { ConfigurationError } from './errors.ts';

const parameters = z.object({
  from: z.iso.date(),
  to: z.iso.date(),
  symbols: z.array(z.string().regex(/^[A-Z0-9][A-Z0-9.-]{0,31}$/)).min(1),
  seed: z.string().min(1).max(200),
  data: z.string().nullable(),
});
/** What a replay is determined by: the same parameters give the same decisions, orders and audit root. */
export type DayParameters = z.infer<typeof parameters>;

/** How functions are kept apart: in threads that they share, or each instance in its own, as in sandboxes on AWS. */
const isolation = z.enum(['shared', 'function']);
export type Isolation = z.infer<typeof isolation>;

/** @throws ConfigurationError */
export function parseIsolation(value: string | undefined): Isolation {
  const parsed = isolation.safeParse(value ?? 'shared');
  if (!parsed.success)
    throw new ConfigurationError(
      `--isolation ${JSON.stringify(value)} is not known; use shared (faster) or function (a thread each, as sandboxes on AWS)`,
    );
  return parsed.data;
}

export const DEFAULT_DAY: DayParameters = {
  from: '2018-01-22',
  to: '2018-02-16',
  symbols: ['AAPL', 'SPX', 'SPX-PROXY'],
  seed: 'abc-application',
  data: null,
};

/** @throws ConfigurationError naming the value and the mend */
export function parseDayParameters(value: unknown): DayParameters {
  const parsed = parameters.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const given = JSON.stringify((value as Record<string, unknown>)[String(issue?.path[0])]);
    throw new ConfigurationError(
      `--${String(issue?.path[0])} ${given} cannot be used: ${issue?.message}; dates are written like 2018-01-22, symbols like AAPL,SPX`,
    );
  }
  if (parsed.data.from > parsed.data.to) {
    throw new ConfigurationError(`--from ${parsed.data.from} is after --to ${parsed.data.to}; swap them`);
  }
  return parsed.data;
}
