/** The columns of bars that indicators read; a `BarSeries` is one. */
export interface RangeColumns {
  readonly high: ArrayLike<number>;
  readonly low: ArrayLike<number>;
  readonly close: ArrayLike<number>;
}

export interface VolumeColumns extends RangeColumns {
  readonly volume: ArrayLike<number>;
}

export interface OpenColumns extends RangeColumns {
  readonly open: ArrayLike<number>;
}

/** Typical price: the mean of high, low and close. */
export function typicalPrice(high: number, low: number, close: number): number {
  return (high + low + close) / 3;
}
