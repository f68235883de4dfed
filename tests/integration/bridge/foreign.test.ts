import { afterEach, describe, expect, it } from 'vitest';
import type { BrokerMessage, ObservedOrder, ToldContract, Unreadable } from '#core/broker/broker-port.ts';
import { type AccountBook, worstExposure } from '#core/portfolio/account-book.ts';
import { fold } from '#core/portfolio/ledger.ts';
import { expectedAccount } from '#ecs/ib-gateway/bridge.ts';
import { MINUTE, OPEN, SECOND, World } from './world.ts';

const POLL = 10 * MINUTE;

describe('what is not the desk’s in its account', () => {
  let world: World;
  afterEach(() => world.end());

  const atTheOpen = async (environment: Readonly<Record<string, string>> = {}): Promise<void> => {
    world = await World.start(
      { RECONCILE_MINUTES: '10', ACCOUNT_MINUTES: '10', ...environment },
      { expected: expectedAccount },
    );
    world.changeBook((book) => ({ ...book, cash: '1000000' }));
    await world.advanceTo(OPEN + 30 * SECOND);
  };
  const holdings = () => world.events('ForeignHoldingsObserved').map(({ data }) => data);
  const differences = () => world.events('BrokerDifferenceFound').map(({ data }) => data.subject);
  /** The ledger's part: the book takes what the bridge said. */
  const book = () =>
    world.changeBook((before) =>
      [...world.events('OrderFilled'), ...world.events('ForeignHoldingsObserved')].reduce(
        (folded: AccountBook, event) => fold(folded, event).book,
        before,
      ),
    );
  const limitByHand = () =>
    world.gateway.faults.manualOrder({
      instrument: 'AAPL',
      side: 'BUY',
      quantity: 300,
      orderType: 'LMT',
      limitPrice: 150,
    });

  it('an order entered by hand is seen at the next comparison, told with its worst price, and left alone', async () => {
    await atTheOpen();
    limitByHand();
    await world.rest();
    expect(holdings()).toEqual([]);
    await world.advance(POLL);
    expect(differences()).toEqual(['foreign-order']);
    expect(holdings()).toEqual([
      {
        account: expect.stringMatching(/^DU/),
        positions: [],
        orders: [
          {
            permId: expect.any(Number),
            clientId: 0,
            instrument: 'AAPL',
            side: 'BUY',
            orderType: 'LMT',
            remaining: '300',
            price: '150',
          },
        ],
      },
    ]);
    expect(book().foreign?.orders).toHaveLength(1);
    const own = world.place();
    await world.advance(2 * MINUTE);
    book();
    await world.advance(3 * POLL);
    // Said once, however often it is compared; the desk's own order goes on beside it.
    expect(holdings()).toHaveLength(1);
    expect((await world.record(own))?.status).toBe('filled');
    const byHand = [...world.gateway.state().orders.values()].find(({ clientId }) => clientId === 0);
    expect(byHand?.status).toBe('Submitted');
    expect(world.metrics.filter(({ name }) => name === 'BrokerDifferenceFound').length).toBeGreaterThan(0);
  });

  it('is told to the book again where another bridge had the lease and told it otherwise', async () => {
    await atTheOpen({ LEASE_SECONDS: '30' });
    limitByHand();
    await world.advance(POLL);
    book();
    expect(holdings()).toHaveLength(1);
    await world.takeLease(world.clock.now() + 5 * MINUTE);
    await world.advance(MINUTE);
    world.changeBook((before) => ({ ...before, foreign: { positions: [], orders: [], cash: '0' } }));
    await world.advance(POLL);
    expect(world.bridge.state).toBe('READY');
    expect(holdings()).toHaveLength(2);
    expect(holdings()[1]).toEqual(holdings()[0]);
  });

  describe('of which the desk cannot know all', () => {
    const shownAs = (changes: Partial<ObservedOrder>) => {
      world.wire.says = (message): BrokerMessage =>
        message.kind === 'open-order'
          ? { ...message, order: { ...message.order, ...changes } }
          : message.kind === 'order-status'
            ? { ...message, remaining: changes.quantity ?? message.remaining }
            : message;
    };
    const seen = async (changes: Partial<ObservedOrder>) => {
      await atTheOpen();
      limitByHand();
      shownAs(changes);
      await world.advance(POLL);
      return holdings().at(-1)?.orders;
    };

    it('an order by amount counts with its money for as long as it is open', async () => {
      const orders = await seen({ quantity: '0', cashQuantity: '48000' });
      expect(orders).toMatchObject([{ remaining: '0', money: '48000' }]);
      expect(worstExposure(book(), 'AAPL')?.toFixed()).toBe('48000');
      await world.advance(2 * POLL);
      expect(book().foreign?.orders).toHaveLength(1);
    });

    it('one in another currency is unmeasurable, so that nothing is opened beside it', async () => {
      const contract = {
        symbol: 'SAP',
        secType: 'STK',
        currency: 'EUR',
        localSymbol: 'SAP',
        multiplier: null,
      };
      const orders = await seen({ quantity: '0', cashQuantity: '48000', contract });
      expect(orders).toMatchObject([{ instrument: 'STK:SAP:EUR', money: null }]);
      expect(worstExposure(book(), 'STK:SAP:EUR')).toBeNull();
    });

    const named = { symbol: 'XYZ', currency: 'USD', localSymbol: 'XYZ' };
    it.each<[string, Partial<ObservedOrder>]>([
      [
        'trails by a distance',
        { orderType: 'TRAIL', contract: { ...named, secType: 'STK', multiplier: null } },
      ],
      [
        'is pegged at a distance',
        { orderType: 'REL', contract: { ...named, secType: 'STK', multiplier: null } },
      ],
      ['has a multiplier that is not told', { contract: { ...named, secType: 'FUT', multiplier: null } }],
      ['is for a bond', { contract: { ...named, secType: 'BOND', multiplier: null } }],
      ['is for a combination', { contract: { ...named, secType: 'BAG', multiplier: null } }],
    ])('no price is known where it %s', async (_why, changes) => {
      const prices = changes.orderType === undefined ? {} : { limitPrice: null, triggerPrice: '0.5' };
      expect(await seen({ ...changes, ...prices })).toMatchObject([{ remaining: '300', price: null }]);
    });

    it('so is one whose side is a word that nobody here knows', async () => {
      expect(await seen({ side: 'EXOTIC' })).toMatchObject([{ instrument: 'AAPL', money: null }]);
      expect(worstExposure(book(), 'AAPL')).toBeNull();
    });
  });

  describe('that cannot be read', () => {
    const account = () => world.events('AccountObserved')[0]?.data.account as string;
    const unreadable = (changes: Partial<Unreadable>): BrokerMessage => ({
      kind: 'unreadable',
      unreadable: {
        of: 'open-order',
        orderId: 0,
        permId: 4711,
        clientId: 0,
        orderRef: '',
        account: account(),
        execId: '',
        contract: { symbol: 'AAPL', secType: 'STK', currency: 'USD', localSymbol: 'AAPL' },
        problem: 'its quantity is undefined',
        ...changes,
      },
    });
    const linksEnded = () =>
      world.events('BrokerStateChanged').filter(({ data }) => data.to === 'DISCONNECTED').length;

    it('an order counts for one that may move anything, and the link is kept', async () => {
      await atTheOpen();
      limitByHand();
      world.wire.says = (message) => (message.kind === 'open-order' ? unreadable({}) : message);
      await world.advance(2 * POLL);
      expect(holdings()).toMatchObject([{ orders: [{ permId: 4711, instrument: 'AAPL', money: null }] }]);
      expect(worstExposure(book(), 'AAPL')).toBeNull();
      expect(differences()).toEqual(['foreign-order']);
      expect(linksEnded()).toBe(0);
      world.wire.says = (message) => message;
      await world.advance(POLL);
      expect(holdings().at(-1)?.orders).toMatchObject([{ remaining: '300', price: '150' }]);
    });

    it('an execution is said once and has the account looked at; a status and an order that is over change nothing', async () => {
      await atTheOpen();
      for (const of of ['execution', 'execution', 'order-status', 'completed-order'] as const)
        world.wire.hear(unreadable({ of, execId: 'x.1.01' }));
      await world.advance(POLL);
      expect(differences()).toEqual(['execution']);
      expect(linksEnded()).toBe(0);
    });

    it.each<[string, Partial<Unreadable>]>([
      ['of its own client', { clientId: 17 }],
      ['of nobody that is named', { clientId: null }],
      ['that is over and has no name', { of: 'completed-order', permId: null }],
    ])('ends the link where it may be the desk’s: one %s', async (_whose, changes) => {
      await atTheOpen();
      world.wire.hear(unreadable(changes));
      await world.advance(10 * SECOND);
      expect(linksEnded()).toBe(1);
      expect(world.bridge.state).toBe('READY');
      expect(differences()).toEqual([]);
    });

    it('an order of the desk’s is not sent again because nobody could read that it is there', async () => {
      await atTheOpen();
      const mute: typeof world.wire.says = ({ kind, ...rest }) =>
        kind === 'open-order' || kind === 'order-status' ? null : ({ kind, ...rest } as BrokerMessage);
      world.wire.says = mute;
      const intentId = world.place({ orderType: 'LMT', limitPrice: '155' });
      await world.rest();
      world.wire.says = (message) => {
        if (message.kind !== 'open-order') return mute(message);
        const { permId, clientId, orderRef } = message.order;
        return unreadable({ permId, clientId: clientId + 1, orderRef });
      };
      world.gateway.faults.disconnect();
      await world.advance(2 * MINUTE);
      expect(world.bridge.state).not.toBe('READY');
      world.wire.says = (message) => message;
      await world.advance(2 * MINUTE);
      expect((await world.record(intentId))?.status).toBe('working');
      expect(world.gateway.state().orders.size).toBe(2);
    });
  });

  it('an execution of somebody else’s is compared once, however often the broker tells it', async () => {
    await atTheOpen();
    let comparisons = 0;
    world.wire.passes = ({ kind }) => {
      if (kind === 'all-open-orders') comparisons += 1;
      return true;
    };
    world.gateway.faults.manualOrder({ instrument: 'AAPL', side: 'BUY', quantity: 200 });
    await world.advance(POLL + MINUTE);
    expect(comparisons).toBeLessThanOrEqual(2);
    comparisons = 0;
    await world.advance(3 * POLL);
    expect(comparisons).toBe(3);
    expect(differences().filter((subject) => subject === 'execution')).toHaveLength(1);
  });

  it('counts on while a new bridge, or another figure, has been seen only once', async () => {
    await atTheOpen();
    limitByHand();
    world.gateway.faults.manualOrder({ instrument: 'AAPL', side: 'BUY', quantity: 200 });
    await world.advance(2 * POLL);
    expect(book().foreign).toMatchObject({
      positions: [{ quantity: '200' }],
      orders: [{ remaining: '300' }],
    });
    const before = holdings().length;
    await world.bridge.stop('test');
    await world.advance(MINUTE);
    world.bridge = world.newBridge();
    await world.advance(2 * POLL);
    expect(holdings()).toHaveLength(before);

    // Right before a comparison, which then sees it at work.
    await world.advance(POLL - SECOND);
    world.gateway.faults.manualOrder({ instrument: 'AAPL', side: 'BUY', quantity: 50 });
    await world.advance(2 * POLL);
    const after = holdings().slice(before);
    // The new order is told as such, then what it bought; at no time is what is known forgotten.
    expect(after.map(({ positions }) => positions.map(({ quantity }) => quantity))).toEqual([
      ['200'],
      ['200'],
      ['250'],
    ]);
    expect(after.at(-1)?.orders).toHaveLength(1);
  });

  describe('is not what the book has not been told yet', () => {
    const filled = async () => {
      await atTheOpen();
      const own = world.place();
      await world.advance(2 * MINUTE);
      expect((await world.record(own))?.status).toBe('filled');
    };

    it('and is looked at again until it has', async () => {
      await filled();
      // As where the ledger failed once, and its queue gives it the batch again after minutes.
      await world.advance(POLL + 3 * MINUTE);
      expect(holdings()).toEqual([]);
      expect(differences()).toEqual([]);
      book();
      await world.advance(3 * POLL);
      expect(differences()).not.toContain('position');
      expect(holdings().flatMap(({ positions }) => positions)).toEqual([]);
    });

    it('unless it is never told', async () => {
      await filled();
      await world.advance(3 * POLL);
      expect(differences()).toContain('position');
      expect(holdings().at(-1)?.positions).toHaveLength(1);
    });
  });

  it('a reconciliation that an operator asks for sees it at once', async () => {
    await atTheOpen();
    limitByHand();
    world.command('ReconciliationRequested', 'r-1', {
      requestId: 'r-1',
      by: 'operator',
      reason: 'an order was entered by hand',
    });
    await world.advance(SECOND);
    expect(holdings()).toHaveLength(1);
    expect(world.queue.remaining()).toEqual([]);
  });

  describe('in contracts that the desk does not know', () => {
    const hears = (contract: Partial<ToldContract>, quantity: string, averageCost: string) =>
      world.wire.hear({
        kind: 'position',
        account: world.events('AccountObserved')[0]?.data.account as string,
        contract: { symbol: 'AAPL', secType: 'OPT', currency: 'USD', localSymbol: '', ...contract },
        quantity,
        averageCost,
      });
    const [call, put] = [{ localSymbol: 'AAPL  180316C00170000' }, { localSymbol: 'AAPL  180316P00150000' }];

    it('counts each of one symbol, and forgets the one that is gone alone', async () => {
      await atTheOpen();
      await world.advance(POLL);
      hears(call, '40', '812.5');
      hears(put, '-3', '-240');
      await world.advance(2 * POLL);
      expect(holdings().at(-1)?.positions).toEqual([
        { instrument: 'OPT:AAPL  180316C00170000', quantity: '40', price: '812.5' },
        { instrument: 'OPT:AAPL  180316P00150000', quantity: '-3', price: '240' },
      ]);
      hears(put, '0', '0');
      await world.advance(2 * POLL);
      expect(holdings().at(-1)?.positions).toMatchObject([{ quantity: '40' }]);
    });

    it('has no price where that is in another currency, so that nothing is opened beside it', async () => {
      await atTheOpen();
      await world.advance(POLL);
      hears({ symbol: 'SAP', secType: 'STK', currency: 'EUR', localSymbol: 'SAP' }, '1000', '90');
      hears({ symbol: 'SAP', secType: 'STK', currency: 'USD', localSymbol: 'SAP' }, '10', '110');
      await world.advance(2 * POLL);
      expect(holdings().at(-1)?.positions).toEqual([
        { instrument: 'STK:SAP', quantity: '10', price: '110' },
        { instrument: 'STK:SAP:EUR', quantity: '1000', price: null },
      ]);
      expect(worstExposure(book(), 'STK:SAP:EUR')).toBeNull();
    });

    it('has none where what it cost is not known, as after a transfer from another broker', async () => {
      await atTheOpen();
      await world.advance(POLL);
      hears({ symbol: 'XYZ', secType: 'STK', localSymbol: 'XYZ' }, '1000', '0');
      await world.advance(2 * POLL);
      expect(holdings().at(-1)?.positions).toEqual([
        { instrument: 'STK:XYZ', quantity: '1000', price: null },
      ]);
      expect(worstExposure(book(), 'STK:XYZ')).toBeNull();
    });

    it('nor has an order', async () => {
      await atTheOpen();
      limitByHand();
      world.wire.says = (message) =>
        message.kind === 'open-order'
          ? {
              ...message,
              order: { ...message.order, contract: { ...message.order.contract, currency: 'EUR' } },
            }
          : message;
      await world.advance(POLL);
      expect(holdings().at(-1)?.orders).toMatchObject([{ instrument: 'STK:AAPL:EUR', price: null }]);
    });
  });

  it('units bought by hand count once two observations agree, and a new bridge says what has gone', async () => {
    await atTheOpen();
    world.gateway.faults.manualOrder({ instrument: 'AAPL', side: 'BUY', quantity: 200 });
    await world.advance(POLL + MINUTE);
    expect(holdings()).toEqual([
      {
        account: expect.any(String),
        positions: [{ instrument: 'AAPL', quantity: '200', price: expect.stringMatching(/^160\./) }],
        orders: [],
        cash: expect.stringMatching(/^-320\d\d\./),
      },
    ]);
    expect(book().foreign?.positions).toHaveLength(1);

    await world.bridge.stop('test');
    world.gateway.faults.manualOrder({ instrument: 'AAPL', side: 'SELL', quantity: 200 });
    await world.advance(2 * MINUTE);
    world.bridge = world.newBridge();
    await world.advance(MINUTE);
    // What buying and selling by hand came to is left in cash, until somebody enters it.
    expect(holdings().at(-1)).toEqual({
      account: expect.any(String),
      positions: [],
      orders: [],
      cash: '3.05',
    });
    expect(book().foreign).toEqual({ positions: [], orders: [], cash: '3.05' });
  });
});
