/** Portfolios of 100 assets; the project's own quadratic solver against the npm package `quadprog` on the same program. */
import { loadHighsSolver } from '#adapters/highs/highs-solver.ts';
import { minimumConditionalValueAtRisk } from '#core/analytics/optimization/conditional-value-at-risk.ts';
import { efficientFrontier } from '#core/analytics/optimization/efficient-frontier.ts';
import { solveQuadraticProgram } from '#core/analytics/optimization/goldfarb-idnani.ts';
import { hierarchicalRiskParity } from '#core/analytics/optimization/hierarchical-risk-parity.ts';
import { maximumSharpe } from '#core/analytics/optimization/maximum-sharpe.ts';
import { meanVariance } from '#core/analytics/optimization/mean-variance.ts';
import { minimumVariance } from '#core/analytics/optimization/minimum-variance.ts';
import type { QuadraticProgram } from '#core/analytics/optimization/quadratic-program.ts';
import { riskParity } from '#core/analytics/optimization/risk-parity.ts';
import { seededRandom } from '#core/values/random.ts';
import { quadprogSolution } from '../../tests/support/quadprog-oracle.ts';

const say = (name: string, value: string) => console.log(JSON.stringify({ name, value }));
const ASSETS = 100;
const FACTORS = 5;
const CAP = 0.03;

/** The fastest of some runs of each, in milliseconds, taken in turns: the machine is never alone. */
function fastest(runs: number, ...works: readonly (() => void)[]): number[] {
  const best = works.map(() => Number.POSITIVE_INFINITY);
  for (let run = 0; run < runs; run++) {
    works.forEach((work, index) => {
      const begun = performance.now();
      work();
      best[index] = Math.min(best[index]!, performance.now() - begun);
    });
  }
  return best;
}

const random = seededRandom(7);
const loadings = Float64Array.from({ length: ASSETS * FACTORS }, () => random.normal() / 100);
const covariance = new Float64Array(ASSETS * ASSETS);
for (let row = 0; row < ASSETS; row++) {
  for (let column = 0; column < ASSETS; column++) {
    let sum = row === column ? 1e-4 * (1 + (row % 7)) : 0;
    for (let factor = 0; factor < FACTORS; factor++)
      sum += loadings[row * FACTORS + factor]! * loadings[column * FACTORS + factor]!;
    covariance[row * ASSETS + column] = sum;
  }
}
const program: QuadraticProgram = {
  variables: Array.from({ length: ASSETS }, (_, index) => `asset ${index}`),
  quadratic: covariance,
  linear: Float64Array.from({ length: ASSETS }, () => -random.normal() * 1e-4),
  lower: new Float64Array(ASSETS),
  upper: new Float64Array(ASSETS).fill(CAP),
  rows: [{ name: 'budget', coefficients: new Float64Array(ASSETS).fill(1), least: 1, most: 1 }],
};

const own = solveQuadraticProgram(program);
const theirs = quadprogSolution(program);
if (theirs === undefined) throw new Error('quadprog found no solution');
const furthest = Math.max(...own.solution.map((weight, index) => Math.abs(weight - theirs.solution[index]!)));
say('binding constraints of 100 assets, budget and cap 3 %', `${own.binding.length}`);
say('largest difference of weights to quadprog (< 1e-4)', furthest.toExponential(1));
say(
  'relative difference of objectives to quadprog (< 1e-6)',
  Math.abs(own.objective / theirs.objective - 1).toExponential(1),
);
const [ownTime, theirTime] = fastest(
  25,
  () => solveQuadraticProgram(program),
  () => quadprogSolution(program),
);
say('quadratic program of 100 assets, warm (< 10 ms)', `${ownTime!.toFixed(2)} ms`);
say('quadprog on the same program, its arrays included', `${theirTime!.toFixed(2)} ms`);
say('quadprog / own', `${(theirTime! / ownTime!).toFixed(1)} ×`);

const model = { names: program.variables, covariance };
const returns = program.linear.map((entry) => -entry);
const limits = { cap: CAP };
const costs = { current: new Float64Array(ASSETS).fill(1 / ASSETS), buy: 1e-5, sell: 1e-5 };
const methods: readonly (readonly [string, () => void])[] = [
  ['minimum variance', () => minimumVariance(model, { limits })],
  ['maximum Sharpe ratio', () => maximumSharpe(model, returns, { limits })],
  ['mean–variance with costs', () => meanVariance(model, returns, { riskAversion: 5, limits, costs })],
  ['risk parity, cap not in the way', () => riskParity(model)],
  ['risk parity under a cap of 1.5 %', () => riskParity(model, { limits: { cap: 0.015 } })],
  ['hierarchical risk parity', () => hierarchicalRiskParity(model, { limits })],
  ['efficient frontier of 20 points', () => efficientFrontier(model, returns, { limits })],
];
for (const [name, work] of methods) say(`${name}, 100 assets`, `${fastest(8, work)[0]!.toFixed(1)} ms`);

const solver = await loadHighsSolver();
const scenarios = {
  names: program.variables.slice(0, 30),
  returns: Float64Array.from({ length: 30 * 1000 }, () => 0.0004 + 0.01 * random.normal()),
};
say(
  'conditional value at risk, 30 assets × 1,000 scenarios, by HiGHS',
  `${fastest(4, () => minimumConditionalValueAtRisk(scenarios, { confidence: 0.95, limits: { cap: 0.3 } }, solver))[0]!.toFixed(0)} ms`,
);
