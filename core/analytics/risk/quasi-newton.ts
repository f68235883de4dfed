/** Value of a function at a point; writes its gradient. A value that is not finite marks a point outside the domain. */
export type Objective = (point: Float64Array, gradient: Float64Array) => number;

export interface Minimum {
  readonly point: Float64Array;
  readonly value: number;
  readonly gradient: Float64Array;
  readonly iterations: number;
  /** `stalled` where rounding leaves no step that falls; the gradient says how near the end that was. */
  readonly outcome: 'converged' | 'stalled' | 'iteration-limit';
}

export interface MinimiseOptions {
  /** Largest absolute entry of the gradient at which the search ends. */
  readonly gradientTolerance: number;
  readonly iterations: number;
}

const dot = (left: Float64Array, right: Float64Array): number => {
  let sum = 0;
  for (let index = 0; index < left.length; index++) sum += left[index]! * right[index]!;
  return sum;
};
export const largestEntry = (vector: Float64Array): number =>
  vector.reduce((most, entry) => Math.max(most, Math.abs(entry)), 0);

/** Sufficient decrease and curvature of a step (Wolfe 1969; the usual values of Nocedal and Wright 2006, 3.1). */
const DECREASE = 1e-4;
const CURVATURE = 0.9;
/** Relative rounding of the value, below which a rise is no rise. */
const ROUNDING = 1e-14;
const LINE_TRIALS = 40;
/** Longest first step in any coordinate. */
const FIRST_STEP = 0.5;

interface Place {
  readonly point: Float64Array;
  readonly value: number;
  readonly gradient: Float64Array;
}

/**
 * Local minimum of a smooth function of a few variables by BFGS: Nocedal and Wright, Numerical Optimization (2006),
 * algorithm 6.1, the first matrix scaled by their (6.20), steps by bisection to the weak Wolfe conditions (Lewis and
 * Overton 2013, algorithm 2.6).
 * @throws RangeError where the start is outside the domain
 */
export function minimise(objective: Objective, start: Float64Array, options: MinimiseOptions): Minimum {
  const size = start.length;
  const evaluate = (point: Float64Array): Place => {
    const gradient = new Float64Array(size);
    return { point, value: objective(point, gradient), gradient };
  };
  let place = evaluate(start.slice());
  if (!Number.isFinite(place.value))
    throw new RangeError(`the value at the start is ${place.value}; start inside the domain`);
  const inverse = new InverseHessian(size);
  for (let iterations = 0; ; iterations++) {
    const end = (outcome: Minimum['outcome']): Minimum => ({ ...place, iterations, outcome });
    if (largestEntry(place.gradient) <= options.gradientTolerance) return end('converged');
    if (iterations === options.iterations) return end('iteration-limit');
    const next = search(evaluate, place, inverse.direction(place.gradient), inverse.fresh);
    if (next === undefined) return end('stalled');
    inverse.learn(place, next);
    place = next;
  }
}

/** The next place along a direction, or nothing where no step falls. */
function search(
  evaluate: (point: Float64Array) => Place,
  from: Place,
  direction: Float64Array,
  fresh: boolean,
): Place | undefined {
  const slope = dot(from.gradient, direction);
  if (!(slope < 0)) return undefined;
  const slack = ROUNDING * Math.abs(from.value);
  let [low, high] = [0, Number.POSITIVE_INFINITY];
  let length = fresh ? Math.min(1, FIRST_STEP / largestEntry(direction)) : 1;
  let best: Place | undefined;
  for (let trial = 0; trial < LINE_TRIALS; trial++) {
    const next = evaluate(from.point.map((entry, index) => entry + length * direction[index]!));
    if (!(next.value <= from.value + DECREASE * length * slope + slack)) high = length;
    else {
      best = next;
      if (dot(next.gradient, direction) >= CURVATURE * slope) return next;
      low = length;
    }
    length = high === Number.POSITIVE_INFINITY ? 2 * low : (low + high) / 2;
  }
  return best;
}

/** The approximation of the inverse Hessian, row by row. */
class InverseHessian {
  /** Nothing has been learnt yet: the matrix is the identity. */
  fresh = true;
  readonly #size: number;
  readonly #matrix: Float64Array;

  constructor(size: number) {
    this.#size = size;
    this.#matrix = new Float64Array(size * size);
    this.#scale(1);
  }

  #scale(diagonal: number): void {
    this.#matrix.fill(0);
    for (let index = 0; index < this.#size; index++) this.#matrix[index * (this.#size + 1)] = diagonal;
  }

  #times(vector: Float64Array): Float64Array {
    return vector.map((_, row) =>
      dot(this.#matrix.subarray(row * this.#size, (row + 1) * this.#size), vector),
    );
  }

  direction(gradient: Float64Array): Float64Array {
    return this.#times(gradient).map((entry) => -entry);
  }

  learn(from: Place, to: Place): void {
    const step = to.point.map((entry, index) => entry - from.point[index]!);
    const change = to.gradient.map((entry, index) => entry - from.gradient[index]!);
    const curvature = dot(step, change);
    // Without positive curvature the update would lose positive definiteness.
    if (!(curvature > 1e-16 * Math.sqrt(dot(step, step) * dot(change, change)))) return;
    if (this.fresh) this.#scale(curvature / dot(change, change));
    this.fresh = false;
    const turned = this.#times(change);
    const weight = (1 + dot(change, turned) / curvature) / curvature;
    for (let row = 0; row < this.#size; row++) {
      for (let column = 0; column < this.#size; column++) {
        this.#matrix[row * this.#size + column]! +=
          weight * step[row]! * step[column]! -
          (turned[row]! * step[column]! + step[row]! * turned[column]!) / curvature;
      }
    }
  }
}
