import { blackLitterman } from '#core/analytics/optimization/black-litterman.ts';
import { minimumConditionalValueAtRisk } from '#core/analytics/optimization/conditional-value-at-risk.ts';
import { hierarchicalRiskParity } from '#core/analytics/optimization/hierarchical-risk-parity.ts';
import { inverseVolatility } from '#core/analytics/optimization/inverse-volatility.ts';
import type { LinearProgramSolver } from '#core/analytics/optimization/linear-program.ts';
import { maximumSharpe } from '#core/analytics/optimization/maximum-sharpe.ts';
import { meanVariance } from '#core/analytics/optimization/mean-variance.ts';
import { minimumVariance } from '#core/analytics/optimization/minimum-variance.ts';
import type { Portfolio } from '#core/analytics/optimization/portfolio.ts';
import { deviationsOf, type RiskModel } from '#core/analytics/optimization/risk-model.ts';
import { riskParity } from '#core/analytics/optimization/risk-parity.ts';
import { CASH_ALLOWED, type WeightLimits } from '#core/analytics/optimization/weight-limits.ts';
import { ewmaCovariance, sampleCovariance } from '#core/analytics/risk/covariance.ts';
import { ledoitWolfCovariance } from '#core/analytics/risk/ledoit-wolf.ts';
import { newYorkDate } from '#core/market/calendar.ts';
import { ConfigurationError } from '#local/day/errors.ts';
import type { ReturnTable } from '#local/tables/return-table.ts';
import type { LimitWord, PortfolioRequest, ViewWord } from './portfolio-request.ts';

/** What a method was told and came to, ready for JSON. */
export type PortfolioReport = ReturnType<typeof portfolioReport>;

interface Estimate {
  readonly covariance: Float64Array;
  /** How much of it is the target of the shrinkage; null where nothing is shrunk. */
  readonly intensity: number | null;
}

function estimateOf({ columns }: ReturnTable, { covariance, method }: PortfolioRequest): Estimate {
  if (method === 'cvar') return { covariance: sampleCovariance(columns), intensity: null };
  switch (covariance) {
    case 'sample':
      return { covariance: sampleCovariance(columns), intensity: null };
    case 'ewma':
      return { covariance: ewmaCovariance(columns), intensity: null };
    case 'ledoit-wolf':
      return ledoitWolfCovariance(columns, 'constant-correlation');
  }
}

/** A number for each name; names not given have `fallback`. @throws ConfigurationError for a name that is not in the file */
function byName(
  option: string,
  given: ReadonlyMap<string, number>,
  names: readonly string[],
  fallback: (name: string) => number,
): Float64Array {
  const unknown = [...given.keys()].find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new ConfigurationError(
      `${option} gives ${unknown}, which is not a column of the file; it has ${names.join(', ')}`,
    );
  return Float64Array.from(names, (name) => given.get(name) ?? fallback(name));
}

function limitsOf({ cap, floor, allowCash }: PortfolioRequest, names: readonly string[]): WeightLimits {
  const limit = (option: string, word: LimitWord | null, fallback: number) =>
    word === null ? fallback : typeof word === 'number' ? word : byName(option, word, names, () => fallback);
  return {
    floor: limit('--floor', floor, 0),
    cap: limit('--cap', cap, 1),
    ...(allowCash ? { invested: CASH_ALLOWED } : {}),
  };
}

const meanOf = (column: Float64Array): number => column.reduce((sum, item) => sum + item, 0) / column.length;

function expectedReturns(table: ReturnTable, { expected }: PortfolioRequest): Float64Array {
  if (expected === null) return Float64Array.from(table.columns, meanOf);
  const missing = table.names.find((name) => !expected.has(name));
  if (missing !== undefined)
    throw new ConfigurationError(
      `--expected does not give ${missing}; give a yearly return for each of ${table.names.join(', ')}`,
    );
  return byName('--expected', expected, table.names, () => Number.NaN).map(
    (annual) => annual / table.periodsPerYear,
  );
}

function viewOf({ over, under, annualReturn }: ViewWord, perYear: number) {
  return {
    name: under === null ? over : `${over} above ${under}`,
    portfolio: under === null ? { [over]: 1 } : { [over]: 1, [under]: -1 },
    expectedReturn: annualReturn / perYear,
  };
}

function posterior(model: RiskModel, table: ReturnTable, { market, views, riskAversion }: PortfolioRequest) {
  const equal = 1 / model.names.length;
  return blackLitterman(model, {
    marketWeights:
      market === null
        ? new Float64Array(model.names.length).fill(equal)
        : byName('--market', market, model.names, () => 0),
    riskAversion,
    views: views.map((view) => viewOf(view, table.periodsPerYear)),
  });
}

