import { afterEach, describe, expect, it } from 'vitest';
import { MINUTE, OPEN, SECOND, World } from './world.ts';

describe('an order through the bridge and the paper gateway', () => {
  let world: World;
  afterEach(() => world.end());

  it('connects, reconciles and is ready, and says so in the journal', async () => {
    world = await World.start();
    expect(world.bridge.state).toBe('READY');
    expect(world.events('BrokerStateChanged').map(({ data }) => data.to)).toEqual([
      'CONNECTING',
      'HANDSHAKE',
      'RECONCILING',
      'READY',
    ]);
    expect(world.events('AccountObserved').at(-1)?.data).toMatchObject({
      account: 'DU0000001',
      currency: 'USD',
      netLiquidation: '1000000',
      positions: [],
    });
  });

  it('fills a market entry and leaves its stop resting at the broker', async () => {
    world = await World.start();
    await world.advanceTo(OPEN + 30 * SECOND);
    const intentId = world.place();
    await world.advance(2 * MINUTE);

    const submitted = world.events('OrderSubmitted').map(({ data }) => data);
    expect(
      submitted.map(({ orderRef, role, orderType, triggerPrice, ocaGroup }) => ({
        orderRef,
        role,
        orderType,
        triggerPrice,
        ocaGroup,
      })),
    ).toEqual([
      { orderRef: intentId, role: 'order', orderType: 'MKT', triggerPrice: null, ocaGroup: null },
      {
        orderRef: `${intentId}:stop`,
        role: 'stop',
        orderType: 'STP',
        triggerPrice: '150',
        ocaGroup: intentId,
      },
    ]);
    const fills = world.events('OrderFilled');
    expect(fills).toHaveLength(1);
    expect(fills[0]?.data).toMatchObject({
      intentId,
      side: 'BUY',
      quantity: '10',
      cumulativeQuantity: '10',
      corrects: null,
    });
    expect(fills[0]?.metadata.causationId).toBe(world.events('OrderSubmitted')[0]?.metadata.id);
    expect(world.events('CommissionReported')).toHaveLength(1);
    expect(
      world
        .events('OrderAccepted')
        .map(({ data }) => data.orderRef)
        .sort(),
    ).toEqual([intentId, `${intentId}:stop`]);
    expect((await world.record(intentId))?.status).toBe('filled');
    expect((await world.record(`${intentId}:stop`))?.status).toBe('working');
    expect(world.queue.remaining()).toEqual([]);
    const submittedAt = world.types().indexOf('OrderSubmitted');
    expect(submittedAt).toBeLessThan(world.types().indexOf('OrderAccepted'));
  });
});
