import type { TimerClock } from '#core/values/timer-clock.ts';
import type { BrokerInput } from '../broker/broker.ts';
import type { Connection } from '../connection.ts';
import type { Desk } from '../desk.ts';
import type { FaultSettings } from '../faults.ts';
import type { MarketFeed } from '../market-feed.ts';
import type { RequestContract } from '../protocol/contract.ts';
import type { RequestFields } from '../protocol/requests.ts';
import type { Publisher } from '../publisher.ts';
import type { SessionBars } from '../session-bars.ts';
import type { Tape, TapeInstrument } from '../tape.ts';

/** What the request handlers work with. */
/** With every minute of the tape, or only with the minute that completes the subscriber's bar. */
export type BarUpdates = 'minute' | 'bar';

export interface RequestContext {
  readonly clock: TimerClock;
  readonly tape: Tape;
  readonly desk: Desk;
  readonly feed: MarketFeed;
  readonly sessions: SessionBars;
  readonly publisher: Publisher;
  readonly barUpdates: BarUpdates;
  readonly faults: () => FaultSettings;
  readonly connections: () => Iterable<Connection>;
  /** Why a historical request breaks the pacing rules, null where it does not or they are off. */
  readonly historyPacing: (
    request: RequestFields<'reqHistoricalData'>,
    instrument: TapeInstrument,
  ) => string | null;
  /** Advances the broker and tells whom it concerns. */
  readonly act: (input: BrokerInput) => void;
  /** Acts for an order through the faults that break the link around it. */
  readonly placeOrder: (connection: Connection, order: RequestFields<'placeOrder'>) => void;
}

export const NO_SECURITY = 'No security definition has been found for the request';

/**
 * The instrument a contract names: by conId, or by symbol or local symbol. Whatever else the contract says must agree, the
 * exchange among it: one that the instrument is routed to or listed on.
 */
export function resolve(tape: Tape, wanted: RequestContract): TapeInstrument | null {
  if (wanted.conId === 0 && wanted.symbol === '' && wanted.localSymbol === '') return null;
  const found = tape.instruments.find(
    ({ contract }) =>
      (wanted.conId === 0 || wanted.conId === contract.conId) &&
      AGREEING.every((field) => wanted[field] === '' || wanted[field] === contract[field]) &&
      ['', contract.exchange, contract.primaryExchange].includes(wanted.exchange),
  );
  return found ?? null;
}

const AGREEING = ['symbol', 'localSymbol', 'secType', 'currency', 'tradingClass'] as const;
