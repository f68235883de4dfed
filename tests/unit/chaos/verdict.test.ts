import { describe, expect, it } from 'vitest';
import { EMPTY_BOOK } from '#core/portfolio/account-book.ts';
import { type BrokerView, judge } from '../../chaos/broker/verdict.ts';
import { deskEvent } from '../../support/desk-events.ts';

const submitted = (orderRef: string) =>
  deskEvent(
    'OrderSubmitted',
    {
      intentId: orderRef,
      orderRef,
      role: 'order',
      instrument: 'AAPL',
      orderId: 1,
      clientId: 1,
      side: 'SELL',
      quantity: '8',
      orderType: 'MKT',
      limitPrice: null,
      triggerPrice: null,
      timeInForce: 'DAY',
      ocaGroup: null,
      fencingToken: 1,
    },
    { key: orderRef },
  );
const declined = (intentId: string) =>
  deskEvent(
    'CommandDeclined',
    { intentId, command: 'OrderAuthorized', reason: 'it never reached the broker' },
    { key: `OrderAuthorized:${intentId}` },
  );
const order = (orderRef: string, changes: Partial<BrokerView['orders'][number]> = {}) => ({
  permId: 1,
  orderRef,
  filled: 0,
  status: 'Submitted',
  transmitted: true,
  ...changes,
});
const broker = (...orders: BrokerView['orders'][number][]): BrokerView => ({
  cash: '0',
  positions: [],
  orders,
  executions: [],
});

describe('the verdict of a chaos run', () => {
  it('misses what was submitted, is not at the broker and has no end', () => {
    expect(judge([submitted('X')], EMPTY_BOOK, broker()).lost).toEqual([
      expect.stringContaining('X was submitted'),
    ]);
  });

  it('takes a refusal to send an order again, because it never arrived, for its end', () => {
    const { lost, misattributed } = judge([submitted('X'), declined('X')], EMPTY_BOOK, broker());
    expect([...lost, ...misattributed]).toEqual([]);
  });

  it('is not content with a refusal of what the broker has', () => {
    const { misattributed } = judge([submitted('X'), declined('X')], EMPTY_BOOK, broker(order('X')));
    expect(misattributed).toEqual(['the broker has X, which the journal declined']);
  });

  it('counts two orders of one reference as doubled, whatever became of them', () => {
    for (const reference of ['X', 'X~2']) {
      const twice = broker(order('X'), order(reference, { permId: 2, status: 'Cancelled' }));
      expect(judge([submitted('X')], EMPTY_BOOK, twice).doubled).toHaveLength(1);
    }
  });

  it('does not count what was taken back before it was transmitted, and says what still lies there', () => {
    const withdrawn = order('X', { permId: 2, status: 'Cancelled', transmitted: false });
    const held = order('X', { permId: 3, status: 'Held', transmitted: false });
    const verdict = judge([submitted('X')], EMPTY_BOOK, broker(order('X'), withdrawn, held));
    expect(verdict.doubled).toEqual([]);
    expect(verdict.untransmitted).toBe(1);
  });
});
