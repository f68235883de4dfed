import { describe, expect, it } from 'vitest';
import { EMPTY_BOOK } from '#core/portfolio/account-book.ts';
import { type BrokerView, judge } from '../../chaos/broker/verdict.ts';
import { bookOf, brokerOrder, deskEvent, holding } from '../../support/desk-events.ts';

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
  total: 8,
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

  it('takes a resting stop for one while no two of its lives can fill', () => {
    const lives = (...second: Parameters<typeof order>) =>
      judge(
        [submitted('X:stop')],
        EMPTY_BOOK,
        broker(order('X:stop', { status: 'Cancelled' }), order(...second)),
      ).doubled;
    expect(lives('X:stop~2', { permId: 2 })).toEqual([]);
    expect(
      judge([submitted('X:stop')], EMPTY_BOOK, broker(order('X:stop'), order('X:stop~2', { permId: 2 })))
        .doubled,
    ).toHaveLength(1);
  });

  it('misses the stop of what is held, unless the broker refused it', () => {
    const book = holding(bookOf());
    const stop = (total: number, status = 'PreSubmitted') => order('I-1:stop', { total, status });
    const missing = (...orders: Parameters<typeof broker>) =>
      judge([submitted('I-1:stop')], book, broker(...orders)).unprotected;
    expect(missing(stop(50))).toEqual([]);
    expect(missing(stop(50, 'Cancelled'))).toEqual(['50 of I-1 are held, and a stop for 0 rests']);
    expect(missing(stop(20))).toHaveLength(1);
    const refused = deskEvent('OrderRejected', {
      ...brokerOrder('I-1', 'stop'),
      code: 201,
      message: 'as the run wants it',
    });
    expect(judge([submitted('I-1:stop'), refused], book, broker()).unprotected).toEqual([]);
  });

  it('does not count what was taken back before it was transmitted, and says what still lies there', () => {
    const withdrawn = order('X', { permId: 2, status: 'Cancelled', transmitted: false });
    const held = order('X', { permId: 3, status: 'Held', transmitted: false });
    const verdict = judge([submitted('X')], EMPTY_BOOK, broker(order('X'), withdrawn, held));
    expect(verdict.doubled).toEqual([]);
    expect(verdict.untransmitted).toBe(1);
  });
});
