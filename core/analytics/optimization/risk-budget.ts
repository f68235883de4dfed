import { choleskyFactor, choleskySolve } from './cholesky.ts';
import { dot, times } from './vector.ts';

/** Minimise ½xᵀΣx − λ Σ bᵢ ln xᵢ with floors ≤ x ≤ caps and x > 0. */
export interface BarrierProgram {
  readonly covariance: Float64Array;
  /** b, above 0. */
  readonly budgets: Float64Array;
  readonly floors: Float64Array;
  readonly caps: Float64Array;
  /** λ. */
  readonly strength: number;
}

/** Largest relative deviation of xᵢ(Σx)ᵢ from λbᵢ over the names that are on no limit, or pressed away from one. */
export function deviationOf(
  { covariance, budgets, floors, caps, strength }: BarrierProgram,
  x: Float64Array,
) {
  const marginal = times(covariance, x);
  let largest = 0;
  for (let index = 0; index < x.length; index++) {
    const deviation = (x[index]! * marginal[index]!) / (strength * budgets[index]!) - 1;
    if (x[index]! >= caps[index]! && deviation < 0) continue;
    if (x[index]! <= floors[index]! && deviation > 0) continue;
    largest = Math.max(largest, Math.abs(deviation));
  }
  return largest;
}

const SWEEPS = 500;
const CONVERGED = 1e-13;

/**
 * The one minimum, from a start above zero within the limits. Each round is one sweep of cyclical coordinate descent
 * (Griveau-Billion, Richard and Roncalli 2013, equation 9; with limits Richard and Roncalli 2019), which goes down
 * whatever the start, and one damped Newton step on the names that are on no limit (Spinu 2013), which makes the end
 * quadratic; a Newton step that does not go down is not taken.
 * @returns x and its {@link deviationOf}, which the caller must judge
 */
export function solveBarrier(
  program: BarrierProgram,
  start: Float64Array,
): { readonly x: Float64Array; readonly deviation: number } {
  let x: Float64Array = start.slice();
  let deviation = deviationOf(program, x);
  for (let sweep = 0; sweep < SWEEPS && deviation > CONVERGED; sweep++) {
    descend(program, x);
    const newton = newtonStep(program, x);
    if (newton !== undefined) {
      const value = barrierValue(program, x);
      // Near the minimum the value no longer tells points apart; the deviation does.
      if (
        barrierValue(program, newton) < value ||
        (barrierValue(program, newton) <= value + 1e-14 * Math.abs(value) &&
          deviationOf(program, newton) < deviationOf(program, x))
      )
        x = newton;
    }
    const next = deviationOf(program, x);
    if (next >= deviation && next < 1e-11) return { x, deviation: next };
    deviation = next;
  }
  return { x, deviation };
}

function barrierValue({ covariance, budgets, strength }: BarrierProgram, x: Float64Array): number {
  let barrier = 0;
  for (let index = 0; index < x.length; index++) barrier += budgets[index]! * Math.log(x[index]!);
  return 0.5 * dot(x, times(covariance, x)) - strength * barrier;
}

function descend({ covariance, budgets, floors, caps, strength }: BarrierProgram, x: Float64Array): void {
  const size = x.length;
  for (let index = 0; index < size; index++) {
    const variance = covariance[index * (size + 1)]!;
    let others = -variance * x[index]!;
    for (let k = 0, at = index * size; k < size; k++, at++) others += covariance[at]! * x[k]!;
    const target = strength * budgets[index]!;
    const root = Math.sqrt(others * others + 4 * variance * target);
    const free = others > 0 ? (2 * target) / (others + root) : (root - others) / (2 * variance);
    x[index] = Math.min(caps[index]!, Math.max(floors[index]!, free));
  }
}

function newtonStep(program: BarrierProgram, x: Float64Array): Float64Array | undefined {
  const { covariance, budgets, floors, caps, strength } = program;
  const size = x.length;
  const free = Array.from(x.keys()).filter((index) => x[index]! < caps[index]! && x[index]! > floors[index]!);
  const count = free.length;
  if (count === 0) return undefined;
  const marginal = times(covariance, x);
  const hessian = new Float64Array(count * count);
  const downhill = new Float64Array(count);
  free.forEach((index, row) => {
    free.forEach((other, column) => {
      hessian[row * count + column] = covariance[index * size + other]!;
    });
    const pull = (strength * budgets[index]!) / x[index]!;
    hessian[row * (count + 1)]! += pull / x[index]!;
    downhill[row] = pull - marginal[index]!;
  });
  const factor = choleskyFactor(hessian, count);
  if (factor.kind === 'not-positive-definite') return undefined;
  const step = choleskySolve(factor.lower, downhill);
  const relative = Math.max(...step.map((entry, row) => Math.abs(entry) / x[free[row]!]!));
  const damping = relative > 0.3 ? 1 / (1 + relative) : 1;
  const next = x.slice();
  free.forEach((index, row) => {
    next[index] = Math.min(caps[index]!, Math.max(floors[index]!, x[index]! + damping * step[row]!));
  });
  return next;
}
