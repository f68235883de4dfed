import { describe, expect, it } from 'vitest';
import {
  INITIAL_SESSION,
  reconnectDelay,
  type SessionInput,
  stepSession,
} from '#core/broker/bridge-session.ts';
import { classifyLinkNotice, classifyOrderNotice, endsWithdrawn } from '#core/broker/broker-codes.ts';
import type { ObservedOrder } from '#core/broker/broker-port.ts';
import { contractOf, instrumentFinder, strangeName } from '#core/broker/contracts.ts';
import { decideLease, released, renewed } from '#core/broker/lease.ts';
import { nextMaintenance } from '#core/broker/maintenance.ts';
import { observeExecution } from '#core/broker/order-facts.ts';
import type { OrderRecord } from '#core/broker/order-record.ts';
import { findOrder, positionDifferences } from '#core/broker/reconciliation.ts';
import { accountRefusal, requireConsistentMode } from '#core/broker/trading-mode.ts';
import { newYorkInstant } from '#core/market/calendar.ts';
import { CATALOG, instrumentOf } from '#core/market/catalog.ts';
import { dateOfDay, dayNumber } from '#core/market/civil-date.ts';
import { optionInstrument } from '#core/market/instrument-contracts.ts';
import { executionOf, NOW, openOrderOf, recordOf, stopOf } from '../../../support/order-samples.ts';

describe('the session of the bridge', () => {
  const sessionAfter = (...inputs: readonly SessionInput[]) =>
    inputs.reduce((session, input) => stepSession(session, input).session, INITIAL_SESSION);
  const READY: readonly SessionInput[] = [
    { kind: 'connect' },
    { kind: 'connected' },
    { kind: 'greeted' },
    { kind: 'reconciled' },
  ];

  it('goes from disconnected to ready by the book only', () => {
    expect(sessionAfter(...READY).state).toBe('READY');
    expect(sessionAfter({ kind: 'connect' }, { kind: 'reconciled' }).state).toBe('CONNECTING');
    expect(sessionAfter({ kind: 'greeted' }).state).toBe('DISCONNECTED');
  });

  it('closes a failed link, counts it and retries', () => {
    const step = stepSession(sessionAfter(...READY), { kind: 'link-ended', reason: 'gone' });
    expect(step).toMatchObject({
      session: { state: 'DISCONNECTED', failures: 1 },
      actions: ['close-link', 'retry'],
    });
    expect([1, 2, 3, 20].map(reconnectDelay)).toEqual([1_000, 2_000, 4_000, 30_000]);
  });

  it('freezes without its broker and reconciles when it is back', () => {
    const frozen = sessionAfter(...READY, { kind: 'upstream-lost', reason: '1100' });
    expect(frozen.state).toBe('FROZEN');
    expect(stepSession(frozen, { kind: 'upstream-restored', reason: '1102' })).toMatchObject({
      session: { state: 'RECONCILING' },
      actions: ['reconcile'],
    });
    const early = sessionAfter(
      { kind: 'connect' },
      { kind: 'connected' },
      { kind: 'upstream-lost', reason: '2110' },
    );
    expect(stepSession(early, { kind: 'greeted' }).session.state).toBe('FROZEN');
  });

  it('does not connect inside a maintenance window and does after it', () => {
    const frozen = sessionAfter(...READY, { kind: 'maintenance-started', reason: 'daily' });
    const down = stepSession(frozen, { kind: 'link-ended', reason: 'restart' });
    expect(down).toMatchObject({ session: { state: 'FROZEN' }, actions: ['close-link'] });
    expect(stepSession(down.session, { kind: 'connect' }).actions).toEqual([]);
    expect(stepSession(down.session, { kind: 'maintenance-ended' })).toMatchObject({
      session: { state: 'DISCONNECTED' },
      actions: ['retry'],
    });
    expect(stepSession(frozen, { kind: 'maintenance-ended' }).session.state).toBe('RECONCILING');
  });

  it('holds a read-only gateway for disabled until the link is another', () => {
    const disabled = sessionAfter(...READY, { kind: 'trading-disabled', reason: 'read-only' });
    expect(disabled.state).toBe('FROZEN');
    expect(stepSession(disabled, { kind: 'upstream-restored', reason: '1102' }).session.state).toBe('FROZEN');
    expect(stepSession(disabled, { kind: 'link-ended', reason: 'x' }).session.disabled).toBeNull();
  });

  it('stops for good, and a lost lease closes the link without a retry', () => {
    expect(stepSession(sessionAfter(...READY), { kind: 'lease-lost', reason: 'x' })).toMatchObject({
      session: { state: 'DISCONNECTED' },
      actions: ['close-link'],
    });
    const stopped = sessionAfter(...READY, { kind: 'stop', reason: 'x' });
    expect(stopped.state).toBe('STOPPED');
    expect(stepSession(stopped, { kind: 'connect' }).session.state).toBe('STOPPED');
  });
});

