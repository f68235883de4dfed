import * as z from 'zod';

/** The environment every function of the desk gets from its stack. */
const deskEnvironment = z.object({
  JOURNAL_TABLE: z.string().min(1),
  STATE_TABLE: z.string().min(1),
  IDEMPOTENCY_TABLE: z.string().min(1),
  OBJECT_BUCKET: z.string().min(1),
  /** The environment's name, which the metrics carry: `local`, `dev`, `paper` or `live`. */
  DESK_ENVIRONMENT: z.string().min(1),
  /** `paper` or `live`; shown in every log line. */
  DESK_MODE: z.enum(['paper', 'live']),
  /** Minutes of an intraday bar. */
  BAR_MINUTES: z.coerce.number().int().min(1).max(60),
  /** Instruments the desk watches, comma-separated. */
  INSTRUMENTS: z.string().transform((text) =>
    text
      .split(',')
      .map((id) => id.trim())
      .filter((id) => id !== ''),
  ),
  /** Text that every random draw of the desk is seeded from. */
  DESK_SEED: z.string().min(1),
  PROCESSED_DAYS: z.coerce.number().int().min(1).default(14),
});
export type DeskEnvironment = z.infer<typeof deskEnvironment>;

/** A function that was deployed with a wrong environment: it refuses to start and names each variable. */
export class InvalidEnvironmentError extends Error {
  readonly code = 'InvalidEnvironment';
  readonly retryable = false;
  constructor(detail: string) {
    super(`the environment of this function is not usable: ${detail}`);
    this.name = 'InvalidEnvironmentError';
  }
}

/** Parses further variables of one function with `schema`. @throws InvalidEnvironmentError */
export function parseEnvironment<S extends z.ZodType>(
  schema: S,
  environment: Readonly<Record<string, string | undefined>>,
): z.infer<S> {
  const parsed = schema.safeParse(environment);
  if (!parsed.success) {
    throw new InvalidEnvironmentError(
      parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '),
    );
  }
  return parsed.data;
}

export const parseDeskEnvironment = (
  environment: Readonly<Record<string, string | undefined>>,
): DeskEnvironment => parseEnvironment(deskEnvironment, environment);
