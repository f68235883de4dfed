import { logOdds, sigmoid } from '#core/analytics/models/logistic-regression.ts';
import type { SkillTest } from '#core/analytics/models/skill-test.ts';
import { type BarSeries, sliceBars } from '#core/market/bars.ts';
import {
  CALIBRATION_QUARTERS,
  directionModel,
  JUDGED_QUARTERS,
  MINIMUM_TRAINING,
  PREDICTION_SESSIONS,
} from './direction-model.ts';
import { FEATURE_LOOKBACK, featureRow } from './features.ts';
import { presentQuarterStart } from './refit-schedule.ts';

/**
 * Bars before the quarter that its model is fitted on at most, beside the look back of the first one's features. With 1,260
 * bars of history they are the same ones on the last day of the longest quarter (92 sessions, of a coin) as on its first.
 */
const MODEL_SESSIONS = 1_100;
/** Sessions of the longest quarter of the exchange. */
const LONGEST_QUARTER = 64;

/**
 * Fewest bars with which there is a forecast on every day of a quarter: look back, training up to the next quarter's
 * start, the quarters to calibrate and to judge in, and the present one.
 */
export const ML_MINIMUM_SESSIONS =
  FEATURE_LOOKBACK +
  MINIMUM_TRAINING +
  PREDICTION_SESSIONS +
  (1 + CALIBRATION_QUARTERS + JUDGED_QUARTERS + 1) * LONGEST_QUARTER;

export interface DirectionForecast {
  /** Calibrated probability that the close {@link PREDICTION_SESSIONS} ahead is higher. */
  readonly probability: number;
  readonly skill: SkillTest;
}

/**
 * Forecasts the bars after the last one with the model of its calendar quarter: fitted once, on what was known before the
 * quarter's first bar, and left alone until the next. Its skill is that of earlier quarters by the same procedure. Null
 * where the last bar's features are undefined, or too few outcomes before the quarter.
 */
export function forecastDirection(bars: BarSeries): DirectionForecast | null {
  const features = featureRow(bars, bars.length - 1);
  if (features === null) return null;
  const start = presentQuarterStart(bars);
  const model = directionModel(sliceBars(bars, start - MODEL_SESSIONS - FEATURE_LOOKBACK, start));
  if (model === null) return null;
  const odds = Float64Array.of(logOdds(model.regression, features));
  return { probability: sigmoid(logOdds(model.calibration, odds)), skill: model.skill };
}
