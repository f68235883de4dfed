import type { CivilDate } from '#core/market/civil-date.ts';
import { newYorkDate } from '#core/market/new-york-time.ts';
import type { EquityCurve } from '../series.ts';
import { maximumDrawdown } from './drawdowns.ts';
import { dailyCurve } from './equity-curve.ts';

/** A crisis from the close of one session to the close of another. */
export interface CrisisWindow {
  readonly name: string;
  /** The session whose close is the base. */
  readonly from: CivilDate;
  readonly to: CivilDate;
}

/**
 * Falls of the US market that a strategy should be seen in. The long ones run from the peak to the trough of the S&P 500's
 * closes (S&P Dow Jones Indices), the short ones from the last close before the shock to its lowest close.
 */
export const CRISIS_WINDOWS: readonly CrisisWindow[] = [
  { name: 'fall of the technology shares, 2000–02', from: '2000-03-24', to: '2002-10-09' },
  { name: 'financial crisis, 2007–09', from: '2007-10-09', to: '2009-03-09' },
  { name: 'flash crash, May 2010', from: '2010-05-05', to: '2010-05-07' },
  { name: '24 August 2015', from: '2015-08-17', to: '2015-08-25' },
  { name: 'volatility shock, 5 February 2018', from: '2018-01-26', to: '2018-02-08' },
  { name: 'pandemic, March 2020', from: '2020-02-19', to: '2020-03-23' },
  { name: 'tariffs, April 2025', from: '2025-04-02', to: '2025-04-08' },
];

/** What an account did in a crisis. */
export interface CrisisReturn extends CrisisWindow {
  readonly return: number;
  /** Deepest fall inside the window as a fraction of its peak there; 0 where equity never fell. */
  readonly maximumDrawdown: number;
}

/** The part of a daily curve from the last mark at or before `from` to the last one at or before `to`. */
function windowOf({ time, equity }: EquityCurve, { from, to }: CrisisWindow): EquityCurve | undefined {
  const dates = Array.from(time, newYorkDate);
  const first = dates.findLastIndex((date) => date <= from);
  const last = dates.findLastIndex((date) => date <= to);
  if (first < 0 || last <= first || dates[dates.length - 1]! < to) return undefined;
  return { time: time.slice(first, last + 1), equity: equity.slice(first, last + 1) };
}

/**
 * The crises that lie wholly inside the curve, in order of time.
 * @throws InvalidEquityError for marks that cannot be measured
 */
export function crisisReturns(curve: EquityCurve, windows = CRISIS_WINDOWS): readonly CrisisReturn[] {
  const daily = dailyCurve(curve);
  return windows.flatMap((window) => {
    const part = windowOf(daily, window);
    if (part === undefined) return [];
    const { equity } = part;
    return [
      {
        ...window,
        return: equity[equity.length - 1]! / equity[0]! - 1,
        maximumDrawdown: maximumDrawdown(part)?.depth ?? 0,
      },
    ];
  });
}
