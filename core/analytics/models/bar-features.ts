import { bollinger } from '#core/indicators/bands.ts';
import { adx } from '#core/indicators/directional-movement.ts';
import { macd, rsi } from '#core/indicators/momentum.ts';
import { sma } from '#core/indicators/moving-averages.ts';
import { realisedVolatility, type VolatilityEstimator } from '#core/indicators/realised-volatility.ts';
import { Lag } from '#core/indicators/rolling.ts';
import { atr } from '#core/indicators/true-range.ts';
import { mfi } from '#core/indicators/volume.ts';
import type { BarSeries } from '#core/market/bars.ts';
import { type FeatureTable, InvalidModelInputError } from './feature-table.ts';

/**
 * A feature of a bar, from that bar and those before it: plain data, so that a registered model states how its input is
 * made. All are free of the price's unit, so that instruments and years can be compared.
 * - `log-return`: ln(close / close `period` bars ago).
 * - `mean-distance`: ln(close / simple mean of `period` closes).
 * - `volatility`: realised volatility per bar.
 * - `range`: average true range / close.
 * - `rsi`, `adx`, `money-flow`: the indicator, as a share of 1.
 * - `macd`: the MACD's histogram / close.
 * - `band-position`: (close − middle) / (upper − middle) of the Bollinger band of one deviation.
 * - `volume`: ln(volume / simple mean of `period` volumes).
 */
export type FeatureDefinition =
  | { readonly kind: 'log-return'; readonly period: number }
  | { readonly kind: 'mean-distance'; readonly period: number }
  | { readonly kind: 'volatility'; readonly estimator: VolatilityEstimator; readonly period: number }
  | { readonly kind: 'range'; readonly period: number }
  | { readonly kind: 'rsi'; readonly period: number }
  | { readonly kind: 'adx'; readonly period: number }
  | { readonly kind: 'money-flow'; readonly period: number }
  | { readonly kind: 'macd'; readonly fast: number; readonly slow: number; readonly signal: number }
  | { readonly kind: 'band-position'; readonly period: number }
  | { readonly kind: 'volume'; readonly period: number };

/** The name of a feature in tables and models, such as `rsi(14)` or `volatility(parkinson,20)`. */
export function featureName(definition: FeatureDefinition): string {
  switch (definition.kind) {
    case 'macd':
      return `macd(${definition.fast},${definition.slow},${definition.signal})`;
    case 'volatility':
      return `volatility(${definition.estimator},${definition.period})`;
    case 'log-return':
    case 'mean-distance':
    case 'range':
    case 'rsi':
    case 'adx':
    case 'money-flow':
    case 'band-position':
    case 'volume':
      return `${definition.kind}(${definition.period})`;
  }
}

/** Index of the first bar a feature can have a value for; before it the feature is missing. */
export function warmUpOf(definition: FeatureDefinition): number {
  switch (definition.kind) {
    case 'log-return':
    case 'range':
    case 'rsi':
    case 'money-flow':
      return definition.period;
    case 'mean-distance':
    case 'band-position':
    case 'volume':
      return definition.period - 1;
    case 'volatility':
      return definition.estimator === 'close-to-close' || definition.estimator === 'yang-zhang'
        ? definition.period
        : definition.period - 1;
    case 'adx':
      return 2 * definition.period - 1;
    case 'macd':
      return definition.slow + definition.signal - 2;
  }
}

/** Features of all bars of a series. */
export interface BarFeatures {
  readonly table: FeatureTable;
  /** Index of the first bar that all features can have a value for. */
  readonly warmUp: number;
}

/**
 * Computes features on columns: row N is as of the close of bar N and rests on no later bar. Missing (NaN) in the
 * warm-up and where a feature has no value, such as the volume's where the volume is unknown or zero.
 * @throws InvalidModelInputError without definitions or for one given twice; RangeError for a period out of range
 */
export function barFeatures(bars: BarSeries, definitions: readonly FeatureDefinition[]): BarFeatures {
  if (definitions.length === 0)
    throw new InvalidModelInputError('there are no feature definitions; give at least one');
  const names = definitions.map(featureName);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined)
    throw new InvalidModelInputError(`the feature ${twice} is defined twice; define each once`);
  const columns = definitions.map((definition) =>
    columnOf(bars, definition).map((value) => (Number.isFinite(value) ? value : Number.NaN)),
  );
  return { table: { names, columns }, warmUp: Math.max(...definitions.map(warmUpOf)) };
}

function columnOf(bars: BarSeries, definition: FeatureDefinition): Float64Array {
  const { close, volume } = bars;
  const overClose = (value: number, index: number) => value / close[index]!;
  switch (definition.kind) {
    case 'log-return': {
      const lag = new Lag(definition.period);
      return close.map((price) => Math.log(price / lag.update(price)));
    }
    case 'mean-distance':
      return sma(close, definition.period).map((mean, index) => Math.log(close[index]! / mean));
    case 'volatility':
      return realisedVolatility(bars, definition.estimator, definition.period, 1);
    case 'range':
      return atr(bars, definition.period).map(overClose);
    case 'rsi':
      return rsi(close, definition.period).map(share);
    case 'adx':
      return adx(bars, definition.period).adx.map(share);
    case 'money-flow':
      return mfi(bars, definition.period).map(share);
    case 'macd':
      return macd(close, definition.fast, definition.slow, definition.signal).histogram.map(overClose);
    case 'band-position': {
      const { upper, middle } = bollinger(close, definition.period, 1);
      return close.map((price, index) => (price - middle[index]!) / (upper[index]! - middle[index]!));
    }
    case 'volume':
      return sma(volume, definition.period).map((mean, index) => Math.log(volume[index]! / mean));
  }
}

const share = (percent: number): number => percent / 100;