describe('the lease', () => {
  const held = { owner: 'a', token: 4, expiresAt: '2018-02-05T15:00:10.000Z' };
  it('is taken when free, expired or one’s own, each time with a higher token', () => {
    expect(decideLease(null, 'b', NOW, 1_000)).toMatchObject({
      kind: 'take',
      lease: { token: 1, owner: 'b' },
    });
    expect(decideLease(held, 'b', NOW + 10_000, 1_000)).toMatchObject({ kind: 'take', lease: { token: 5 } });
    expect(decideLease(held, 'a', NOW, 1_000)).toMatchObject({ kind: 'take', lease: { token: 5 } });
    expect(decideLease(held, 'b', NOW, 1_000)).toEqual({ kind: 'wait', until: NOW + 10_000, owner: 'a' });
  });
  it('is held longer or given back under the same token', () => {
    expect(renewed(held, NOW, 30_000)).toEqual({ ...held, expiresAt: '2018-02-05T15:00:30.000Z' });
    expect(decideLease(released(held, NOW), 'b', NOW, 1_000)).toMatchObject({
      kind: 'take',
      lease: { token: 5 },
    });
  });
});

describe('reconciliation', () => {
  const context = { now: NOW, confirmed: true };
  const nothing = { open: [], completed: [] };
  it('agrees on what is open, by reference or by the broker’s id', () => {
    expect(findOrder(recordOf(), { open: [openOrderOf({ orderId: 99 })], completed: [] }, context).kind).toBe(
      'agrees',
    );
    expect(
      findOrder(recordOf({ permId: 900 }), { open: [openOrderOf({ orderRef: '' })], completed: [] }, context)
        .kind,
    ).toBe('agrees');
    expect(
      findOrder(
        recordOf({ permId: 900 }),
        { open: [openOrderOf({ permId: 901, orderRef: '' })], completed: [] },
        context,
      ).kind,
    ).toBe('difference');
  });
  it('says what is worked otherwise than asked, and not what the desk or a group is about', () => {
    const shown = (record: OrderRecord, changes: Partial<ObservedOrder>) =>
      findOrder(record, { open: [openOrderOf({ permId: 900, ...changes })], completed: [] }, context);
    const stop = stopOf({ permId: 900 });
    const asShown = { side: 'SELL', triggerPrice: '150', ocaGroup: 'i-1' } as const;
    const moving = {
      ...stop,
      stopMove: { requestId: 'm', to: '155', eventId: stop.submittedEventId as string },
    };
    expect(shown(stop, asShown).kind).toBe('agrees');
    expect(shown(moving, { ...asShown, triggerPrice: '155' }).kind).toBe('agrees');
    expect(shown(moving, { ...asShown, triggerPrice: '156' })).toMatchObject({
      kind: 'altered',
      expected: 'trigger price 150',
      observed: 'trigger price 156',
    });
    // The units of a stop are its keeper's to judge; its group takes units off an order that closes.
    expect(shown(stop, { ...asShown, quantity: '3' }).kind).toBe('agrees');
    const closing = recordOf({ side: 'SELL', permId: 900, ocaGroup: 'i-1', closes: 'i-1' });
    expect(shown(closing, { side: 'SELL', quantity: '3' }).kind).toBe('agrees');
    expect(shown(closing, { side: 'SELL', quantity: '12' }).kind).toBe('altered');
    expect(shown(closing, { side: 'BUY' })).toMatchObject({ kind: 'altered', observed: 'BUY' });
    expect(shown(recordOf({ permId: 900 }), { quantity: '3' }).kind).toBe('altered');
  });
  it('concludes that an order never arrived only when it was absent twice, today, without a word from the broker', () => {
    expect(findOrder(recordOf(), nothing, { ...context, confirmed: false }).kind).toBe('ask-again');
    expect(findOrder(recordOf(), nothing, context).kind).toBe('never-arrived');
    expect(findOrder(recordOf({ status: 'working', permId: 900 }), nothing, context).kind).toBe('difference');
    expect(findOrder(recordOf({ submittedAt: '2018-02-02T20:00:00.000Z' }), nothing, context).kind).toBe(
      'difference',
    );
    const part = observeExecution(recordOf(), executionOf({ quantity: '4' }), NOW).record;
    expect(findOrder(part, nothing, context).kind).toBe('difference');
  });
  it('takes the end from the completed orders', () => {
    const completed = (status: string, filled: string | null = null) => ({
      open: [],
      completed: [{ permId: 900, orderRef: 'i-1', status, completedStatus: 'why', filled }],
    });
    expect(findOrder(recordOf(), completed('Cancelled'), context)).toEqual({
      kind: 'ended',
      as: 'cancelled',
      reason: 'why',
    });
    expect(findOrder(recordOf(), completed('Inactive'), context)).toEqual({
      kind: 'ended',
      as: 'rejected',
      reason: 'why',
    });
    expect(findOrder(recordOf(), completed('Filled'), context).kind).toBe('difference');
  });
  it('takes the end of each life of an order for its own', () => {
    const over = (permId: number, orderRef: string, status: string) => ({
      permId,
      orderRef,
      status,
      completedStatus: status,
      filled: '0',
    });
    const withdrawn = over(900, 'i-1', 'Cancelled');
    const again = recordOf({ attempts: 2, triedOrderIds: [5] });
    expect(findOrder(again, { open: [], completed: [withdrawn] }, context).kind).toBe('never-arrived');
    expect(
      findOrder(again, { open: [], completed: [withdrawn, over(901, 'i-1~2', 'Inactive')] }, context),
    ).toEqual({ kind: 'ended', as: 'rejected', reason: 'Inactive' });
  });
  it('takes an order of a group for over that the broker counts as filled with exactly its executions', () => {
    const filled = (units: string | null) => ({
      open: [],
      completed: [{ permId: 900, orderRef: 'i-1', status: 'Filled', completedStatus: '', filled: units }],
    });
    const part = (ocaGroup: string | null) =>
      observeExecution(recordOf({ ocaGroup }), executionOf({ quantity: '4' }), NOW).record;
    expect(findOrder(part('layer'), filled('4'), context)).toMatchObject({ kind: 'ended', as: 'cancelled' });
    // Executions are still to come, the broker does not say, nothing was executed, or no group could have taken the rest.
    for (const [record, units] of [
      [part('layer'), '5'],
      [part('layer'), null],
      [recordOf({ ocaGroup: 'layer' }), '0'],
      [part(null), '4'],
    ] as const)
      expect(findOrder(record, filled(units), context).kind).toBe('difference');
  });
  it('counts the executions of its present life alone: a stop placed anew is over with what its group left it', () => {
    const before = observeExecution(
      stopOf({ permId: 900 }),
      executionOf({ orderRef: 'i-1:stop', execId: 'a.1.01', quantity: '2' }),
      NOW,
    ).record;
    const again = { ...before, status: 'working', attempts: 2, permId: 901, filledBefore: '2' } as const;
    const life = { permId: 901, orderRef: 'i-1:stop~2' };
    const now = observeExecution(
      again,
      executionOf({ ...life, execId: 'b.1.01', quantity: '3' }),
      NOW,
    ).record;
    const told = (units: string) => ({
      open: [],
      completed: [{ ...life, status: 'Filled', completedStatus: '', filled: units }],
    });
    expect(findOrder(now, told('3'), context)).toMatchObject({ kind: 'ended', as: 'cancelled' });
    expect(findOrder(now, told('5'), context)).toMatchObject({
      kind: 'difference',
      expected: 'executions of 8',
      observed: 'executions of 3 and status Filled',
    });
  });
  it('finds positions that differ in value, not in writing', () => {
    const expected = new Map([
      ['AAPL', '10.0'],
      ['SPY', '1'],
    ]);
    expect(
      positionDifferences(
        expected,
        new Map([
          ['AAPL', '10'],
          ['TLT', '2'],
        ]),
      ),
    ).toEqual([
      { instrument: 'SPY', expected: '1', observed: '0' },
      { instrument: 'TLT', expected: '0', observed: '2' },
    ]);
  });
});

