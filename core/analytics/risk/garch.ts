import { momentsOf, noSpread } from '../performance/moments.ts';
import { type Figure, undefinedBecause, value } from '../series.ts';
import { checkFinite, InvalidSampleError } from './errors.ts';
import {
  GarchCoordinates,
  type GarchInnovations,
  type GarchModel,
  type GarchShare,
  persistenceOf,
} from './garch-coordinates.ts';
import {
  GARCH_ORDER,
  type GarchParameterName,
  type GarchParameters,
  garchLogLikelihood,
} from './garch-likelihood.ts';
import { type GarchStandardErrors, garchStandardErrors, polish } from './garch-standard-errors.ts';
import { largestEntry, type Minimum, minimise } from './quasi-newton.ts';

/** Fewer returns than this say nothing of the clustering of volatility. */
export const GARCH_MINIMUM_RETURNS = 100;

/** A model fitted by maximum likelihood. */
export interface GarchFit {
  readonly kind: 'fitted';
  readonly model: GarchModel;
  readonly innovations: GarchInnovations;
  /** In the units of the returns; γ is 0 in the plain model. */
  readonly parameters: GarchParameters;
  readonly logLikelihood: number;
  /** α + γ/2 + β. */
  readonly persistence: number;
  /** ω / (1 − persistence), the variance that forecasts tend to. */
  readonly longRunVariance: Figure;
  /** What stands at a bound of its domain, where the usual standard errors don't hold. */
  readonly atBound: readonly GarchBound[];
  /** From the Hessian, and robust to what the Gaussian likelihood gets wrong. */
  readonly standardErrors: Readonly<Record<GarchParameterName, GarchStandardErrors>>;
  /** Variance of each return by what was known before it. */
  readonly variance: Float64Array;
  /** Variance of the return after the last. */
  readonly nextVariance: number;
  /** Steps of the optimizer that gave this fit. */
  readonly iterations: number;
}

/** `degrees`: tails no heavier than normal, the normal model is the fit. */
export type GarchBound = GarchShare | 'persistence' | 'degrees';

/** Why no model was fitted. */
export interface GarchFailure {
  readonly kind: 'failed';
  readonly cause: 'too-few-returns' | 'constant-returns' | 'not-converged';
  /** One sentence for people. */
  readonly reason: string;
}

/** Shares below this are tried at zero; a persistence nearer than this to 1 counts as at its bound. */
const NEAR_ZERO = 1e-4;
/** Responses below this are none. */
const NO_RESPONSE = 1e-6;
const NEAR_ONE = 1e-6;
/** More degrees of freedom than this cannot be told from a normal distribution. */
const MOST_DEGREES = 200;
/** Where ω of standardised returns tends to zero, the likelihood has no maximum but an edge. */
const EDGE_OF_OMEGA = 1e-12;
const ITERATIONS = 200;
/** Entry of the gradient of the log-likelihood of standardised returns: far below what parameters can be told by. */
const GRADIENT_TOLERANCE = 1e-5;
/** A slope below this is rounding where no Newton step can end the search. */
const TOLERATED_SLOPE = 1e-2;
/** Starts refined; the others of the grid are only looked at. */
const STARTS = 2;

/**
 * Fits a GARCH(1,1) or GJR-GARCH(1,1) with a constant mean by maximum likelihood. The optimizer
 * works on returns standardised by mean and deviation, so that units don't matter; it starts from the best of a grid of
 * responses and persistences with ω by variance targeting (Engle and Mezrich 1996), and ends by Newton steps.
 * A parameter that tends to zero is held there where the likelihood falls inwards; Student's t innovations without heavier
 * tails than normal ones are taken as normal.
 * @param returns of any unit, oldest first; simple or log
 * @throws InvalidSampleError for a return that is not finite, or returns too large to be squared
 */
