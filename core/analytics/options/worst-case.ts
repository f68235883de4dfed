import { americanPrice } from './american.ts';
import { blackScholes } from './black-scholes.ts';
import { InvalidOptionError, requirePrice } from './option.ts';
import type { OptionLeg, OptionStructure } from './structure.ts';

/** The market that a structure is revalued in; rates continuous and per year. */
export interface OptionMarket {
  readonly spot: number;
  readonly rate: number;
  readonly dividendYield: number;
  readonly style: 'european' | 'american';
}

/** Every price move with every volatility move. */
export interface ScenarioGrid {
  /** Relative moves of the underlying, ≥ −1: −0.15 is 15 % down. */
  readonly priceMoves: readonly number[];
  /** Moves of every option's volatility in units of volatility: 0.1 is ten points up. None falls below 0. */
  readonly volatilityMoves: readonly number[];
  /** Years that pass before the revaluation. */
  readonly yearsPassed: number;
}

/**
 * The price moves of the theoretical intermarket margin system for equities and narrow indices: ±15 % in ten equal
 * steps (Options Clearing Corporation; Cboe Rule 10.4), with ten points of volatility either way, at once.
 */
export const PORTFOLIO_MARGIN_GRID: ScenarioGrid = {
  priceMoves: [-0.15, -0.12, -0.09, -0.06, -0.03, 0, 0.03, 0.06, 0.09, 0.12, 0.15],
  volatilityMoves: [-0.1, 0, 0.1],
  yearsPassed: 0,
};

/** Profit, premiums included, in one scenario. */
export interface Scenario {
  readonly priceMove: number;
  readonly volatilityMove: number;
  readonly profit: number;
}

export interface WorstCase {
  /** The scenario with the least profit, the first of the grid where several have it. */
  readonly worst: Scenario;
  /** All scenarios, volatility moves within price moves. */
  readonly scenarios: readonly Scenario[];
}

/**
 * The least profit over a grid of prices and volatilities, each option revalued by Black–Scholes–Merton or, in the
 * American style, by a tree.
 * @throws InvalidOptionError for an empty grid, a move below −1, or terms that cannot be valued
 */
export function worstCase(
  structure: OptionStructure,
  market: OptionMarket,
  grid: ScenarioGrid = PORTFOLIO_MARGIN_GRID,
): WorstCase {
  requirePrice('spot', market.spot);
  if (!(grid.yearsPassed >= 0))
    throw new InvalidOptionError('years passed', grid.yearsPassed, 'a number ≥ 0');
  const scenarios = grid.priceMoves.flatMap((priceMove) => {
    if (!(priceMove >= -1)) throw new InvalidOptionError('price move', priceMove, 'a number ≥ −1');
    return grid.volatilityMoves.map((volatilityMove) => {
      if (!Number.isFinite(volatilityMove))
        throw new InvalidOptionError('volatility move', volatilityMove, 'a finite number');
      return {
        priceMove,
        volatilityMove,
        profit: profitIn(structure, market, grid, priceMove, volatilityMove),
      };
    });
  });
  const [first, ...others] = scenarios;
  if (first === undefined)
    throw new InvalidOptionError('scenarios', 0, 'at least one price move and one volatility move');
  return {
    worst: others.reduce((worst, next) => (next.profit < worst.profit ? next : worst), first),
    scenarios,
  };
}

function profitIn(
  { options, stock, multiplier }: OptionStructure,
  market: OptionMarket,
  { yearsPassed }: ScenarioGrid,
  priceMove: number,
  volatilityMove: number,
): number {
  const spot = market.spot * (1 + priceMove);
  let profit = stock === null ? 0 : stock.quantity * (spot - stock.price);
  for (const leg of options) {
    const moved = {
      ...leg,
      years: Math.max(leg.years - yearsPassed, 0),
      volatility: Math.max(leg.volatility + volatilityMove, 0),
    };
    profit += multiplier * leg.quantity * (priceOf(moved, spot, market) - leg.price);
  }
  return profit;
}

/** Steps of the tree: a scenario is not worth more. */
const STEPS = 200;

function priceOf(leg: OptionLeg, spot: number, { rate, dividendYield, style }: OptionMarket): number {
  const option = { ...leg, spot, rate, dividendYield };
  return style === 'european' ? blackScholes(option).price : americanPrice(option, STEPS);
}