interface Solved {
  readonly portfolio: Portfolio;
  /** What the method took returns to be, one period; null where it takes none. */
  readonly expected: Float64Array | null;
}

function solved(
  model: RiskModel,
  table: ReturnTable,
  request: PortfolioRequest,
  solver: LinearProgramSolver | null,
): Solved {
  const limits = limitsOf(request, model.names);
  const { ridge, riskAversion, confidence } = request;
  const rate = request.riskFree / table.periodsPerYear;
  switch (request.method) {
    case 'min-variance':
      return { portfolio: minimumVariance(model, { limits, ridge }), expected: null };
    case 'max-sharpe': {
      const expected = expectedReturns(table, request);
      return { portfolio: maximumSharpe(model, expected, { limits, ridge, riskFreeRate: rate }), expected };
    }
    case 'mean-variance': {
      const expected = expectedReturns(table, request);
      return {
        portfolio: meanVariance(model, expected, { limits, ridge, riskAversion, cashReturn: rate }),
        expected,
      };
    }
    case 'risk-parity':
      return { portfolio: riskParity(model, { limits }), expected: null };
    case 'inverse-volatility':
      return { portfolio: inverseVolatility(model, { limits }), expected: null };
    case 'hrp':
      return { portfolio: hierarchicalRiskParity(model, { limits }), expected: null };
    case 'black-litterman': {
      const { expectedReturns: expected, covariance } = posterior(model, table, request);
      const combined = { names: model.names, covariance };
      return { portfolio: meanVariance(combined, expected, { limits, ridge, riskAversion }), expected };
    }
    case 'cvar': {
      if (solver === null) throw new TypeError('the method cvar needs a solver; expected one');
      const returns = scenarioRows(table);
      const scenarios = { names: model.names, returns };
      return {
        portfolio: minimumConditionalValueAtRisk(scenarios, { confidence, limits, cashReturn: rate }, solver),
        expected: Float64Array.from(table.columns, meanOf),
      };
    }
  }
}

function scenarioRows({ columns, time }: ReturnTable): Float64Array {
  const rows = new Float64Array(columns.length * time.length);
  columns.forEach((column, name) => {
    for (let row = 0; row < time.length; row++) rows[row * columns.length + name] = column[row]!;
  });
  return rows;
}

const named = (names: readonly string[], column: Float64Array): Readonly<Record<string, number>> =>
  Object.fromEntries(names.map((name, index) => [name, column[index]!]));

/**
 * Weights for the names of a table by one method, with what is needed to judge them.
 * @param solver of linear programs, needed by `cvar` alone
 * @throws ConfigurationError for a name that is not in the table
 * @throws InvalidOptimizationError, InfeasibleConstraintsError, NotPositiveDefiniteError, NoExcessReturnError, NotConvergedError,
 * InvalidSampleError by the method
 */
export function portfolioReport(
  table: ReturnTable,
  request: PortfolioRequest,
  solver: LinearProgramSolver | null,
) {
  const { names, time, periodsPerYear, sha256 } = table;
  const { covariance, intensity } = estimateOf(table, request);
  const model = { names, covariance };
  const { portfolio, expected } = solved(model, table, request, solver);
  const { expectedReturn, riskShares, conditionNumber } = portfolio;
  const perYear = (variance: number) => variance * Math.sqrt(periodsPerYear);
  return {
    method: request.method,
    input: {
      sha256,
      content: request.content,
      from: newYorkDate(time[0]!),
      to: newYorkDate(time.at(-1)!),
      returns: time.length,
      periodsPerYear,
    },
    covariance: {
      estimator: request.method === 'cvar' ? ('scenarios' as const) : request.covariance,
      shrinkage: intensity,
      conditionNumber,
      ridge: portfolio.ridge,
    },
    weights: named(names, portfolio.weights),
    cash: portfolio.cash,
    riskShares:
      riskShares.kind === 'value' ? { ...riskShares, shares: named(names, riskShares.shares) } : riskShares,
    annualVolatility: perYear(portfolio.volatility),
    annualVolatilities: named(names, deviationsOf(model).map(perYear)),
    annualExpectedReturn:
      expectedReturn.kind === 'value'
        ? { ...expectedReturn, value: expectedReturn.value * periodsPerYear }
        : expectedReturn,
    annualExpectedReturns:
      expected === null
        ? null
        : named(
            names,
            expected.map((one) => one * periodsPerYear),
          ),
    /** Of one period, as the method computes it. */
    objective: portfolio.objective,
    binding: portfolio.binding,
  };
}
