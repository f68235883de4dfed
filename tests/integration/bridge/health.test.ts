import { afterEach, describe, expect, it } from 'vitest';
import { newYorkInstant } from '#core/market/calendar.ts';
import { HealthCheck } from './health-check.ts';
import { MINUTE, World } from './world.ts';

const HOUR = 60 * MINUTE;

/** Deadlines and windows as they are outside a replay. */
const PRODUCT = {
  HEARTBEAT_SECONDS: '15',
  LEASE_SECONDS: '30',
  DAILY_RESTART: '23:45+15',
  SUNDAY_LOGIN: '01:00+600',
};

describe('health', () => {
  let world: World;
  afterEach(() => world.end());

  it('lasts through the daily window, in which the gateway restarts by itself', async () => {
    const check = new HealthCheck();
    world = await World.start(PRODUCT, check, newYorkInstant('2018-02-05', 23, 40));
    await world.advanceTo(newYorkInstant('2018-02-05', 23, 46));
    world.gateway.faults.restart({ refuseMillis: 10 * MINUTE });

    expect(await check.watch(world, 30 * MINUTE)).toBeNull();
    expect(world.bridge.state).toBe('READY');
  });

  it('lasts through the Sunday window, in which the login ends', async () => {
    const check = new HealthCheck();
    world = await World.start(PRODUCT, check, newYorkInstant('2018-02-04', 0, 55));
    await world.advanceTo(newYorkInstant('2018-02-04', 1, 2));
    world.gateway.faults.restart({ refuseMillis: 9 * HOUR });

    expect(await check.watch(world, 11 * HOUR)).toBeNull();
    expect(world.bridge.state).toBe('READY');
  });

  it('waits an hour for the login of a new task, which no newer task would bring nearer, and no longer', async () => {
    const check = new HealthCheck();
    world = await World.withoutBridge(newYorkInstant('2018-02-05', 11, 0));
    const started = world.clock.now();
    world.gateway.faults.restart({ refuseMillis: 3 * HOUR });
    world.startBridge(PRODUCT, check);

    const condemned = await check.watch(world, 3 * HOUR);
    expect((condemned ?? 0) - started).toBeGreaterThan(HOUR);
    expect((condemned ?? 0) - started).toBeLessThan(HOUR + 3 * MINUTE);
  });

  it('waits an hour for the login after the Sunday window, and no longer', async () => {
    const check = new HealthCheck();
    world = await World.start(PRODUCT, check, newYorkInstant('2018-02-04', 0, 55));
    await world.advanceTo(newYorkInstant('2018-02-04', 1, 2));
    world.gateway.faults.restart({ refuseMillis: 20 * HOUR });

    const condemned = await check.watch(world, 15 * HOUR);
    expect(condemned).toBeGreaterThan(newYorkInstant('2018-02-04', 12, 0));
    expect(condemned).toBeLessThan(newYorkInstant('2018-02-04', 12, 3));
  });

  it.each([
    ['after a late login', newYorkInstant('2018-02-05', 11, 0), 40 * MINUTE],
    ['after a window that the link has survived', newYorkInstant('2018-02-05', 23, 30), 0],
  ])('is as short as ever %s', async (_, start, loginTakes) => {
    const check = new HealthCheck();
    world = await World.withoutBridge(start);
    if (loginTakes > 0) world.gateway.faults.restart({ refuseMillis: loginTakes });
    world.startBridge(PRODUCT, check);
    expect(await check.watch(world, 45 * MINUTE)).toBeNull();
    expect(world.bridge.state).toBe('READY');
    const gone = world.clock.now();
    world.gateway.faults.restart({ refuseMillis: HOUR });

    expect(((await check.watch(world, HOUR)) ?? Number.POSITIVE_INFINITY) - gone).toBeLessThanOrEqual(
      4 * MINUTE,
    );
  });

  it('ends within four minutes where the link is gone and no window is planned', async () => {
    const check = new HealthCheck();
    world = await World.start(PRODUCT, check, newYorkInstant('2018-02-05', 11, 0));
    await world.advance(HOUR);
    const gone = world.clock.now();
    world.gateway.faults.restart({ refuseMillis: HOUR });

    const condemned = await check.watch(world, HOUR);
    expect(condemned).not.toBeNull();
    expect((condemned as number) - gone).toBeLessThanOrEqual(4 * MINUTE);
  });
});
