import { ActiveSet, type Direction, type Side, slackOf } from './active-set.ts';
import { choleskyFactor, choleskySolve, inverseTransposed } from './cholesky.ts';
import { InfeasibleConstraintsError, NotConvergedError, NotPositiveDefiniteError } from './errors.ts';
import { checkProgram, type QuadraticProgram, sidesOf } from './quadratic-program.ts';
import { dot, times } from './vector.ts';

/** A constraint that holds with equality, and what it costs. */
export interface BindingConstraint {
  /** The name of the row or variable with the end that binds, such as `budget = 1` or `AAPL ≤ 0.3`. */
  readonly name: string;
  /** How the objective changes for each unit by which the end is raised; negated for upper ends, so never below 0. */
  readonly multiplier: number;
}

export interface QuadraticSolution {
  readonly solution: Float64Array;
  /** ½xᵀGx + aᵀx of the program as given, without the ridge. */
  readonly objective: number;
  readonly binding: readonly BindingConstraint[];
  /** How often the active set changed. */
  readonly iterations: number;
}

/**
 * Solves a strictly convex quadratic program by the dual active-set method of Goldfarb and Idnani, "A numerically stable
 * dual method for solving strictly convex quadratic programs", Mathematical Programming 27 (1983): from the
 * unconstrained minimum the most violated constraint (by distance) is made active until none is violated.
 * @throws InvalidOptimizationError for input of wrong length, not finite, not symmetric or named twice
 * @throws NotPositiveDefiniteError naming the variable at which G stops being positive definite
 * @throws InfeasibleConstraintsError naming the constraint, what it is missed by, and what stands against it
 * @throws NotConvergedError where rounding keeps the method from ending
 */
export function solveQuadraticProgram(program: QuadraticProgram): QuadraticSolution {
  checkProgram(program);
  const { variables, linear, ridge = 0 } = program;
  const size = variables.length;
  const quadratic = program.quadratic.slice();
  for (let index = 0; index < size; index++) quadratic[index * (size + 1)]! += ridge;
  const factor = choleskyFactor(quadratic, size);
  if (factor.kind === 'not-positive-definite')
    throw notPositiveDefinite(variables[factor.index]!, factor.pivot);
  const method = new DualMethod(
    quadratic,
    linear,
    new ActiveSet(inverseTransposed(factor.lower, size), size),
    choleskySolve(
      factor.lower,
      linear.map((entry) => -entry),
    ),
  );
  const { x, active, iterations } = method.run(sidesOf(program));
  return {
    solution: x,
    objective: 0.5 * dot(x, times(program.quadratic, x)) + dot(linear, x),
    binding: active.sides.map(({ name, equality, sign }, index) => ({
      name,
      multiplier: (equality ? sign : 1) * active.multipliers[index]!,
    })),
    iterations,
  };
}

function notPositiveDefinite(name: string, pivot: number): NotPositiveDefiniteError {
  return new NotPositiveDefiniteError(
    `the quadratic term is not positive definite at ${name} (pivot ${pivot}): up to rounding ${name} is a combination of the variables before it, or the minimum is unbounded; leave it out or give a ridge`,
  );
}

/** How far from its bound a constraint may end, relative to its size, before it counts as not met at all. */
const INFEASIBLE = 1e-9;

/** What is so much smaller than the largest of its kind counts as zero: a factor of a normal. */
const NOISE = 1e-9;

/** How far a constraint may be violated, relative to its size, and still be met. */
const ROUNDING = 1e-13;

class DualMethod {
  readonly x: Float64Array;
  readonly active: ActiveSet;
  iterations = 0;
  /** Length of the unconstrained minimum: where every bound is zero it is all that tells rounding from a violation. */
  readonly #reach: number;
  readonly #quadratic: Float64Array;
  readonly #linear: Float64Array;
  #limit = 0;

  constructor(quadratic: Float64Array, linear: Float64Array, active: ActiveSet, start: Float64Array) {
    this.#quadratic = quadratic;
    this.#linear = linear;
    this.active = active;
    this.x = start;
    this.#reach = Math.sqrt(dot(start, start));
  }

