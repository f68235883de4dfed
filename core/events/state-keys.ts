import type { StateKey } from './desk-store.ts';

/**
 * Every state item of the desk and who writes it. Each writer has partitions of its own, so that its role can be confined
 * to them: an agent cannot write the book, whatever it does.
 */
export const stateKeys = {
  /** The account book: positions, orders, reservations, equity, breakers. Written by the ledger and the gate. */
  book: { partition: 'BOOK', sort: 'BOOK' } as StateKey,
  /**
   * The gate's word that exactly these terms were authorized, under their digest. Written by the gate alone, in one commit
   * with the reservation in the book, and never changed.
   */
  authorization: (digest: string): StateKey => ({ partition: 'AUTHORIZATION', sort: digest }),
  /** The kill switch. Written by the operator and by a drawdown halt; read by the gate and, before every order, the bridge. */
  halt: { partition: 'HALT', sort: 'HALT' } as StateKey,
  /** The risk policy in force. Written by the first preparation of a session, and by an operator. */
  policy: { partition: 'POLICY', sort: 'POLICY' } as StateKey,
  /** An operator's word on how an order ended, under its digest: what counts is what stands here, not who sent it. */
  outcome: (digest: string): StateKey => ({ partition: 'OUTCOME', sort: digest }),
  /** An operator's word on a movement of cash, under the broker's reference of it: booked once, and only as it stands here. */
  cash: (reference: string): StateKey => ({ partition: 'CASH', sort: reference }),
  /** The learning agent's running statistics. */
  learning: { partition: 'LEARNING', sort: 'LEARNING' } as StateKey,
  /** The bridge's lease with its fencing token. */
  lease: { partition: 'BROKER', sort: 'LEASE' } as StateKey,
  /** The bars of one session of one instrument, closed so far. Written by the ledger. */
  intraday: (instrument: string): StateKey => ({ partition: `MARKET#${instrument}`, sort: 'INTRADAY' }),
  /** The latest daily history of an instrument, by reference. Written by the ledger. */
  daily: (instrument: string): StateKey => ({ partition: `MARKET#${instrument}`, sort: 'DAILY' }),
  /** The cycles of a session, in order. Written by the cycle opener. */
  session: (date: string): StateKey => ({ partition: 'SESSION', sort: date }),
  /** One order at the broker, by orderRef: what the bridge knows of it. */
  brokerOrder: (orderRef: string): StateKey => ({ partition: 'BROKER#ORDER', sort: orderRef }),
};

/** Correlations that are not a cycle. */
export const correlations = {
  session: (date: string) => `session:${date}`,
  broker: (date: string) => `broker:${date}`,
  desk: 'desk',
};

/** The kill switch as stored. */
export interface HaltFlag {
  readonly halted: boolean;
  readonly by: string;
  readonly reason: string;
  readonly at: string;
}

/**
 * Whether a halt has been lifted. Whoever halts throws the switch in the commit that says so, and only a resumption lets it go:
 * a `TradingHalted` that comes while it is off is one from before that, told again or late.
 */
export const isHaltLifted = (flag: HaltFlag | null): boolean => flag?.halted !== true;
