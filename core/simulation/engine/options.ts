import type { BarSeries } from '#core/market/bars.ts';
import type { CorporateAction } from '#core/market/corporate-actions.ts';
import type { Instrument } from '#core/market/instrument.ts';
import type { RiskPolicy } from '#core/risk/policy.ts';
import { type MarginPolicy, REGULATION_T } from '../margin.ts';
import { DEFAULT_FILL_ASSUMPTIONS, type FillModel } from '../orders.ts';
import type { SimulationMarks, SimulationResult } from '../simulation-result.ts';
import { type FloatCommission, tieredUsStocks } from './commission-columns.ts';
import { InvalidSimulationError } from './errors.ts';
import { isPrice, type SimulatedOrder } from './order.ts';

/** Raw bars of one instrument, as traded, and what its company did meanwhile. */
export interface SimulatedInstrument {
  readonly instrument: Instrument;
  readonly bars: BarSeries;
  readonly actions?: readonly CorporateAction[];
  /** Assumptions of the fill model that differ from the product's. */
  readonly fills?: Partial<Omit<FillModel, 'tick' | 'lot'>>;
}

export interface SimulationOptions {
  /** Cash at the start, above zero. */
  readonly cash: number;
  /** Currency of the account; USD without it. */
  readonly currency?: string;
  /** IBKR tiered without it. In the instrument's currency. */
  readonly commission?: FloatCommission;
  /** Yearly fee on the market value of shorts, as a fraction (actual/360). */
  readonly borrowRate?: number;
  /** Yearly interest on cash below zero, as a fraction (actual/360). */
  readonly debitRate?: number;
  /** Yearly interest on cash above zero. */
  readonly creditRate?: number;
  readonly margin?: MarginPolicy;
  /** Largest gross exposure as a multiple of equity that a new order may lead to. */
  readonly maximumLeverage?: number;
  /** Rates to the account's currency that don't move; those of forex bars in the simulation go before them. */
  readonly rates?: Readonly<Record<string, number>>;
  readonly seed?: number;
  /**
   * The desk's risk gate, breakers and pyramiding on every order, by this policy; without it margin and leverage only.
   */
  readonly risk?: RiskPolicy | null;
  /** Under a policy: sessions after a drawdown step from which on a simulated person resumes trading; null for nobody. */
  readonly resumeAfter?: number | null;
}

/** Half a percent a year to borrow, six to owe, nothing on what lies idle; one times equity. */
export const SIMULATION_DEFAULTS = {
  currency: 'USD',
  commission: tieredUsStocks(),
  borrowRate: 0.005,
  debitRate: 0.06,
  creditRate: 0,
  margin: REGULATION_T,
  maximumLeverage: 1,
  rates: {},
  seed: 1,
  risk: null,
  resumeAfter: null,
} as const satisfies Omit<Required<SimulationOptions>, 'cash'>;

/** Marks with the drawdown beside them: 0 at a high, 0.2 one fifth below the highest equity so far. */
export interface EngineMarks extends SimulationMarks {
  readonly drawdown: Float64Array;
}

export interface EngineResult extends SimulationResult {
  readonly marks: EngineMarks;
  /** Every order in the order given, with what became of it. */
  readonly orders: readonly SimulatedOrder[];
  /** Cash by currency at the end. */
  readonly cashByCurrency: Readonly<Record<string, number>>;
}

/** The fill model of one instrument: its tick and lot, the product's assumptions, what the caller changed of them. */
export const fillModelOf = ({ instrument, fills }: SimulatedInstrument): FillModel => ({
  ...DEFAULT_FILL_ASSUMPTIONS,
  ...fills,
  tick: Number(instrument.tick),
  lot: Number(instrument.lot),
});

/** @throws InvalidSimulationError naming the option, its value and what is expected */
export function checkOptions(options: Required<SimulationOptions>): void {
  const atLeastZero = (name: 'borrowRate' | 'debitRate' | 'creditRate') => {
    const rate = options[name];
    if (!(rate >= 0 && Number.isFinite(rate)))
      throw new InvalidSimulationError(`${name} ${rate} is not zero or more; a year's rate such as 0.05`);
  };
  if (!isPrice(options.cash)) throw new InvalidSimulationError(`cash ${options.cash} is not above zero`);
  if (!isPrice(options.maximumLeverage))
    throw new InvalidSimulationError(`maximumLeverage ${options.maximumLeverage} is not above zero`);
  atLeastZero('borrowRate');
  atLeastZero('debitRate');
  atLeastZero('creditRate');
  const { risk, resumeAfter } = options;
  if (resumeAfter !== null && risk === null)
    throw new InvalidSimulationError(
      `resumeAfter ${resumeAfter} needs a risk policy; without one nothing is ever reduced or halted`,
    );
  if (resumeAfter !== null && !(Number.isSafeInteger(resumeAfter) && resumeAfter >= 1))
    throw new InvalidSimulationError(
      `resumeAfter ${resumeAfter} is not a whole number of sessions from 1 on`,
    );
}
