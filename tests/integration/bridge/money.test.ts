import { afterEach, describe, expect, it } from 'vitest';
import { cashEntry } from '#core/portfolio/entered-cash.ts';
import { expectedAccount } from '#ecs/ib-gateway/bridge.ts';
import { MINUTE, MORNING, OPEN, SECOND, World } from './world.ts';

const POLL = 10 * MINUTE;

describe('money that no order of the desk moved', () => {
  let world: World;
  afterEach(() => world.end());

  const book = () => world.keepBook();
  const atTheOpen = async (environment: Readonly<Record<string, string>> = {}) => {
    world = await World.start(
      { RECONCILE_MINUTES: '10', ACCOUNT_MINUTES: '10', ...environment },
      { expected: expectedAccount },
    );
    await world.advanceTo(OPEN + 30 * SECOND);
    book();
  };
  const differences = () => world.events('BrokerDifferenceFound').map(({ data }) => data);
  const holdings = () => world.events('ForeignHoldingsObserved').map(({ data }) => data);

  it('is a difference once two observations agree, told once, and counted by the book', async () => {
    await atTheOpen();
    world.gateway.faults.cash('-250.75');
    await world.advanceTo(MORNING + POLL + 5 * SECOND);
    expect(differences()).toEqual([]);
    await world.advance(10 * SECOND);
    expect(differences()).toEqual([
      {
        subject: 'account',
        key: 'cash',
        expected: '1000000',
        observed: '999749.25',
        explanation: expect.stringContaining('the account has 250.75 USD less than the desk’s book'),
      },
    ]);
    expect(holdings()).toEqual([expect.objectContaining({ positions: [], orders: [], cash: '-250.75' })]);
    expect(book().foreign).toEqual({ positions: [], orders: [], cash: '-250.75' });
    expect(world.metrics.filter(({ name }) => name === 'BrokerDifferenceFound')).toHaveLength(1);

    // The desk trades on, so that cash itself is another at each look: the same difference is not told again.
    world.place();
    await world.advance(2 * MINUTE);
    book();
    await world.advance(4 * POLL);
    expect(differences()).toHaveLength(1);
    expect(holdings()).toHaveLength(1);

    // While another figure is only suspected the one that is known counts on.
    world.gateway.faults.cash('-100');
    await world.advance(POLL + 11 * SECOND);
    expect(holdings().map(({ cash }) => cash)).toEqual(['-250.75', '-350.75']);
  });

  it('that comes and goes again leaves nothing behind', async () => {
    await atTheOpen();
    world.gateway.faults.cash('1200');
    await world.advance(POLL + 11 * SECOND);
    expect(book().foreign?.cash).toBe('1200');
    world.gateway.faults.cash('-1200');
    await world.advance(POLL);
    expect(book().foreign).toBeUndefined();
  });

  it('is no difference any more once a person has entered it, be it won or put in', async () => {
    await atTheOpen();
    world.gateway.faults.cash('84.20');
    world.gateway.faults.cash('-5000');
    await world.advance(POLL + 11 * SECOND);
    expect(book().foreign?.cash).toBe('-4915.8');
    const movement = { currency: 'USD', bookedOn: '2018-02-05', by: 'ana', reason: 'from the statement' };
    await world.store.commit({
      entries: [
        cashEntry(
          { ...movement, reference: 'T-1', kind: 'dividend', amount: '84.2', instrument: 'AAPL' },
          world.clock.now(),
        ),
        cashEntry(
          { ...movement, reference: 'T-2', kind: 'transfer', amount: '-5000', instrument: null },
          world.clock.now(),
        ),
      ],
    });
    expect(book()).toMatchObject({ cash: '995084.2' });
    expect(book().foreign).toBeUndefined();
    await world.advance(3 * POLL);
    expect(book().foreign).toBeUndefined();
    expect(book().cash).toBe(world.events('AccountObserved').at(-1)?.data.cash);
    expect(holdings().map(({ cash }) => cash)).toEqual(['-4915.8', undefined]);
  });

  it('within the tolerance is rounding at the broker', async () => {
    await atTheOpen({ CASH_TOLERANCE: '2' });
    world.gateway.faults.cash('-2');
    await world.advance(3 * POLL);
    expect(differences()).toEqual([]);
    world.gateway.faults.cash('-0.01');
    await world.advance(2 * POLL);
    expect(differences().map(({ key }) => key)).toEqual(['cash']);
  });

  it('is none while fills and commissions are on their way to the book', async () => {
    await atTheOpen();
    world.place();
    // The ledger is behind for one look.
    await world.advanceTo(MORNING + POLL + 5 * SECOND);
    book();
    await world.advance(3 * POLL);
    expect(differences()).toEqual([]);
    expect(holdings()).toEqual([]);
  });

  it('is worth a commission that the broker never tells', async () => {
    await atTheOpen();
    world.gateway.faults.set({ commission: 'never' });
    world.place({ quantity: '1000' });
    await world.advance(2 * MINUTE);
    book();
    await world.advance(2 * POLL);
    expect(differences().map(({ key, subject }) => [subject, key])).toEqual([['account', 'cash']]);
  });

  it('in another currency is not compared, and that is told', async () => {
    await atTheOpen();
    world.changeBook((before) => ({ ...before, currency: 'EUR', cash: '5' }));
    await world.advance(2 * POLL);
    expect(differences()).toEqual([
      expect.objectContaining({ subject: 'account', key: 'currency', expected: 'EUR', observed: 'USD' }),
    ]);
    expect(holdings()).toEqual([]);
  });

  it('of another account is not looked at: the bridge refuses to trade', async () => {
    await atTheOpen();
    await world.bridge.stop('test');
    world.changeBook((before) => ({ ...before, account: 'DU7777777' }));
    world.bridge = world.newBridge();
    await world.advance(MINUTE);
    await expect(world.bridge.finished).rejects.toThrow(
      "the desk's book is of account DU7777777, and the gateway's is DU",
    );
  });
});
