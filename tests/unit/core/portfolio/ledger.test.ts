import { describe, expect, it } from 'vitest';
import { EVENTS, type EventData } from '#contracts/registry.ts';
import {
  type AccountBook,
  EMPTY_BOOK,
  equity,
  exposedInstruments,
  isForeign,
  isLive,
  remaining,
  worstExposure,
} from '#core/portfolio/account-book.ts';
import { UnknownIntentError } from '#core/portfolio/executions.ts';
import { fold } from '#core/portfolio/ledger.ts';
import {
  layerAveragePrice,
  layerRealized,
  openLayers,
  positionAveragePrice,
  positionQuantity,
} from '#core/portfolio/position.ts';
import { realizedTotal, valuation } from '#core/portfolio/valuation.ts';
import { instantText } from '#core/values/clock.ts';
import { Decimal } from '#core/values/decimal.ts';
import {
  accountObserved,
  at,
  barClosed,
  bookOf,
  brokerOrder,
  deskEvent,
  exitOf,
  folded,
  holding,
  intentOf,
  NOW,
  orderFilled,
  sessionPrepared,
  withOrder,
} from '../../../support/desk-events.ts';

const layer = (book: AccountBook, id = 'I-1') => {
  const found = book.positions['AAPL']?.layers[id];
  if (found === undefined) throw new Error(`no layer ${id}`);
  return found;
};
const order = (book: AccountBook, id = 'I-1') => {
  const found = book.orders[id];
  if (found === undefined) throw new Error(`no order ${id}`);
  return found;
};
const fill = (
  execId: string,
  quantity: string,
  price: string,
  more: Partial<Parameters<typeof orderFilled>[0]> = {},
) => orderFilled({ intentId: 'I-1', execId, quantity, price, ...more });
const commission = (execId: string, amount: string) =>
  deskEvent('CommissionReported', {
    ...brokerOrder('I-1'),
    execId,
    commission: amount,
    currency: 'USD',
    realizedPnl: null,
  });
const cancelled = (filledQuantity: string, role: 'order' | 'stop' = 'order') =>
  deskEvent('OrderCancelled', { ...brokerOrder('I-1', role), filledQuantity, reason: 'asked for' });

describe('the commission of a corrected execution', () => {
  const [first, corrected] = [commission('a.01', '1.01'), commission('a.02', '1.04')];
  it.each([
    ['after it', [first, corrected]],
    ['before it', [corrected, first]],
    ['again and again', [first, corrected, first, corrected]],
  ])('takes the place of the first one when it is told %s', (_, told) => {
    const start: AccountBook = { ...withOrder(bookOf(), intentOf()), cash: '1000', fees: '0' };
    const book = told.reduce<AccountBook>((before, event) => fold(before, event).book, start);
    expect([book.fees, book.cash]).toEqual(['1.04', '998.96']);
  });

  it.each([
    ['the next session', '2018-02-06', '1.04'],
    ['a week later', '2018-02-12', '1.04'],
    ['long after brokers correct anything', '2018-02-20', '2.05'],
  ])('takes its place in %s too', (_, session, fees) => {
    const start: AccountBook = { ...withOrder(bookOf(), intentOf()), cash: '1000', fees: '0' };
    const book = folded(
      { ...start, session: '2018-02-05' },
      first,
      sessionPrepared(session),
      commission('a.02', '1.04'),
    );
    expect(book.fees).toBe(fees);
  });

  it('is charged beside that of another execution', () => {
    const start: AccountBook = { ...withOrder(bookOf(), intentOf()), cash: '1000', fees: '0' };
    const book = [first, commission('b.01', '2')].reduce<AccountBook>(
      (before, event) => fold(before, event).book,
      start,
    );
    expect(book.fees).toBe('3.01');
  });
});

it('a commission in another currency is not charged for as much in that of the book', () => {
  const book = holding(bookOf());
  const { data } = commission('a.01', '120');
  expect(fold(book, deskEvent('CommissionReported', { ...data, currency: 'JPY' })).book).toMatchObject({
    cash: book.cash,
    fees: '0',
  });
});

