import {
  fitLogistic,
  type LogisticModel,
  logOdds,
  sigmoid,
} from '#core/analytics/models/logistic-regression.ts';
import { type SkillTest, skillTest } from '#core/analytics/models/skill-test.ts';
import type { BarSeries } from '#core/market/bars.ts';
import { memoize } from '#core/values/memo.ts';
import { featureRow } from './features.ts';
import { quarterStarts } from './refit-schedule.ts';

/** Bars ahead whose direction is predicted. */
export const PREDICTION_SESSIONS = 5;
/** Fewest rows that a model is trained on. */
export const MINIMUM_TRAINING = 400;
/** Quarters whose predictions only serve to calibrate; the test begins after them. */
export const CALIBRATION_QUARTERS = 1;
/** Fewest quarters in which the predictions are judged. */
export const JUDGED_QUARTERS = 3;
/** Sessions of the shortest quarter: that of September 2001 had 59. */
const SHORTEST_QUARTER = 58;
const FEWEST_JUDGED = JUDGED_QUARTERS * SHORTEST_QUARTER - PREDICTION_SESSIONS;
const PENALTY = 10;
const CALIBRATION_PENALTY = 5;
/** Enough to converge; only rows of one outcome use them up, and there more would only overstate. */
const NEWTON_STEPS = 8;
/** More instruments than a desk watches, with their quarters at its turn. */
const MODELS_KEPT = 64;

/** A model of an instrument's direction as it was fitted at the start of a quarter, with what it was measured at. */
export interface DirectionModel {
  readonly regression: LogisticModel;
  /** Takes the log odds of the regression to calibrated ones. */
  readonly calibration: LogisticModel;
  /** Of the same procedure in the quarters before. */
  readonly skill: SkillTest;
}

/**
 * Fits the model of the quarter that begins after the last of `bars`. The procedure is tested by purged walk-forward as it
 * is used: each earlier quarter is predicted by a model trained on rows whose outcome was known before that quarter began
 * (purged of the labels that overlap it; López de Prado 2018, ch. 7), calibrated (Platt 1999) on earlier quarters'
 * predictions by the same rule, and compared with the base rate of its own training rows. Null where too few outcomes are
 * known to train, calibrate and judge.
 * @param bars every bar before the quarter that may be used, and none of the quarter's own
 */
export const directionModel = memoize(
  ({ closeTime, high, low, close, volume }: BarSeries) => ({
    name: '',
    columns: [close, high, low, volume, closeTime],
  }),
  fit,
  MODELS_KEPT,
);

/** Rows whose outcome is known, oldest first, as columns of one length. */
interface Rows {
  /** The bar at whose close the row stands. */
  readonly bar: readonly number[];
  readonly features: readonly Float64Array[];
  /** 1 where the close {@link PREDICTION_SESSIONS} later is higher, else 0. */
  readonly label: readonly number[];
}

function fit(bars: BarSeries): DirectionModel | null {
  const rows = knownRows(bars);
  const predicted = { bar: [] as number[], features: [] as Float64Array[], label: [] as number[] };
  const judged: { readonly probability: number; readonly base: number; readonly label: number }[] = [];
  let quarter = 0;
  let regression: LogisticModel | undefined;
  let calibration: LogisticModel | undefined;
  const starts = quarterStarts(bars);
  starts.forEach((start, at) => {
    const training = knownBefore(rows, start);
    if (training.label.length < MINIMUM_TRAINING) return;
    regression = train(training, PENALTY, regression);
    if (quarter >= CALIBRATION_QUARTERS)
      calibration = train(knownBefore(predicted, start), CALIBRATION_PENALTY, calibration);
    const base = training.label.reduce((sum, label) => sum + label, 0) / training.label.length;
    const end = countBefore(rows, starts[at + 1] ?? bars.length);
    for (let row = countBefore(rows, start); row < end; row++) {
      const label = rows.label[row] as number;
      const odds = Float64Array.of(logOdds(regression, rows.features[row] as Float64Array));
      if (calibration !== undefined)
        judged.push({ probability: sigmoid(logOdds(calibration, odds)), base, label });
      predicted.bar.push(rows.bar[row] as number);
      predicted.features.push(odds);
      predicted.label.push(label);
    }
    quarter += 1;
  });
  if (judged.length < FEWEST_JUDGED) return null;
  return {
    regression: train(rows, PENALTY, regression),
    calibration: train(predicted, CALIBRATION_PENALTY, calibration),
    skill: skillTest(judged, PREDICTION_SESSIONS),
  };
}

function knownRows(bars: BarSeries): Rows {
  const rows = { bar: [] as number[], features: [] as Float64Array[], label: [] as number[] };
  for (let index = 0; index + PREDICTION_SESSIONS < bars.length; index++) {
    const features = featureRow(bars, index);
    if (features === null) continue;
    const ahead = bars.close[index + PREDICTION_SESSIONS] as number;
    rows.bar.push(index);
    rows.features.push(features);
    rows.label.push(ahead > (bars.close[index] as number) ? 1 : 0);
  }
  return rows;
}

/** How many rows stand before a bar. */
function countBefore({ bar }: Rows, start: number): number {
  const at = bar.findIndex((index) => index >= start);
  return at < 0 ? bar.length : at;
}

/** The rows whose outcome was known before a bar. */
function knownBefore(rows: Rows, start: number): Rows {
  const count = countBefore(rows, start - PREDICTION_SESSIONS);
  return {
    bar: rows.bar.slice(0, count),
    features: rows.features.slice(0, count),
    label: rows.label.slice(0, count),
  };
}

/** Begins at the model of the quarter before: a quarter's rows move it little. */
const train = ({ features, label }: Rows, penalty: number, before?: LogisticModel): LogisticModel =>
  fitLogistic(features, label, penalty, NEWTON_STEPS, before);
