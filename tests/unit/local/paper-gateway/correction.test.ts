import { describe, expect, it } from 'vitest';
import { averageCost, imbalance } from '#core/simulation/account.ts';
import { Broker, OPEN } from './broker-support.ts';

/** Trades one after the other, each at the price of its own bar, and a price that only the last bar's mark has. */
function traded(...trades: readonly (readonly ['BUY' | 'SELL', number, number])[]): Broker {
  const broker = new Broker();
  broker.at = OPEN;
  for (const [index, [action, quantity, price]] of trades.entries()) {
    broker.place(index + 1, { action, quantity });
    broker.bar([price, price, price, price]);
  }
  return broker;
}

const correct = (broker: Broker, orderId: number, price: number) => {
  const found = [...broker.state.executions.values()].find((execution) => execution.orderId === orderId);
  return broker.does({ input: 'correct', execId: found?.execId ?? '', price });
};

const figures = (broker: Broker) => {
  const held = broker.state.books.positions.get('AAPL');
  return {
    cash: broker.state.books.cash.toFixed(2),
    realised: broker.state.books.realised.toFixed(6),
    cost: held === undefined ? null : averageCost(held).toFixed(6),
    profits: [...broker.state.executions.values()]
      .sort((one, other) => one.orderId - other.orderId)
      .map(({ realised }) => (realised === null ? null : Number(realised).toFixed(6))),
  };
};

describe('a corrected execution is booked as if it had always had its price', () => {
  it.each([
    ['still open', [['BUY', 10, 100]], 1],
    [
      'closed in part since',
      [
        ['BUY', 10, 100],
        ['SELL', 5, 110],
      ],
      1,
    ],
    [
      'a part of a position closed since',
      [
        ['BUY', 10, 100],
        ['BUY', 10, 104],
        ['SELL', 15, 110],
      ],
      2,
    ],
    [
      'closed whole since',
      [
        ['BUY', 10, 100],
        ['SELL', 10, 110],
      ],
      1,
    ],
    [
      'through zero',
      [
        ['BUY', 10, 100],
        ['SELL', 15, 110],
      ],
      2,
    ],
    [
      'of a position gone and opened anew',
      [
        ['BUY', 10, 100],
        ['SELL', 10, 110],
        ['BUY', 7, 90],
      ],
      1,
    ],
    [
      'a closing one',
      [
        ['SELL', 10, 100],
        ['BUY', 4, 90],
      ],
      2,
    ],
  ] as const)('%s', (_what, trades, orderId) => {
    const broker = traded(...trades);
    const wrong = broker.fills().find(([id]) => id === orderId)?.[2] as number;
    correct(broker, orderId, wrong + 3);
    const right = traded(
      ...trades.map(
        (trade, index) =>
          (index + 1 === orderId ? [trade[0], trade[1], trade[2] + 3] : trade) as typeof trade,
      ),
    );
    expect(figures(broker)).toEqual(figures(right));
    expect(imbalance(broker.state.books).isZero()).toBe(true);
  });

  it('on the day after it was opened, upon what that day began with', () => {
    const broker = traded(['BUY', 10, 100]);
    broker.does({ input: 'newDay', midnight: broker.at + 1 });
    broker.place(2, { action: 'SELL', quantity: 4 });
    broker.bar([110, 110, 110, 110]);
    const { cash } = broker.state.books;
    correct(broker, 2, 109);
    expect(broker.state.books.cash.minus(cash).toFixed(2)).toBe('-3.96');
    const held = broker.state.books.positions.get('AAPL');
    expect(held === undefined ? null : averageCost(held).toFixed(2)).toBe('100.01');
    expect(broker.state.books.realised.toFixed(2)).toBe('35.96');
  });

  it('with its own average price and profit, those of its order after it too', () => {
    const broker = new Broker();
    broker.place(1, { quantity: 20 });
    broker.bar([100, 100, 100, 100, 100]);
    broker.bar([102, 102, 102, 102, 100]);
    const events = correct(broker, 1, 104.01);
    const [told] = events.flatMap((event) => (event.event === 'execution' ? [event.execution] : []));
    expect(told).toMatchObject({ price: 104.01, averagePrice: 104.01, realised: null });
    const prices = [...broker.state.executions.values()].map(({ averagePrice }) => averagePrice);
    expect(prices.sort()).toEqual([103.01, 104.01]);
    expect(broker.order(1).lastFillPrice).toBe(102.01);
  });

  it('after a split of the same day keeps cash and books in agreement', () => {
    const broker = traded(['BUY', 10, 100]);
    broker.does({ input: 'split', instrument: 'AAPL', ratio: 4 });
    const { cash } = broker.state.books;
    correct(broker, 1, 101.01);
    expect(broker.state.books.cash.minus(cash).toFixed(2)).toBe('-10.00');
    expect(imbalance(broker.state.books).isZero()).toBe(true);
  });
});
