import { wholeLots } from '#core/agents/strategy/trade-levels.ts';
import type { Instrument } from '#core/market/instrument.ts';
import type { RiskPolicy } from '#core/risk/policy.ts';
import { Decimal } from '#core/values/decimal.ts';
import { CATASTROPHE_HEADROOM, WORST_MARKET_FALL } from './stress-scenarios.ts';

/** Share of equity that one trade may lose at its stop: a tenth of the drawdown at which the desk halts. */
const LOSS_SHARE_OF_HALT = 0.1;
/** Share of the remaining distance to the drawdown halt that one trade may lose at its stop. */
const LOSS_SHARE_OF_HEADROOM = 0.25;
/** Fraction of the Kelly bet: a quarter, as its inputs are estimates (Thorp 2006). */
const KELLY_FRACTION = 0.25;

export interface SizingInputs {
  readonly instrument: Instrument;
  readonly policy: RiskPolicy;
  readonly equity: Decimal;
  /** Equity above the level at which the drawdown halts the desk. */
  readonly headroom: Decimal;
  readonly grossExposure: Decimal;
  /** Absolute market value already held or reserved in the instrument. */
  readonly held: Decimal;
  /** Absolute market value held in the instrument's sector; null where the instrument has none. */
  readonly sectorHeld: Decimal | null;
  /** The worst price the entry may trade at. */
  readonly worstPrice: Decimal;
  /** Entry − invalidation, in price units, positive. */
  readonly risk: Decimal;
  readonly annualVolatility: number;
  /** Usual volume of a session, in units. */
  readonly usualVolume: number;
  readonly meanReturn: number;
  readonly variance: number;
}

export interface SizeCandidate {
  readonly method: string;
  readonly quantity: Decimal;
}

/** The factor on the base size by annual volatility: the policy's calm and wild steps. */
export function volatilityFactor(policy: RiskPolicy, annualVolatility: number): number {
  const { calmVolatility, calmFactor, wildVolatility, wildFactor } = policy.position;
  if (annualVolatility < calmVolatility) return calmFactor;
  return annualVolatility > wildVolatility ? wildFactor : 1;
}

/**
 * What each sizing method allows, in whole lots, none above what its limit leaves: volatility target, a quarter of Kelly
 * (mean over variance of the simulated outcome), loss at the stop, the drawdown still open (at the stop, and in a repeat
 * of the worst remembered day on the whole book), position, sector and leverage
 * headroom, participation in the usual volume, order value.
 */
export function sizeCandidates(inputs: SizingInputs): readonly SizeCandidate[] {
  const { instrument, policy, equity, worstPrice, risk } = inputs;
  const unit = worstPrice.times(instrument.multiplier);
  const riskOfUnit = risk.times(instrument.multiplier);
  const byValue = (value: Decimal) => value.div(unit);
  const ofEquity = (fraction: number) => equity.times(fraction.toPrecision(12));
  const catastrophe = inputs.headroom.times(CATASTROPHE_HEADROOM).div(WORST_MARKET_FALL.toPrecision(10));
  const kelly = inputs.variance > 0 ? Math.max(0, (KELLY_FRACTION * inputs.meanReturn) / inputs.variance) : 0;
  const units: [string, Decimal][] = [
    [
      'volatility-target',
      byValue(ofEquity(policy.position.base * volatilityFactor(policy, inputs.annualVolatility))),
    ],
    ['quarter-kelly', byValue(ofEquity(Math.min(policy.position.maximum, kelly)))],
    ['loss-at-stop', ofEquity(policy.drawdown.halt * LOSS_SHARE_OF_HALT).div(riskOfUnit)],
    ['drawdown-headroom', inputs.headroom.times(LOSS_SHARE_OF_HEADROOM).div(riskOfUnit)],
    ['catastrophe', byValue(catastrophe.minus(inputs.grossExposure))],
    ['position-limit', byValue(ofEquity(policy.position.maximum).minus(inputs.held))],
    ['gross-leverage', byValue(ofEquity(policy.grossLeverage).minus(inputs.grossExposure))],
    ['participation', new Decimal((inputs.usualVolume * policy.participation).toPrecision(12))],
    ['order-value', byValue(new Decimal(policy.orderValue))],
  ];
  if (inputs.sectorHeld !== null) {
    units.push(['sector-limit', byValue(ofEquity(policy.sector).minus(inputs.sectorHeld))]);
  }
  return units.map(([method, quantity]) => ({ method, quantity: wholeLots(instrument, quantity) }));
}

/** The smallest candidate; of equal ones the first. */
export function smallest(candidates: readonly SizeCandidate[]): SizeCandidate {
  const [first, ...rest] = candidates;
  if (first === undefined) throw new RangeError('no sizing method gave a candidate; size nothing');
  return rest.reduce(
    (least, candidate) => (candidate.quantity.lt(least.quantity) ? candidate : least),
    first,
  );
}
