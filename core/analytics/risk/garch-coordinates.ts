import { GARCH_ORDER, type GarchParameterName, type GarchParameters } from './garch-likelihood.ts';

/** `garch`: Bollerslev (1986). `gjr`: with a response of its own after a fall, Glosten, Jagannathan and Runkle (1993). */
export type GarchModel = 'garch' | 'gjr';

/** Distribution of the standardised shocks; Student's t has one parameter more. Bollerslev (1987). */
export type GarchInnovations = 'normal' | 'student-t';

/** What persistence is the sum of: α/2 + (α + γ)/2 + β, or α + β in the plain model. */
export type GarchShare = 'alpha' | 'alpha + gamma' | 'beta';

/**
 * One coordinate of a model, as its share in the parameters. All but mean, ω and ν are zero or more, and persistence is
 * their sum, each times `share`: so the bounds α ≥ 0, α + γ ≥ 0, β ≥ 0 and α + γ/2 + β < 1 are those of a simplex.
 */
interface Coordinate {
  readonly name: 'mean' | 'omega' | 'degrees' | GarchShare;
  /** Derivatives of the parameters by this coordinate, in GARCH_ORDER. */
  readonly parameters: readonly [number, number, number, number, number, number];
  /** What one of it adds to persistence; 0 for mean, ω and ν. */
  readonly share: number;
}

const MEAN: Coordinate = { name: 'mean', parameters: [1, 0, 0, 0, 0, 0], share: 0 };
const OMEGA: Coordinate = { name: 'omega', parameters: [0, 1, 0, 0, 0, 0], share: 0 };
const BETA: Coordinate = { name: 'beta', parameters: [0, 0, 0, 0, 1, 0], share: 1 };

const DEGREES: Coordinate = { name: 'degrees', parameters: [0, 0, 0, 0, 0, 1], share: 0 };
/** ν has a variance from here on. */
const LEAST_DEGREES = 2;

function coordinatesOf(model: GarchModel): readonly Coordinate[] {
  switch (model) {
    case 'garch':
      return [MEAN, OMEGA, { name: 'alpha', parameters: [0, 0, 1, 0, 0, 0], share: 1 }, BETA];
    case 'gjr':
      return [
        MEAN,
        OMEGA,
        { name: 'alpha', parameters: [0, 0, 1, -1, 0, 0], share: 0.5 },
        { name: 'alpha + gamma', parameters: [0, 0, 0, 1, 0, 0], share: 0.5 },
        BETA,
      ];
  }
}

/** ν at which a search starts: returns of stocks and currencies mostly end between 4 and 10. */
const START_DEGREES = 8;

/** Distance from a bound at which a search may start: nearer to it the unbounded coordinates have no slope to leave by. */
const JUST_INSIDE = 1e-3;

/** Persistence α + γ/2 + β: how much of a variance's distance from its long-run level is left one return later. */
export const persistenceOf = ({ alpha, gamma, beta }: GarchParameters): number => alpha + gamma / 2 + beta;

/**
 * Free coordinates of a model, some held at zero, and the unbounded ones that an optimizer moves: mean, ln ω, ln(ν − 2), and for
 * the shares xᵢ of shareᵢ = exp(xᵢ) / (1 + Σ exp(xⱼ)).
 */
export class GarchCoordinates {
  readonly free: readonly Coordinate[];
  readonly held: readonly GarchShare[];
  readonly innovations: GarchInnovations;

  constructor(model: GarchModel, innovations: GarchInnovations, held: readonly GarchShare[] = []) {
    const all = innovations === 'normal' ? coordinatesOf(model) : [...coordinatesOf(model), DEGREES];
    this.free = all.filter(({ name }) => !held.some((other) => other === name));
    this.held = held;
    this.innovations = innovations;
  }

  /** The parameters at values of the free coordinates. */
  parameters(values: Float64Array): GarchParameters {
    const at = (place: number) =>
      this.free.reduce((sum, { parameters }, index) => sum + parameters[place]! * values[index]!, 0);
    const parameters = { mean: at(0), omega: at(1), alpha: at(2), gamma: at(3), beta: at(4) };
    return this.innovations === 'normal' ? parameters : { ...parameters, degrees: at(5) };
  }

