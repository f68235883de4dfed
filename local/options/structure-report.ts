import { REGULATION_T_RATES, structureMargin } from '#core/analytics/options/margin.ts';
import { payoffAtExpiry, payoffProfile } from '#core/analytics/options/payoff.ts';
import { netPremium } from '#core/analytics/options/structure.ts';
import { worstCase } from '#core/analytics/options/worst-case.ts';
import type { StructureRequest } from './structure-request.ts';

/** What a structure can make and lose, and what it ties up; amounts in the underlying's currency, before fees. */
export type StructureReport = ReturnType<typeof structureReport>;

/** Of the underlying, for uncovered options on a broad index. */
const INDEX_RATE = 0.15;

/** @throws InvalidOptionError for terms that cannot be valued */
export function structureReport({ structure, market, style, index }: StructureRequest) {
  const rates = index ? { ...REGULATION_T_RATES, uncovered: INDEX_RATE } : REGULATION_T_RATES;
  const { worst, scenarios } = worstCase(structure, { ...market, style });
  const strikes = structure.options.map(({ strike }) => strike);
  const spots = [...new Set([...strikes, market.spot])].sort((a, b) => a - b);
  return {
    structure,
    market,
    style,
    netPremium: netPremium(structure),
    payoff: payoffProfile(structure),
    atExpiry: spots.map((spot) => ({ spot, profit: payoffAtExpiry(structure, spot) })),
    margin: structureMargin(structure, market.spot, rates),
    worst,
    scenarios,
  };
}
