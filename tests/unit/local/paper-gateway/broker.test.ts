import { describe, expect, it } from 'vitest';
import { dailyProfit } from '#local/paper-gateway/broker/standing.ts';
import { Broker, CLOSE, codes, MINUTE, OPEN } from './broker-support.ts';

const bracket = (broker: Broker, entry: object = {}) => {
  broker.place(1, { transmit: false, ...entry });
  broker.place(2, { action: 'SELL', orderType: 'LMT', limitPrice: 110, parentId: 1, transmit: false });
  broker.place(3, { action: 'SELL', orderType: 'STP', auxPrice: 95, parentId: 1 });
};

describe('time', () => {
  it('an order received inside a minute is not matched against that minute', () => {
    const broker = new Broker();
    broker.at = OPEN + 1;
    broker.place(1);
    broker.bar([100, 101, 99, 100]);
    expect(broker.fills()).toEqual([]);
    broker.bar([102, 103, 101, 102]);
    expect(broker.fills()).toEqual([[1, 100, 102.01]]);
  });

  it('a change counts from the next bar on', () => {
    const broker = new Broker();
    broker.place(1, { orderType: 'LMT', limitPrice: 90 });
    broker.at = OPEN + 1;
    broker.place(1, { orderType: 'LMT', limitPrice: 99.5 });
    broker.bar([100, 101, 99, 100]);
    expect(broker.fills()).toEqual([]);
    broker.bar([100, 101, 99, 100]);
    expect(broker.fills()).toEqual([[1, 100, 99.5]]);
  });

  it('a bar is matched once, even when it is fed twice', () => {
    const broker = new Broker();
    broker.place(1, { quantity: 1_000 });
    const bar = {
      instrument: 'AAPL',
      openTime: OPEN,
      closeTime: OPEN + MINUTE,
      open: 100,
      high: 100,
      low: 100,
      close: 100,
      volume: 1_000,
      sessionStart: true,
      sessionEnd: false,
    };
    broker.does({ input: 'bar', bar });
    broker.does({ input: 'bar', bar });
    expect(broker.fills()).toEqual([[1, 100, 100.01]]);
  });

  it('a day order ends with its session, a good-till-date order with its date, a good-till-cancelled one never', () => {
    const broker = new Broker();
    const resting = { orderType: 'LMT', limitPrice: 50 };
    broker.place(1, { ...resting, timeInForce: 'DAY' });
    broker.place(2, {
      ...resting,
      timeInForce: 'GTD',
      goodTill: OPEN + MINUTE,
      goodTillDate: '20180205 09:31:00',
    });
    broker.place(3, resting);
    broker.bar([100, 101, 99, 100]);
    expect([1, 2, 3].map((id) => broker.order(id).status)).toEqual(['Submitted', 'Cancelled', 'Submitted']);
    broker.bar([100, 101, 99, 100], { sessionEnd: true });
    expect([1, 3].map((id) => broker.order(id).status)).toEqual(['Cancelled', 'Submitted']);
  });

  it('orders of another session wait for it, and say so', () => {
    const broker = new Broker();
    broker.at = OPEN - 1;
    expect(codes(broker.place(1, { orderType: 'LMT', limitPrice: 90 }))).toEqual([399]);
    expect(broker.order(1).status).toBe('PreSubmitted');
    broker.bar([100, 101, 99, 100]);
    expect(broker.order(1).status).toBe('Submitted');
    expect(codes(broker.place(2, { session: null }))).toEqual([201]);
  });

  it('market on close waits for the last bar; opening orders for a first one', () => {
    const broker = new Broker();
    broker.place(1, { orderType: 'MOC', timeInForce: 'DAY' });
    broker.place(2, {
      orderType: 'MKT',
      timeInForce: 'OPG',
      session: { openTime: OPEN, closeTime: CLOSE + 86_400_000 },
    });
    broker.bar([100, 101, 99, 100]);
    expect(broker.fills()).toEqual([]);
    broker.bar([100, 101, 99, 99.5], { sessionEnd: true });
    expect(broker.fills()).toEqual([[1, 100, 99.51]]);
  });
});