describe('the start of a book', () => {
  it.each([
    ['the account before the session', [accountObserved('100000'), sessionPrepared()]],
    ['the session before the account', [sessionPrepared(), accountObserved('100000')]],
  ])('knows its equity, day figures and high with %s', (_, events) => {
    expect(folded(EMPTY_BOOK, ...events)).toMatchObject({
      account: 'DU1',
      cash: '100000',
      sessionEquity: '100000',
      highWater: '100000',
    });
  });

  it("takes the broker's cash once; from then on the book is its own", () => {
    const book = holding(bookOf());
    expect(fold(book, accountObserved('7'))).toEqual({ book, revalue: null });
  });

  it('does not turn the day back, nor twice', () => {
    const book = bookOf();
    expect(folded(book, sessionPrepared())).toBe(book);
    expect(folded(book, sessionPrepared('2018-01-22'))).toBe(book);
  });
});

describe('fills', () => {
  it('open a layer at its average price and take the money', () => {
    const book = folded(withOrder(bookOf(), intentOf()), fill('a', '20', '100'), fill('b', '30', '101'));

    expect(positionQuantity(book.positions['AAPL']).toFixed()).toBe('50');
    expect(positionAveragePrice(book.positions['AAPL'])?.toFixed()).toBe('100.6');
    expect(book.cash).toBe('94970');
    expect(order(book)).toMatchObject({ status: 'filled', filled: '50' });
  });

  it('of a part leave the rest reserved', () => {
    const book = folded(withOrder(bookOf(), intentOf()), fill('a', '20', '100'));

    expect(order(book)).toMatchObject({ status: 'working', filled: '20' });
    expect(worstExposure(book, 'AAPL')?.toFixed()).toBe('5010');
  });

  it('count once, however often they are told', () => {
    const once = folded(withOrder(bookOf(), intentOf()), fill('a', '20', '100'));
    expect(folded(once, fill('a', '20', '100'))).toEqual(once);
  });

  it.each([
    ['after what it corrects', ['o', 'c']],
    ['before what it corrects', ['c', 'o']],
  ])('corrected %s count as corrected', (_, sequence) => {
    const events = {
      o: fill('x.01', '50', '100'),
      c: fill('x.02', '40', '101', { corrects: 'x.01' }),
    };
    const book = folded(
      withOrder(bookOf(), intentOf()),
      ...sequence.map((name) => events[name as 'o' | 'c']),
    );

    expect(book.cash).toBe('95960');
    expect(layerAveragePrice(layer(book))?.toFixed()).toBe('101');
    expect(order(book).filled).toBe('40');
  });

  it('corrected twice count as corrected last, whether the second names the first or the original', () => {
    for (const corrects of ['x.02', 'x.01']) {
      const book = folded(
        withOrder(bookOf(), intentOf()),
        fill('x.03', '30', '102', { corrects }),
        fill('x.01', '50', '100'),
        fill('x.02', '40', '101', { corrects: 'x.01' }),
      );
      expect(book.cash, corrects).toBe('96940');
    }
  });

  it('of a stop close the layer and realise what it came to', () => {
    const book = folded(holding(bookOf()), fill('s', '50', '95', { role: 'stop', side: 'SELL' }));

    expect(positionQuantity(book.positions['AAPL']).isZero()).toBe(true);
    expect(layerRealized(layer(book)).toFixed()).toBe('-250');
    expect(realizedTotal(book).toFixed()).toBe('-250');
    expect(book.cash).toBe('99750');
    expect(order(book).status).toBe('filled');
  });

  it('of an exit close the layer that it names', () => {
    const book = folded(
      withOrder(holding(bookOf()), exitOf('I-1', '30')),
      orderFilled({ intentId: 'X-I-1', execId: 'x', quantity: '30', price: '110', side: 'SELL' }),
    );

    expect(positionQuantity(book.positions['AAPL']).toFixed()).toBe('20');
    expect(realizedTotal(book).toFixed()).toBe('300');
    expect(order(book, 'X-I-1').status).toBe('filled');
  });

  it('that overtake the opening of their layer are kept', () => {
    const book = folded(
      withOrder(bookOf(), intentOf()),
      fill('a', '20', '100'),
      fill('s', '50', '95', { role: 'stop', side: 'SELL' }),
      fill('b', '30', '100'),
    );

    expect(positionQuantity(book.positions['AAPL']).isZero()).toBe(true);
    expect(book.cash).toBe('99750');
  });

  it('of a short work the other way', () => {
    const short = intentOf({ side: 'SELL', protectiveStop: '105' });
    const book = folded(
      holding(bookOf(), short),
      barClosed('98', 75),
      fill('s', '20', '98', { role: 'stop', side: 'BUY', executedAt: at(76) }),
    );

    expect(positionQuantity(book.positions['AAPL']).toFixed()).toBe('-30');
    expect(realizedTotal(book).toFixed()).toBe('40');
    expect(equity(book)?.toFixed()).toBe('100100');
  });

  it('of an order that nobody authorized are refused by name', () => {
    expect(() => fold(bookOf(), fill('a', '1', '1'))).toThrow(UnknownIntentError);
    expect(() => fold(bookOf(), fill('a', '1', '1', { role: 'stop', side: 'SELL' }))).toThrow('"I-1"');
    expect(() =>
      fold(
        withOrder(bookOf(), exitOf('I-1', '1')),
        orderFilled({ intentId: 'X-I-1', execId: 'a', quantity: '1', price: '1' }),
      ),
    ).toThrow(UnknownIntentError);
  });

  it('before the account was seen are booked without inventing cash', () => {
    const book = folded(withOrder(folded(EMPTY_BOOK, sessionPrepared()), intentOf()), fill('a', '50', '100'));
    expect(book.cash).toBeNull();
    expect(equity(book)).toBeNull();
    expect(valuation(book, 'fill', 'AAPL')).toBeNull();
  });

  it('remember the decision they belong to, for the learning agent, in this session', () => {
    const book = folded(
      withOrder(bookOf(), intentOf()),
      fill('a', '20', '100'),
      fill('b', '30', '100'),
      commission('a', '1'),
    );
    expect(book.touched).toEqual(['test']);
    expect(folded(book, sessionPrepared('2018-01-24')).touched).toEqual([]);
  });
});

