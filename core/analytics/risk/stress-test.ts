import { type Figure, undefinedBecause, value } from '../series.ts';
import { InvalidSampleError } from './errors.ts';
import { RISK_FACTORS, type RiskFactor, type Scenario, type Shocks } from './stress-scenarios.ts';

/**
 * What a position gains or loses per unit of a factor's shock, as a share of its value: beta for equity, dollar and
 * bitcoin; minus the modified duration for the yield; minus the spread duration for the spread; vega over value for
 * implied volatility, per whole unit (a hundred points). A factor left out is one the position does not depend on.
 */
export type Sensitivities = Readonly<Partial<Record<RiskFactor, number>>>;

export interface BookPosition {
  readonly instrument: string;
  /** Signed market value in the account's currency: below 0 for a short. */
  readonly value: number;
  readonly sensitivities: Sensitivities;
}

export interface StressedPosition {
  readonly instrument: string;
  /** In the account's currency; undefined where a factor it depends on has no known shock. */
  readonly profit: Figure;
}

/** What a scenario makes of a book. */
export interface StressResult {
  readonly scenario: string;
  readonly positions: readonly StressedPosition[];
  /** Sum over the positions; undefined where any of them is. */
  readonly profit: Figure;
  /** The same over equity: −0.1 is a tenth of the account lost. */
  readonly equityFraction: Figure;
}

/** Sensitivities of what only follows one market. */
export const sensitivitiesOf = {
  /** A stock, fund or index of stocks by its beta to the S&P 500. */
  equity: (beta: number): Sensitivities => ({ equity: beta }),
  /** A Treasury by its modified duration in years. */
  treasury: (duration: number): Sensitivities => ({ treasuryYield: -duration }),
  /** A high-yield bond by its modified duration and the duration of its spread, both in years. */
  highYield: (duration: number, spreadDuration: number): Sensitivities => ({
    treasuryYield: -duration,
    highYieldSpread: -spreadDuration,
  }),
  /** A currency held against the dollar by its beta to the broad dollar: 1 for one that moves as the others do. */
  currency: (beta: number): Sensitivities => ({ dollar: -beta }),
  /** Bitcoin by 1, another coin by its beta to it. */
  crypto: (beta: number): Sensitivities => ({ bitcoin: beta }),
} as const;

/**
 * Applies scenarios to a book, to first order: value × Σ sensitivity × shock. Convexity is not in it: an option is to be
 * revalued under the shocks by its own model.
 * @param equity of the account, above 0
 * @throws InvalidSampleError for a value, sensitivity, shock or equity that is not finite, or equity not above 0
 */
export function stressBook(
  positions: readonly BookPosition[],
  scenarios: readonly Scenario[],
  equity: number,
): readonly StressResult[] {
  if (!(equity > 0 && Number.isFinite(equity)))
    throw new InvalidSampleError(`the equity is ${equity}; expected a finite number above 0`);
  for (const { instrument, value: held, sensitivities } of positions) {
    requireFinite(`the value of ${instrument}`, held);
    for (const factor of RISK_FACTORS)
      requireFinite(`the ${factor} sensitivity of ${instrument}`, sensitivities[factor] ?? 0);
  }
  return scenarios.map(({ name, shocks }) => {
    for (const factor of RISK_FACTORS) requireFinite(`the ${factor} shock of ${name}`, shocks[factor] ?? 0);
    const stressed = positions.map((position) => ({
      instrument: position.instrument,
      profit: profitOf(position, shocks),
    }));
    const profit = sumOf(stressed);
    return {
      scenario: name,
      positions: stressed,
      profit,
      equityFraction: profit.kind === 'value' ? value(profit.value / equity) : profit,
    };
  });
}

/** The scenario that costs the book most; undefined without one whose outcome is known. */
export function worstScenario(results: readonly StressResult[]): StressResult | undefined {
  const known = results.flatMap((result) =>
    result.profit.kind === 'value' ? [{ result, profit: result.profit.value }] : [],
  );
  const [first, ...others] = known;
  if (first === undefined) return undefined;
  return others.reduce((worst, other) => (other.profit < worst.profit ? other : worst), first).result;
}

function requireFinite(what: string, number: number): void {
  if (!Number.isFinite(number))
    throw new InvalidSampleError(`${what} is ${number}; expected a finite number, or leave it out`);
}

function profitOf({ value: held, sensitivities }: BookPosition, shocks: Shocks): Figure {
  let share = 0;
  for (const factor of RISK_FACTORS) {
    const sensitivity = sensitivities[factor] ?? 0;
    if (sensitivity === 0) continue;
    const shock = shocks[factor];
    if (shock === undefined) return undefinedBecause(`the ${factor} shock is not known`);
    share += sensitivity * shock;
  }
  return value(held * share);
}

function sumOf(positions: readonly StressedPosition[]): Figure {
  let sum = 0;
  for (const { instrument, profit } of positions) {
    if (profit.kind === 'undefined') return undefinedBecause(`of ${instrument}: ${profit.reason}`);
    sum += profit.value;
  }
  return value(sum);
}