describe('a bracket', () => {
  it('is one: nothing is sent before its last member, and children wait for the entry', () => {
    const broker = new Broker();
    broker.place(1, { transmit: false });
    broker.bar([100, 101, 99, 100]);
    expect(broker.events.filter(({ event }) => event === 'order')).toEqual([]);
    bracket(broker, {});
    expect([broker.order(2).whyHeld, broker.order(3).whyHeld]).toEqual(['child', 'child']);
  });

  it('tests the stop before the target when one bar could have hit both', () => {
    const broker = new Broker();
    bracket(broker);
    broker.bar([100, 101, 99, 100]);
    broker.bar([100, 120, 90, 115]);
    expect(broker.fills().slice(1)).toEqual([[3, 100, 94.99]]);
    expect(broker.order(2).status).toBe('Cancelled');
    expect(broker.position()).toBe(0);
  });

  it('takes the target when the open is already beyond it, before any stop', () => {
    const broker = new Broker();
    bracket(broker);
    broker.bar([100, 101, 99, 100]);
    broker.bar([112, 113, 90, 91]);
    expect(broker.fills().slice(1)).toEqual([[2, 100, 111.99]]);
  });

  it('entered inside a bar is tested against its stop in that bar, not against its target', () => {
    const broker = new Broker();
    bracket(broker, { orderType: 'LMT', limitPrice: 99 });
    broker.bar([100, 120, 94, 115]);
    expect(broker.fills()).toEqual([
      [1, 100, 99],
      [3, 100, 94.99],
    ]);
    expect(broker.position()).toBe(0);
  });

  it('never sells more than the entry has bought', () => {
    const broker = new Broker();
    bracket(broker, { quantity: 100 });
    broker.bar([100, 101, 99, 100, 400]);
    expect(broker.fills()).toEqual([[1, 40, 100.01]]);
    // The older entry takes all that this bar gives; the elected stop waits for the next.
    broker.bar([94, 94, 94, 94, 400]);
    expect([broker.position(), broker.order(3).triggered]).toEqual([80, true]);
    broker.cancel(1);
    broker.bar([93, 93, 93, 93]);
    expect(broker.position()).toBe(0);
    expect(
      broker
        .fills()
        .filter(([id]) => id === 3)
        .reduce((sum, [, quantity]) => sum + quantity, 0),
    ).toBe(80);
    expect([2, 3].map((id) => broker.order(id).status)).toEqual(['Cancelled', 'Filled']);
  });

  it('exits only what a partly filled entry holds, and the rest of it when it has it', () => {
    const broker = new Broker();
    bracket(broker, { orderType: 'LMT', limitPrice: 99 });
    broker.bar([100, 100, 98.9, 100, 400]);
    broker.bar([105, 111, 105, 111]);
    expect(broker.fills()).toEqual([
      [1, 40, 99],
      [2, 40, 110],
    ]);
    broker.bar([100, 100, 98.9, 100]);
    broker.bar([105, 111, 105, 111]);
    expect(broker.fills().slice(2)).toEqual([
      [1, 60, 99],
      [2, 60, 110],
    ]);
    expect(broker.order(3).status).toBe('Cancelled');
  });

  it('goes with its entry when that is cancelled unfilled', () => {
    const broker = new Broker();
    bracket(broker, { orderType: 'LMT', limitPrice: 80 });
    broker.cancel(1);
    expect([1, 2, 3].map((id) => broker.order(id).status)).toEqual(['Cancelled', 'Cancelled', 'Cancelled']);
  });

  it('with two targets keeps the stop over what is left', () => {
    const broker = new Broker();
    broker.place(1, { transmit: false });
    broker.place(2, {
      action: 'SELL',
      quantity: 50,
      orderType: 'LMT',
      limitPrice: 105,
      parentId: 1,
      transmit: false,
    });
    broker.place(3, {
      action: 'SELL',
      quantity: 50,
      orderType: 'LMT',
      limitPrice: 110,
      parentId: 1,
      transmit: false,
    });
    broker.place(4, { action: 'SELL', orderType: 'STP', auxPrice: 95, parentId: 1 });
    broker.bar([100, 101, 99, 100]);
    broker.bar([104, 106, 103, 104]);
    expect([broker.order(3).total, broker.order(4).total]).toEqual([50, 50]);
    broker.bar([94, 94, 93, 93]);
    expect(broker.position()).toBe(0);
    expect([2, 3, 4].map((id) => broker.order(id).status)).toEqual(['Filled', 'Cancelled', 'Filled']);
  });
});

