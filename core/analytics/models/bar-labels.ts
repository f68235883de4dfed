import { atr } from '#core/indicators/true-range.ts';
import type { BarSeries } from '#core/market/bars.ts';
import { InvalidModelInputError } from './feature-table.ts';

/**
 * What came of a decision at the close of each bar, traded from the open of the next as the simulation does. A label is
 * known at the close of the bar `end`; where it is not known in the series, the value is NaN and the end −1.
 */
export interface BarLabels {
  readonly value: Float64Array;
  readonly end: Int32Array;
}

export type LabelDefinition =
  | {
      /** ln(close of bar N + `horizon` / open of bar N + 1). */
      readonly kind: 'forward-return';
      readonly horizon: number;
    }
  | {
      /** 1 where the forward return is above zero, else 0. */
      readonly kind: 'forward-direction';
      readonly horizon: number;
    }
  | {
      /**
       * 1 where a trade's target is reached first, else 0: stop and target are put from the open of bar N + 1 in
       * multiples of the average true range at bar N, and after `horizon` bars time is up (López de Prado 2018,
       * section 3.4). A bar that reaches both counts as stopped.
       */
      readonly kind: 'triple-barrier';
      readonly side: 'long' | 'short';
      readonly horizon: number;
      readonly target: number;
      readonly stop: number;
      readonly rangePeriod: number;
    };

/**
 * Labels of all bars. The last `horizon` bars have none, also where a barrier was reached already: labels that are
 * there only when they end early would be a biased sample.
 * @throws InvalidModelInputError for a horizon that is no whole number above zero, or barriers not above zero
 */
export function barLabels(bars: BarSeries, definition: LabelDefinition): BarLabels {
  if (!Number.isInteger(definition.horizon) || definition.horizon < 1)
    throw new InvalidModelInputError(
      `the horizon is ${definition.horizon}; give a whole number of bars of at least 1`,
    );
  const value = new Float64Array(bars.length).fill(Number.NaN);
  const end = new Int32Array(bars.length).fill(-1);
  const outcome = outcomeBy(bars, definition);
  for (let index = 0; index + definition.horizon < bars.length; index++) {
    const known = outcome(index);
    if (Number.isNaN(known.value)) continue;
    value[index] = known.value;
    end[index] = known.end;
  }
  return { value, end };
}

interface Outcome {
  readonly value: number;
  readonly end: number;
}

function outcomeBy(bars: BarSeries, definition: LabelDefinition): (index: number) => Outcome {
  switch (definition.kind) {
    case 'forward-return':
      return (index) => forwardReturn(bars, index, definition.horizon);
    case 'forward-direction':
      return (index) => {
        const { value, end } = forwardReturn(bars, index, definition.horizon);
        return { value: Number.isNaN(value) ? value : value > 0 ? 1 : 0, end };
      };
    case 'triple-barrier': {
      for (const name of ['target', 'stop'] as const) {
        if (!(definition[name] > 0 && Number.isFinite(definition[name])))
          throw new InvalidModelInputError(
            `the ${name} is ${definition[name]} average true ranges; give a finite number above 0`,
          );
      }
      const range = atr(bars, definition.rangePeriod);
      return (index) => firstBarrier(bars, index, range[index]!, definition);
    }
  }
}

function forwardReturn({ open, close }: BarSeries, index: number, horizon: number): Outcome {
  const value = Math.log(close[index + horizon]! / open[index + 1]!);
  return { value: Number.isFinite(value) ? value : Number.NaN, end: index + horizon };
}

function firstBarrier(
  { open, high, low }: BarSeries,
  index: number,
  range: number,
  { side, horizon, target, stop }: LabelDefinition & { readonly kind: 'triple-barrier' },
): Outcome {
  const entry = open[index + 1]!;
  const direction = side === 'long' ? 1 : -1;
  const targetPrice = entry + direction * target * range;
  const stopPrice = entry - direction * stop * range;
  if (!Number.isFinite(targetPrice) || !Number.isFinite(stopPrice)) return { value: Number.NaN, end: -1 };
  for (let at = index + 1; at <= index + horizon; at++) {
    const [best, worst] = side === 'long' ? [high[at]!, low[at]!] : [low[at]!, high[at]!];
    if (direction * (worst - stopPrice) <= 0) return { value: 0, end: at };
    if (direction * (best - targetPrice) >= 0) return { value: 1, end: at };
  }
  return { value: 0, end: index + horizon };
}