describe('trading mode', () => {
  it('keeps paper away from live ports and accounts', () => {
    expect(() => requireConsistentMode('paper', 4001, null)).toThrow(/port 4001/);
    expect(() => requireConsistentMode('paper', 4002, null)).not.toThrow();
    expect(accountRefusal('paper', 'U123', null)).toMatch(/does not begin with DU/);
    expect(accountRefusal('paper', 'DU123', null)).toBeNull();
  });
  it('takes two switches and a live account to go live', () => {
    expect(() => requireConsistentMode('live', 4001, null)).toThrow(/second switch/);
    expect(() => requireConsistentMode('live', 4001, 'U123')).not.toThrow();
    expect(accountRefusal('live', 'DU123', 'DU123')).toMatch(/paper account/);
    expect(accountRefusal('live', 'U124', 'U123')).toMatch(/U123/);
    expect(accountRefusal('live', 'U123', 'U123')).toBeNull();
  });
});

describe('the broker’s codes', () => {
  it('takes an order that is being withdrawn for gone only where the broker says so', () => {
    const gone = [202, 201, 135, 10147, 10148].map((code) => endsWithdrawn(code, 'x'));
    expect(gone).toEqual([true, true, true, true, true]);
    const said = [161, 104, 399, 2_109, 9_999].map((code) => endsWithdrawn(code, 'x'));
    expect(said).toEqual([false, false, false, false, false]);
    expect(endsWithdrawn(321, 'The API interface is currently in Read-Only mode.')).toBe(false);
  });

  it('tells refusals, cancels and warnings apart', () => {
    expect(classifyOrderNotice(201, 'x', false)).toBe('rejected');
    expect(classifyOrderNotice(110, 'x', true)).toBe('change-refused');
    expect(classifyOrderNotice(104, 'x', false)).toBe('change-refused');
    expect(classifyOrderNotice(202, 'x', false)).toBe('cancelled');
    expect(classifyOrderNotice(10148, 'x', false)).toBe('cancel-refused');
    for (const code of [399, 404, 481]) expect(classifyOrderNotice(code, 'x', false)).toBe('warning');
    for (const code of [136, 161]) expect(classifyOrderNotice(code, 'x', true)).toBe('cancel-refused');
    for (const code of [134, 329, 422, 440])
      expect(classifyOrderNotice(code, 'x', false)).toBe('change-refused');
    for (const code of [136, 329, 404, 481]) expect(endsWithdrawn(code, 'x')).toBe(false);
    expect(classifyOrderNotice(9_999, 'x', false)).toBe('warning');
    expect(classifyOrderNotice(321, 'The API interface is currently in Read-Only mode.', false)).toBe(
      'read-only',
    );
  });
  it('tells lost, restored and routine links apart', () => {
    const kinds = [1100, 2110, 1101, 1102, 326, 1300, 100, 2103, 2105].map((code) =>
      classifyLinkNotice(code, ''),
    );
    expect(kinds).toEqual([
      'upstream-lost',
      'upstream-lost',
      'upstream-restored-data-lost',
      'upstream-restored',
      'client-id-in-use',
      'socket-port-reset',
      'pacing',
      'routine',
      'routine',
    ]);
    expect(classifyLinkNotice(321, 'read-only')).toBe('read-only');
    expect(classifyLinkNotice(321, 'else')).toBe('routine');
  });
});

