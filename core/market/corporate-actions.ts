import type { EpochMillis } from '#core/values/clock.ts';
import type { BarSeries } from './bars.ts';
import { nextSession, sessionOn } from './calendar.ts';
import type { CivilDate } from './civil-date.ts';
import type { InstrumentId, SessionTemplate } from './instrument.ts';

/**
 * Something a company did that changes what a price or a holding means. Dates are ex-dates: the first session on which
 * the instrument trades without the right. Amounts are decimal strings.
 */
export type CorporateAction =
  | {
      readonly kind: 'split';
      readonly instrument: InstrumentId;
      readonly exDate: CivilDate;
      /** New units for each `oldUnits` held: 7 for 1 is `newUnits: 7, oldUnits: 1`; a 1-for-10 reverse split 1 and 10. */
      readonly newUnits: number;
      readonly oldUnits: number;
    }
  | {
      readonly kind: 'cash-dividend';
      readonly instrument: InstrumentId;
      readonly exDate: CivilDate;
      /** Per unit as it trades on the ex-date (after a split of the same date). */
      readonly amount: string;
      readonly currency: string;
    }
  | {
      readonly kind: 'symbol-change';
      readonly instrument: InstrumentId;
      readonly exDate: CivilDate;
      /** The id from `exDate` on. */
      readonly newInstrument: InstrumentId;
    }
  | {
      readonly kind: 'delisting';
      readonly instrument: InstrumentId;
      /** The first date without trading. */
      readonly exDate: CivilDate;
      /** What a unit was worth afterwards (cash paid, or `0`); null where it is not known. */
      readonly finalValue: string | null;
    };

export type SplitAction = Extract<CorporateAction, { kind: 'split' }>;
export type DividendAction = Extract<CorporateAction, { kind: 'cash-dividend' }>;

/**
 * How prices are shown:
 * - `raw`: as traded; what orders, fills and cash need.
 * - `split-adjusted`: in units of the last known split; continuous over splits, not over dividends.
 * - `total-return`: split-adjusted, and scaled as if each dividend were reinvested at the last close before its ex-date.
 */
export type PriceView = 'raw' | 'split-adjusted' | 'total-return';

/** A corporate action that can't be applied: a ratio or an amount that makes no sense for these prices. */
export class InvalidCorporateActionError extends Error {
  readonly code = 'InvalidCorporateAction';
  readonly retryable = false;
  constructor(action: CorporateAction, problem: string) {
    super(`${action.kind} of ${action.instrument} on ${action.exDate}: ${problem}`);
    this.name = 'InvalidCorporateActionError';
  }
}

/** New units per old unit: 7 for a 7-for-1 split. @throws InvalidCorporateActionError unless both are positive */
export function splitRatio(action: SplitAction): number {
  const ratio = action.newUnits / action.oldUnits;
  if (!(action.newUnits > 0 && action.oldUnits > 0 && Number.isFinite(ratio))) {
    throw new InvalidCorporateActionError(
      action,
      `the ratio ${action.newUnits}:${action.oldUnits} is not one of two positive numbers`,
    );
  }
  return ratio;
}

/** The dividend per unit as a float, for analytics. @throws InvalidCorporateActionError unless finite and not negative */
export function dividendAmount(action: DividendAction): number {
  const amount = Number(action.amount);
  if (action.amount.trim() === '' || !Number.isFinite(amount) || amount < 0) {
    throw new InvalidCorporateActionError(
      action,
      `the amount ${JSON.stringify(action.amount)} is not a positive decimal`,
    );
  }
  return amount;
}

/** The open of the first session on or after the ex-date: the first instant at which the action counts. */
export function effectiveAt(action: CorporateAction, template: SessionTemplate): EpochMillis {
  return (sessionOn(template, action.exDate) ?? nextSession(template, action.exDate)).open;
}

/** The actions of one instrument, earliest first; on one date splits before dividends. */
export function actionsOf(
  actions: readonly CorporateAction[],
  instrument: InstrumentId,
): readonly CorporateAction[] {
  const rank = (action: CorporateAction) => (action.kind === 'split' ? 0 : 1);
  return actions
    .filter((action) => action.instrument === instrument)
    .sort((a, b) => (a.exDate < b.exDate ? -1 : a.exDate > b.exDate ? 1 : rank(a) - rank(b)));
}

/** Index of the first bar that opens at or after `instant`; the length where there is none. */
function firstBarFrom(series: BarSeries, instant: EpochMillis): number {
  let low = 0;
  let high = series.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((series.openTime[middle] as number) < instant) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * A view of raw bars under the corporate actions of their instrument. Bars before an ex-date are scaled, the last bars
 * stay as traded; volume moves inversely with splits only. With `asOf` only actions effective by then are applied, so
 * that a decision in the past sees the scale it would have seen: later splits must not leak into it.
 *
 * The dividend factor is 1 − D / C, with C the last raw close before the ex-date, in units after a split of that date
 * (the method of CRSP and of the usual “adjusted close”). A dividend with no bar before its ex-date changes nothing.
 *
 * @throws InvalidCorporateActionError for a ratio or amount out of bounds, or a dividend not below that close
 */
export function adjustBars(
  raw: BarSeries,
  actions: readonly CorporateAction[],
  view: PriceView,
  template: SessionTemplate,
  asOf: EpochMillis = Number.POSITIVE_INFINITY,
): BarSeries {
  if (view === 'raw' || raw.length === 0) return raw;
  const priceFactor = new Float64Array(raw.length).fill(1);
  const unitFactor = new Float64Array(raw.length).fill(1);
  let changed = false;
  const scaleBefore = (factor: Float64Array, end: number, by: number) => {
    for (let i = 0; i < end; i++) factor[i] = (factor[i] as number) * by;
    changed ||= end > 0 && by !== 1;
  };
  let splitOnDate: { readonly date: CivilDate; readonly ratio: number } | undefined;
  for (const action of actionsOf(actions, raw.instrument)) {
    if (action.kind !== 'split' && action.kind !== 'cash-dividend') continue;
    const effective = effectiveAt(action, template);
    if (effective > asOf) continue;
    const index = firstBarFrom(raw, effective);
    if (action.kind === 'split') {
      const ratio = splitRatio(action);
      scaleBefore(priceFactor, index, 1 / ratio);
      scaleBefore(unitFactor, index, ratio);
      const earlier = splitOnDate?.date === action.exDate ? splitOnDate.ratio : 1;
      splitOnDate = { date: action.exDate, ratio: ratio * earlier };
    } else if (view === 'total-return' && index > 0) {
      const split = splitOnDate?.date === action.exDate ? splitOnDate.ratio : 1;
      const lastClose = (raw.close[index - 1] as number) / split;
      const amount = dividendAmount(action);
      if (!(amount < lastClose)) {
        throw new InvalidCorporateActionError(
          action,
          `${action.amount} is not below the last close before it, ${lastClose}`,
        );
      }
      scaleBefore(priceFactor, index, 1 - amount / lastClose);
    }
  }
  if (!changed) return raw;
  const scaled = (column: Float64Array, factor: Float64Array) =>
    column.map((value, index) => value * (factor[index] as number));
  return {
    ...raw,
    open: scaled(raw.open, priceFactor),
    high: scaled(raw.high, priceFactor),
    low: scaled(raw.low, priceFactor),
    close: scaled(raw.close, priceFactor),
    volume: scaled(raw.volume, unitFactor),
  };
}
