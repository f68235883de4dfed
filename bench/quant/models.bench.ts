/** Boosted trees on 100,000 rows of 20 features: training, against bare passes over the same histograms, and prediction. */
import { predictBoosted } from '#core/analytics/models/boosted-trees.ts';
import { binFeatures } from '#core/analytics/models/feature-bins.ts';
import { sigmoid, trainLogistic } from '#core/analytics/models/logistic-regression.ts';
import { trainBoosted } from '#core/analytics/models/train-boosted-trees.ts';
import { seededRandom } from '#core/values/random.ts';

const ROWS = 100_000;
const FEATURES = 20;
const TREES = 100;
const say = (name: string, value: string) => console.log(JSON.stringify({ name, value }));

/** Seconds of processor time, the least of some runs: the machine is never alone. */
function seconds(runs: number, work: () => void): number {
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < runs; run++) {
    const begun = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(begun);
    best = Math.min(best, (user + system) / 1e6);
  }
  return best;
}

const random = seededRandom(3);
const columns = Array.from({ length: FEATURES }, () =>
  Float64Array.from({ length: ROWS }, () => random.next()),
);
const labels = Float64Array.from({ length: ROWS }, (_, row) => {
  const [a, b, c] = [columns[0]![row]! - 0.5, columns[1]![row]! - 0.5, columns[2]![row]! - 0.5];
  return random.next() < sigmoid(4 * a + 8 * b * c) ? 1 : 0;
});
const table = { names: columns.map((_, at) => `f${at}`), columns };

let { model } = trainBoosted(table, labels, { loss: 'logistic', trees: 2, seed: 1 });
const training = seconds(2, () => {
  model = trainBoosted(table, labels, { loss: 'logistic', trees: TREES, seed: 1 }).model;
});
const { bins } = binFeatures(columns, 255);
const sums = new Float64Array(256 * 3);
/** The least that any tree on histograms has to do: one pass over all bins, for the root. */
const pass = seconds(20, () => {
  for (const column of bins) {
    sums.fill(0);
    for (let row = 0; row < ROWS; row++) {
      const slot = column[row]! * 3;
      sums[slot] = sums[slot]! + labels[row]!;
      sums[slot + 1] = sums[slot + 1]! + 0.25;
      sums[slot + 2] = sums[slot + 2]! + 1;
    }
  }
});
const predicting = seconds(3, () => void predictBoosted(model, table));
const logistic = seconds(2, () => void trainLogistic(table, labels, { penalty: 1 }));

say(`training of ${TREES} trees on 10⁵ × ${FEATURES}, processor time`, `${training.toFixed(2)} s`);
say('a tree of 31 leaves / one bare pass over all bins', `${(training / TREES / pass).toFixed(1)} ×`);
say(`prediction by ${TREES} trees`, `${(ROWS / predicting / 1e6).toFixed(2)} M rows/s`);
say('training of all trees / predicting by them', `${(training / predicting).toFixed(1)} ×`);
say(`logistic regression on 10⁵ × ${FEATURES}, processor time`, `${logistic.toFixed(2)} s`);
