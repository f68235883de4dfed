import { describe, expect, it } from 'vitest';
import { enteredOutcome, type Outcome } from '#core/broker/entered-outcome.ts';
import type { OrderRecord } from '#core/broker/order-record.ts';
import {
  enteredExecutionOf as execution,
  unresolvedOrder as record,
} from '../../../support/order-samples.ts';

const NOW = Date.parse('2018-02-06T06:00:00.000Z');

const outcome = (...executions: Outcome['executions']): Outcome => ({
  requestId: 'operator/1',
  by: 'ana',
  reason: 'from the activity statement',
  orderRef: 'i-1',
  executions,
});

const types = (decision: ReturnType<typeof enteredOutcome>) =>
  decision.kind === 'refused' ? decision : decision.change.entries.map(({ event }) => event.metadata.type);

describe('the outcome of an order, entered by a person', () => {
  it('fills it, and is its end', () => {
    const decision = enteredOutcome(record(), outcome(execution()), NOW);
    expect(types(decision)).toEqual(['OrderFilled', 'CommissionReported']);
    expect(decision).toMatchObject({
      change: { record: { status: 'filled', fills: [{ execId: 'e.1.01' }] } },
    });
  });

  it('in part cancels the rest, exactly', () => {
    const decision = enteredOutcome(
      record(),
      outcome(
        execution({ quantity: '2' }),
        execution({ execId: 'e.2.01', quantity: '3', executedAt: '2018-02-05T15:01:00.000Z' }),
      ),
      NOW,
    );
    expect(types(decision)).toEqual([
      'OrderFilled',
      'CommissionReported',
      'OrderFilled',
      'CommissionReported',
      'OrderCancelled',
    ]);
    expect(decision).toMatchObject({ change: { record: { status: 'cancelled' } } });
    if (decision.kind === 'ended')
      expect(decision.change.entries.at(-1)?.event.data).toMatchObject({ filledQuantity: '5' });
  });

  it('counts what is journaled already once', () => {
    const known = record({
      fills: [{ execId: 'e.1.01', quantity: '4', price: '160.5' }],
      commissions: ['e.1.01'],
      brokerFilled: '4',
    });
    const rest = execution({ execId: 'e.2.01', quantity: '6' });
    const decision = enteredOutcome(known, outcome(execution({ quantity: '4' }), rest), NOW);
    expect(types(decision)).toEqual(['OrderFilled', 'CommissionReported']);
    expect(decision).toMatchObject({ change: { record: { status: 'filled' } } });
  });

  it('of an order that was never acknowledged says that it was taken in', () => {
    const silent = record({ permId: null, brokerStatus: null });
    expect(types(enteredOutcome(silent, outcome(execution()), NOW))).toEqual([
      'OrderAccepted',
      'OrderFilled',
      'CommissionReported',
    ]);
    expect(types(enteredOutcome(silent, outcome(), NOW))).toEqual(['OrderCancelled']);
  });

  it('of a resting stop that is gone unfilled lets it lapse, so that its layer gets another', () => {
    const stop = record({ orderRef: 'i-1:stop', role: 'stop', parentRef: 'i-1', side: 'SELL' });
    const decision = enteredOutcome(stop, { ...outcome(), orderRef: 'i-1:stop' }, NOW);
    expect(decision).toMatchObject({ kind: 'ended', change: { record: { status: 'lapsed' } } });
  });

  it.each<[string, OrderRecord | null, Outcome, RegExp]>([
    ['an order that is unknown', null, outcome(), /no order i-1/],
    ['an order that works', record({ status: 'working' }), outcome(), /is working/],
    ['an order that has ended', record({ status: 'filled' }), outcome(), /is filled/],
    ['more than was ordered', record(), outcome(execution({ quantity: '11' })), /filled 11 of 10/],
    [
      'less than the broker has told',
      record({ brokerFilled: '4' }),
      outcome(),
      /4 of the order i-1 are filled/,
    ],
    ['nothing of something', record(), outcome(execution({ quantity: '0' })), /above zero/],
    ['a price of nothing', record(), outcome(execution({ price: '0.00' })), /above zero/],
    [
      'one execution twice',
      record(),
      outcome(execution({ quantity: '5' }), execution({ quantity: '5' })),
      /entered twice/,
    ],
    [
      'an execution beside its correction',
      record(),
      outcome(execution({ quantity: '5' }), execution({ execId: 'e.1.02', quantity: '5' })),
      /e\.1\.01 and e\.1\.02 are one execution/,
    ],
    [
      'a commission in another currency',
      record(),
      outcome(execution({ currency: 'EUR' })),
      /is in EUR, and AAPL is traded in USD/,
    ],
    [
      'an execution of the future',
      record(),
      outcome(execution({ executedAt: '2018-02-06T06:00:00.001Z' })),
      /still to come/,
    ],
    [
      'an execution before the order',
      record(),
      outcome(execution({ executedAt: '2018-02-05T14:30:59.999Z' })),
      /before the order was sent/,
    ],
  ])('is refused: %s', (_, known, told, reason) => {
    expect(enteredOutcome(known, told, NOW)).toEqual({
      kind: 'refused',
      reason: expect.stringMatching(reason),
    });
  });
});
