import { describe, expect, it } from 'vitest';
import type { DeskEvent, EventData } from '#contracts/registry.ts';
import { stateKeys } from '#core/events/state-keys.ts';
import type { AccountBook } from '#core/portfolio/account-book.ts';
import { cashEntry, cashWrite } from '#core/portfolio/entered-cash.ts';
import { type IntradayRecord, withBar } from '#core/portfolio/market-record.ts';
import { DEFAULT_RISK_POLICY } from '#core/risk/policy.ts';
import { BookContendedError, keepLedger, type LEDGER_TYPES } from '#functions/portfolio/ledger.ts';
import {
  accountObserved,
  barClosed,
  bookOf,
  brokerOrder,
  deskEvent,
  holding,
  intentOf,
  NOW,
  orderFilled,
  sessionPrepared,
  withOrder,
} from '../../../support/desk-events.ts';
import { arrival, deskInForce, type MemoryDesk, memoryDesk } from '../../../support/memory-desk.ts';

type Input = DeskEvent<(typeof LEDGER_TYPES)[number]>;
const keep = (desk: MemoryDesk, ...events: readonly Input[]) =>
  keepLedger(
    desk,
    events.map((event) => arrival(event)),
  );
const bookIn = async (desk: MemoryDesk) => (await desk.get(stateKeys.book)) as AccountBook;
async function deskWith(book: AccountBook): Promise<MemoryDesk> {
  const desk = await deskInForce('portfolio');
  await desk.put(stateKeys.book, book);
  return desk;
}
const fill = (execId: string, quantity: string) =>
  orderFilled({ intentId: 'I-1', execId, quantity, price: '100' });