  /** The free coordinates of parameters. */
  values({ mean, omega, alpha, gamma, beta, degrees }: GarchParameters): Float64Array {
    const all = {
      mean,
      omega,
      alpha,
      'alpha + gamma': alpha + gamma,
      beta,
      degrees: degrees ?? START_DEGREES,
    };
    return Float64Array.from(this.free, ({ name }) => all[name]);
  }

  /** Whether values of the free coordinates are inside the domain, bounds excluded. */
  inside(values: Float64Array): boolean {
    const persistence = this.free.reduce((sum, { share }, index) => sum + share * values[index]!, 0);
    const least = { mean: Number.NEGATIVE_INFINITY, degrees: LEAST_DEGREES };
    return (
      persistence < 1 &&
      this.free.every(
        ({ name }, index) => values[index]! > (name === 'mean' || name === 'degrees' ? least[name] : 0),
      )
    );
  }

  /** A gradient by the parameters as one by the free coordinates. */
  gradient(gradient: Float64Array): Float64Array {
    return Float64Array.from(this.free, ({ parameters }) =>
      parameters.reduce((sum, part, place) => sum + part * gradient[place]!, 0),
    );
  }

  /** Variance of a parameter under a covariance of the free coordinates; undefined where it depends on none of them. */
  varianceOf(parameter: GarchParameterName, covariance: Float64Array): number | undefined {
    const parts = this.free.map(({ parameters }) => parameters[GARCH_ORDER.indexOf(parameter)]!);
    if (parts.every((part) => part === 0)) return undefined;
    let variance = 0;
    for (const [row, left] of parts.entries())
      for (const [column, right] of parts.entries())
        variance += left * right * covariance[row * parts.length + column]!;
    return variance;
  }

  /** The unbounded coordinates of values of the free ones; values at a bound are taken just inside it. */
  toUnbounded(values: Float64Array): Float64Array {
    const persistence = this.free.reduce((sum, { share }, index) => sum + share * values[index]!, 0);
    const slack = Math.max(JUST_INSIDE, 1 - persistence);
    return values.map((entry, index) => {
      const { name, share } = this.free[index]!;
      if (name === 'mean') return entry;
      if (name === 'degrees') return Math.log(Math.max(JUST_INSIDE, entry - LEAST_DEGREES));
      const part = Math.max(JUST_INSIDE, name === 'omega' ? entry : share * entry);
      return Math.log(name === 'omega' ? part : part / slack);
    });
  }

  fromUnbounded(point: Float64Array): Float64Array {
    const top = this.free.reduce(
      (most, { share }, index) => Math.max(most, share > 0 ? point[index]! : 0),
      0,
    );
    const power = this.free.map(({ share }, index) => (share > 0 ? Math.exp(point[index]! - top) : 0));
    const total = power.reduce((sum, item) => sum + item, Math.exp(-top));
    return point.map((entry, index) => {
      const { name, share } = this.free[index]!;
      if (name === 'mean') return entry;
      if (name === 'degrees') return LEAST_DEGREES + Math.exp(entry);
      return name === 'omega' ? Math.exp(entry) : power[index]! / total / share;
    });
  }

  /** A gradient by the free coordinates as one by the unbounded ones, at values of the free ones. */
  unboundedGradient(gradient: Float64Array, values: Float64Array): Float64Array {
    const pull = this.free.reduce(
      (sum, { share }, index) => (share > 0 ? sum + values[index]! * gradient[index]! : sum),
      0,
    );
    return gradient.map((entry, index) => {
      const { name, share } = this.free[index]!;
      if (name === 'mean') return entry;
      if (name === 'degrees') return entry * (values[index]! - LEAST_DEGREES);
      return name === 'omega' ? entry * values[index]! : values[index]! * (entry - share * pull);
    });
  }
}