describe('a trailing stop that is changed', () => {
  const trailed = (side: 'BUY' | 'SELL') => {
    const broker = new Broker();
    broker.place(1, { action: side, quantity: 100, orderType: 'TRAIL', auxPrice: 5 });
    broker.bar([100, 100, 100, 100]);
    if (side === 'SELL') broker.bar([100, 120, 100, 118]);
    else broker.bar([100, 100, 80, 82]);
    const change = (terms: object) =>
      broker.place(1, { action: side, quantity: 100, orderType: 'TRAIL', auxPrice: 5, ...terms });
    return { broker, change };
  };

  it.each([
    ['SELL', 115],
    ['BUY', 85],
  ] as const)('keeps the level that a %s was trailed to when only its size changes', (side, level) => {
    const { broker, change } = trailed(side);
    change({ quantity: 50 });
    expect([broker.order(1).stopPrice, broker.order(1).total]).toEqual([level, 50]);
    broker.bar([level, level, level, level]);
    expect(broker.order(1).status).toBe('Filled');
  });

  it.each([
    ['SELL', { auxPrice: 1 }, 117],
    ['SELL', { auxPrice: 20 }, 115],
    ['SELL', { auxPrice: null, trailingPercent: 1 }, 116.82],
    ['BUY', { auxPrice: 1 }, 83],
    ['BUY', { auxPrice: 20 }, 85],
    ['SELL', { auxPrice: 5, trailStopPrice: 90 }, 90],
  ] as const)(
    'a %s changed to %j has the tighter of both levels, or the one it names',
    (side, terms, level) => {
      const { broker, change } = trailed(side);
      change(terms);
      expect(broker.order(1).stopPrice).toBe(level);
    },
  );
});

describe('what fills whole or not at all', () => {
  it.each([
    ['the bar', undefined, 90],
    ['a fault', 5, 1_000],
  ])('is not filled in part because of %s', (_what, maximumFill, volume) => {
    const broker = new Broker();
    broker.state.behaviour.maximumFill = maximumFill ?? null;
    broker.place(1, { quantity: 10, timeInForce: 'FOK' });
    expect(codes(broker.bar([100, 100, 100, 100, volume]))).toEqual([202]);
    expect([broker.order(1).status, broker.order(1).filled]).toEqual(['Cancelled', 0]);
  });

  it('is not filled in part because its parent was', () => {
    const broker = new Broker();
    broker.place(1, { quantity: 1_000, orderType: 'LMT', limitPrice: 100.05 });
    broker.bar([100, 100, 100, 100, 4_000]);
    broker.place(2, {
      action: 'SELL',
      quantity: 1_000,
      orderType: 'LMT',
      limitPrice: 99,
      timeInForce: 'FOK',
      parentId: 1,
    });
    broker.bar([102, 102, 102, 102]);
    expect([broker.order(2).status, broker.order(2).filled]).toEqual(['Cancelled', 0]);
  });

  it('is filled whole where it can be', () => {
    const broker = new Broker();
    broker.place(1, { quantity: 10, timeInForce: 'FOK' });
    broker.bar([100, 100, 100, 100, 100]);
    expect(broker.order(1).status).toBe('Filled');
  });
});

describe('a child larger than its parent', () => {
  const exit = { action: 'SELL', quantity: 150, parentId: 1 };

  it('trades what the parent filled, then ends and says so', () => {
    const broker = new Broker();
    broker.place(1, { transmit: false });
    broker.place(2, exit);
    expect(codes(broker.bar([100, 100, 100, 100]))).toEqual([202]);
    expect([broker.order(2).status, broker.order(2).filled]).toEqual(['Cancelled', 100]);
    expect(broker.position()).toBe(0);
    expect(codes(broker.place(3, exit))).toEqual([201]);
  });

  it('waits for the rest of a parent that still works, and ends with it', () => {
    const broker = new Broker();
    broker.place(1, { orderType: 'LMT', limitPrice: 100.05, transmit: false });
    broker.place(2, exit);
    broker.bar([100, 100, 100, 100, 400]);
    broker.bar([110, 110, 110, 110]);
    expect([broker.order(2).status, broker.order(2).filled]).toEqual(['Submitted', 40]);
    broker.cancel(1);
    expect(broker.order(2).status).not.toBe('Submitted');
    expect(broker.position()).toBe(0);
  });
});