describe('orders', () => {
  const events = {
    submitted: deskEvent('OrderSubmitted', {
      ...brokerOrder('I-1'),
      orderId: 1,
      clientId: 1,
      side: 'BUY',
      quantity: '50',
      orderType: 'LMT',
      limitPrice: '100.20',
      triggerPrice: null,
      timeInForce: 'DAY',
      ocaGroup: null,
      fencingToken: 1,
    }),
    working: deskEvent('OrderAccepted', {
      ...brokerOrder('I-1'),
      orderId: 1,
      permId: 1,
      status: 'Submitted',
    }),
    rejected: deskEvent('OrderRejected', { ...brokerOrder('I-1'), code: 201, message: 'no' }),
    cancelled: cancelled('0'),
    declined: deskEvent('CommandDeclined', {
      intentId: 'I-1',
      command: 'OrderAuthorized',
      reason: 'the link is down',
    }),
  };

  it.each(['submitted', 'working', 'rejected', 'cancelled', 'declined'] as const)('become %s', (status) => {
    expect(order(folded(withOrder(bookOf(), intentOf()), events[status])).status).toBe(status);
  });

  it('never go back: what arrives late changes nothing', () => {
    const filled = holding(bookOf());
    for (const event of Object.values(events)) expect(folded(filled, event)).toBe(filled);
    const rejected = folded(withOrder(bookOf(), intentOf()), events.rejected);
    expect(folded(rejected, events.submitted, events.working, events.cancelled)).toBe(rejected);
  });

  it('are not ended by what happens to their stop, nor by a declined cancel', () => {
    const working = folded(withOrder(bookOf(), intentOf()), events.working);
    const declinedCancel = deskEvent('CommandDeclined', {
      intentId: 'I-1',
      command: 'CancelAuthorized',
      reason: 'unknown',
    });

    expect(folded(working, cancelled('0', 'stop'), declinedCancel)).toBe(working);
  });

  it('cancelled with fills on their way keep those reserved until they come', () => {
    const book = folded(withOrder(bookOf(), intentOf()), fill('a', '10', '100'), cancelled('30'));

    expect(isLive(order(book))).toBe(true);
    expect(remaining(order(book)).toFixed()).toBe('20');
    expect(worstExposure(book, 'AAPL')?.toFixed()).toBe('3006');

    const complete = folded(book, fill('b', '20', '100'));
    expect(isLive(order(complete))).toBe(false);
    expect(worstExposure(complete, 'AAPL')?.toFixed()).toBe('3000');
  });

  it.each([
    ['before', [fill('a.02', '20', '100', { corrects: 'a.01' }), cancelled('20')]],
    ['after', [cancelled('30'), fill('a.02', '20', '100', { corrects: 'a.01' })]],
  ])('reserve nothing for units that were taken back %s they ended', (_, rest) => {
    const book = folded(withOrder(bookOf(), intentOf()), fill('a.01', '30', '100'), ...rest);

    expect(isLive(order(book))).toBe(false);
    expect(worstExposure(book, 'AAPL')?.toFixed()).toBe('2000');
    expect(folded(book, sessionPrepared('2018-01-24')).orders).toEqual({});
  });

  it('free what they had reserved when they end', () => {
    const book = folded(withOrder(bookOf(), intentOf()), events.cancelled);
    expect(worstExposure(book, 'AAPL')?.toFixed()).toBe('0');
    expect(exposedInstruments(book)).toEqual([]);
  });
});

