import type { Random } from '#core/values/random.ts';
import { stationaryBlockLength } from './block-length.ts';
import { checkColumns, semidefiniteFactor } from './covariance.ts';
import { checkFinite, InvalidSampleError } from './errors.ts';

/**
 * Where the returns of simulated paths come from. All are log returns of one period, one column or entry an asset.
 * - `gaussian`: independent periods, normal with a mean and a covariance.
 * - `stationary-bootstrap`: rows of history drawn in blocks of random length, all assets of a row together, so that
 *   tails, correlation and the clustering of volatility are those of the history. Politis and Romano (1994).
 */
export type ReturnModel =
  | { readonly kind: 'gaussian'; readonly mean: Float64Array; readonly covariance: Float64Array }
  | {
      readonly kind: 'stationary-bootstrap';
      readonly columns: readonly Float64Array[];
      /** Mean rows of a block, 1 or more; without it the one of {@link automaticBlockLength}. */
      readonly blockLength?: number;
    };

/** Draws a path: writes the log returns of `horizon` periods, period by period, all assets of a period together. */
export type PathDraw = (random: Random, horizon: number, path: Float64Array) => void;

/**
 * The longest of the best mean block lengths of each column and of its squares: returns hardly remember, their size
 * does, and the tails of a horizon hang on it.
 * @throws InvalidSampleError for fewer than 20 rows, columns of different length or a return that is not finite
 */
export function automaticBlockLength(columns: readonly Float64Array[]): number {
  checkColumns(columns, 1);
  return Math.max(
    ...columns.flatMap((column) => [
      stationaryBlockLength(column),
      stationaryBlockLength(column.map((item) => item * item)),
    ]),
  );
}

/**
 * The draw of a model for a number of assets.
 * @throws InvalidSampleError for a model of another number of assets, too little history, a block length below 1 or a
 * number that is not finite
 * @throws NotPositiveSemidefiniteError for a matrix that is no covariance
 */
export function pathDraw(model: ReturnModel, assets: number): PathDraw {
  switch (model.kind) {
    case 'gaussian':
      return gaussianDraw(model.mean, model.covariance, assets);
    case 'stationary-bootstrap':
      return bootstrapDraw(model.columns, assets, model.blockLength ?? automaticBlockLength(model.columns));
  }
}

function gaussianDraw(mean: Float64Array, covariance: Float64Array, assets: number): PathDraw {
  if (mean.length !== assets)
    throw new InvalidSampleError(`there are ${mean.length} means for ${assets} weights; give one for each`);
  checkFinite('mean', mean);
  const factor = semidefiniteFactor(covariance, assets);
  const shocks = new Float64Array(assets);
  return (random, horizon, path) => {
    for (let period = 0; period < horizon; period++) {
      for (let asset = 0; asset < assets; asset++) shocks[asset] = random.normal();
      for (let asset = 0; asset < assets; asset++) {
        let sum = mean[asset]!;
        for (let k = 0; k < assets; k++) sum += factor[asset * assets + k]! * shocks[k]!;
        path[period * assets + asset] = sum;
      }
    }
  };
}

function bootstrapDraw(columns: readonly Float64Array[], assets: number, blockLength: number): PathDraw {
  const rows = checkColumns(columns, 2);
  if (columns.length !== assets)
    throw new InvalidSampleError(
      `there are ${columns.length} columns for ${assets} weights; give one for each`,
    );
  if (!(blockLength >= 1 && Number.isFinite(blockLength)))
    throw new InvalidSampleError(`the block length is ${blockLength}; expected a finite number, 1 or more`);
  const jump = 1 / blockLength;
  return (random, horizon, path) => {
    let row = 0;
    for (let period = 0; period < horizon; period++) {
      // The history is a circle: after its last row comes the first.
      row = period === 0 || random.next() < jump ? random.integer(rows) : (row + 1) % rows;
      for (let asset = 0; asset < assets; asset++) path[period * assets + asset] = columns[asset]![row]!;
    }
  };
}
