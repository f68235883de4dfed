import { afterEach, describe, expect, it } from 'vitest';
import { ibGateway } from '#adapters/ibkr/ib-gateway-link.ts';
import type { BrokerGateway, BrokerRequest } from '#core/broker/broker-port.ts';
import { isUnfinished, type OrderRecord, unfinishedOrdersKey } from '#core/broker/order-record.ts';
import { stateKeys } from '#core/events/state-keys.ts';
import { recordOf, stopOf } from '../../support/order-samples.ts';
import { AAPL, order, TwsClient } from '../local/paper-gateway/client.ts';
import { MINUTE, OPEN, SECOND, World } from './world.ts';

/** An entry whose stop is lost with the link lies at the broker, held back: each try of it is dealt with by itself. */
describe('earlier tries of an entry', () => {
  let world: World;
  afterEach(() => world.end());

  /** Requests that the cable is pulled at, before they leave. */
  let pullsAt: (request: BrokerRequest) => boolean = () => false;
  const fragile = (): BrokerGateway => {
    const gateway = ibGateway({ host: '127.0.0.1', port: world.gateway.port });
    return {
      open: (clientId, listener) => {
        const link = gateway.open(clientId, listener);
        return {
          send: (request) => {
            if (!pullsAt(request)) return link.send(request);
            world.gateway.faults.disconnect();
          },
          close: () => link.close(),
        };
      },
    };
  };
  const atTheOpen = async (): Promise<void> => {
    pullsAt = () => false;
    world = await World.withoutBridge();
    world.startBridge({}, { gateway: fragile() });
    await world.rest();
    await world.advanceTo(OPEN + 30 * SECOND);
  };
  const store = (records: readonly OrderRecord[]) =>
    world.store.commit({
      entries: [],
      writes: [
        ...records.map((record) => ({
          key: stateKeys.brokerOrder(record.orderRef),
          value: record,
          expectedVersion: 0,
        })),
        {
          key: unfinishedOrdersKey,
          value: { orderRefs: records.filter(isUnfinished).map(({ orderRef }) => orderRef) },
          expectedVersion: 0,
        },
      ],
    });
  const indexed = async () => (await world.store.read([unfinishedOrdersKey]))[0]?.value;
  const entries = (intentId: string) =>
    world
      .brokerOrders()
      .filter(({ orderRef }) => orderRef === intentId)
      .map(({ status }) => status)
      .sort();
  /** An entry that the broker holds back: the link broke before its stop. */
  const held = async (changes: Parameters<World['place']>[0] = {}): Promise<string> => {
    world.gateway.faults.set({ disconnectOnOrder: { when: 'acknowledged', orders: 1 } });
    const intentId = world.place(changes);
    await world.rest();
    expect(entries(intentId)).toEqual(['Held']);
    return intentId;
  };

  it('are not taken for the present one where the broker lists them as completed', async () => {
    await atTheOpen();
    const intentId = await held();
    world.gateway.faults.set({ disconnectOnOrder: { when: 'unreceived', orders: 1 } });
    await world.advance(5 * MINUTE);
    expect(entries(intentId)).toEqual(['Cancelled', 'Filled']);
    expect(await world.record(intentId)).toMatchObject({ status: 'filled', attempts: 3, triedOrderIds: [] });
    expect(world.events('OrderFilled').map(({ data }) => data.intentId)).toEqual([intentId]);
    expect(world.events('OrderCancelled')).toEqual([]);
    expect(world.events('BrokerDifferenceFound')).toEqual([]);
  });

  for (const [when, changes] of [
    ['its intent has ended', { expiresAt: new Date(OPEN + 32 * SECOND).toISOString() }],
    ['the next one has filled', {}],
  ] as const) {
    it(`are withdrawn until the broker answers, also where the link breaks and ${when}`, async () => {
      await atTheOpen();
      const intentId = await held(changes);
      let pulls = 3;
      pullsAt = (request) => request.kind === 'cancel' && pulls-- > 0;
      await world.advance(5 * MINUTE);
      expect(pulls).toBeLessThan(1);
      const over = changes.expiresAt !== undefined;
      expect(entries(intentId)).toEqual(over ? ['Cancelled'] : ['Cancelled', 'Filled']);
      expect(await world.record(intentId)).toMatchObject({
        status: over ? 'declined' : 'filled',
        triedOrderIds: [],
      });
      expect(await indexed()).toEqual({ orderRefs: over ? [] : [`${intentId}:stop`] });
    });
  }

  it('are withdrawn by the next bridge where the last one was killed', async () => {
    world = await World.withoutBridge();
    await store([recordOf({ status: 'declined', orderId: 40, triedOrderIds: [41] })]);
    const sent: BrokerRequest[] = [];
    pullsAt = (request) => {
      sent.push(request);
      return false;
    };
    world.startBridge({}, { gateway: fragile() });
    await world.rest();
    expect(sent.filter(({ kind }) => kind === 'cancel')).toEqual([{ kind: 'cancel', orderId: 41 }]);
    // The gateway has never had it, and says so. Its id is not given away.
    expect(await world.record('i-1')).toMatchObject({ triedOrderIds: [] });
    expect(await indexed()).toEqual({ orderRefs: [] });
    const asked = sent.find((request) => request.kind === 'what-if');
    expect(asked?.ticket.orderId).toBe(42);
  });

  it('are not followed by an entry alone where its stop was rejected', async () => {
    world = await World.withoutBridge();
    await store([recordOf({ orderId: 40 }), stopOf({ orderId: 41, status: 'rejected' })]);
    world.startBridge();
    await world.rest();
    await world.advance(MINUTE);
    expect(world.bridge.state).toBe('READY');
    expect(world.events('OrderSubmitted')).toEqual([]);
    expect(world.events('CommandDeclined').map(({ data }) => [data.intentId, data.reason])).toEqual([
      ['i-1', 'it never reached the broker and its stop is rejected: no entry goes out without one'],
    ]);
    expect(await indexed()).toEqual({ orderRefs: [] });
  });

  it.each([
    ['at work', order('BUY', 10, 'LMT', { lmtPrice: 50 })],
    ['filled', order('BUY', 10, 'MKT')],
  ])(
    'are a difference for a person where one of them turns up %s beside the present one',
    async (_, other) => {
      pullsAt = () => false;
      world = await World.start({ RECONCILE_MINUTES: '10' });
      await world.advanceTo(OPEN + 30 * SECOND);
      world.gateway.faults.set({ disconnectOnOrder: { when: 'unreceived', orders: 1 } });
      const intentId = world.place();
      await world.advance(5 * MINUTE);
      const client = new TwsClient(world.gateway.port, 99);
      const id = await client.connect();
      client.api.placeOrder(id, AAPL, { ...other, orderRef: intentId });
      await client.settled();
      await world.advance(15 * MINUTE);
      expect(
        world.events('BrokerDifferenceFound').map(({ data }) => [data.key, data.expected]),
      ).toContainEqual([intentId, expect.stringMatching(/^one order, permId/)]);
      expect(await world.record(intentId)).toMatchObject({ status: 'filled', attempts: 2 });
      await client.disconnect();
    },
  );
});
