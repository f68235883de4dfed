import { boostedScores, predictBoosted } from './boosted-trees.ts';
import { type Calibration, calibrated } from './calibration.ts';
import { predictLogOdds, sigmoid, trainLogistic } from './logistic-regression.ts';
import { purgedTail } from './model-dataset.ts';
import type { Learner } from './model-validation.ts';
import { type BoostingSettings, trainBoosted } from './train-boosted-trees.ts';

/** What a learner's model gives: scores (log odds) to calibrate, or predictions. */
export type LearnerOutput = 'scores' | 'predictions';

/** Logistic regression; standardised by the training rows alone. */
export function logisticLearner(
  settings: { readonly penalty: number },
  output: LearnerOutput = 'predictions',
): Learner {
  return ({ table, labels }) => {
    const model = trainLogistic(table, labels, settings);
    return (rows) => {
      const odds = predictLogOdds(model, rows);
      return output === 'scores' ? odds : odds.map(sigmoid);
    };
  };
}

/** Boosted trees; with `stopping` the last share of the training rows, purged, says when to stop. */
export function boostedLearner(
  settings: BoostingSettings,
  stopping?: { readonly share: number; readonly patience: number },
  output: LearnerOutput = 'predictions',
): Learner {
  return (training) => {
    const parts = stopping && purgedTail(training, stopping.share);
    const { table, labels } = parts?.head ?? training;
    const { model } = trainBoosted(
      table,
      labels,
      settings,
      parts && stopping && { ...parts.tail, patience: stopping.patience },
    );
    return (rows) => (output === 'scores' ? boostedScores(model, rows) : predictBoosted(model, rows));
  };
}

/** A learner of scores whose probabilities are calibrated on the last share of its training rows, purged. */
export function calibratedLearner(
  learnScores: Learner,
  calibrate: (scores: Float64Array, labels: Float64Array) => Calibration,
  share: number,
): Learner {
  return (training) => {
    const { head, tail } = purgedTail(training, share);
    const scoresOf = learnScores(head);
    const calibration = calibrate(scoresOf(tail.table), tail.labels);
    return (rows) => calibrated(calibration, scoresOf(rows));
  };
}
