import type { FeatureTable } from '#core/analytics/models/feature-table.ts';
import { sigmoid } from '#core/analytics/models/logistic-regression.ts';
import { seededRandom } from '#core/values/random.ts';

/**
 * Six features on a grid of 64 values and an outcome with an interaction, a step, a curve and values missing for a
 * reason. On the grid every library cuts the same bins, so that references can be compared closely.
 */
export function syntheticOutcomes(seed: number, rows: number) {
  const random = seededRandom(seed);
  const columns = Array.from({ length: 6 }, () => new Float64Array(rows));
  const labels = new Float64Array(rows);
  const values = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    const [a, b, c, d, e, f] = Array.from({ length: 6 }, () => Math.floor(random.next() * 64) / 64) as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    const hidden = random.next() < 0.15;
    const odds = 12 * (a - 0.5) * (b - 0.5) + (c > 0.7 ? 2 : -0.5) + 1.5 * d * d - 1 + (hidden ? 1.5 : 0);
    labels[row] = random.next() < sigmoid(odds) ? 1 : 0;
    values[row] = odds + random.next() - 0.5;
    [a, b, c, hidden ? Number.NaN : d, e, f].forEach((value, at) => {
      columns[at]![row] = value;
    });
  }
  const table: FeatureTable = { names: ['a', 'b', 'c', 'd', 'e', 'f'], columns };
  return { table, labels, values };
}
