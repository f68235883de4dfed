import type { SimulatedFill, SimulationMarks } from '#core/simulation/simulation-result.ts';
import { type EquityCurve, type Figure, undefinedBecause, value } from '../series.ts';
import { yearsOf } from './equity-curve.ts';

/** Marks of which the market values of the positions are known too. */
export type ExposedMarks = Pick<SimulationMarks, 'time' | 'equity' | 'grossExposure' | 'netExposure'>;

/** How much of the equity was in the market; fractions of the equity at the same mark, 1 is fully invested. */
export interface ExposureFigures {
  /** Mean over all marks, those without a position included. */
  readonly averageGross: Figure;
  readonly averageNet: Figure;
  readonly highestGross: Figure;
  /** Share of the marks at which something was held. */
  readonly timeInMarket: Figure;
}

/**
 * Exposure of an account at its marks. Marks at or below zero equity have no exposure as a fraction and are left out of
 * all but the time in the market.
 */
export function exposureFigures({ equity, grossExposure, netExposure }: ExposedMarks): ExposureFigures {
  let [gross, net, highest, counted, held] = [0, 0, 0, 0, 0];
  equity.forEach((mark, index) => {
    if (grossExposure[index]! > 0) held++;
    if (!(mark > 0)) return;
    counted++;
    gross += grossExposure[index]! / mark;
    net += netExposure[index]! / mark;
    highest = Math.max(highest, grossExposure[index]! / mark);
  });
  const of = (number: number): Figure =>
    counted === 0 ? undefinedBecause('there is no mark above zero') : value(number);
  return {
    averageGross: of(gross / counted),
    averageNet: of(net / counted),
    highestGross: of(highest),
    timeInMarket: equity.length === 0 ? undefinedBecause('there are no marks') : value(held / equity.length),
  };
}

/**
 * Turnover a year: half of all that was bought and sold, over the mean of the equity marks, over the years of 365.25 days.
 * 1 means that a portfolio of the account's size was replaced once a year. (The funds' figure of SEC Form N-1A, item 13,
 * takes the lesser of purchases and sales instead, which hides a portfolio that only grows or only shrinks.)
 */
export function annualTurnover({ time, equity }: EquityCurve, fills: readonly SimulatedFill[]): Figure {
  const years = yearsOf(time);
  if (!(years > 0)) return undefinedBecause('the marks span no time');
  const traded = fills.reduce((sum, fill) => sum + fill.value, 0);
  const average = equity.reduce((sum, mark) => sum + mark, 0) / equity.length;
  return average > 0
    ? value(traded / 2 / average / years)
    : undefinedBecause('the mean equity is at or below zero');
}
