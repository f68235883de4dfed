import type { Trade } from '#core/simulation/simulation-result.ts';
import type { EquityCurve, Figure } from '../series.ts';
import { maximumDrawdown } from './drawdowns.ts';
import { dailyCurve, periodsPerYear, simpleReturns, yearsOf } from './equity-curve.ts';
import { compoundAnnualGrowth, sharpeRatio, totalReturn } from './ratios.ts';
import { tradeFigures } from './trade-figures.ts';

/** Bounds beyond which a result is more likely an error of data or simulation than a strategy. */
export const PLAUSIBLE = {
  growth: 1,
  dailySharpe: 3,
  profitFactor: 5,
  multiple: 1_000,
  barShare: 0.05,
  leastDrawdown: 0.01,
} as const;

/** From the first to the last session of a year are some days less than 365.25. */
const ABOUT_A_YEAR = 0.99;
/** One-sided 95 % quantile of the normal distribution. */
const CONFIDENT = 1.645;
/** A gain up to this multiple of the largest loss of a bar is the other side of the risk taken. */
const BAR_RISK_MULTIPLE = 2;

/** One bound that a result breaks. */
export interface ImplausibleCause {
  readonly kind: 'growth' | 'sharpe' | 'profit-factor' | 'multiple' | 'one-bar' | 'drawdown';
  /** What was measured. */
  readonly measured: number;
  readonly bound: number;
  /** One sentence for people. */
  readonly text: string;
}

/** Whether a result may be shown as a headline. */
export type Plausibility =
  | { readonly kind: 'plausible' }
  | { readonly kind: 'implausible'; readonly causes: readonly ImplausibleCause[] };

const percent = (fraction: number) => `${(fraction * 100).toFixed(2)} %`;

function above(
  kind: ImplausibleCause['kind'],
  figure: Figure,
  bound: number,
  text: (measured: number) => string,
): ImplausibleCause[] {
  if (figure.kind === 'undefined' || !(figure.value > bound)) return [];
  return [{ kind, measured: figure.value, bound, text: text(figure.value) }];
}

/**
 * The gate that every result passes before it goes out. An undefined figure breaks no bound. Sharpe and drawdown are
 * those of daily marks without a risk-free rate; the largest bar is that of the marks as given.
 * @throws InvalidEquityError for marks that cannot be measured
 */
export function judgePlausibility(curve: EquityCurve, trades: readonly Trade[] = []): Plausibility {
  const daily = dailyCurve(curve);
  const causes = [
    ...growthCause(daily),
    ...sharpeCause(daily),
    ...above('profit-factor', tradeFigures(trades).profitFactor, PLAUSIBLE.profitFactor, (measured) => {
      return `the profit factor is ${measured.toFixed(2)}, above ${PLAUSIBLE.profitFactor}`;
    }),
    ...multipleCause(curve),
    ...oneBarCause(curve),
    ...drawdownCause(daily),
  ];
  return causes.length === 0 ? { kind: 'plausible' } : { kind: 'implausible', causes };
}

/**
 * Growth a year. Below a year the return itself is held against the bound: a good month is no growth of so much a year,
 * and returns of less than a year are not to be annualised (Global Investment Performance Standards 2020).
 */
function growthCause(daily: EquityCurve): ImplausibleCause[] {
  const whole = yearsOf(daily.time) >= ABOUT_A_YEAR;
  const figure = whole ? compoundAnnualGrowth(daily) : totalReturn(daily.equity);
  const name = whole ? 'compound annual growth' : 'the return in less than a year';
  return above('growth', figure, PLAUSIBLE.growth, (measured) => {
    return `${name} is ${percent(measured)}, above ${percent(PLAUSIBLE.growth)}`;
  });
}

/**
 * Sharpe ratio. Below a year it must be above the bound with a confidence of 95 %, by the standard error of Lo (2002),
 * √((1 + SR²/2q)/T) for q returns a year over T years: of all months of the S&P 500 from 2000 to 2020, 29 % have a ratio
 * above 3, and 0.6 % are surely above it.
 */
function sharpeCause(daily: EquityCurve): ImplausibleCause[] {
  const perYear = periodsPerYear(daily.time);
  const years = yearsOf(daily.time);
  const figure = sharpeRatio(simpleReturns(daily.equity), 0, perYear);
  if (figure.kind === 'value' && years < ABOUT_A_YEAR) {
    const error = Math.sqrt((1 + figure.value ** 2 / (2 * perYear)) / years);
    if (figure.value - CONFIDENT * error <= PLAUSIBLE.dailySharpe) return [];
  }
  return above('sharpe', figure, PLAUSIBLE.dailySharpe, (measured) => {
    return `the daily Sharpe ratio is ${measured.toFixed(2)}, above ${PLAUSIBLE.dailySharpe}`;
  });
}

function multipleCause({ equity }: EquityCurve): ImplausibleCause[] {
  const multiple = equity.length < 2 ? 0 : equity[equity.length - 1]! / equity[0]!;
  if (!(multiple > PLAUSIBLE.multiple)) return [];
  const text = `equity grew ${multiple.toFixed(0)} times, above ${PLAUSIBLE.multiple} times`;
  return [{ kind: 'multiple', measured: multiple, bound: PLAUSIBLE.multiple, text }];
}

/**
 * A bar that gained more than its share of the net profit, and more than twice what any bar lost, over at least a year.
 * The net profit of an honest holder of an index is small beside its swings: by the first condition alone 7 of 10
 * years of the S&P 500 from 2000 to 2020 would be flagged, with the second none. What risked as much in a bar as it gained
 * in one has earned it; a price error, a foreseen jump or a fill that never was comes without the risk.
 */
function oneBarCause({ time, equity }: EquityCurve): ImplausibleCause[] {
  const profit = equity.length < 2 ? 0 : equity[equity.length - 1]! - equity[0]!;
  if (!(profit > 0) || yearsOf(time) < ABOUT_A_YEAR) return [];
  const returns = simpleReturns(equity);
  const bound = BAR_RISK_MULTIPLE * -returns.reduce((worst, move) => Math.min(worst, move), 0);
  let largest = 0;
  returns.forEach((move, index) => {
    if (move > bound) largest = Math.max(largest, equity[index + 1]! - equity[index]!);
  });
  const share = largest / profit;
  if (!(share > PLAUSIBLE.barShare)) return [];
  const text = `one bar gained ${percent(share)} of the whole profit, above ${percent(PLAUSIBLE.barShare)}, and more than twice what any bar lost`;
  return [{ kind: 'one-bar', measured: share, bound: PLAUSIBLE.barShare, text }];
}

function drawdownCause(daily: EquityCurve): ImplausibleCause[] {
  const depth = maximumDrawdown(daily)?.depth ?? 0;
  if (yearsOf(daily.time) < ABOUT_A_YEAR || depth >= PLAUSIBLE.leastDrawdown) return [];
  const text = `the maximum drawdown over at least a year is ${percent(depth)}, below ${percent(PLAUSIBLE.leastDrawdown)}`;
  return [{ kind: 'drawdown', measured: depth, bound: PLAUSIBLE.leastDrawdown, text }];
}