describe('the ledger', () => {
  it('books a batch, its bars and its valuations in one commit', async () => {
    const desk = await deskInForce('portfolio');
    await keep(
      desk,
      accountObserved('100000'),
      sessionPrepared(),
      barClosed('100', 15),
      barClosed('101', 30),
    );

    expect(await bookIn(desk)).toMatchObject({
      cash: '100000',
      sessionEquity: '100000',
      marks: { AAPL: { price: '101' } },
    });
    expect(((await desk.get(stateKeys.intraday('AAPL'))) as IntradayRecord).bars.close).toEqual([100, 101]);
    await keep(
      desk,
      deskEvent('DailyHistoryObserved', {
        instrument: 'AAPL',
        session: '2018-01-23',
        history: { uri: 'history/x', sha256: '0'.repeat(64), bytes: 1 },
        bars: 1,
        first: null,
        last: null,
        source: 'test',
      }),
    );
    expect(await desk.get(stateKeys.daily('AAPL'))).toMatchObject({ history: { uri: 'history/x' } });
  });

  it('says the same however a queue cut its batches', async () => {
    const [together, apart] = [
      await deskWith(withOrder(bookOf(), intentOf())),
      await deskWith(withOrder(bookOf(), intentOf())),
    ];
    const fills = [fill('a', '20'), fill('b', '30')];
    await keep(together, ...fills);
    for (const one of fills) await keep(apart, one);
    const journal = (desk: MemoryDesk) => desk.store.all().map(({ canonical }) => canonical);
    expect(journal(together)).toHaveLength(2);
    expect(journal(together)).toEqual(journal(apart));
  });

  it('says an average price that does not end in a form that everybody can read', async () => {
    const desk = await deskWith(withOrder(bookOf(), intentOf()));
    const fills = ['100.01', '100.02', '100.04'].map((price, index) =>
      orderFilled({ intentId: 'I-1', execId: `thirds-${index}`, quantity: '1', price }),
    );
    await keep(desk, ...fills);
    expect(desk.said('PortfolioRevalued').at(-1)?.data.positions[0]?.averagePrice).toBe(
      `100.02${'3'.repeat(28)}`,
    );
  });

  it('announces the value after every fill, and once', async () => {
    const desk = await deskWith(withOrder(bookOf(), intentOf()));
    const [one, two] = [fill('a', '20'), fill('b', '30')];
    await keep(desk, one, one, two);
    await keep(desk, two);
    await keep(desk, two, fill('b', '30'));

    expect(desk.said('PortfolioRevalued').map(({ data }) => data.positions[0]?.quantity)).toEqual([
      '20',
      '50',
    ]);
    expect(await bookIn(desk)).toMatchObject({ cash: '95000' });
  });

  it('books what is new in a batch of which part was booked', async () => {
    const desk = await deskWith(withOrder(bookOf(), intentOf()));
    const [one, two] = [fill('a', '20'), fill('b', '30')];
    await keep(desk, one);
    await keep(desk, one, two);
    expect((await bookIn(desk)).cash).toBe('95000');
  });

  it('drops what was announced long ago, when even the mark of its cause is forgotten, and keeps the rest', async () => {
    const desk = await deskWith(withOrder(bookOf(), intentOf()));
    const [one, two] = [fill('a', '20'), fill('b', '30')];
    await keep(desk, one);
    const forgetful: MemoryDesk = {
      ...desk,
      store: {
        ...desk.store,
        commit: (change) =>
          desk.store.commit({
            ...change,
            processed: { consumer: 'anew', eventIds: change.processed?.eventIds ?? [] },
          }),
      },
    };
    await keep(forgetful, one, two);
    expect((await bookIn(desk)).cash).toBe('95000');
  });

  it('books again on what another has written meanwhile, and gives up after too many', async () => {
    const desk = await deskWith(withOrder(bookOf(), intentOf()));
    let conflicts = 3;
    const racing: MemoryDesk = {
      ...desk,
      store: {
        ...desk.store,
        commit: async (change) => {
          if (conflicts-- > 0)
            await desk.put(stateKeys.book, { ...(await bookIn(desk)), fees: String(conflicts) });
          return desk.store.commit(change);
        },
      },
    };
    await keep(racing, fill('a', '50'));
    expect(await bookIn(desk)).toMatchObject({ cash: '95000', fees: '0' });

    conflicts = 100;
    await expect(keep(racing, barClosed('101', 75))).rejects.toThrow(BookContendedError);
  });

  it('halts at the drawdown limit in the commit that measures it, and throws the kill switch', async () => {
    const desk = await deskWith(holding(bookOf(), intentOf({ quantity: '1000' })));
    await keep(desk, barClosed('96', 75), barClosed('95', 90));

    expect(
      desk.said('TradingReducing', 'TradingHalted').map(({ metadata }) => [metadata.type, metadata.urgency]),
    ).toEqual([
      ['TradingReducing', 'critical'],
      ['TradingHalted', 'critical'],
    ]);
    expect(desk.said('PortfolioRevalued').map(({ data }) => data.tradingState)).toEqual([
      'REDUCING',
      'HALTED',
    ]);
    expect(await desk.get(stateKeys.halt)).toMatchObject({ halted: true, by: 'drawdown-breaker' });
    expect((await bookIn(desk)).trading.state).toBe('HALTED');
  });

  it('measures nothing without a policy, but books and keeps the high', async () => {
    const desk = memoryDesk('portfolio');
    await desk.put(stateKeys.book, holding(bookOf(), intentOf({ quantity: '1000' })));
    await keep(desk, barClosed('110', 75), barClosed('50', 90));

    expect(desk.said('TradingHalted')).toEqual([]);
    expect(await bookIn(desk)).toMatchObject({ highWater: '110000' });
  });

  it('books under a policy that cannot be read, and measures the drawdown by the hard ceiling', async () => {
    const desk = await deskWith(holding(bookOf(), intentOf({ quantity: '1000' })));
    await desk.put(stateKeys.policy, { ...DEFAULT_RISK_POLICY, addedByALaterVersion: 1 });
    await keep(desk, barClosed('94.9', 75));

    expect(desk.said('TradingHalted')).toMatchObject([{ data: { limitValue: '5.00 %', flatten: true } }]);
    expect(await desk.get(stateKeys.halt)).toMatchObject({ halted: true });
    expect(desk.lines.join()).toContain('addedByALaterVersion');
  });

  it('is not stopped by an execution of an order it does not know: it says so, and opens nothing more', async () => {
    const desk = await deskWith(holding(bookOf()));
    const stranger = orderFilled({ intentId: 'I-9', execId: 'z', quantity: '5', price: '100' });
    await keep(desk, stranger, barClosed('101', 75));
    await keep(desk, stranger);

    expect(desk.said('BrokerDifferenceFound')).toMatchObject([
      { data: { subject: 'execution', key: 'z', observed: 'BUY 5 AAPL at 100' } },
    ]);
    expect(desk.said('TradingReducing')).toMatchObject([
      { data: { limit: 'book', measured: 'UnknownIntentError' } },
    ]);
    expect(desk.said('PortfolioRevalued')).toHaveLength(1);
    expect((await bookIn(desk)).trading.state).toBe('REDUCING');
  });

  it('does not charge a commission in another currency for as much in its own: it says so', async () => {
    const desk = await deskWith(holding(bookOf()));
    const commission = (execId: string, currency: string) =>
      deskEvent('CommissionReported', {
        ...brokerOrder('I-1'),
        execId,
        commission: '120',
        currency,
        realizedPnl: null,
      });
    await keep(desk, commission('a.01', 'JPY'), commission('b.01', 'USD'));

    expect(await bookIn(desk)).toMatchObject({ cash: '94880', fees: '120' });
    expect(desk.said('BrokerDifferenceFound')).toMatchObject([
      {
        data: {
          subject: 'execution',
          key: 'a.01',
          expected: 'a commission in USD',
          observed: '120 JPY',
        },
      },
    ]);
  });

  it('has nothing to do with no events', async () => {
    const desk = memoryDesk('portfolio');
    await keepLedger(desk, []);
    expect(await bookIn(desk)).toBeUndefined();
  });
});