  run(sides: readonly Side[]): this {
    this.#limit = 20 * (this.x.length + sides.length) + 100;
    for (const side of sides) if (side.equality) this.#activateEquality(side);
    // What is missed by no more than rounding, though it depends on what is active, is met; asked again it would be again.
    const met = new Set<Side>();
    for (;;) {
      const side = this.#mostViolated(sides, met) ?? this.#refined(sides, met);
      if (side === undefined) break;
      if (this.#activate(side)) met.clear();
      else met.add(side);
    }
    for (const { variable, coefficients, bound, sign } of this.active.sides)
      if (coefficients === undefined) this.x[variable!] = sign * bound;
    return this;
  }

  /** Looks again after rounding has been taken out of x and the multipliers. */
  #refined(sides: readonly Side[], met: ReadonlySet<Side>): Side | undefined {
    this.active.refine(this.x, (x) => {
      const gradient = times(this.#quadratic, x);
      for (let index = 0; index < gradient.length; index++) gradient[index]! += this.#linear[index]!;
      return gradient;
    });
    return this.#mostViolated(sides, met);
  }

  #mostViolated(sides: readonly Side[], met: ReadonlySet<Side>): Side | undefined {
    const size = Math.max(Math.sqrt(dot(this.x, this.x)), 1e-9 * this.#reach);
    let worst: Side | undefined;
    let furthest = 0;
    for (const side of sides) {
      if (side.equality) continue;
      const slack = slackOf(side, this.x);
      if (slack >= 0 || slack >= furthest * side.length) continue;
      if (
        slack >= -ROUNDING * (Math.abs(side.bound) + side.length * size) ||
        met.has(side) ||
        this.active.sides.includes(side)
      )
        continue;
      furthest = slack / side.length;
      worst = side;
    }
    return worst;
  }

  #activateEquality(given: Side): void {
    const turn = slackOf(given, this.x) > 0;
    const side: Side = turn ? { ...given, sign: given.sign === 1 ? -1 : 1, bound: -given.bound } : given;
    const direction = this.active.direction(side);
    if (direction.curvature === 0) {
      this.#refuseUnlessMet(side, direction);
      return;
    }
    this.#count(side);
    const step = -slackOf(side, this.x) / direction.curvature;
    this.#move(direction, step, step);
    this.active.add(side, step, direction);
  }

  /** Steps 2 of the method for one violated inequality. False where it is met up to rounding by what is active. */
  #activate(side: Side): boolean {
    let multiplier = 0;
    for (;;) {
      this.#count(side);
      const direction = this.active.direction(side);
      const { step: partial, position } = this.#longestDualStep(direction.r);
      const full =
        direction.curvature === 0 ? Infinity : Math.max(0, -slackOf(side, this.x) / direction.curvature);
      if (partial === Infinity && full === Infinity) {
        this.#refuseUnlessMet(side, direction);
        return false;
      }
      const step = Math.min(partial, full);
      this.#move(direction, full === Infinity ? 0 : step, step);
      multiplier += step;
      if (full <= partial) {
        this.active.add(side, multiplier, direction);
        return true;
      }
      this.active.drop(position);
    }
  }

  /** How far the multipliers can go before the first of an active inequality is zero. */
  #longestDualStep(r: Float64Array): { step: number; position: number } {
    let step = Infinity;
    let position = -1;
    let largest = 0;
    for (const entry of r) largest = Math.max(largest, Math.abs(entry));
    for (let k = 0; k < r.length; k++) {
      if (this.active.sides[k]!.equality || r[k]! <= NOISE * largest) continue;
      const ratio = Math.max(0, this.active.multipliers[k]! / r[k]!);
      if (ratio >= step) continue;
      step = ratio;
      position = k;
    }
    return { step, position };
  }

  #move({ z, r }: Direction, primal: number, dual: number): void {
    if (primal !== 0) for (let index = 0; index < z.length; index++) this.x[index]! += primal * z[index]!;
    for (let k = 0; k < r.length; k++) this.active.multipliers[k]! -= dual * r[k]!;
  }

  /**
   * The normal depends on active ones with factors r that no inequality lets grow (Farkas): no x under them brings the
   * side further than the same combination of their bounds.
   */
  #refuseUnlessMet(side: Side, { r }: Direction): void {
    let reach = 0;
    let size = Math.abs(side.bound);
    let largest = 0;
    this.active.sides.forEach(({ bound }, k) => {
      reach += r[k]! * bound;
      size = Math.max(size, Math.abs(r[k]! * bound));
      largest = Math.max(largest, Math.abs(r[k]!));
    });
    const shortfall = side.bound - reach;
    if (shortfall <= INFEASIBLE * Math.max(size, side.length * Math.sqrt(dot(this.x, this.x)))) return;
    const conflicting = this.active.sides
      .filter((_, k) => Math.abs(r[k]!) > 1e-9 * largest)
      .map(({ name }) => name);
    throw new InfeasibleConstraintsError(
      `${side.name} cannot be met: ${Number((side.sign * reach).toPrecision(12))} is as near as ${conflicting.join(', ')} let it come; relax one of them`,
      side.name,
      shortfall,
      conflicting,
    );
  }

  #count({ name }: Side): void {
    if (++this.iterations > this.#limit)
      throw new NotConvergedError(
        `no solution after ${this.#limit} changes of the active set, the last for ${name}; the quadratic term is too near to singular, give a ridge`,
      );
  }
}
