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

/** Bars ahead whose direction is predicted. */
export const PREDICTION_SESSIONS = 5;
/** Bars of history used at most: five years. */
export const HISTORY_SESSIONS = 1260;
const MINIMUM_TRAINING = 400;
const FOLD = 105;
/** Folds whose predictions only serve to calibrate; the test begins after them. */
const CALIBRATION_FOLDS = 1;
const PENALTY = 10;
const CALIBRATION_PENALTY = 5;
/** Enough to converge; only rows of one outcome use them up, and there more would only overstate. */
const NEWTON_STEPS = 8;

/** Fewest bars: lookback, training, the calibration folds and two folds to judge. */
export const ML_MINIMUM_SESSIONS = 52 + MINIMUM_TRAINING + (CALIBRATION_FOLDS + 2) * FOLD;

interface Row {
  readonly index: number;
  readonly features: Float64Array;
  /** 1 where the close {@link PREDICTION_SESSIONS} later is higher; null where that is not known yet. */
  readonly label: number | null;
}

export interface DirectionForecast {
  /** Calibrated probability that the close {@link PREDICTION_SESSIONS} ahead is higher. */
  readonly probability: number;
  readonly skill: SkillTest;
}

/** One fold's predictions: log odds of the model trained before it, and what came true. */
interface Prediction {
  readonly index: number;
  readonly logOdds: number;
  readonly label: number;
}

/**
 * Trains by purged walk-forward and forecasts the last bar. Each fold of 105 bars is predicted by a model trained only on
 * rows whose outcome was known before the fold began (purged of the labels that overlap it; López de Prado 2018, ch. 7),
 * calibrated (Platt 1999) on earlier folds' predictions by the same rule, and compared with the base rate of its own
 * training rows. Null where the last bar's features or too few outcomes are undefined.
 */
export const forecastDirection = memoize(
  ({ high, low, close, volume }: BarSeries) => ({ name: '', columns: [high, low, close, volume] }),
  forecast,
);

function forecast(bars: BarSeries): DirectionForecast | null {
  const rows = rowsOf(bars);
  const latest = rows.at(-1);
  if (latest === undefined || latest.index !== bars.length - 1) return null;
  const known = rows.filter((row): row is Row & { readonly label: number } => row.label !== null);
  const predictions: Prediction[] = [];
  const calibrated: { readonly probability: number; readonly base: number; readonly label: number }[] = [];
  for (let start = MINIMUM_TRAINING, fold = 0; start < known.length; start += FOLD, fold++) {
    const test = known.slice(start, start + FOLD);
    const opens = test[0]?.index ?? 0;
    const training = known.filter((row) => row.index + PREDICTION_SESSIONS < opens);
    const model = train(training);
    const base = training.reduce((sum, row) => sum + row.label, 0) / training.length;
    if (fold >= CALIBRATION_FOLDS) {
      const calibration = calibrate(predictions.filter((past) => past.index + PREDICTION_SESSIONS < opens));
      for (const row of test) {
        const probability = sigmoid(logOdds(calibration, Float64Array.of(logOdds(model, row.features))));
        calibrated.push({ probability, base, label: row.label });
      }
    }
    for (const row of test) {
      predictions.push({ index: row.index, logOdds: logOdds(model, row.features), label: row.label });
    }
  }
  if (calibrated.length < 2 * FOLD) return null;
  const skill = skillTest(calibrated, PREDICTION_SESSIONS);
  const present = logOdds(train(known), latest.features);
  return { probability: sigmoid(logOdds(calibrate(predictions), Float64Array.of(present))), skill };
}

function rowsOf(bars: BarSeries): Row[] {
  const rows: Row[] = [];
  for (let index = Math.max(0, bars.length - HISTORY_SESSIONS); index < bars.length; index++) {
    const features = featureRow(bars, index);
    if (features === null) continue;
    const ahead = bars.close[index + PREDICTION_SESSIONS];
    rows.push({
      index,
      features,
      label: ahead === undefined ? null : ahead > (bars.close[index] as number) ? 1 : 0,
    });
  }
  return rows;
}

const train = (rows: readonly (Row & { readonly label: number })[]): LogisticModel =>
  fitLogistic(
    rows.map((row) => row.features),
    rows.map((row) => row.label),
    PENALTY,
    NEWTON_STEPS,
  );

const calibrate = (predictions: readonly Prediction[]): LogisticModel =>
  fitLogistic(
    predictions.map((prediction) => Float64Array.of(prediction.logOdds)),
    predictions.map((prediction) => prediction.label),
    CALIBRATION_PENALTY,
    NEWTON_STEPS,
  );
