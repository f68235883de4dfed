import { onGrid } from '#core/simulation/grid.ts';
import type { SimulatedOrderType, TimeInForce } from '#core/simulation/orders.ts';
import type { BrokerInstrument, OrderRequest } from './state.ts';

/** Why an order is refused: a TWS error code and its text. */
export interface Refusal {
  readonly code: number;
  readonly message: string;
}

/** The terms of an order as the fill model wants them. */
export interface OrderTerms {
  readonly type: SimulatedOrderType;
  readonly timeInForce: TimeInForce;
  readonly limitPrice: number;
  readonly stopPrice: number;
  readonly trailAmount: number;
  readonly trailPercent: number;
}

const ORDER_TYPES: Readonly<Record<string, SimulatedOrderType>> = {
  MKT: 'MKT',
  MARKET: 'MKT',
  LMT: 'LMT',
  LIMIT: 'LMT',
  STP: 'STP',
  STOP: 'STP',
  'STP LMT': 'STP LMT',
  STPLMT: 'STP LMT',
  TRAIL: 'TRAIL',
  MOC: 'MOC',
  LOC: 'LOC',
  MOO: 'MOO',
};
const TIMES_IN_FORCE: ReadonlySet<string> = new Set(['DAY', 'GTC', 'IOC', 'FOK', 'GTD', 'OPG']);

const refuse = (code: number, message: string): Refusal => ({ code, message });
const invalid = (why: string): Refusal => refuse(321, `Error validating request.-'bG' : cause - ${why}`);
const rejected = (why: string): Refusal => refuse(201, `Order rejected - reason:${why}`);

/** Checks an order against the instrument and what is simulated, and states its terms. */
export function termsOf(
  request: OrderRequest,
  instrument: BrokerInstrument,
  account: string,
): OrderTerms | Refusal {
  if (request.exchange === '') return invalid('Missing order exchange');
  if (request.unsupported !== null)
    return rejected(`${request.unsupported} is not simulated by this gateway`);
  if (request.action !== 'BUY' && request.action !== 'SELL') {
    return invalid(`action ${JSON.stringify(request.action)} is neither BUY nor SELL`);
  }
  if (request.account !== '' && request.account !== account)
    return refuse(
      435,
      `You must specify an account. ${JSON.stringify(request.account)} is not an account of this login`,
    );
  if (!Number.isFinite(request.quantity) || request.quantity < 0)
    return invalid(`quantity ${request.quantity} is not a positive number`);
  if (request.quantity === 0) return refuse(434, 'The order size cannot be zero');
  if (!onGrid(request.quantity, instrument.model.lot)) {
    return refuse(
      10318,
      `This order doesn't support fractional quantity trading: size ${request.quantity} is not a multiple of ${instrument.model.lot}`,
    );
  }
  if (!instrument.tradable) return rejected(`${instrument.symbol} cannot be traded`);
  const written = ORDER_TYPES[request.orderType.toUpperCase()];
  if (written === undefined)
    return refuse(
      387,
      `Unsupported order type for this exchange and security type: ${JSON.stringify(request.orderType)}`,
    );
  const timeInForce = request.timeInForce === '' ? 'DAY' : request.timeInForce;
  if (!TIMES_IN_FORCE.has(timeInForce))
    return invalid(`time in force ${JSON.stringify(request.timeInForce)} is unknown`);
  if (timeInForce === 'GTD' && (request.goodTill === null || Number.isNaN(request.goodTill))) {
    return invalid(
      `good till date ${JSON.stringify(request.goodTillDate)} is not a date such as 20180205 20:00:00 UTC`,
    );
  }
  return pricedTerms(request, instrument, opening(written, timeInForce), timeInForce as TimeInForce);
}

function opening(type: SimulatedOrderType, timeInForce: string): SimulatedOrderType {
  if (timeInForce !== 'OPG') return type;
  return type === 'MKT' ? 'MOO' : type === 'LMT' ? 'LOO' : type;
}

function pricedTerms(
  request: OrderRequest,
  instrument: BrokerInstrument,
  type: SimulatedOrderType,
  timeInForce: TimeInForce,
): OrderTerms | Refusal {
  const immediate = timeInForce === 'IOC' || timeInForce === 'FOK' || timeInForce === 'OPG';
  const plain = type === 'MKT' || type === 'LMT' || type === 'MOO' || type === 'LOO';
  if (immediate && !plain)
    return rejected(`time in force ${timeInForce} does not go with order type ${request.orderType}`);
  const limited = type === 'LMT' || type === 'LOO' || type === 'LOC' || type === 'STP LMT';
  const stopped = type === 'STP' || type === 'STP LMT';
  const limit = limited ? request.limitPrice : null;
  const stop = stopped ? request.auxPrice : type === 'TRAIL' ? request.trailStopPrice : null;
  if (limited && !isPrice(limit)) return invalid(`limit price ${limit ?? 'unset'} is not a price`);
  if (stopped && !isPrice(stop)) return invalid(`stop price ${stop ?? 'unset'} is not a price`);
  const percent = type === 'TRAIL' ? request.trailingPercent : null;
  const amount = type === 'TRAIL' && percent === null ? request.auxPrice : null;
  if (type === 'TRAIL' && !isPrice(percent) && !isPrice(amount))
    return invalid('a TRAIL order needs auxPrice or trailingPercent');
  if (percent !== null && percent >= 100) return invalid(`trailing percent ${percent} is not below 100`);
  for (const value of [limit, stop]) {
    if (value !== null && !onGrid(value, instrument.model.tick)) {
      return refuse(110, 'The price does not conform to the minimum price variation for this contract.');
    }
  }
  return {
    type,
    timeInForce,
    limitPrice: limit ?? Number.NaN,
    stopPrice: stop ?? Number.NaN,
    trailAmount: amount ?? Number.NaN,
    trailPercent: percent ?? Number.NaN,
  };
}

const isPrice = (value: number | null): value is number =>
  value !== null && Number.isFinite(value) && value > 0;

/** True where a check refused. */
export const isRefusal = (result: OrderTerms | Refusal): result is Refusal => 'code' in result;
