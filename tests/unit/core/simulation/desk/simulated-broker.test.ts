import { describe, expect, test } from 'vitest';
import type { Intent } from '#contracts/events/orders.ts';
import type { DeskEvent, EventType } from '#contracts/registry.ts';
import type { JournalEntry } from '#core/events/new-event.ts';
import { instrumentOf } from '#core/market/catalog.ts';
import type { AccountBook } from '#core/portfolio/account-book.ts';
import { fold, type LedgerEventType } from '#core/portfolio/ledger.ts';
import { positionQuantity } from '#core/portfolio/position.ts';
import { ibkrFixedUsStocks } from '#core/simulation/commission.ts';
import { type BrokerExecution, SimulatedBroker } from '#core/simulation/desk/simulated-broker.ts';
import { DEFAULT_FILL_ASSUMPTIONS } from '#core/simulation/orders.ts';
import { instantText } from '#core/values/clock.ts';
import { Decimal } from '#core/values/decimal.ts';
import {
  bookOf,
  CLOSE,
  deskEvent,
  entryOf,
  exitOf as exit,
  intentOf,
  NOW,
  withOrder,
} from '../../../../support/desk-events.ts';

const MINUTE = 60_000;
/** Exits that are good for the whole session. */
const exitOf = (closes: string, quantity: string, changes: Partial<Intent> = {}): Intent =>
  exit(closes, quantity, { expiresAt: instantText(CLOSE), ...changes });
const market = intentOf({ orderType: 'MKT', limitPrice: null });

/** A broker, the desk's book that hears its answers, and everything that it said. */
function desk(cost = { spread: 0, slippage: 0, impact: 0 }) {
  const executions: BrokerExecution[] = [];
  const broker = new SimulatedBroker({
    instruments: [
      {
        instrument: instrumentOf('AAPL'),
        model: { ...DEFAULT_FILL_ASSUMPTIONS, ...cost, tick: 0.01, lot: 1 },
        commission: ibkrFixedUsStocks(),
      },
    ],
    account: 'DU1',
    cash: new Decimal(100_000),
    onExecution: (execution) => executions.push(execution),
  });
  let book: AccountBook = bookOf();
  let now = NOW;
  const heard = (facts: readonly JournalEntry[]) => {
    for (const { event } of facts) book = fold(book, event as DeskEvent<LedgerEventType>).book;
    return facts.map(({ event }) => event);
  };
  return {
    broker,
    executions,
    book: () => book,
    held: () => positionQuantity(book.positions['AAPL']).toNumber(),
    authorize(intent: Intent, halted = false) {
      book = withOrder(book, intent);
      const command = entryOf('OrderAuthorized', { intent, policyVersion: 1, reserved: '0', checks: [] });
      const halt = halted ? { halted, by: 'test', reason: 'a person said so', at: intent.plannedAt } : null;
      return heard(broker.carryOut([command], { book, halt }, now));
    },
    say<T extends EventType>(type: T, data: DeskEvent<T>['data']) {
      return heard(broker.carryOut([entryOf(type, data)], { book, halt: null }, now));
    },
    bar(open: number, high: number, low: number, close: number, volume = 100_000, sessionEnd = false) {
      now += 5 * MINUTE;
      const [openTime, closeTime] = [now - 5 * MINUTE, now];
      const bar = { openTime, closeTime, open, high, low, close, volume, sessionStart: false, sessionEnd };
      return heard(broker.trade('AAPL', bar));
    },
    endSession: () => heard(broker.endSession(CLOSE)),
  };
}

const typesOf = (events: readonly DeskEvent[]) =>
  events.map(({ metadata, data }) => `${metadata.type} ${(data as { role?: string }).role ?? ''}`.trim());
const filled = (events: readonly DeskEvent[]) =>
  events.flatMap((event) =>
    event.metadata.type === 'OrderFilled' ? [(event as DeskEvent<'OrderFilled'>).data] : [],
  );

