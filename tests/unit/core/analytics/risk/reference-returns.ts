import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/**
 * Daily returns of the Deutsche mark against the pound in percent, 1984-01-03 to 1991-12-31, as Bollerslev and Ghysels
 * (1996) gave them to the archive of the Journal of Business & Economic Statistics: the benchmark of GARCH software.
 */
export const markPoundReturns = Float64Array.from(
  readFileSync(join(import.meta.dirname, 'bollerslev-ghysels-1996.txt'), 'utf8')
    .trim()
    .split('\n')
    .map(Number),
);

/** Log returns of the S&P 500 in percent, 2000-01-04 to 2020-04-17, from the packaged file as it is. */
export const indexReturns: Float64Array = (() => {
  const root = dirname(createRequire(import.meta.url).resolve('vega-datasets'));
  const rows = readFileSync(join(root, '../data/sp500-2000.csv'), 'utf8').trim().split('\n').slice(1);
  const closes = rows.map((row) => Number(row.split(',')[4]));
  return Float64Array.from(closes.slice(1), (close, index) => 100 * Math.log(close / closes[index]!));
})();
