import { describe, expect, it } from 'vitest';
import {
  fitLogistic,
  logOdds,
  predictLogOdds,
  sigmoid,
  trainLogistic,
} from '#core/analytics/models/logistic-regression.ts';
import { seededRandom } from '#core/values/random.ts';

/** 200 rows of three features and labels drawn from −1 + 3a − b/10 + 2c. */
function drawn() {
  const random = seededRandom(7);
  const columns = [new Float64Array(200), new Float64Array(200), new Float64Array(200)] as const;
  const labels = new Float64Array(200);
  for (let row = 0; row < 200; row++) {
    const a = random.next();
    const b = random.next() * 10;
    const c = random.next() - 0.5;
    columns[0][row] = a;
    columns[1][row] = b;
    columns[2][row] = c;
    labels[row] = random.next() < sigmoid(-1 + 3 * a - 0.1 * b + 2 * c) ? 1 : 0;
  }
  return { table: { names: ['a', 'b', 'c'], columns }, labels };
}

describe('fitLogistic', () => {
  it('recovers the odds that made the data', () => {
    const random = seededRandom(1);
    const rows = Array.from({ length: 4000 }, () => Float64Array.of(random.normal(), random.normal(), 7));
    const labels = rows.map((row) => (random.next() < sigmoid(0.5 + 1.2 * (row[0] as number)) ? 1 : 0));

    const model = fitLogistic(rows, labels, 1);

    expect(logOdds(model, Float64Array.of(0, 0, 7))).toBeCloseTo(0.5, 0);
    const slope = logOdds(model, Float64Array.of(1, 0, 7)) - logOdds(model, Float64Array.of(0, 0, 7));
    expect(slope).toBeCloseTo(1.2, 0);
    expect(model.weights[3]).toBe(0);
  });

  it('halves a step that overshoots, where plain Newton leaves the optimum for good', () => {
    const random = seededRandom(1607);
    const rows = Array.from({ length: 60 }, () =>
      Float64Array.of(Math.exp(3 * random.normal()), Math.exp(3 * random.normal())),
    );
    const labels = rows.map((row) => (random.next() < sigmoid(2 * Math.log(row[0]!) - 4) ? 1 : 0));

    const model = fitLogistic(rows, labels, 0.001);

    // At the optimum the intercept's score is zero: as many ones expected as there are.
    const score = rows.reduce((sum, row, i) => sum + labels[i]! - sigmoid(logOdds(model, row)), 0);
    expect(score).toBeCloseTo(0, 9);
    expect(model.weights[1]).toBeCloseTo(9.960310745880381, 9);
  });
});

describe('fitLogistic from another model', () => {
  it('comes to the same optimum, from near and from far', () => {
    const random = seededRandom(9);
    const rows = Array.from({ length: 500 }, () => Float64Array.of(random.normal(), random.normal()));
    const labels = rows.map((row) => (random.next() < sigmoid(row[0]! - 0.5 * row[1]!) ? 1 : 0));
    const model = fitLogistic(rows, labels, 2);
    const near = fitLogistic(rows.slice(0, 400), labels.slice(0, 400), 2);

    for (const start of [near, model, { ...model, weights: Float64Array.of(40, -30, 20) }])
      fitLogistic(rows, labels, 2, 100, start).weights.forEach(
        (weight, i) => void expect(weight).toBeCloseTo(model.weights[i]!, 10),
      );
  });

  it('begins at nothing where the other model has other features', () => {
    const rows = [Float64Array.of(1), Float64Array.of(2), Float64Array.of(3), Float64Array.of(4)];
    const other = fitLogistic([Float64Array.of(1, 2), Float64Array.of(2, 1)], [0, 1], 1);

    expect(fitLogistic(rows, [0, 1, 0, 1], 1, 100, other)).toEqual(fitLogistic(rows, [0, 1, 0, 1], 1));
  });
});

