import { Matrix, QrDecomposition } from 'ml-matrix';
import { studentTCdf } from '../distributions/student-t.ts';
import { isConstant, momentsOf } from '../performance/moments.ts';
import { type Figure, undefinedBecause, value } from '../series.ts';
import { checkColumns } from './covariance.ts';
import { CollinearFactorsError, InvalidSampleError } from './errors.ts';

/** A factor's name and its returns, over the same periods as what it explains. */
export interface Factor {
  readonly name: string;
  readonly returns: Float64Array;
}

/** A coefficient of a regression. */
export interface Coefficient {
  readonly name: string;
  readonly estimate: number;
  /** Robust to heteroskedasticity and autocorrelation. */
  readonly standardError: number;
  /** Estimate over standard error; undefined where the fit is exact. */
  readonly tStatistic: Figure;
  /** Two-sided, of Student's t with n − k degrees of freedom. */
  readonly probability: Figure;
}

export interface FactorRegression {
  /** The constant: what the factors leave unexplained on average, a period. */
  readonly alpha: Coefficient;
  readonly loadings: readonly (Coefficient & {
    /** 1/(1 − R²) of this factor on the others: 1 where they don't know it; from 10 on its loading is hard to tell. */
    readonly varianceInflation: number;
  })[];
  readonly observations: number;
  /** Lags whose autocovariances the standard errors take in. */
  readonly lags: number;
  /** Share of variance explained; undefined for a dependent column without any. */
  readonly rSquared: Figure;
  /** The same less what factors explain by chance (Theil 1961). */
  readonly adjustedRSquared: Figure;
  /** Standard deviation of the residuals with n − k degrees of freedom. */
  readonly residualDeviation: number;
  readonly residuals: Float64Array;
}

/** Lags by the rule ⌊4(n/100)^(2/9)⌋ of Newey and West (1994) for the Bartlett kernel. */
export const neweyWestLags = (observations: number): number =>
  Math.floor(4 * (observations / 100) ** (2 / 9));

/** A factor whose part that the others don't explain is no more than this share of it is their combination. */
const COLLINEAR = 1e-7;

/**
 * Ordinary least squares of returns on factors and a constant, with the standard errors of Newey and West (1987):
 * (XᵀX)⁻¹ S (XᵀX)⁻¹, S = Γ₀ + Σ (1 − l/(L + 1))(Γₗ + Γₗᵀ), Γₗ = Σ eₜeₜ₋ₗxₜxₜ₋ₗᵀ, without a small-sample correction.
 * @param returns what is explained, such as a strategy's excess returns
 * @param lags L, by default {@link neweyWestLags}; 0 leaves the errors of White (1980)
 * @throws InvalidSampleError for no factor, columns of different length, numbers that are not finite, as few returns as
 * coefficients, two factors of one name, or lags that are not a whole number below the number of returns
 * @throws CollinearFactorsError naming a factor that is constant or a combination of the others
 */
export function regressOnFactors(
  returns: Float64Array,
  factors: readonly Factor[],
  lags = neweyWestLags(returns.length),
): FactorRegression {
  checkRegression(returns, factors, lags);
  const observations = returns.length;
  const means = factors.map((factor) => momentsOf(factor.returns).mean);
  const mean = momentsOf(returns).mean;
  const centred = new Matrix(observations, factors.length);
  factors.forEach((factor, column) => {
    factor.returns.forEach((item, row) => {
      centred.set(row, column, item - means[column]!);
    });
  });
  const decomposition = new QrDecomposition(centred);
  const upper = decomposition.upperTriangularMatrix;
  const inverse = inverseOfUpper(upper);
  const inflation = factors.map((_, index) => {
    // (RᵀR)⁻¹ᵢᵢ times the factor's own sum of squares.
    const own = centred.getColumn(index).reduce((sum, item) => sum + item ** 2, 0);
    return own * inverse.getRow(index).reduce((sum, item) => sum + item ** 2, 0);
  });
  checkCollinear(factors, upper, centred, inflation);
  const slopes = decomposition
    .solve(Matrix.columnVector(Array.from(returns, (item) => item - mean)))
    .getColumn(0);
  const constant = mean - slopes.reduce((sum, slope, index) => sum + slope * means[index]!, 0);
  const residuals = returns.map(
    (item, row) =>
      item - mean - slopes.reduce((sum, slope, column) => sum + slope * centred.get(row, column), 0),
  );
  const covariance = neweyWest(centred, residuals, inverse.mmul(inverse.transpose()), means, lags);
  const degrees = observations - factors.length - 1;
  const unexplained = residuals.reduce((sum, item) => sum + item ** 2, 0);
  const total = returns.reduce((sum, item) => sum + (item - mean) ** 2, 0);
  const flat = isConstant(momentsOf(returns));
  const share = (adjustment: number): Figure =>
    flat ? undefinedBecause('the returns are constant') : value(1 - (adjustment * unexplained) / total);
  const exact = flat || unexplained <= 1e-24 * total;
  const coefficient = (name: string, estimate: number, place: number): Coefficient =>
    describe(name, estimate, Math.sqrt(Math.max(0, covariance.get(place, place))), degrees, exact);
  return {
    alpha: coefficient('alpha', constant, 0),
    loadings: factors.map(({ name }, index) => ({
      ...coefficient(name, slopes[index]!, index + 1),
      varianceInflation: inflation[index]!,
    })),
    observations,
    lags,
    rSquared: share(1),
    adjustedRSquared: share((observations - 1) / degrees),
    residualDeviation: Math.sqrt(unexplained / degrees),
    residuals,
  };
}

