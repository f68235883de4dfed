import { DateTime } from 'luxon';
import { twsZone, utcText } from '../calendar-text.ts';
import type { Connection } from '../connection.ts';
import type { RequestFields } from '../protocol/requests.ts';
import { respond } from '../protocol/responses.ts';
import type { TapeInstrument } from '../tape.ts';
import { NO_SECURITY, type RequestContext, resolve } from './context.ts';

const DAY = 86_400_000;
const ORDER_TYPES = 'LIMIT,LMT,LOC,MARKET,MKT,MOC,STOP,STP,STP LMT,TRAIL,WHATIF';

/** One market rule per tick size: its id is the place of the tick among the tape's ticks, from 26 on. */
const FIRST_MARKET_RULE = 26;
const ticksOf = (context: RequestContext): string[] => [
  ...new Set(context.tape.instruments.map((entry) => entry.tick)),
];
const marketRuleOf = (context: RequestContext, instrument: TapeInstrument): number =>
  FIRST_MARKET_RULE + ticksOf(context).indexOf(instrument.tick);

/** Sessions of the coming days as TWS writes hours: `20180205:0930-20180205:1600;20180210:CLOSED`. */
function hoursText(context: RequestContext, instrument: TapeInstrument): string {
  const zone = instrument.timeZone;
  const today = DateTime.fromMillis(context.clock.now(), { zone }).startOf('day');
  const days = Array.from({ length: 6 }, (_, index) => today.plus({ days: index }));
  const sessions = context.sessions.sessions(
    instrument.instrument,
    today.toMillis(),
    today.toMillis() + 7 * DAY,
  );
  return days
    .map((day) => {
      const date = day.toFormat('yyyyMMdd');
      const found = sessions.filter((session) => session.date.replaceAll('-', '') === date);
      if (found.length === 0) return `${date}:CLOSED`;
      return found
        .map(({ openTime, closeTime }) => {
          const write = (at: number) => DateTime.fromMillis(at, { zone }).toFormat('yyyyMMdd:HHmm');
          return `${write(openTime)}-${write(closeTime)}`;
        })
        .join(',');
    })
    .join(';');
}

export function contractDetails(
  context: RequestContext,
  connection: Connection,
  request: RequestFields<'reqContractDetails'>,
): void {
  const instrument = resolve(context.tape, request.contract);
  if (instrument === null) {
    connection.error(request.reqId, 200, NO_SECURITY);
    return;
  }
  const { contract } = instrument;
  const exchanges = [...new Set([contract.exchange, contract.primaryExchange])].join(',');
  const hours = hoursText(context, instrument);
  const lot = Number(instrument.lot);
  connection.send(
    respond('contractDetails', {
      reqId: request.reqId,
      symbol: contract.symbol,
      secType: contract.secType,
      exchange: contract.exchange,
      currency: contract.currency,
      localSymbol: contract.localSymbol,
      marketName: contract.tradingClass,
      tradingClass: contract.tradingClass,
      conId: contract.conId,
      minimumTick: Number(instrument.tick),
      multiplier: contract.multiplier === '1' ? '' : contract.multiplier,
      orderTypes: instrument.tradable ? ORDER_TYPES : '',
      validExchanges: exchanges,
      longName: contract.longName,
      primaryExchange: contract.primaryExchange,
      industry: contract.industry,
      timeZoneId: twsZone(instrument.timeZone),
      tradingHours: hours,
      liquidHours: hours,
      aggregationGroup: 1,
      marketRuleIds: exchanges
        .split(',')
        .map(() => marketRuleOf(context, instrument))
        .join(','),
      stockType: contract.secType === 'STK' ? 'COMMON' : '',
      minimumSize: lot,
      sizeIncrement: lot,
      suggestedSizeIncrement: Math.max(lot, 100),
    }),
  );
  connection.send(respond('contractDetailsEnd', { reqId: request.reqId }));
}

export function marketRule(context: RequestContext, connection: Connection, marketRuleId: number): void {
  const tick = ticksOf(context)[marketRuleId - FIRST_MARKET_RULE];
  if (tick === undefined) {
    connection.error(
      -1,
      321,
      `Error validating request.-'cy' : cause - market rule id ${marketRuleId} is unknown`,
    );
    return;
  }
  connection.send(
    respond('marketRule', { marketRuleId, increments: [{ lowEdge: 0, increment: Number(tick) }] }),
  );
}

/** Instruments whose symbol begins with, or whose name contains, the pattern. */
export function matchingSymbols(
  context: RequestContext,
  connection: Connection,
  request: RequestFields<'reqMatchingSymbols'>,
): void {
  const pattern = request.pattern.toUpperCase();
  const samples = context.tape.instruments
    .filter(
      ({ contract }) =>
        contract.symbol.startsWith(pattern) || contract.longName.toUpperCase().includes(pattern),
    )
    .slice(0, 16)
    .map(({ contract }) => ({
      conId: contract.conId,
      symbol: contract.symbol,
      secType: contract.secType,
      primaryExchange: contract.primaryExchange,
      currency: contract.currency,
      derivativeSecTypes: [],
      description: contract.longName,
      issuerId: '',
    }));
  connection.send(respond('symbolSamples', { reqId: request.reqId, samples }));
}

/** The first instant of which the tape has anything. */
export function headTimestamp(
  context: RequestContext,
  connection: Connection,
  request: RequestFields<'reqHeadTimestamp'>,
): void {
  const instrument = resolve(context.tape, request.contract);
  if (instrument === null) {
    connection.error(request.reqId, 200, NO_SECURITY);
    return;
  }
  const daily = context.sessions.daily(instrument.instrument);
  const first =
    daily.length > 0
      ? (daily.openTime[0] as number)
      : context.sessions.sessions(instrument.instrument, 0, context.clock.now())[0]?.openTime;
  if (first === undefined || first > context.clock.now()) {
    connection.error(request.reqId, 162, 'Historical Market Data Service error message:No head time stamp');
    return;
  }
  const timestamp = request.formatDate === 2 ? String(Math.floor(first / 1000)) : utcText(first);
  connection.send(respond('headTimestamp', { reqId: request.reqId, timestamp }));
}