describe('worstExposure', () => {
  it('counts every live order on its worse side at the worse price, and closing ones not at all', () => {
    const held = holding(bookOf());
    const both = withOrder(
      withOrder(
        withOrder(held, intentOf({ intentId: 'B', quantity: '10' }), '110'),
        intentOf({ intentId: 'S', side: 'SELL', quantity: '200' }),
        '100',
      ),
      exitOf('I-1', '50'),
    );
    // Sold 200 against 50 held: 150 short; bought 10 more: 60 long.
    expect(worstExposure(both, 'AAPL')?.toFixed()).toBe('16500');
  });

  it('counts what others hold and work in the account like the desk’s own', () => {
    const order = {
      permId: 1,
      clientId: 0,
      instrument: 'AAPL',
      side: 'BUY' as const,
      orderType: 'LMT',
      remaining: '30',
      price: '104',
    };
    const told = (data: EventData<'ForeignHoldingsObserved'>) => deskEvent('ForeignHoldingsObserved', data);
    const book = folded(
      holding(bookOf()),
      told({
        account: 'DU1',
        positions: [
          { instrument: 'AAPL', quantity: '20', price: '90' },
          { instrument: 'FUT:ES', quantity: '-1', price: '140000' },
        ],
        orders: [order, { ...order, permId: 2, instrument: 'OPT:SPY', price: null }],
      }),
    );
    // 50 of the desk's, 20 more, and 30 that somebody may still buy at 104.
    expect(worstExposure(book, 'AAPL')?.toFixed()).toBe('10400');
    expect(worstExposure(book, 'FUT:ES')?.toFixed()).toBe('140000');
    // An order at the market in something that has no price here: not zero, unknown.
    expect(worstExposure(book, 'OPT:SPY')).toBeNull();
    expect(exposedInstruments(book)).toEqual(['AAPL', 'FUT:ES', 'OPT:SPY']);
    expect([isForeign(book, 'AAPL'), isForeign(book, 'FUT:ES'), isForeign(book, 'MSFT')]).toEqual([
      false,
      true,
      false,
    ]);
    const gone = folded(book, told({ account: 'DU1', positions: [], orders: [] }));
    expect(gone).toEqual({ ...holding(bookOf()), foreignAt: instantText(NOW) });
  });

  it('counts what others hold as it was seen last, in whatever order that is told', () => {
    const seen = (minutes: number, quantity: string) =>
      deskEvent(
        'ForeignHoldingsObserved',
        {
          account: 'DU1',
          positions: quantity === '0' ? [] : [{ instrument: 'AAPL', quantity, price: '100' }],
          orders: [],
        },
        { occurredAt: NOW + minutes * 60_000 },
      );
    const [none, bought, more] = [seen(0, '0'), seen(1, '200'), seen(2, '250')];
    for (const order of [
      [none, bought, more],
      [more, none, bought],
      [bought, more, none],
    ])
      expect(worstExposure(folded(bookOf(), ...order), 'AAPL')?.toFixed()).toBe('25000');
    const gone = seen(3, '0');
    expect(worstExposure(folded(bookOf(), gone, more), 'AAPL')?.toFixed()).toBe('0');
  });

  it('counts an order by amount with its money, and is unknown where nobody knows what an order may move', () => {
    const order = {
      permId: 1,
      clientId: 0,
      instrument: 'AAPL',
      side: 'BUY' as const,
      orderType: 'MKT',
      remaining: '0',
      price: null,
    };
    const exposure = (money: string | null, instrument = 'AAPL') =>
      worstExposure(
        folded(
          holding(bookOf()),
          deskEvent('ForeignHoldingsObserved', {
            account: 'DU1',
            positions: [],
            orders: [{ ...order, instrument, money }],
          }),
        ),
        instrument,
      )?.toFixed();
    const alone = Number(worstExposure(holding(bookOf()), 'AAPL')?.toFixed());
    expect(exposure('25000')).toBe(String(alone + 25_000));
    expect(exposure('25000', 'MSFT')).toBe('25000');
    expect(exposure(null)).toBeUndefined();
    expect(exposure(null, 'MSFT')).toBeUndefined();
  });

  it('is unknown without a price, and nothing where nothing is', () => {
    expect(worstExposure({ ...holding(bookOf()), marks: {} }, 'AAPL')).toBeNull();
    expect(worstExposure(bookOf({ marks: {} }), 'AAPL')?.toFixed()).toBe('0');
  });
});

