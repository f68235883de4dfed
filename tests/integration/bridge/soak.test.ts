import { afterEach, describe, expect, it } from 'vitest';
import { newYorkDate, newYorkInstant, sessionsBetween } from '#core/market/calendar.ts';
import { HealthCheck } from './health-check.ts';
import { MINUTE, World } from './world.ts';

const HOUR = 60 * MINUTE;
const MONDAY = '2018-01-29';
const NEXT_MONDAY = '2018-02-05';
const SUNDAY = '2018-02-04';

/** A week of the bridge alone with its broker: daily restarts, the Sunday login, two outages nobody planned. */
describe('a week', () => {
  let world: World;
  afterEach(() => world.end());

  it('of daily restarts, a Sunday login and two outages ends with every order known, once, and no storm', async () => {
    const check = new HealthCheck();
    world = await World.start(
      {
        DAILY_RESTART: '23:45+15',
        SUNDAY_LOGIN: '01:00+600',
        RECONCILE_MINUTES: '60',
        HEARTBEAT_SECONDS: '300',
        CONNECT_DEADLINE_MS: '60000',
      },
      check,
      newYorkInstant(MONDAY, 9, 0),
    );
    const at = (date: string, hour: number, minute = 0) =>
      world.advanceTo(newYorkInstant(date, hour, minute));
    const placed: string[] = [];
    const trade = async (date: string, name: string, hour: number) => {
      await at(date, hour);
      const expiresAt = new Date(newYorkInstant(date, 16, 0)).toISOString();
      const entry = world.place({ intentId: `${name}-${date}`, session: date, expiresAt });
      placed.push(entry);
      await at(date, hour, 20);
      placed.push(
        world.place({
          intentId: `exit-${name}-${date}`,
          purpose: 'exit',
          side: 'SELL',
          protectiveStop: null,
          closes: entry,
          positionId: entry,
          session: date,
          expiresAt,
        }),
      );
    };

    for (const { date } of sessionsBetween('us-equity', MONDAY, NEXT_MONDAY)) {
      await trade(date, 'morning', 10);
      if (date === '2018-01-31') {
        // The line dies without a word in the middle of an order's life, and stays dead for a while.
        await at(date, 11);
        placed.push(
          world.place({
            intentId: 'during-the-outage',
            session: date,
            expiresAt: new Date(newYorkInstant(date, 16, 0)).toISOString(),
          }),
        );
        world.gateway.faults.set({ halfOpen: true });
        await at(date, 11, 25);
        world.gateway.faults.set({ halfOpen: false });
        world.gateway.faults.disconnect();
        await at(date, 12);
        expect(world.bridge.state).toBe('READY');
      }
      if (date === '2018-02-01') {
        await at(date, 11);
        world.gateway.faults.restart({ refuseMillis: HOUR, rollBackIds: 5 });
        await at(date, 12, 30);
        expect(world.bridge.state).toBe('READY');
      }
      await trade(date, 'afternoon', 14);
      await at(date, 23, 50);
      expect(world.bridge.state).toBe('FROZEN');
      world.gateway.faults.restart({ refuseMillis: 5 * MINUTE });
      expect(await check.watch(world, 20 * MINUTE), 'a planned restart costs no task').toBeNull();
    }
    const sunday = world.events('BrokerStateChanged').filter(({ data, metadata }) => {
      const time = Date.parse(metadata.occurredAt);
      return data.to === 'CONNECTING' && newYorkDate(time) === SUNDAY && time < newYorkInstant(SUNDAY, 11, 0);
    });
    expect(sunday, 'nobody tries to log in before a person has').toEqual([]);
    expect(world.metrics.filter(({ name }) => name === 'BrokerLoginDue')).toHaveLength(1);

    await world.advanceTo(newYorkInstant('2018-02-06', 9, 40));
    expect(world.bridge.state).toBe('READY');
    const fills = world.events('OrderFilled').filter(({ data }) => data.role === 'order');
    expect(fills.map(({ data }) => data.intentId).sort()).toEqual([...placed].sort());
    expect(new Set(fills.map(({ data }) => data.execId)).size).toBe(fills.length);
    const references = world.brokerOrders().map(({ orderRef }) => orderRef);
    expect(new Set(references).size).toBe(references.length);
    expect(world.events('CommandDeclined')).toEqual([]);
    expect(world.events('BrokerDifferenceFound')).toEqual([]);
    // One link for each of eight days' windows, and for an outage one a half minute at most.
    const links = world.events('BrokerStateChanged').filter(({ data }) => data.to === 'CONNECTING');
    expect(links.length).toBeLessThan(8 + 2 * 120 + 2 * 60 + 20);
  }, 120_000);
});