describe('withBar', () => {
  const bar = (minutes: number, close: string, changes: Partial<EventData<'BarClosed'>> = {}) =>
    barClosed(close, minutes, changes).data;
  const closes = (bars: readonly EventData<'BarClosed'>[]) =>
    bars.reduce<IntradayRecord | null>(withBar, null)?.bars.close;

  it('keeps bars in order and once, however they come', () => {
    expect(closes([bar(45, '3'), bar(15, '1'), bar(30, '2'), bar(15, '9')])).toEqual([1, 2, 3]);
    expect(
      [bar(15, '1', { volume: null })].reduce<IntradayRecord | null>(withBar, null)?.bars.volume,
    ).toEqual([null]);
  });

  it('starts a session anew, and lets none of an earlier session in', () => {
    expect(closes([bar(15, '1'), bar(15, '5', { session: '2018-01-24' })])).toEqual([5]);
    expect(closes([bar(15, '5', { session: '2018-01-24' }), bar(30, '2')])).toEqual([5]);
  });
});

describe('cash that a person enters', () => {
  const movement: EventData<'CashEntered'> = {
    reference: 'T-1',
    kind: 'dividend',
    amount: '84.2',
    currency: 'USD',
    instrument: 'AAPL',
    bookedOn: '2018-01-22',
    by: 'ana',
    reason: 'from the activity statement',
  };
  const { event } = cashEntry(movement, NOW);
  const withWord = async (entered = movement) => {
    const desk = await deskWith(bookOf());
    const { key, value } = cashWrite(entered);
    await desk.put(key, value);
    return desk;
  };
  const refusals = (desk: MemoryDesk) => desk.said('BrokerDifferenceFound').map(({ data }) => data);

  it('is booked once, and the account valued with it', async () => {
    const desk = await withWord();
    await keep(desk, event);
    await keep(desk, event);
    expect(await bookIn(desk)).toMatchObject({ cash: '100084.2' });
    expect(desk.said('PortfolioRevalued').map(({ data }) => [data.cause, data.equity])).toEqual([
      ['account', '100084.2'],
    ]);
    expect(refusals(desk)).toEqual([]);
  });

  it.each([
    ['without an operator’s word', undefined, event],
    ['on a word on another amount', { ...movement, amount: '842' }, event],
    ['under another event', movement, deskEvent('CashEntered', movement)],
    [
      'in another currency',
      { ...movement, currency: 'EUR' },
      cashEntry({ ...movement, currency: 'EUR' }, NOW).event,
    ],
  ])('is not booked %s: that is an alarm', async (_, word, told) => {
    const desk = word === undefined ? await deskWith(bookOf()) : await withWord(word);
    await keep(desk, told);
    expect((await bookIn(desk)).cash).toBe('100000');
    expect(refusals(desk)).toEqual([
      expect.objectContaining({
        subject: 'account',
        key: 'T-1',
        explanation: expect.stringMatching(/^it was not booked: /),
      }),
    ]);
    expect(desk.lines.join('\n')).toContain('BrokerDifferenceFound');
  });

  it('is booked beside a forged one of the same batch', async () => {
    const desk = await withWord();
    await keep(desk, deskEvent('CashEntered', movement), event);
    expect((await bookIn(desk)).cash).toBe('100084.2');
    expect(refusals(desk)).toHaveLength(1);
  });
});