describe('an entry', () => {
  test('is submitted and taken in with its stop, and fills in the next bar at its open', () => {
    const one = desk();
    expect(typesOf(one.authorize(market))).toEqual([
      'OrderSubmitted order',
      'OrderSubmitted stop',
      'OrderAccepted order',
      'OrderAccepted stop',
    ]);
    const said = one.bar(100, 101, 99, 100);
    expect(typesOf(said)).toEqual(['OrderFilled order', 'CommissionReported order']);
    // Half a tick is the least that crossing costs.
    expect(filled(said)[0]).toMatchObject({ quantity: '50', price: '100.01', side: 'BUY' });
    expect(one.held()).toBe(50);
    expect(one.broker.workingOrders().map(({ record }) => record.orderRef)).toEqual(['I-1:stop']);
  });

  test('takes no part in a bar that had opened before it', () => {
    const one = desk();
    one.authorize(market);
    const bar = {
      open: 100,
      high: 101,
      low: 99,
      close: 100,
      volume: 1e5,
      sessionStart: false,
      sessionEnd: false,
    };
    expect(one.broker.trade('AAPL', { ...bar, openTime: NOW - MINUTE, closeTime: NOW + MINUTE })).toEqual([]);
  });

  test('fills a tenth of what each bar trades, and the stop covers what has filled', () => {
    const one = desk();
    one.authorize(market);
    expect(filled(one.bar(100, 101, 99, 100, 200))[0]).toMatchObject({ quantity: '20' });
    expect(one.book().orders['I-1']).toMatchObject({ status: 'working', filled: '20' });
    const stopped = filled(one.bar(94, 94, 93, 93.5, 1_000));
    expect(stopped).toMatchObject([
      { role: 'order', quantity: '30' },
      { role: 'stop', quantity: '50' },
    ]);
    expect(one.held()).toBe(0);
  });

  test('at a limit that the market does not reach expires with the session, and its stop with it', () => {
    const one = desk();
    one.authorize(intentOf());
    expect(one.bar(101, 102, 100.5, 101)).toEqual([]);
    expect(typesOf(one.endSession())).toEqual(['OrderCancelled order', 'OrderCancelled stop']);
    expect(one.book().orders['I-1']).toMatchObject({ status: 'cancelled', fillable: '0' });
    expect(one.bar(99, 100, 98, 99)).toEqual([]);
    expect(one.broker.workingOrders()).toEqual([]);
  });

  test('that fills inside a bar is tested against its stop in that bar', () => {
    const one = desk();
    one.authorize(intentOf());
    expect(filled(one.bar(101, 101, 94, 96))).toMatchObject([
      { role: 'order', price: '100.2' },
      { role: 'stop', price: '94.99' },
    ]);
    expect(one.held()).toBe(0);
  });

  test('is declined while trading is halted, after its time, and where the book holds no authorization', () => {
    const one = desk();
    const [halted] = one.authorize(market, true);
    expect(halted).toMatchObject({ data: { reason: 'trading is halted: a person said so' } });
    const late = intentOf({ intentId: 'I-2', expiresAt: market.plannedAt });
    expect(one.authorize(late)).toMatchObject([{ metadata: { type: 'CommandDeclined' } }]);
    const unknown = { intent: intentOf({ intentId: 'I-3' }), policyVersion: 1, reserved: '0', checks: [] };
    const [refused] = one.say('OrderAuthorized', unknown);
    expect(refused).toMatchObject({
      data: { reason: 'the account book holds no authorization of this intent' },
    });
  });

  test('said twice is placed once', () => {
    const one = desk();
    one.authorize(market);
    expect(one.authorize(market)).toEqual([]);
  });
});

describe('a resting stop', () => {
  const opened = () => {
    const one = desk();
    one.authorize(market);
    one.bar(100, 101, 99, 100);
    return one;
  };

  test('closes the layer where the bar reaches it', () => {
    const one = opened();
    expect(filled(one.bar(100, 100, 94.5, 96))).toMatchObject([
      { role: 'stop', quantity: '50', price: '94.99' },
    ]);
    expect(one.held()).toBe(0);
    expect(one.broker.workingOrders()).toEqual([]);
  });

  test('closes at the worse price where the market gaps through it', () => {
    expect(filled(opened().bar(90, 92, 89, 91))).toMatchObject([{ role: 'stop', price: '89.99' }]);
  });

  test('outlives the session', () => {
    const one = opened();
    expect(one.endSession()).toEqual([]);
    expect(filled(one.bar(94, 95, 93, 94))).toHaveLength(1);
  });

  test('moves where it is told to, and off the tick stays where it is', () => {
    const one = opened();
    const move = {
      requestId: 'M-1',
      intentId: 'I-1',
      instrument: 'AAPL',
      from: '95',
      to: '98',
      reason: 'trail',
    };
    expect(typesOf(one.say('StopMoveAuthorized', move))).toEqual(['StopMoved stop']);
    expect(one.book().positions['AAPL']?.layers['I-1']?.stop).toBe('98');
    const off = { ...move, requestId: 'M-2', to: '98.005' };
    expect(typesOf(one.say('StopMoveAuthorized', off))).toEqual(['CommandDeclined']);
    expect(filled(one.bar(100, 100, 97, 97))).toMatchObject([{ price: '97.99' }]);
  });

  test('of a layer that the broker does not know is declined', () => {
    const move = {
      requestId: 'M-1',
      intentId: 'I-9',
      instrument: 'AAPL',
      from: '95',
      to: '98',
      reason: 'trail',
    };
    expect(typesOf(opened().say('StopMoveAuthorized', move))).toEqual(['CommandDeclined']);
  });

  test('ends with the exit that closes its layer, and comes before it inside a bar', () => {
    const one = opened();
    one.authorize(exitOf('I-1', '50'));
    expect(typesOf(one.bar(101, 102, 94, 95))).toEqual([
      'OrderFilled order',
      'CommissionReported order',
      'OrderCancelled stop',
    ]);
    const other = opened();
    other.authorize(exitOf('I-1', '50', { orderType: 'LMT', limitPrice: '105.00' }));
    expect(typesOf(other.bar(100, 106, 94, 100))).toEqual([
      'OrderFilled stop',
      'CommissionReported stop',
      'OrderCancelled order',
    ]);
    expect(other.held()).toBe(0);
  });

  test('covers what a partial exit leaves', () => {
    const one = opened();
    one.authorize(exitOf('I-1', '20'));
    one.bar(101, 102, 100, 101);
    expect(filled(one.bar(94, 94, 93, 93))).toMatchObject([{ role: 'stop', quantity: '30' }]);
    expect(one.held()).toBe(0);
  });
});

