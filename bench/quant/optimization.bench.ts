/** Quadratic programs of 100 assets: the project's own solver against the npm package `quadprog` on the same program. */
import { solveQuadraticProgram } from '#core/analytics/optimization/goldfarb-idnani.ts';
import type { QuadraticProgram } from '#core/analytics/optimization/quadratic-program.ts';
import { seededRandom } from '#core/values/random.ts';
import { quadprogSolution } from '../../tests/support/quadprog-oracle.ts';

const say = (name: string, value: string) => console.log(JSON.stringify({ name, value }));
const ASSETS = 100;
const FACTORS = 5;
const CAP = 0.03;

/** The median of some runs, in milliseconds. */
function median(runs: number, work: () => void): number {
  const times = Array.from({ length: runs }, () => {
    const begun = performance.now();
    work();
    return performance.now() - begun;
  });
  return times.toSorted((a, b) => a - b)[runs >> 1]!;
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
const ownTime = median(41, () => solveQuadraticProgram(program));
const theirTime = median(21, () => quadprogSolution(program));
say('quadratic program of 100 assets, warm (< 10 ms)', `${ownTime.toFixed(2)} ms`);
say('quadprog on the same program', `${theirTime.toFixed(2)} ms`);
say('quadprog / own', `${(theirTime / ownTime).toFixed(1)} ×`);