export function fitGarch(
  returns: Float64Array,
  model: GarchModel = 'garch',
  innovations: GarchInnovations = 'normal',
): GarchFit | GarchFailure {
  checkFinite('return', returns);
  if (returns.length < GARCH_MINIMUM_RETURNS)
    return failed(
      'too-few-returns',
      `${returns.length} returns; a GARCH model needs at least ${GARCH_MINIMUM_RETURNS}`,
    );
  const moments = momentsOf(returns);
  const flat = noSpread(moments);
  if (flat !== undefined) return failed('constant-returns', `${flat}: there is no variance to model`);
  if (!Number.isFinite(moments.deviation))
    throw new InvalidSampleError(
      `the returns have a standard deviation of ${moments.deviation}; expected returns as fractions or in percent`,
    );
  const standardised = returns.map((item) => (item - moments.mean) / moments.deviation);
  const found = maximise(standardised, model, innovations);
  if (found === undefined)
    return failed(
      'not-converged',
      `the likelihood of ${returns.length} returns has no maximum inside the domain of the model; give more returns, or use the exponentially weighted variance`,
    );
  return describe(returns, standardised, model, innovations, found, moments.mean, moments.deviation);
}

const failed = (cause: GarchFailure['cause'], reason: string): GarchFailure => ({
  kind: 'failed',
  cause,
  reason,
});

interface Maximum {
  readonly coordinates: GarchCoordinates;
  /** Values of the free coordinates, in standardised units. */
  readonly values: Float64Array;
  readonly logLikelihood: number;
  readonly iterations: number;
  /** Largest entry of the gradient by the unbounded coordinates. */
  readonly slope: number;
  /** At the bound of persistence, where the likelihood has a slope and no Newton step leads to its maximum. */
  readonly explosive: boolean;
}

function maximise(
  returns: Float64Array,
  model: GarchModel,
  innovations: GarchInnovations,
): Maximum | undefined {
  const coordinates = new GarchCoordinates(model, innovations);
  const starts = startingGrid(model)
    .map((parameters) => ({ parameters, likelihood: garchLogLikelihood(returns, parameters) }))
    .toSorted((left, right) => right.likelihood - left.likelihood)
    .slice(0, STARTS);
  let best: Maximum | undefined;
  for (const { parameters } of starts) {
    const found = climb(returns, coordinates, coordinates.values(parameters));
    if (best === undefined || found.logLikelihood > best.logLikelihood) best = found;
  }
  if (best === undefined) return undefined;
  const bounded = holdAtZero(returns, model, best);
  const { degrees = 0 } = bounded.coordinates.parameters(bounded.values);
  return degrees > MOST_DEGREES ? maximise(returns, model, 'normal') : settle(returns, bounded);
}

/** Standardised returns have variance 1, so that ω = 1 − persistence targets it. */
function startingGrid(model: GarchModel): readonly GarchParameters[] {
  const tilts = model === 'garch' ? [0] : [0, 1];
  return [0.02, 0.06, 0.12, 0.25].flatMap((response) =>
    [0.6, 0.9, 0.97, 0.99].flatMap((persistence) =>
      tilts.map((tilt) => ({
        mean: 0,
        omega: 1 - persistence,
        alpha: response * (1 - tilt * 0.8),
        gamma: response * tilt * 1.6,
        beta: persistence - response,
      })),
    ),
  );
}

function climb(returns: Float64Array, coordinates: GarchCoordinates, start: Float64Array): Maximum {
  const slopes = new Float64Array(GARCH_ORDER.length);
  const found: Minimum = minimise(
    (point, gradient) => {
      const values = coordinates.fromUnbounded(point);
      const likelihood = garchLogLikelihood(returns, coordinates.parameters(values), { gradient: slopes });
      const slope = coordinates.unboundedGradient(coordinates.gradient(slopes), values);
      for (let index = 0; index < gradient.length; index++) gradient[index] = -slope[index]!;
      return -likelihood;
    },
    coordinates.toUnbounded(start),
    { gradientTolerance: GRADIENT_TOLERANCE, iterations: ITERATIONS },
  );
  const values = coordinates.fromUnbounded(found.point);
  return {
    coordinates,
    values,
    logLikelihood: -found.value,
    iterations: found.iterations,
    slope: largestEntry(found.gradient),
    explosive: persistenceOf(coordinates.parameters(values)) > 1 - NEAR_ONE,
  };
}