describe('marks', () => {
  it('go forward only, and only what is held is revalued', () => {
    const book = bookOf();
    expect(fold(book, barClosed('90', 45))).toEqual({ book, revalue: null });
    expect(fold(book, barClosed('90', 60)).book).toBe(book);
    expect(fold(book, barClosed('90', 75)).revalue).toBeNull();
    expect(fold(holding(book), barClosed('90', 75)).revalue).toBe('bar');
  });

  it('are the same in whatever order bar and executions of one instant arrive', () => {
    const start = withOrder(bookOf(), intentOf());
    const told = [
      fill('a', '20', '101', { executedAt: at(75) }),
      fill('b', '30', '102', { executedAt: at(75) }),
      barClosed('103', 75),
    ] as const;
    const orders = [
      [0, 1, 2],
      [0, 2, 1],
      [1, 0, 2],
      [1, 2, 0],
      [2, 0, 1],
      [2, 1, 0],
    ] as const;

    for (const sequence of orders)
      expect(folded(start, ...sequence.map((index) => told[index])).marks['AAPL']).toMatchObject({
        price: '103',
        at: at(75),
      });
    expect(folded(start, told[0], told[1]).marks).toEqual(folded(start, told[1], told[0]).marks);
  });

  it('are prices: what tells none, and a trade that was taken back, values nothing at nothing', () => {
    const book = folded(holding(bookOf()), barClosed('100', 75));
    for (const none of ['0', '-1'])
      expect(fold(book, barClosed(none, 90)), none).toEqual({ book, revalue: null });
    const late = { executedAt: at(90) };
    const taken = folded(
      book,
      fill('s.01', '20', '90', { ...late, role: 'stop', side: 'SELL' }),
      fill('s.02', '0', '0', { ...late, role: 'stop', side: 'SELL', corrects: 's.01' }),
    );
    expect(taken.marks['AAPL']?.price).toBe('90');
    expect([taken.cash, positionQuantity(taken.positions['AAPL']).toFixed()]).toEqual([book.cash, '50']);
  });

  it('remember the closes before, for the collar over a window, and no more than they need', () => {
    let book = bookOf();
    for (let index = 1; index <= 40; index++) book = folded(book, barClosed(String(100 + index), 60 + index));
    const mark = book.marks['AAPL'];

    expect(mark?.price).toBe('140');
    expect(mark?.earlier).toHaveLength(30);
    expect(mark?.earlier[0]).toEqual({ price: '139', at: at(99) });
  });
});

describe('the turn of the day', () => {
  const closed = () => folded(holding(bookOf()), fill('s', '50', '110', { role: 'stop', side: 'SELL' }));

  it('takes finished orders and closed layers out, and keeps what they came to', () => {
    const book = folded(closed(), sessionPrepared('2018-01-24'));

    expect(book).toMatchObject({
      session: '2018-01-24',
      orders: {},
      positions: {},
      realized: '500',
      authorized: [],
      sessionEquity: '100500',
    });
    expect(realizedTotal(book).toFixed()).toBe('500');
  });

  it('lets go of an order that was authorized and never sent, once no queue can have its command any more', () => {
    const authorized = withOrder(bookOf(), intentOf());
    const working = folded(
      authorized,
      deskEvent('OrderAccepted', { ...brokerOrder('I-1'), orderId: 1, permId: 1, status: 'Submitted' }),
    );
    const left = (book: AccountBook, session: string) =>
      Object.keys(folded(book, sessionPrepared(session)).orders);
    expect(left(authorized, '2018-02-07')).toEqual(['I-1']);
    expect(left(authorized, '2018-02-08')).toEqual([]);
    expect(left(working, '2018-02-08')).toEqual(['I-1']);
  });

  it('keeps open layers, live orders and layers whose order is still live', () => {
    const partly = folded(
      withOrder(bookOf(), intentOf()),
      fill('a', '20', '100'),
      fill('s', '20', '99', { role: 'stop', side: 'SELL' }),
    );
    const book = folded(partly, sessionPrepared('2018-01-24'));

    expect(Object.keys(book.orders)).toEqual(['I-1']);
    expect(layer(book).intentId).toBe('I-1');
    expect(
      openLayers(folded(holding(bookOf()), sessionPrepared('2018-01-24')).positions['AAPL']),
    ).toHaveLength(1);
  });
});