describe('an exit', () => {
  test('never closes more than the layer holds', () => {
    const one = desk();
    one.authorize(market);
    one.bar(100, 101, 99, 100);
    one.authorize(exitOf('I-1', '40'));
    const [submitted] = one.authorize(exitOf('I-1', '40', { intentId: 'X-2' }));
    expect(submitted).toMatchObject({ metadata: { type: 'OrderSubmitted' }, data: { quantity: '10' } });
    one.bar(101, 102, 100, 101);
    expect(one.held()).toBe(0);
    // What the intent asked for beyond the layer will not come, and the book is told.
    expect(one.book().orders['X-2']).toMatchObject({ status: 'cancelled', filled: '10' });
  });

  test('of nothing is declined', () => {
    expect(typesOf(desk().authorize(exitOf('I-1', '50')))).toEqual(['CommandDeclined']);
  });
});

describe('a cancel', () => {
  const cancel = { requestId: 'C-1', intentId: 'I-1', includeStops: false, reason: 'no longer wanted' };

  test('ends an entry and its stop, and is the cause', () => {
    const one = desk();
    one.authorize(intentOf());
    const said = one.say('CancelAuthorized', cancel);
    expect(typesOf(said)).toEqual(['OrderCancelled order', 'OrderCancelled stop']);
    expect(said[0]).toMatchObject({ data: { reason: 'no longer wanted', filledQuantity: '0' } });
    expect(filled(one.bar(100, 100, 90, 95))).toEqual([]);
  });

  test('leaves the stop of what has filled, unless stops are meant too', () => {
    const one = desk();
    one.authorize(market);
    one.bar(100, 101, 99, 100);
    expect(typesOf(one.say('CancelAuthorized', cancel))).toEqual(['CommandDeclined']);
    const all = { ...cancel, requestId: 'C-2', intentId: null, includeStops: true };
    expect(typesOf(one.say('CancelAuthorized', all))).toEqual(['OrderCancelled stop']);
  });
});

describe('money', () => {
  test('book and broker have the same cash, the market order pays spread, slippage and impact', () => {
    const one = desk({ spread: 0.0002, slippage: 0.0001, impact: 1 });
    one.authorize(market);
    one.bar(100, 101, 99, 100);
    const [execution] = one.executions;
    // 1 bp half spread, 1 bp slippage, and σ·√(50/100,000) of impact with σ of the bar's range (Parkinson).
    const sigma = Math.log(101 / 99) / Math.sqrt(4 * Math.LN2);
    const impact = sigma * Math.sqrt(50 / 100_000) * 100;
    expect(execution).toMatchObject({
      reference: 100,
      fee: 1,
      price: Math.ceil((100.02 + impact) * 100) / 100,
    });
    expect(execution?.impact).toBeCloseTo(impact, 12);
    expect(one.book().cash).toBe(one.broker.books.cash.toString());
    one.bar(94, 94, 93, 93);
    expect(one.book().cash).toBe(one.broker.books.cash.toString());
    const observed = one.broker.observeAccount('broker:2018-01-23', NOW, () => 93);
    expect(observed.event.data).toMatchObject({ cash: one.book().cash, positions: [] });
  });

  test('the account is observed with its positions, at the last price or at cost', () => {
    const one = desk();
    one.authorize(market);
    one.bar(100, 101, 99, 100);
    const at = (price: number | undefined) =>
      one.broker.observeAccount('broker:2018-01-23', NOW, () => price).event.data;
    // 50 units at 100.01 and a dollar of commission.
    expect(at(101)).toMatchObject({
      cash: '94998.5',
      netLiquidation: '100048.5',
      positions: [{ instrument: 'AAPL', quantity: '50', averageCost: '100.01' }],
    });
    expect(at(undefined)).toMatchObject({ netLiquidation: '99999' });
  });

  test('what the desk says beside commands is none of its business', () => {
    const one = desk();
    const other = deskEvent('OrderPlanned', { intent: market });
    expect(one.broker.carryOut([{ key: '1', event: other }], { book: one.book(), halt: null }, NOW)).toEqual(
      [],
    );
  });
});
