import { dot } from './vector.ts';

/** One side of a constraint: normalᵀx ≥ bound, or = bound. A side of one variable alone has no column of coefficients. */
export interface Side {
  readonly name: string;
  readonly equality: boolean;
  /** The variable, with factor `sign`, where the normal has one entry only. */
  readonly variable: number | undefined;
  readonly coefficients: Float64Array | undefined;
  /** 1, or −1 where an upper side was turned round. */
  readonly sign: 1 | -1;
  /** In the direction of the side: already multiplied by `sign`. */
  readonly bound: number;
  /** Euclidean length of the normal. */
  readonly length: number;
}

export function slackOf(side: Side, x: Float64Array): number {
  const product = side.coefficients === undefined ? x[side.variable!]! : dot(side.coefficients, x);
  return side.sign * product - side.bound;
}

/** What adding a side would do: the step z in x, r in the multipliers (Goldfarb and Idnani 1983, step 2a). */
export interface Direction {
  readonly d: Float64Array;
  readonly z: Float64Array;
  readonly r: Float64Array;
  /** zᵀn⁺, which is the squared length of the free part of d; 0 where n⁺ depends on the active normals. */
  readonly curvature: number;
}

/**
 * The active constraints with their factors (Goldfarb and Idnani 1983, section 4): J with JᵀGJ = I and JᵀN = (R; 0), R
 * upper triangular, N the normals of the active sides. Normals of one variable cost n instead of n², and a side is added
 * by one Householder reflection, which reuses the product that gave z.
 */
export class ActiveSet {
  readonly sides: Side[] = [];
  /** Multipliers of the active sides; those of equalities may have any sign. */
  readonly multipliers: number[] = [];
  readonly #size: number;
  readonly #j: Float64Array;
  /** R, column by column. */
  readonly #r: Float64Array;

  /** @param j L⁻ᵀ of the quadratic term, n × n row by row; taken over and changed */
  constructor(j: Float64Array, size: number) {
    this.#size = size;
    this.#j = j;
    this.#r = new Float64Array(size * size);
  }