const SHARES = ['alpha', 'alpha + gamma', 'beta'] as const;

/**
 * Holds what tends to zero at zero, one after the other, where the likelihood then falls inwards and is no lower. Without
 * any response to shocks β has nothing to carry on, it would only bend the first variances: then all is held.
 */
function holdAtZero(returns: Float64Array, model: GarchModel, from: Maximum): Maximum {
  const responds = ({ coordinates, values }: Maximum) =>
    coordinates.free.some(
      ({ name, share }, index) => share > 0 && name !== 'beta' && values[index]! > NO_RESPONSE,
    );
  let best = from;
  for (let place = 0; responds(best) && place < SHARES.length; place++) {
    const name = SHARES[place]!;
    const index = best.coordinates.free.findIndex((other) => other.name === name);
    if (index === -1 || best.values[index]! > NEAR_ZERO) continue;
    const found = climbHolding(returns, model, best, [name]);
    const gradient = new Float64Array(GARCH_ORDER.length);
    garchLogLikelihood(returns, found.coordinates.parameters(found.values), { gradient });
    const inwards = best.coordinates.gradient(gradient)[index]!;
    if (inwards > 0 || found.logLikelihood < best.logLikelihood - 1e-9 * Math.abs(best.logLikelihood))
      continue;
    best = found;
    // Without it another may tend to zero that did not before.
    place = -1;
  }
  return responds(best) ? best : climbHolding(returns, model, best, SHARES);
}

function climbHolding(
  returns: Float64Array,
  model: GarchModel,
  from: Maximum,
  names: readonly GarchShare[],
): Maximum {
  const held = new GarchCoordinates(model, from.coordinates.innovations, [
    ...from.coordinates.held,
    ...names.filter((name) => from.coordinates.free.some((other) => other.name === name)),
  ]);
  const start = held.values(from.coordinates.parameters(from.values));
  // With nothing left but ω the variance of standardised returns is 1.
  if (held.free.every(({ share }) => share === 0)) start[1] = 1;
  const found = climb(returns, held, start);
  return { ...found, iterations: from.iterations + found.iterations };
}

/** The maximum itself by Newton steps; nothing where the likelihood is not at a maximum there. */
function settle(returns: Float64Array, found: Maximum): Maximum | undefined {
  if (found.coordinates.parameters(found.values).omega < EDGE_OF_OMEGA) return undefined;
  if (found.explosive) return found.slope < TOLERATED_SLOPE ? found : undefined;
  const polished = polish(returns, found.coordinates, found.values);
  return polished === undefined ? undefined : { ...found, ...polished };
}

function describe(
  returns: Float64Array,
  standardised: Float64Array,
  model: GarchModel,
  innovations: GarchInnovations,
  { coordinates, values, iterations, explosive }: Maximum,
  mean: number,
  deviation: number,
): GarchFit {
  const standard = coordinates.parameters(values);
  const parameters: GarchParameters = {
    ...standard,
    mean: mean + deviation * standard.mean,
    omega: deviation ** 2 * standard.omega,
  };
  const columns = new Float64Array(returns.length + 1);
  const logLikelihood = garchLogLikelihood(returns, parameters, { variance: columns });
  // At its bound the parts may sum to a shade more than 1.
  const persistence = Math.min(1, persistenceOf(parameters));
  const atBound: GarchBound[] = [...coordinates.held];
  if (explosive) atBound.push('persistence');
  if (innovations !== coordinates.innovations) atBound.push('degrees');
  return {
    kind: 'fitted',
    model,
    innovations,
    parameters,
    logLikelihood,
    persistence,
    longRunVariance: explosive
      ? undefinedBecause('persistence is 1: the variance has no level that it returns to')
      : value(parameters.omega / (1 - persistence)),
    atBound,
    standardErrors: garchStandardErrors(standardised, coordinates, values, deviation, explosive),
    variance: columns.subarray(0, returns.length),
    nextVariance: columns[returns.length]!,
    iterations,
  };
}
