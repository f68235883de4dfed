import { type OptionLeg, type StockLeg, structureOfLegs } from '#core/analytics/options/structure.ts';
import { ConfigurationError } from '#local/day/errors.ts';
import { optionNumber } from '#local/tables/named-numbers.ts';
import { solvedVolatility } from './option-report.ts';
import { type Market, type MarketWords, marketOf, yearsOfDays } from './option-request.ts';

export interface StructureWords extends MarketWords {
  readonly stock?: string;
  readonly multiplier?: string;
  readonly european?: boolean;
  readonly index?: boolean;
}

export interface StructureRequest {
  readonly structure: ReturnType<typeof structureOfLegs>;
  readonly market: Market;
  readonly style: 'american' | 'european';
  /** Broad-based index options have a lower margin. */
  readonly index: boolean;
}

const LEG = /^(buy|sell):(\d+):(call|put):(\d+(?:\.\d+)?)@(\d+(?:\.\d+)?)(?::(\d+(?:\.\d+)?))?$/;
const LEG_EXAMPLE = 'sell:1:put:95@2.10, or sell:1:put:95@2.10:60 where it expires in other days than --days';
const STOCK = /^([+-]?\d+(?:\.\d+)?)@(\d+(?:\.\d+)?)$/;

/**
 * Legs as they are quoted; the volatility of each is the one that its price implies.
 * @throws ConfigurationError naming the leg or option, and the mend
 * @throws InvalidOptionError for terms that no option has
 */
export function structureRequest(legs: readonly string[], words: StructureWords): StructureRequest {
  const market = marketOf(words);
  const style = words.european === true ? 'european' : 'american';
  const [first, ...others] = legs.map((text) => legOf(text, market, style));
  if (first === undefined)
    throw new ConfigurationError(`there is no option; give legs such as ${LEG_EXAMPLE}`);
  const multiplier = optionNumber('--multiplier', words.multiplier ?? '100', {
    expected: 'a number above 0, 100 for US equity options',
    accepts: (one) => one > 0,
  });
  return {
    structure: structureOfLegs('structure', multiplier, [first, ...others], stockOf(words.stock)),
    market,
    style,
    index: words.index === true,
  };
}

function legOf(text: string, market: Market, style: StructureRequest['style']): OptionLeg {
  const [, side, quantity, right, strike, price, days] = LEG.exec(text) ?? [];
  if (side === undefined || (right !== 'call' && right !== 'put'))
    throw new ConfigurationError(`${JSON.stringify(text)} is no leg; write ${LEG_EXAMPLE}`);
  const years = days === undefined ? market.years : yearsOfDays(Number(days));
  const terms = { right, strike: Number(strike), market: { ...market, years } } as const;
  const implied = solvedVolatility(
    { model: style === 'american' ? 'american' : 'bsm', ...terms },
    Number(price),
  );
  if (implied.kind === 'undefined')
    throw new ConfigurationError(
      `the leg ${text} has no implied volatility: ${implied.reason}; check its price, --spot, --days and --rate`,
    );
  return {
    right,
    strike: terms.strike,
    price: Number(price),
    years,
    volatility: implied.volatility,
    quantity: Number(quantity) * (side === 'buy' ? 1 : -1),
  };
}

function stockOf(text: string | undefined): StockLeg | null {
  if (text === undefined) return null;
  const [, quantity, price] = STOCK.exec(text) ?? [];
  if (quantity === undefined)
    throw new ConfigurationError(`--stock ${JSON.stringify(text)} is no position; write 100@98.50`);
  return { quantity: Number(quantity), price: Number(price) };
}