describe('contracts', () => {
  it('names instruments of every kind as the broker does, and finds them again', () => {
    expect(contractOf(instrumentOf('AAPL'))).toEqual({
      symbol: 'AAPL',
      secType: 'STK',
      exchange: 'SMART',
      currency: 'USD',
    });
    expect(contractOf(instrumentOf('SPX'))?.secType).toBe('IND');
    expect(contractOf(instrumentOf('EUR.USD'))).toEqual({
      symbol: 'EUR',
      secType: 'CASH',
      exchange: 'IDEALPRO',
      currency: 'USD',
    });
    expect(contractOf(instrumentOf('BTC-USD'))).toMatchObject({ symbol: 'BTC', secType: 'CRYPTO' });
    expect(
      contractOf(
        optionInstrument({
          underlying: 'AAPL',
          expiry: '2018-06-15',
          strike: '170',
          right: 'call',
          currency: 'USD',
        }),
      ),
    ).toBeNull();
    const find = instrumentFinder(CATALOG);
    for (const instrument of CATALOG) expect(find(contractOf(instrument)!)?.id).toBe(instrument.id);
    expect(find({ symbol: 'ZZZ', secType: 'STK', currency: 'USD' })).toBeUndefined();
  });
  it('have a name of their own where the desk does not know them', () => {
    const told = { symbol: 'ES', secType: 'FUT', currency: 'USD', localSymbol: 'ESH8' };
    expect(strangeName(told, 'USD')).toBe('FUT:ESH8');
    expect(strangeName({ ...told, localSymbol: '' }, 'EUR')).toBe('FUT:ES:USD');
  });
});

