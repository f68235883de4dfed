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

/** How near a point is to the minimum, and how near it can be told to be. */
export interface Nearness {
  /**
   * Largest relative deviation of xᵢ(Σx)ᵢ from λbᵢ over the names that are on no limit, or pressed away from one.
   */
  readonly deviation: number;
  /** What of it may be rounding: where names hedge each other (Σx)ᵢ is the small sum of large numbers. */
  readonly rounding: number;
}

function nearnessOf(
  { covariance, budgets, floors, caps, strength }: BarrierProgram,
  x: Float64Array,
): Nearness {
  const size = x.length;
  let deviation = 0;
  let rounding = 0;
  for (let index = 0; index < size; index++) {
    let marginal = 0;
    let absolute = 0;
    for (let k = 0, at = index * size; k < size; k++, at++) {
      const part = covariance[at]! * x[k]!;
      marginal += part;
      absolute += Math.abs(part);
    }
    const factor = x[index]! / (strength * budgets[index]!);
    const own = factor * marginal - 1;
    if (x[index]! >= caps[index]! && own < 0) continue;
    if (x[index]! <= floors[index]! && own > 0) continue;
    deviation = Math.max(deviation, Math.abs(own));
    rounding = Math.max(rounding, Number.EPSILON * factor * absolute);
  }
  return { deviation, rounding };
}

const SWEEPS = 500;
const CONVERGED = 1e-13;
/** Rounds without coming nearer after which the rest is taken for rounding. */
const PATIENCE = 5;

/**
 * The one minimum, from a start above zero within the limits. Each round is one sweep of cyclical coordinate descent
 * (Griveau-Billion, Richard and Roncalli 2013, equation 9; with limits Richard and Roncalli 2019), which goes down
 * whatever the start, and one damped Newton step on the names that are on no limit (Spinu 2013), which makes the end
 * quadratic; a Newton step that does not go down is not taken.
 * @returns x and how near it is, which the caller must judge
 */
export function solveBarrier(
  program: BarrierProgram,
  start: Float64Array,
): { readonly x: Float64Array } & Nearness {
  let x: Float64Array = start.slice();
  let nearness = nearnessOf(program, x);
  let nearest = Infinity;
  let idle = 0;
  for (let sweep = 0; sweep < SWEEPS && idle < PATIENCE; sweep++) {
    if (nearness.deviation <= Math.max(CONVERGED, nearness.rounding)) break;
    descend(program, x);
    for (const step of newtonSteps(program, x)) x = better(program, x, step);
    nearness = nearnessOf(program, x);
    idle = nearness.deviation < 1e-6 && nearness.deviation >= nearest ? idle + 1 : 0;
    nearest = Math.min(nearest, nearness.deviation);
  }
  return { x, ...nearness };
}

function better(program: BarrierProgram, x: Float64Array, step: Float64Array): Float64Array {
  const [before, after] = [barrierValue(program, x), barrierValue(program, step)];
  if (after < before) return step;
  // Near the minimum the value no longer tells points apart; the deviation does.
  const tied = after <= before + 1e-14 * Math.abs(before);
  return tied && nearnessOf(program, step).deviation < nearnessOf(program, x).deviation ? step : x;
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

/**
 * Where a damped Newton step on the free names leads: with every name stopped at its own limit, which may find several
 * limits at once, and only as far as the first limit, which goes down for certain.
 */
function newtonSteps(program: BarrierProgram, x: Float64Array): Float64Array[] {
  const { floors, caps } = program;
  const free = Array.from(x.keys()).filter((index) => x[index]! < caps[index]! && x[index]! > floors[index]!);
  const step = newtonDirection(program, x, free);
  if (step === undefined) return [];
  const relative = Math.max(...step.map((entry, row) => Math.abs(entry) / x[free[row]!]!));
  const damping = relative > 0.3 ? 1 / (1 + relative) : 1;
  const after = (part: number): Float64Array => {
    const next = x.slice();
    free.forEach((index, row) => {
      next[index] = Math.min(caps[index]!, Math.max(floors[index]!, x[index]! + part * step[row]!));
    });
    return next;
  };
  let first = damping;
  free.forEach((index, row) => {
    const limit = step[row]! > 0 ? caps[index]! : floors[index]!;
    if (step[row] !== 0) first = Math.min(first, (limit - x[index]!) / step[row]!);
  });
  return first < damping ? [after(damping), after(first)] : [after(damping)];
}

function newtonDirection(
  { covariance, budgets, strength }: BarrierProgram,
  x: Float64Array,
  free: readonly number[],
): Float64Array | undefined {
  const size = x.length;
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
  return factor.kind === 'factor' ? choleskySolve(factor.lower, downhill) : undefined;
}