it('the group of an order cannot be changed', () => {
  const broker = new Broker();
  const terms = { orderType: 'LMT', limitPrice: 90, ocaGroup: 'a' };
  broker.place(1, terms);
  expect(codes(broker.place(1, { ...terms, limitPrice: 91, ocaGroup: 'b' }))).toEqual([10326]);
  expect([broker.order(1).limitPrice, broker.order(1).ocaGroup]).toEqual([90, 'a']);
  expect(codes(broker.place(1, { ...terms, limitPrice: 91 }))).toEqual([]);
});

describe('names and ids', () => {
  it('of another client with the same order id are another order', () => {
    const broker = new Broker();
    broker.place(1, { clientId: 1 });
    broker.place(1, { clientId: 2 });
    expect(broker.state.orders.size).toBe(2);
    expect(codes(broker.does({ input: 'cancel', clientId: 3, orderId: 1 }))).toEqual([10147]);
  });

  it('handed out again after a rollback are free once the order that had them has ended', () => {
    const broker = new Broker();
    broker.place(1, { quantity: 1 });
    broker.does({ input: 'rollBackIds', count: 1 });
    broker.bar([100, 101, 99, 100]);
    expect(codes(broker.place(1, { quantity: 2, orderType: 'LMT', limitPrice: 90 }))).toEqual([]);
    expect([...broker.state.orders.values()].map(({ total, status }) => [total, status])).toEqual([
      [1, 'Filled'],
      [2, 'Submitted'],
    ]);
  });

  it('too low or used up are refused with 103', () => {
    const broker = new Broker();
    broker.place(5);
    expect(codes(broker.place(4))).toEqual([103]);
    broker.cancel(5);
    expect(codes(broker.place(5))).toEqual([103]);
  });
});

describe('margin', () => {
  it('refuses what it cannot carry, allows what reduces', () => {
    const broker = new Broker();
    expect(codes(broker.place(1, { quantity: 20_001 }))).toEqual([201]);
    broker.place(2, { quantity: 19_000 });
    broker.bar([100, 100, 100, 100]);
    expect(broker.position()).toBe(19_000);
    expect(codes(broker.place(3, { instrument: 'MSFT', quantity: 5_000 }))).toEqual([201]);
    expect(codes(broker.place(4, { action: 'SELL', quantity: 19_000 }))).toEqual([]);
  });

  it('refuses a change that it cannot carry, and leaves the order as it was', () => {
    const broker = new Broker();
    broker.place(1, { quantity: 10_000, orderType: 'LMT', limitPrice: 90 });
    const before = { ...broker.order(1) };
    expect(codes(broker.place(1, { quantity: 30_000, orderType: 'LMT', limitPrice: 90 }))).toEqual([201]);
    expect(codes(broker.place(1, { quantity: 10_000, orderType: 'LMT', limitPrice: 250 }))).toEqual([201]);
    expect(broker.order(1)).toEqual(before);
    expect(codes(broker.place(1, { quantity: 20_000, orderType: 'LMT', limitPrice: 90 }))).toEqual([]);
    expect(broker.order(1).total).toBe(20_000);
  });

  it('lets an account under water make its orders smaller', () => {
    const broker = new Broker();
    broker.place(1, { quantity: 9_000 });
    broker.bar([100, 100, 100, 100]);
    broker.place(2, { quantity: 10_000, orderType: 'LMT', limitPrice: 90 });
    broker.bar([50, 50, 50, 50, 0]);
    expect(codes(broker.place(2, { quantity: 9_999, orderType: 'LMT', limitPrice: 90 }))).toEqual([]);
    expect(codes(broker.place(2, { quantity: 10_001, orderType: 'LMT', limitPrice: 90 }))).toEqual([201]);
  });

  it.each([
    ['a buy stop far below the market', { orderType: 'STP', auxPrice: 0.01 }, [201]],
    ['a trailing buy', { orderType: 'TRAIL', auxPrice: 5, trailStopPrice: 1 }, [201]],
    ['a sale at any price', { action: 'SELL', orderType: 'LMT', limitPrice: 0.01 }, [201]],
    ['a sale above the market', { action: 'SELL', orderType: 'LMT', limitPrice: 130 }, [201]],
    ['a buy below the market, which never pays more', { orderType: 'LMT', limitPrice: 50 }, []],
    ['a buy above the market', { orderType: 'LMT', limitPrice: 120 }, [201]],
  ])('values %s at the dearest price it may trade at', (_what, terms, expected) => {
    expect(codes(new Broker().place(1, { quantity: 19_000 * 1.5, ...terms }))).toEqual(expected);
  });

  it('counts what works already, but not exits, nor a group twice', () => {
    const broker = new Broker();
    const resting = { quantity: 9_000, orderType: 'LMT', limitPrice: 100 };
    const exit = { action: 'SELL', quantity: 9_000, parentId: 1 };
    broker.place(1, { ...resting, transmit: false });
    broker.place(2, { ...exit, orderType: 'LMT', limitPrice: 900, transmit: false });
    expect(codes(broker.place(3, { ...exit, orderType: 'STP', auxPrice: 95 }))).toEqual([]);
    expect(codes(broker.place(4, { ...resting, ocaGroup: 'either' }))).toEqual([]);
    expect(codes(broker.place(5, { ...resting, ocaGroup: 'either' }))).toEqual([]);
    expect(codes(broker.place(6, resting))).toEqual([201]);
    expect(codes(broker.place(7, { ...resting, instrument: 'MSFT', quantity: 18_000 }))).toEqual([201]);
    broker.cancel(1);
    expect(codes(broker.place(8, resting))).toEqual([]);
  });

  it('counts an order with the terms and at the price that it has by now', () => {
    const changed = new Broker();
    const resting = { orderType: 'LMT', limitPrice: 100 };
    changed.place(1, { ...resting, quantity: 1 });
    changed.place(2, { ...resting, quantity: 1 });
    expect(codes(changed.place(1, { ...resting, quantity: 19_000 }))).toEqual([]);
    expect(codes(changed.place(3, { ...resting, quantity: 9_000 }))).toEqual([201]);

    const dearer = new Broker();
    const short = { action: 'SELL', orderType: 'STP', auxPrice: 1 } as const;
    dearer.place(1, { ...short, quantity: 9_000 });
    dearer.place(2, { ...short, quantity: 1 });
    dearer.bar([200, 200, 200, 200, 0]);
    expect(codes(dearer.place(3, { ...short, quantity: 1_100 }))).toEqual([201]);
  });

  it('lets what is held be closed, with a stop and a target of their own beside', () => {
    const broker = new Broker();
    broker.place(1, { quantity: 19_000 });
    broker.bar([100, 100, 100, 100]);
    const close = { action: 'SELL', quantity: 19_000 };
    expect(codes(broker.place(2, { ...close, orderType: 'STP', auxPrice: 90 }))).toEqual([]);
    expect(codes(broker.place(3, close))).toEqual([]);
    expect(codes(broker.place(4, { ...close, orderType: 'LMT', limitPrice: 100 }))).toEqual([201]);
  });

  it('refuses where no price is known', () => {
    const broker = new Broker();
    broker.state.marks.delete('MSFT');
    expect(codes(broker.place(1, { instrument: 'MSFT' }))).toEqual([201]);
  });
});