describe('stops and commissions', () => {
  it('move the stop of a held layer', () => {
    const moved = deskEvent('StopMoved', { ...brokerOrder('I-1', 'stop'), stopPrice: '97' });
    expect(layer(folded(holding(bookOf()), moved)).stop).toBe('97');
    const nothing = bookOf();
    expect(folded(nothing, moved)).toBe(nothing);
  });

  it('move it towards the price only, in whatever order the moves are told', () => {
    const moved = (stopPrice: string) => deskEvent('StopMoved', { ...brokerOrder('I-1', 'stop'), stopPrice });
    expect(layer(folded(holding(bookOf()), moved('99'), moved('97'))).stop).toBe('99');
    const short = holding(bookOf(), intentOf({ side: 'SELL', protectiveStop: '105' }));
    expect(layer(folded(short, moved('101'), moved('103'))).stop).toBe('101');
  });

  it('are paid from cash, rebates included', () => {
    const book = folded(holding(bookOf()), commission('a', '1.25'), commission('b', '-0.15'));
    expect(book).toMatchObject({ fees: '1.1', cash: '94998.9' });
    expect(folded({ ...bookOf(), cash: null }, commission('a', '1')).cash).toBeNull();
  });
});

describe('valuation', () => {
  it('is the whole portfolio to the cent, as the contract has it', () => {
    const second = intentOf({ intentId: 'I-1-L2', purpose: 'pyramid', positionId: 'I-1', quantity: '30' });
    const held = holding(bookOf());
    const book = folded(
      withOrder(withOrder(held, second), intentOf({ intentId: 'I-1-L3', quantity: '10' })),
      orderFilled({ intentId: 'I-1-L2', execId: 'l2', quantity: '30', price: '102', executedAt: at(61) }),
      commission('l2', '1'),
      barClosed('103', 75),
    );
    const value = valuation(book, 'bar', 'AAPL');

    expect(EVENTS.PortfolioRevalued.data.safeParse(value).success).toBe(true);
    expect(value).toMatchObject({
      equity: '100179',
      cash: '91939',
      realized: '0',
      unrealized: '180',
      fees: '1',
      highWater: '100179',
      drawdown: 0,
      dayPnl: '179',
      grossExposure: '8240',
      openPositions: 1,
      volume: '100000',
      positions: [
        {
          instrument: 'AAPL',
          quantity: '80',
          averagePrice: '100.75',
          marketValue: '8240',
          unrealized: '180',
          pending: ['I-1-L3'],
          layers: [
            { intentId: 'I-1', quantity: '50' },
            { intentId: 'I-1-L2', quantity: '30', averagePrice: '102' },
          ],
        },
      ],
    });
  });

  it('is not announced where a held instrument has no price', () => {
    expect(valuation({ ...holding(bookOf()), marks: {} }, 'bar', null)).toBeNull();
  });

  it('orders layers opened at one instant by name, so that it is the same everywhere', () => {
    const instant = at(59);
    const named = (id: string) =>
      orderFilled({ intentId: id, execId: id, quantity: '1', price: '100', executedAt: instant });
    const start = withOrder(
      withOrder(bookOf(), intentOf({ intentId: 'B', quantity: '1' })),
      intentOf({ intentId: 'A', quantity: '1' }),
    );
    const ids = (book: AccountBook) => openLayers(book.positions['AAPL']).map(({ intentId }) => intentId);

    expect(ids(folded(start, named('B'), named('A')))).toEqual(['A', 'B']);
    expect(ids(folded(start, named('A'), named('B')))).toEqual(['A', 'B']);
  });

  it('says a flat book has no average price', () => {
    expect(positionAveragePrice(undefined)).toBeNull();
    expect(positionQuantity(undefined).eq(new Decimal(0))).toBe(true);
  });
});
