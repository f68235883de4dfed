import * as z from 'zod';

const fraction = z.number().gt(0).max(1);
const clockFraction = z.number().min(0).max(1);

/**
 * The risk policy: a versioned setting whose every change is journaled. Fractions are of equity unless said otherwise.
 * Money is decimal text in the base currency.
 */
export const riskPolicySchema = z.strictObject({
  version: z.int().min(1),
  drawdown: z.strictObject({
    warn: fraction,
    reduce: fraction,
    halt: fraction,
    coolOffHours: z.number().min(0),
  }),
  position: z.strictObject({
    maximum: fraction,
    base: fraction,
    calmVolatility: fraction,
    calmFactor: z.number().gt(0).max(2),
    wildVolatility: z.number().gt(0).max(5),
    wildFactor: fraction,
  }),
  pyramiding: z.strictObject({ maximum: fraction, maxLayers: z.int().min(1).max(10) }),
  dailyLoss: fraction,
  grossLeverage: z.number().gt(0).max(4),
  sector: fraction,
  cluster: z.strictObject({ maximum: fraction, correlation: fraction }),
  orderValue: z.string().regex(/^\d+(\.\d+)?$/),
  ordersPerDay: z.int().min(1),
  messagesPerSecond: z.int().min(1).max(49),
  priceCollar: z.strictObject({ large: fraction, other: fraction, windowSeconds: z.int().min(1) }),
  participation: fraction,
  duplicateWindowSeconds: z.int().min(0),
  repeatedExecution: z.strictObject({ entries: z.int().min(1), windowMinutes: z.int().min(1) }),
  probabilityOfProfit: clockFraction,
  expectedSlippage: fraction,
  closingMinutes: z.int().min(0),
  barAge: z.strictObject({ intervals: z.number().gt(0), quoteSeconds: z.int().min(1) }),
  shortSelling: z.boolean(),
  restricted: z.array(z.string()),
  halted: z.array(z.string()),
});
export type RiskPolicy = z.infer<typeof riskPolicySchema>;

/** The defaults of docs/risk-policy.md. */
export const DEFAULT_RISK_POLICY: RiskPolicy = {
  version: 1,
  drawdown: { warn: 0.03, reduce: 0.04, halt: 0.05, coolOffHours: 24 },
  position: {
    maximum: 0.3,
    base: 0.1,
    calmVolatility: 0.15,
    calmFactor: 1.5,
    wildVolatility: 0.3,
    wildFactor: 0.5,
  },
  pyramiding: { maximum: 0.3, maxLayers: 4 },
  dailyLoss: 0.02,
  grossLeverage: 1,
  sector: 0.25,
  cluster: { maximum: 0.5, correlation: 0.8 },
  orderValue: '250000',
  ordersPerDay: 50,
  messagesPerSecond: 40,
  priceCollar: { large: 0.05, other: 0.1, windowSeconds: 900 },
  participation: 0.1,
  duplicateWindowSeconds: 30,
  repeatedExecution: { entries: 5, windowMinutes: 10 },
  probabilityOfProfit: 0.6,
  expectedSlippage: 0.001,
  closingMinutes: 5,
  barAge: { intervals: 2, quoteSeconds: 60 },
  shortSelling: false,
  restricted: [],
  halted: [],
};

/** No policy may be looser than this, whoever signs it. */
const HARD_CEILING: readonly {
  readonly path: string;
  readonly most: number;
  readonly of: (policy: RiskPolicy) => number;
}[] = [
  { path: 'drawdown.halt', most: 0.05, of: (policy) => policy.drawdown.halt },
  { path: 'position.maximum', most: 0.3, of: (policy) => policy.position.maximum },
  { path: 'pyramiding.maximum', most: 0.3, of: (policy) => policy.pyramiding.maximum },
  { path: 'dailyLoss', most: 0.05, of: (policy) => policy.dailyLoss },
  { path: 'grossLeverage', most: 2, of: (policy) => policy.grossLeverage },
  { path: 'participation', most: 0.25, of: (policy) => policy.participation },
];

/** A policy that cannot be used. Nothing trades under it; names each value and the mend. */
export class InvalidRiskPolicyError extends Error {
  readonly code = 'InvalidRiskPolicy';
  readonly retryable = false;
  constructor(problems: readonly string[]) {
    super(`the risk policy cannot be used: ${problems.join('; ')}`);
    this.name = 'InvalidRiskPolicyError';
  }
}

/**
 * Parses a policy: shape, ranges, order of the drawdown steps, hard ceiling.
 * @throws InvalidRiskPolicyError listing every problem found.
 */
export function parseRiskPolicy(value: unknown): RiskPolicy {
  const parsed = riskPolicySchema.safeParse(value);
  if (!parsed.success) {
    throw new InvalidRiskPolicyError(
      parsed.error.issues.map((issue) => `${issue.path.join('.') || 'policy'}: ${issue.message}`),
    );
  }
  const policy = parsed.data;
  const problems = HARD_CEILING.flatMap(({ path, most, of }) =>
    of(policy) > most
      ? [`${path} is ${of(policy)}, above the hard ceiling of ${most}; lower it to ${most} or less`]
      : [],
  );
  const { warn, reduce, halt } = policy.drawdown;
  if (!(warn < reduce && reduce < halt)) {
    problems.push(`drawdown must rise from warn (${warn}) to reduce (${reduce}) to halt (${halt})`);
  }
  if (policy.position.base > policy.position.maximum) {
    problems.push(
      `position.base ${policy.position.base} is above position.maximum ${policy.position.maximum}`,
    );
  }
  if (problems.length > 0) throw new InvalidRiskPolicyError(problems);
  return policy;
}

export type PolicyReading =
  | { readonly kind: 'policy'; readonly policy: RiskPolicy }
  | { readonly kind: 'unreadable'; readonly detail: string };

/** The policy in force, or why nothing can be decided by it; null where none was ever put in force. */
export function readRiskPolicy(value: unknown): PolicyReading {
  if (value === null)
    return { kind: 'unreadable', detail: 'there is no risk policy in force; put one in force first' };
  try {
    return { kind: 'policy', policy: parseRiskPolicy(value) };
  } catch (error) {
    if (error instanceof InvalidRiskPolicyError) return { kind: 'unreadable', detail: error.message };
    throw error;
  }
}