describe('money that is no trade', () => {
  it.each(['-12.5', '250000'])('of %s is no profit of the day, and is still there the next', (amount) => {
    const broker = new Broker();
    broker.place(1, { quantity: 10 });
    broker.bar([100, 100, 100, 100]);
    broker.does({ input: 'newDay', midnight: broker.at });
    broker.bar([100, 101, 100, 101]);
    expect(dailyProfit(broker.state)?.toString()).toBe('10');
    broker.does({ input: 'cash', amount });
    expect(dailyProfit(broker.state)?.toString()).toBe('10');
    broker.does({ input: 'newDay', midnight: broker.at });
    expect(dailyProfit(broker.state)?.toString()).toBe('0');
    expect(broker.state.books.flows.toString()).toBe(amount);
  });
});

describe('a new day', () => {
  it('starts profit at zero and clears yesterday, but keeps what still works', () => {
    const broker = new Broker();
    bracket(broker);
    broker.place(9, { orderType: 'LMT', limitPrice: 50 });
    broker.bar([100, 101, 99, 100]);
    broker.does({ input: 'newDay', midnight: OPEN + 12 * 3_600_000 });
    expect(broker.state.executions.size).toBe(0);
    expect([1, 2, 3, 9].map((id) => broker.order(id).status)).toEqual(
      ['Filled', 'PreSubmitted', 'PreSubmitted', 'Submitted'].map((status, index) =>
        index === 1 ? 'Submitted' : status,
      ),
    );
    expect(broker.state.dayStartEquity).toBe(broker.state.books.cash.plus(10_000).toString());
  });
});
