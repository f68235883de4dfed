import { fixedUsStocks, tieredUsStocks } from '#core/simulation/engine/commission-columns.ts';
import type { SimulationOptions } from '#core/simulation/engine/options.ts';
import { seedOf } from '#core/values/random.ts';
import type { BacktestParameters } from './backtest-parameters.ts';

/** What the engine is told by the words of the command line. */
export const simulationOptions = ({
  cash,
  commission,
  seed,
}: Pick<BacktestParameters, 'cash' | 'commission' | 'seed'>): SimulationOptions => ({
  cash,
  commission: commission === 'fixed' ? fixedUsStocks() : tieredUsStocks(),
  seed: seedOf(seed),
});