  direction(side: Side): Direction {
    const size = this.#size;
    const active = this.sides.length;
    const d = this.#transposedTimes(side);
    let whole = 0;
    let free = 0;
    for (let k = 0; k < size; k++) {
      const square = d[k]! * d[k]!;
      whole += square;
      if (k >= active) free += square;
    }
    const dependent = free <= 1e-20 * whole;
    const z = new Float64Array(size);
    if (!dependent) {
      for (let row = 0; row < size; row++) {
        let sum = 0;
        for (let k = active, at = row * size + active; k < size; k++, at++) sum += this.#j[at]! * d[k]!;
        z[row] = sum;
      }
    }
    return { d, z, r: this.#solve(d.slice(0, active)), curvature: dependent ? 0 : free };
  }

  /** Adds a side whose {@link direction} was taken with the active sides as they are now. */
  add(side: Side, multiplier: number, { d, z, curvature }: Direction): void {
    const size = this.#size;
    const active = this.sides.length;
    const length = d[active]! < 0 ? -Math.sqrt(curvature) : Math.sqrt(curvature);
    const reflected = d.slice();
    reflected[active]! += length;
    const factor = 1 / (curvature + d[active]! * length);
    for (let row = 0; row < size; row++) {
      const start = row * size + active;
      const along = factor * (z[row]! + length * this.#j[start]!);
      for (let k = active, at = start; k < size; k++, at++) this.#j[at]! -= along * reflected[k]!;
    }
    for (let k = 0; k < active; k++) this.#r[active * size + k] = d[k]!;
    this.#r[active * size + active] = -length;
    this.sides.push(side);
    this.multipliers.push(multiplier);
  }

  /** Takes the side at a position out and makes R triangular again by Givens rotations. */
  drop(position: number): void {
    const size = this.#size;
    const r = this.#r;
    this.sides.splice(position, 1);
    this.multipliers.splice(position, 1);
    const active = this.sides.length;
    const cosines = new Float64Array(active + 1);
    const sines = new Float64Array(active + 1);
    for (let column = position; column < active; column++) {
      const from = (column + 1) * size;
      const to = column * size;
      for (let k = 0; k <= column + 1; k++) r[to + k] = r[from + k]!;
      for (let k = position; k < column; k++) {
        const [upper, under] = [r[to + k]!, r[to + k + 1]!];
        r[to + k] = cosines[k]! * upper + sines[k]! * under;
        r[to + k + 1] = cosines[k]! * under - sines[k]! * upper;
      }
      const length = Math.hypot(r[to + column]!, r[to + column + 1]!);
      cosines[column] = r[to + column]! / length;
      sines[column] = r[to + column + 1]! / length;
      r[to + column] = length;
      r[to + column + 1] = 0;
    }
    for (let row = 0; row < size; row++) {
      for (let k = position, at = row * size + position; k < active; k++, at++) {
        const [left, right] = [this.#j[at]!, this.#j[at + 1]!];
        this.#j[at] = cosines[k]! * left + sines[k]! * right;
        this.#j[at + 1] = cosines[k]! * right - sines[k]! * left;
      }
    }
  }

  /**
   * One step of Newton's method on the conditions of the optimum with these active sides: takes out of x and the
   * multipliers what rounding of the updates has left in them.
   * @param gradient Gx + a at a point
   */
  refine(x: Float64Array, gradient: (x: Float64Array) => Float64Array): void {
    const size = this.#size;
    const active = this.sides.length;
    const y = new Float64Array(active);
    for (let k = 0; k < active; k++) {
      let sum = -slackOf(this.sides[k]!, x);
      for (let i = 0; i < k; i++) sum -= this.#r[k * size + i]! * y[i]!;
      y[k] = sum / this.#r[k * size + k]!;
    }
    for (let row = 0; row < size; row++) {
      let sum = 0;
      for (let k = 0; k < active; k++) sum += this.#j[row * size + k]! * y[k]!;
      x[row]! += sum;
    }
    this.#addToMultipliers(this.#solve(y));
    const residual = gradient(x);
    this.sides.forEach((side, k) => {
      const factor = this.multipliers[k]! * side.sign;
      if (side.coefficients === undefined) residual[side.variable!]! -= factor;
      else for (let i = 0; i < size; i++) residual[i]! -= factor * side.coefficients[i]!;
    });
    const projected = this.project(residual);
    for (let row = 0; row < size; row++) {
      let sum = 0;
      for (let k = active; k < size; k++) sum += this.#j[row * size + k]! * projected[k]!;
      x[row]! -= sum;
    }
    this.#addToMultipliers(this.#solve(projected.slice(0, active)));
  }

  /** Jᵀv. */
  project(vector: Float64Array): Float64Array {
    const size = this.#size;
    const product = new Float64Array(size);
    for (let row = 0; row < size; row++) {
      const factor = vector[row]!;
      if (factor === 0) continue;
      for (let k = 0, at = row * size; k < size; k++, at++) product[k]! += factor * this.#j[at]!;
    }
    return product;
  }

  #transposedTimes(side: Side): Float64Array {
    const { variable, coefficients, sign } = side;
    const d =
      coefficients === undefined
        ? this.#j.slice(variable! * this.#size, (variable! + 1) * this.#size)
        : this.project(coefficients);
    if (sign === -1) for (let k = 0; k < d.length; k++) d[k] = -d[k]!;
    return d;
  }

  /** R⁻¹ of a column as long as there are active sides; changes and returns it. */
  #solve(column: Float64Array): Float64Array {
    for (let k = column.length - 1; k >= 0; k--) {
      const start = k * this.#size;
      const solved = column[k]! / this.#r[start + k]!;
      column[k] = solved;
      for (let i = 0; i < k; i++) column[i]! -= solved * this.#r[start + i]!;
    }
    return column;
  }

  #addToMultipliers(change: Float64Array): void {
    for (let k = 0; k < change.length; k++) this.multipliers[k]! += change[k]!;
  }
}
