import { describe, expect, it } from 'vitest';
import {
  cancelled,
  executionBase,
  type OrderChange,
  observeCommission,
  observeExecution,
  observeOpenOrder,
  observeStatus,
  rejected,
  stopMoveRefused,
} from '#core/broker/order-facts.ts';
import {
  averagePrice,
  closableQuantity,
  filledQuantity,
  fittingQuantity,
  isAbout,
  lifeRef,
  openQuantity,
  orderRecord,
  readLifeRef,
} from '#core/broker/order-record.ts';
import { executionOf, NOW, openOrderOf, recordOf, stopOf } from '../../../support/order-samples.ts';

const said = (change: OrderChange) => change.entries.map(({ key, event }) => `${event.metadata.type}#${key}`);

describe('what the broker says of an order', () => {
  it('accepts once, however often it is shown', () => {
    const first = observeOpenOrder(recordOf(), openOrderOf(), NOW);
    expect(said(first)).toEqual(['OrderAccepted#i-1']);
    expect(first.record).toMatchObject({ status: 'working', permId: 900 });
    expect(said(observeOpenOrder(first.record, openOrderOf(), NOW))).toEqual([]);
    expect(said(observeStatus(first.record, { permId: 900, status: 'Submitted', filled: '0' }, NOW))).toEqual(
      [],
    );
    expect(orderRecord.parse(first.record)).toEqual(first.record);
  });

  it('is not taken in while the broker has given it no id of its own', () => {
    expect(said(observeOpenOrder(recordOf(), openOrderOf({ permId: 0 }), NOW))).toEqual([]);
    expect(said(observeStatus(recordOf(), { permId: 0, status: 'ApiPending', filled: '0' }, NOW))).toEqual(
      [],
    );
  });

  it('is accepted by its first execution where no status ever came', () => {
    const change = observeExecution(recordOf(), executionOf(), NOW);
    expect(said(change)).toEqual(['OrderAccepted#i-1', 'OrderFilled#0000e0d5.5a7.01.01']);
    expect(change.record.status).toBe('filled');
  });

  it('adds partial fills up exactly, with the average of what filled', () => {
    let record = recordOf();
    for (const [execId, quantity, price] of [
      ['a.1.01', '3', '160.01'],
      ['a.2.01', '4', '160.02'],
      ['a.3.01', '3', '160.05'],
    ] as const) {
      record = observeExecution(record, executionOf({ execId, quantity, price }), NOW).record;
    }
    expect(filledQuantity(record).toFixed()).toBe('10');
    expect(averagePrice(record)?.toFixed()).toBe('160.026');
    expect(record.status).toBe('filled');
  });

  it('lets a correction take the place of what it corrects, and ignores what came before it', () => {
    const first = observeExecution(recordOf(), executionOf(), NOW).record;
    const correction = observeExecution(
      first,
      executionOf({ execId: '0000e0d5.5a7.01.02', price: '161' }),
      NOW,
    );
    expect(said(correction)).toEqual(['OrderFilled#0000e0d5.5a7.01.02']);
    expect(correction.entries[0]?.event.data).toMatchObject({
      corrects: '0000e0d5.5a7.01.01',
      averagePrice: '161',
      cumulativeQuantity: '10',
    });
    expect(said(observeExecution(correction.record, executionOf(), NOW))).toEqual([]);
    expect(executionBase('plain')).toEqual({ base: 'plain', revision: 0 });
  });

  describe('of a trade that it takes back later, wholly or in part,', () => {
    const correctedTo = (quantity: string, record = recordOf()) =>
      [executionOf({ quantity: '6' }), executionOf({ execId: '0000e0d5.5a7.01.02', quantity })].reduce(
        (current, told) => observeExecution(current, told, NOW).record,
        record,
      );

    it.each([
      ['4', '8'],
      ['0', '4'],
    ])('works the rest alone: an order corrected to %s ends with %s', (quantity, filled) => {
      const corrected = correctedTo(quantity);
      expect(openQuantity(corrected).toFixed()).toBe('4');
      const rest = executionOf({ execId: '0000e0d5.5a8.01.01', quantity: '4' });
      const { record } = observeExecution(corrected, rest, NOW);
      expect([record.status, filledQuantity(record).toFixed()]).toEqual(['filled', filled]);
      expect(openQuantity(record).toFixed()).toBe('0');
      expect(fittingQuantity(record, stopOf(), []).toFixed()).toBe(filled);
      expect(orderRecord.parse(record)).toEqual(record);
    });

    it('counts what was executed, so that a cancel does not wait for it for ever', () => {
      const change = observeStatus(correctedTo('4'), { permId: 900, status: 'Cancelled', filled: '6' }, NOW);
      expect(said(change)).toEqual(['OrderCancelled#i-1']);
      expect(change.entries[0]?.event.data).toMatchObject({ filledQuantity: '4' });
    });

    it('counts them when it takes back more, and none when it gives them again', () => {
      const again = [
        executionOf({ execId: '0000e0d5.5a7.01.03', quantity: '1' }),
        executionOf({ execId: '0000e0d5.5a7.01.04', quantity: '6' }),
      ];
      const [less, given] = again.map(
        (_, index) =>
          again
            .slice(0, index + 1)
            .reduce((current, told) => observeExecution(current, told, NOW).record, correctedTo('4')).fills,
      );
      expect(less).toMatchObject([{ quantity: '1', executed: '6' }]);
      expect(given).toEqual([{ execId: '0000e0d5.5a7.01.04', quantity: '6', price: '160' }]);
    });

    it('has its stop stand for what is held again beside what it executed', () => {
      const entry = observeExecution(recordOf(), executionOf(), NOW).record;
      const stop = correctedTo('4', stopOf());
      expect(fittingQuantity(entry, stop, []).toFixed()).toBe('12');
    });
  });

  it('ends cancelled with the quantity that filled, once', () => {
    const part = observeExecution(recordOf(), executionOf({ quantity: '4' }), NOW).record;
    const change = observeStatus(part, { permId: 900, status: 'Cancelled', filled: '4' }, NOW);
    expect(said(change)).toEqual(['OrderCancelled#i-1']);
    expect(change.entries[0]?.event.data).toMatchObject({ filledQuantity: '4' });
    expect(said(cancelled(change.record, null, NOW))).toEqual([]);
  });

  it('tells that the rest will not come where the layer had less left than was intended', () => {
    const change = observeExecution(
      recordOf({ quantity: '6', intended: '10' }),
      executionOf({ quantity: '6' }),
      NOW,
    );
    expect(said(change)).toEqual([
      'OrderAccepted#i-1',
      'OrderFilled#0000e0d5.5a7.01.01',
      'OrderCancelled#i-1',
    ]);
    expect(change.record.status).toBe('cancelled');
  });

  it('waits with the end until the executions have told what the status says is filled', () => {
    const early = observeStatus(
      recordOf({ status: 'working', permId: 900 }),
      { permId: 900, status: 'Cancelled', filled: '4' },
      NOW,
    );
    expect(said(early)).toEqual([]);
    expect(early.record.status).toBe('working');
    const late = observeExecution(early.record, executionOf({ quantity: '4' }), NOW);
    expect(said(late)).toEqual(['OrderFilled#0000e0d5.5a7.01.01', 'OrderCancelled#i-1']);
  });

  it('lapses as a stop that the broker ended, and ends as one that we cancelled', () => {
    expect(cancelled(stopOf({ status: 'working', permId: 901 }), null, NOW).record.status).toBe('lapsed');
    const wish = { requestId: 'c', reason: 'flatten', eventId: '00000000-0000-8000-8000-000000000002' };
    const asked = cancelled(stopOf({ status: 'working', permId: 901, cancel: wish }), null, NOW);
    expect(asked.record.status).toBe('cancelled');
    expect(asked.entries[0]?.event).toMatchObject({
      metadata: { causationId: wish.eventId },
      data: { reason: 'flatten' },
    });
  });

  it('names each life of a stop of its own', () => {
    expect(said(cancelled(stopOf({ status: 'working', permId: 902, attempts: 2 }), null, NOW))).toEqual([
      'OrderCancelled#i-1:stop~2',
    ]);
    const record = stopOf({ permId: null, attempts: 2 });
    expect(isAbout(record, { orderRef: 'i-1:stop', permId: 901 })).toBe(false);
    expect(isAbout(record, { orderRef: 'i-1:stop~2', permId: 902 })).toBe(true);
    expect(isAbout(record, { orderRef: 'i-1:stop~3', permId: 903 })).toBe(false);
    expect(isAbout({ ...record, permId: 902 }, { orderRef: 'i-1:stop~2', permId: 903 })).toBe(false);
  });

  it('counts what an earlier life of a stop filled, and takes nothing else from it', () => {
    const before = executionOf({ orderRef: 'i-1:stop', permId: 901, quantity: '4', side: 'SELL' });
    const { record: lapsed } = observeExecution(stopOf({ status: 'working', permId: 901 }), before, NOW);
    const anew = { ...lapsed, status: 'submitted' as const, permId: null, attempts: 2, filledBefore: '4' };
    const corrected = observeExecution(anew, { ...before, execId: '0000e0d5.5a7.01.02', price: '159' }, NOW);
    expect(said(corrected)).toEqual(['OrderFilled#0000e0d5.5a7.01.02']);
    expect(corrected.record).toMatchObject({ status: 'submitted', permId: null });
    expect(isAbout(corrected.record, { orderRef: 'i-1:stop~2', permId: 902 })).toBe(true);
  });

  it('reads the reference of a life back, and takes what is none for a name', () => {
    for (const attempts of [0, 1, 2, 12]) {
      const record = stopOf({ attempts });
      expect(readLifeRef(lifeRef(record))).toEqual({ orderRef: 'i-1:stop', life: Math.max(1, attempts) });
    }
    for (const name of ['', '~2', 'i-1~', 'i-1~0', 'i-1~02', 'i-1~x'])
      expect(readLifeRef(name)).toEqual({ orderRef: name, life: 1 });
  });

  it('is rejected once, and a stop’s rejection is critical', () => {
    const change = rejected(stopOf(), 201, 'no', NOW);
    expect(change.entries[0]?.event.metadata.urgency).toBe('critical');
    expect(said(rejected(change.record, 201, 'no', NOW))).toEqual([]);
    expect(rejected(recordOf(), 0, '', NOW).entries[0]?.event.data).toMatchObject({
      message: 'no reason given',
    });
  });

  it('says that a stop moved when the broker shows the new price, not before', () => {
    const move = { requestId: 'm', to: '155', eventId: '00000000-0000-8000-8000-000000000003' };
    const stop = stopOf({ status: 'working', permId: 901, stopMove: move });
    const shown = openOrderOf({
      orderId: 6,
      permId: 901,
      orderRef: 'i-1:stop',
      status: 'PreSubmitted',
      triggerPrice: '150',
    });
    expect(said(observeOpenOrder(stop, shown, NOW))).toEqual([]);
    const moved = observeOpenOrder(stop, { ...shown, triggerPrice: '155.00' }, NOW);
    expect(said(moved)).toEqual(['StopMoved#i-1:stop@m']);
    expect(moved.record).toMatchObject({ triggerPrice: '155', stopMove: null });
    expect(said(stopMoveRefused(stop, 'off the tick', NOW))).toEqual([
      'CommandDeclined#StopMoveAuthorized:m',
    ]);
    expect(said(stopMoveRefused(moved.record, 'again', NOW))).toEqual([]);
  });

  it('reports what an execution cost once', () => {
    const report = { execId: 'a.1.01', commission: '1', currency: 'USD', realizedPnl: null };
    const change = observeCommission(recordOf(), report, NOW);
    expect(said(change)).toEqual(['CommissionReported#a.1.01']);
    expect(said(observeCommission(change.record, report, NOW))).toEqual([]);
  });

  it('knows how much of a layer nothing is closing yet', () => {
    const entry = recordOf({ status: 'filled', fills: [{ execId: 'a', quantity: '10', price: '160' }] });
    const stop = stopOf({ status: 'working', fills: [{ execId: 'b', quantity: '2', price: '150' }] });
    const working = recordOf({
      orderRef: 'x',
      quantity: '5',
      status: 'working',
      fills: [{ execId: 'c', quantity: '1', price: '161' }],
    });
    const dead = recordOf({ orderRef: 'y', quantity: '5', status: 'cancelled' });
    expect(closableQuantity(entry, stop, [working, dead]).toFixed()).toBe('3');
    expect(closableQuantity(entry, null, []).toFixed()).toBe('10');
  });
});
