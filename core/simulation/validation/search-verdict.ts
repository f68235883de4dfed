import { dailyCurve } from '#core/analytics/performance/equity-curve.ts';
import type { EquityCurve, Figure } from '#core/analytics/series.ts';
import { undefinedBecause } from '#core/analytics/series.ts';
import {
  type OverfittingProbability,
  overfittingProbability,
} from '#core/analytics/validation/overfitting-probability.ts';
import {
  deflatedSharpe,
  minimumTrackRecord,
  probabilisticSharpe,
} from '#core/analytics/validation/sharpe-inference.ts';
import { type CurveFigures, curveFigures, type TrialOutcome } from './trial.ts';

/** What the trials of one window say of the best of them. */
export interface SearchVerdict {
  /** Index of the trial with the highest Sharpe ratio, the first of equals; undefined where none has one. */
  readonly best: number | undefined;
  readonly measured: number;
  readonly failed: number;
  /** Probability that the best trial's true Sharpe ratio is above zero, as if it were the only one. */
  readonly probabilistic: Figure;
  /** The same against what the best of as many worthless trials is expected to show. */
  readonly deflated: Figure;
  /** Days until the best trial's Sharpe ratio is known to be above zero at 95 %. */
  readonly minimumDays: Figure;
  readonly overfitting: Omit<OverfittingProbability, 'logits'>;
}

/** Judges the trials of one window, in the order of the search. */
export function searchVerdict(outcomes: readonly TrialOutcome[]): SearchVerdict {
  const measured = outcomes.flatMap((outcome, index) =>
    outcome.kind === 'measured' ? [{ ...outcome, index }] : [],
  );
  const rated = measured.flatMap(({ figures: { sample }, index }) =>
    sample.kind === 'value' ? [{ sample: sample.sample, index }] : [],
  );
  const best = rated.reduce<(typeof rated)[number] | undefined>(
    (highest, one) => (highest === undefined || one.sample.sharpe > highest.sample.sharpe ? one : highest),
    undefined,
  );
  const counts = { measured: measured.length, failed: outcomes.length - measured.length };
  const overfitting = overfittingOf(measured);
  if (best === undefined) {
    const none = undefinedBecause('no trial has a Sharpe ratio');
    return {
      best: undefined,
      ...counts,
      probabilistic: none,
      deflated: none,
      minimumDays: none,
      overfitting,
    };
  }
  const sharpes = Float64Array.from(rated, ({ sample }) => sample.sharpe);
  return {
    best: best.index,
    ...counts,
    probabilistic: probabilisticSharpe(best.sample),
    deflated: deflatedSharpe(best.sample, sharpes),
    minimumDays: minimumTrackRecord(best.sample),
    overfitting,
  };
}

function overfittingOf(
  trials: readonly Extract<TrialOutcome, { kind: 'measured' }>[],
): SearchVerdict['overfitting'] {
  const blocks = trials.flatMap(({ blocks: own }) => (own === undefined ? [] : [own]));
  if (blocks.length < trials.length) {
    const none = undefinedBecause('the training has too few days to be cut into blocks');
    return { probability: none, probabilityOfLoss: none, degradation: none };
  }
  const { probability, probabilityOfLoss, degradation } = overfittingProbability(blocks);
  return { probability, probabilityOfLoss, degradation };
}

/**
 * The part of a curve from the last daily mark before `from` on: what was made from then on, nothing of before. It ends
 * where equity is gone.
 */
export function curveFrom(curve: EquityCurve, from: number): EquityCurve {
  const ruin = curve.equity.findIndex((mark) => mark <= 0);
  const end = ruin === -1 ? curve.equity.length : ruin + 1;
  const daily = dailyCurve({ time: curve.time.subarray(0, end), equity: curve.equity.subarray(0, end) });
  const first = daily.time.findIndex((time) => time >= from);
  const start = first === -1 ? daily.time.length : Math.max(0, first - 1);
  return { time: daily.time.subarray(start), equity: daily.equity.subarray(start) };
}

/**
 * One curve of several that follow each other: each goes on where the one before it ended. The first mark of each is the
 * last mark before its own time and is left out but for the first curve's. Nothing follows where equity is gone.
 */
export function chained(curves: readonly EquityCurve[]): EquityCurve {
  const time: number[] = [];
  const equity: number[] = [];
  for (const curve of curves) {
    if (curve.time.length === 0) continue;
    if (equity.length > 0 && equity.at(-1)! <= 0) break;
    if (time.length === 0) {
      time.push(curve.time[0]!);
      equity.push(curve.equity[0]!);
    }
    const scale = equity.at(-1)! / curve.equity[0]!;
    for (let i = 1; i < curve.time.length; i++) {
      time.push(curve.time[i]!);
      equity.push(curve.equity[i]! * scale);
    }
  }
  return { time: Float64Array.from(time), equity: Float64Array.from(equity) };
}

/** Figures of a curve that nothing was chosen on, with the probability that its true Sharpe ratio is above zero. */
export function untouchedFigures(curve: EquityCurve): CurveFigures & { readonly probabilistic: Figure } {
  const figures = curveFigures(curve);
  const { sample } = figures;
  return {
    ...figures,
    probabilistic:
      sample.kind === 'value' ? probabilisticSharpe(sample.sample) : undefinedBecause(sample.reason),
  };
}
