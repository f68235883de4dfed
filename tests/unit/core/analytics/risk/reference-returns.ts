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

const root = dirname(createRequire(import.meta.url).resolve('vega-datasets'));
const rows = readFileSync(join(root, '../data/sp500-2000.csv'), 'utf8')
  .trim()
  .split('\n')
  .slice(1)
  .map((row) => row.split(','));
const closes = rows.map((row) => Number(row[4]));

/** Dates of the sessions of the packaged S&P 500, 2000-01-03 to 2020-04-17. */
export const indexSessions = rows.map((row) => row[0]!);

/** Log returns of the S&P 500 in percent, from the packaged file as it is: item i is that of session i + 1. */
export const indexReturns = Float64Array.from(
  closes.slice(1),
  (close, index) => 100 * Math.log(close / closes[index]!),
);