function describe(
  name: string,
  estimate: number,
  standardError: number,
  degrees: number,
  exact: boolean,
): Coefficient {
  if (exact || standardError === 0) {
    const none = undefinedBecause('the fit is exact: there is no error to compare the estimate with');
    return { name, estimate, standardError, tStatistic: none, probability: none };
  }
  const t = estimate / standardError;
  const probability = value(2 * studentTCdf(-Math.abs(t), degrees));
  return { name, estimate, standardError, tStatistic: value(t), probability };
}

function checkRegression(returns: Float64Array, factors: readonly Factor[], lags: number): void {
  if (factors.length === 0) throw new InvalidSampleError('there are no factors; give at least one');
  const names = factors.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    throw new InvalidSampleError(`there are two factors named ${twice}; name each once`);
  checkColumns([returns, ...factors.map((factor) => factor.returns)], factors.length + 2, [
    'the dependent',
    ...names,
  ]);
  if (!Number.isInteger(lags) || lags < 0 || lags >= returns.length)
    throw new InvalidSampleError(
      `the lags are ${lags}; expected a whole number from 0 to ${returns.length - 1}`,
    );
}

function checkCollinear(
  factors: readonly Factor[],
  upper: Matrix,
  centred: Matrix,
  inflation: readonly number[],
): void {
  factors.forEach(({ name, returns }, index) => {
    if (isConstant(momentsOf(returns)))
      throw new CollinearFactorsError(name, 'is constant, as the regression’s own constant');
    const length = Math.hypot(...centred.getColumn(index));
    if (!(Math.abs(upper.get(index, index)) > COLLINEAR * length))
      throw new CollinearFactorsError(
        name,
        `is a combination of ${factors
          .slice(0, index)
          .map((other) => other.name)
          .join(', ')}`,
      );
  });
  const worst = inflation.findIndex((item) => !(item < COLLINEAR ** -2));
  if (worst !== -1) throw new CollinearFactorsError(factors[worst]!.name, 'is a combination of the others');
}

function inverseOfUpper(upper: Matrix): Matrix {
  const size = upper.columns;
  const inverse = Matrix.zeros(size, size);
  for (let column = 0; column < size; column++) {
    inverse.set(column, column, 1 / upper.get(column, column));
    for (let row = column - 1; row >= 0; row--) {
      let sum = 0;
      for (let k = row + 1; k <= column; k++) sum += upper.get(row, k) * inverse.get(k, column);
      inverse.set(row, column, -sum / upper.get(row, row));
    }
  }
  return inverse;
}

/** Covariance of constant and slopes. The constant is that of centred factors less the slopes times their means. */
function neweyWest(
  centred: Matrix,
  residuals: Float64Array,
  inverse: Matrix,
  means: readonly number[],
  lags: number,
): Matrix {
  const [rows, size] = [centred.rows, centred.columns + 1];
  const moment = (row: number, place: number) =>
    residuals[row]! * (place === 0 ? 1 : centred.get(row, place - 1));
  const middle = Matrix.zeros(size, size);
  for (let lag = 0; lag <= lags; lag++) {
    const weight = (1 - lag / (lags + 1)) / (lag === 0 ? 2 : 1);
    for (let row = lag; row < rows; row++) {
      for (let i = 0; i < size; i++) {
        for (let j = 0; j < size; j++) {
          const product = weight * moment(row, i) * moment(row - lag, j);
          middle.set(i, j, middle.get(i, j) + product);
          middle.set(j, i, middle.get(j, i) + product);
        }
      }
    }
  }
  const bread = Matrix.zeros(size, size);
  bread.set(0, 0, 1 / rows);
  for (let i = 1; i < size; i++) for (let j = 1; j < size; j++) bread.set(i, j, inverse.get(i - 1, j - 1));
  const shift = Matrix.eye(size);
  means.forEach((mean, index) => {
    shift.set(0, index + 1, -mean);
  });
  const turn = shift.mmul(bread);
  return turn.mmul(middle).mmul(turn.transpose());
}