describe('trainLogistic', () => {
  // scikit-learn 1.9.1: LogisticRegression(C=1/penalty, solver='newton-cholesky', tol=1e-14) on the same rows,
  // standardised with ddof 1.
  it.each([
    {
      penalty: 10,
      weights: [-0.2318345338157906, 0.6975722900722214, -0.22129111992180958, 0.2700728541367055],
    },
    {
      penalty: 0.01,
      weights: [-0.252841545362491, 0.8995381108503233, -0.30211476599690146, 0.36640093374758115],
    },
  ])('agrees with scikit-learn at a penalty of $penalty', ({ penalty, weights }) => {
    const { table, labels } = drawn();

    const model = trainLogistic(table, labels, { penalty });

    weights.forEach((weight, i) => void expect(model.weights[i]).toBeCloseTo(weight, 9));
  });

  it('has a finite optimum where a feature separates the classes', () => {
    const a = Float64Array.from({ length: 40 }, (_, i) => (i < 20 ? -1 - i : 1 + i));
    const labels = Float64Array.from(a, (x) => (x > 0 ? 1 : 0));

    const model = trainLogistic({ names: ['a'], columns: [a] }, labels, { penalty: 1e-3 });

    const odds = predictLogOdds(model, { names: ['a'], columns: [a] });
    expect(odds.every((value, i) => Number.isFinite(value) && value > 0 === (labels[i] === 1))).toBe(true);
  });

  it('takes a missing value at the mean of the known ones, in training and in prediction', () => {
    const a = Float64Array.of(1, 2, 3, 4, Number.NaN, Number.NaN);
    const filled = Float64Array.of(1, 2, 3, 4, 2.5, 2.5);
    const labels = Float64Array.of(0, 0, 1, 1, 0, 1);

    const model = trainLogistic({ names: ['a'], columns: [a] }, labels, { penalty: 1 });

    expect(model.means[0]).toBe(2.5);
    expect(predictLogOdds(model, { names: ['a'], columns: [a] })).toEqual(
      predictLogOdds(model, { names: ['a'], columns: [filled] }),
    );
  });

  it('gives a constant or wholly missing feature no weight', () => {
    const { table, labels } = drawn();
    const names = ['a', 'constant', 'missing'];
    const columns = [
      table.columns[0],
      new Float64Array(200).fill(0.1),
      new Float64Array(200).fill(Number.NaN),
    ];

    const model = trainLogistic({ names, columns }, labels, { penalty: 1 });

    expect([...model.weights].slice(2)).toEqual([0, 0]);
    expect(predictLogOdds(model, { names, columns }).every(Number.isFinite)).toBe(true);
  });

  it.each([
    ['one class', { labels: new Float64Array(200) }, /all 200 labels are 0; give rows of both classes/],
    ['an unknown label', { labels: new Float64Array(200).fill(Number.NaN) }, /label of row 0 is NaN/],
    ['too few labels', { labels: Float64Array.of(1, 0) }, /2 labels for 200 rows/],
    ['no penalty', { penalty: 0 }, /the penalty is 0; give a finite one above 0/],
  ])('refuses %s', (_, wrong: { labels?: Float64Array; penalty?: number }, message) => {
    const { table, labels } = drawn();
    const train = () => trainLogistic(table, wrong.labels ?? labels, { penalty: wrong.penalty ?? 1 });
    expect(train).toThrow(message);
    expect(train).toThrow(expect.objectContaining({ code: 'InvalidModelInput', retryable: false }));
  });
});

describe('predictLogOdds', () => {
  it('refuses columns of another order, so that no feature is read as another', () => {
    const { table, labels } = drawn();
    const model = trainLogistic(table, labels, { penalty: 1 });
    expect(() => predictLogOdds(model, { names: ['b', 'a', 'c'], columns: table.columns })).toThrow(
      /feature 0 is b where the model has a; give the columns a, b, c/,
    );
    expect(() => predictLogOdds(model, { names: ['a', 'b'], columns: table.columns.slice(0, 2) })).toThrow(
      /feature 2 is absent where the model has c/,
    );
  });
});