describe('maintenance', () => {
  const plan = {
    dailyRestart: { hour: 23, minute: 45, minutes: 30 },
    sundayLogin: { hour: 1, minute: 0, minutes: 600 },
  };
  it('finds the window that runs, over midnight too, or the next one', () => {
    const next = (text: string) => nextMaintenance(plan, Date.parse(text));
    expect(next('2018-02-05T15:00:00.000Z')).toMatchObject({
      kind: 'daily-restart',
      from: Date.parse('2018-02-06T04:45:00.000Z'),
    });
    expect(next('2018-02-06T05:10:00.000Z')).toMatchObject({ to: Date.parse('2018-02-06T05:15:00.000Z') });
    expect(next('2018-02-04T10:00:00.000Z')).toMatchObject({
      kind: 'sunday-login',
      to: Date.parse('2018-02-04T16:00:00.000Z'),
    });
    expect(nextMaintenance({ dailyRestart: null, sundayLogin: null }, NOW)).toBeNull();
  });

  it.each(['2026-03-08', '2026-11-01'])(
    'ends by the wall clock of New York where the clocks change: %s',
    (sunday) => {
      expect(nextMaintenance(plan, newYorkInstant(sunday, 0, 45))).toEqual({
        kind: 'sunday-login',
        from: newYorkInstant(sunday, 1, 0),
        to: newYorkInstant(sunday, 11, 0),
      });
      const day = dayNumber(sunday);
      for (const [evening, morning] of [
        [day - 1, day],
        [day, day + 1],
      ] as const)
        expect(nextMaintenance(plan, newYorkInstant(dateOfDay(evening), 14, 0))).toEqual({
          kind: 'daily-restart',
          from: newYorkInstant(dateOfDay(evening), 23, 45),
          to: newYorkInstant(dateOfDay(morning), 0, 15),
        });
    },
  );

  it('ends at three where the clocks jump over the time it would end at', () => {
    const nightly = { dailyRestart: { hour: 1, minute: 45, minutes: 30 }, sundayLogin: null };
    expect(nextMaintenance(nightly, newYorkInstant('2026-03-08', 1, 50))).toMatchObject({
      from: newYorkInstant('2026-03-08', 1, 45),
      to: newYorkInstant('2026-03-08', 3, 0),
    });
  });

  it('takes a window over the hour that is missing or comes twice by its wall clock', () => {
    const nightly = { dailyRestart: { hour: 1, minute: 30, minutes: 120 }, sundayLogin: null };
    for (const [sunday, hours] of [
      ['2026-03-08', 1],
      ['2026-11-01', 3],
    ] as const) {
      const window = nextMaintenance(nightly, newYorkInstant(sunday, 0, 45));
      expect(window).toMatchObject({
        from: newYorkInstant(sunday, 1, 30),
        to: newYorkInstant(sunday, 3, 30),
      });
      expect((window?.to ?? 0) - (window?.from ?? 0)).toBe(hours * 3_600_000);
    }
  });
});
