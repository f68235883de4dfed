import { GARCH_ORDER, type GarchParameterName, type GarchParameters } from './garch-likelihood.ts';

/** `garch`: Bollerslev (1986). `gjr`: with a response of its own after a fall, Glosten, Jagannathan and Runkle (1993). */
export type GarchModel = 'garch' | 'gjr';

/** What persistence is the sum of: α/2 + (α + γ)/2 + β, or α + β in the plain model. */
export type GarchShare = 'alpha' | 'alpha + gamma' | 'beta';

/**
 * One coordinate of a model, as its share in the five parameters. All but mean and ω are zero or more, and persistence is
 * their sum, each times `share`: so the bounds α ≥ 0, α + γ ≥ 0, β ≥ 0 and α + γ/2 + β < 1 are those of a simplex.
 */
interface Coordinate {
  readonly name: 'mean' | 'omega' | GarchShare;
  /** Derivatives of the five parameters by this coordinate, in GARCH_ORDER. */
  readonly parameters: readonly [number, number, number, number, number];
  /** What one of it adds to persistence; 0 for mean and ω. */
  readonly share: number;
}

const MEAN: Coordinate = { name: 'mean', parameters: [1, 0, 0, 0, 0], share: 0 };
const OMEGA: Coordinate = { name: 'omega', parameters: [0, 1, 0, 0, 0], share: 0 };
const BETA: Coordinate = { name: 'beta', parameters: [0, 0, 0, 0, 1], share: 1 };

function coordinatesOf(model: GarchModel): readonly Coordinate[] {
  switch (model) {
    case 'garch':
      return [MEAN, OMEGA, { name: 'alpha', parameters: [0, 0, 1, 0, 0], share: 1 }, BETA];
    case 'gjr':
      return [
        MEAN,
        OMEGA,
        { name: 'alpha', parameters: [0, 0, 1, -1, 0], share: 0.5 },
        { name: 'alpha + gamma', parameters: [0, 0, 0, 1, 0], share: 0.5 },
        BETA,
      ];
  }
}

/** Distance from a bound at which a search may start: nearer to it the unbounded coordinates have no slope to leave by. */
const JUST_INSIDE = 1e-3;

/** Persistence α + γ/2 + β: how much of a variance's distance from its long-run level is left one return later. */
export const persistenceOf = ({ alpha, gamma, beta }: GarchParameters): number => alpha + gamma / 2 + beta;

/**
 * Free coordinates of a model, some held at zero, and the unbounded ones that an optimizer moves: mean, ln ω, and for
 * the shares xᵢ of shareᵢ = exp(xᵢ) / (1 + Σ exp(xⱼ)).
 */
export class GarchCoordinates {
  readonly free: readonly Coordinate[];
  readonly held: readonly GarchShare[];

  constructor(model: GarchModel, held: readonly GarchShare[] = []) {
    this.free = coordinatesOf(model).filter(({ name }) => !held.some((other) => other === name));
    this.held = held;
  }

  /** The parameters at values of the free coordinates. */
  parameters(values: Float64Array): GarchParameters {
    const at = (place: number) =>
      this.free.reduce((sum, { parameters }, index) => sum + parameters[place]! * values[index]!, 0);
    return { mean: at(0), omega: at(1), alpha: at(2), gamma: at(3), beta: at(4) };
  }

  /** The free coordinates of parameters. */
  values({ mean, omega, alpha, gamma, beta }: GarchParameters): Float64Array {
    const all = { mean, omega, alpha, 'alpha + gamma': alpha + gamma, beta };
    return Float64Array.from(this.free, ({ name }) => all[name]);
  }

  /** Whether values of the free coordinates are inside the domain, bounds excluded. */
  inside(values: Float64Array): boolean {
    const persistence = this.free.reduce((sum, { share }, index) => sum + share * values[index]!, 0);
    return persistence < 1 && this.free.every(({ name }, index) => name === 'mean' || values[index]! > 0);
  }

  /** A gradient by the five parameters as one by the free coordinates. */
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
      return name === 'omega' ? entry * values[index]! : values[index]! * (entry - share * pull);
    });
  }
}
