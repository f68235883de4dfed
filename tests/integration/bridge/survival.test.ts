import { afterEach, describe, expect, it } from 'vitest';
import { stateKeys } from '#core/events/state-keys.ts';
import { MINUTE, OPEN, SECOND, World } from './world.ts';

describe('what the bridge survives', () => {
  let world: World;
  afterEach(() => world.end());

  const atTheOpen = async (environment: Readonly<Record<string, string>> = {}): Promise<void> => {
    world = await World.atTheOpen(environment);
  };
  const brokerOrders = () => world.brokerOrders();
  const states = () => world.events('BrokerStateChanged').map(({ data }) => data.to);
  const filledOnce = async (intentId: string): Promise<void> => {
    expect((await world.record(intentId))?.status).toBe('filled');
    expect(world.events('OrderFilled').map(({ data }) => [data.intentId, data.quantity])).toEqual([
      [intentId, '10'],
    ]);
    // An entry whose stop was lost with the link lay at the broker untransmitted, and was withdrawn.
    const others = brokerOrders().filter(
      ({ orderRef, filled }) => orderRef === intentId && Number(filled) !== 10,
    );
    expect(others.map(({ filled, status }) => [Number(filled), status])).toEqual(
      others.map(() => [0, 'Cancelled']),
    );
    expect(brokerOrders().filter(({ orderRef }) => orderRef === intentId).length - others.length).toBe(1);
    expect(Number(world.gateway.state().books.positions.get('AAPL')?.quantity)).toBe(10);
  };

  for (const when of ['unacknowledged', 'acknowledged'] as const) {
    it(`keeps one order when the link drops ${when} and the broker fills meanwhile`, async () => {
      await atTheOpen();
      world.gateway.faults.set({ disconnectOnOrder: { when, orders: 1 } });
      const intentId = world.place();
      await world.advance(5 * MINUTE);
      expect(world.bridge.state).toBe('READY');
      await filledOnce(intentId);
      expect((await world.record(`${intentId}:stop`))?.status).toBe('working');
    });
  }

  it('sends an order again, once, when the link dropped before the broker had it', async () => {
    await atTheOpen();
    world.gateway.faults.set({ disconnectOnOrder: { when: 'unreceived', orders: 1 } });
    const intentId = world.place();
    await world.advance(5 * MINUTE);
    await filledOnce(intentId);
    expect(world.events('OrderSubmitted').map(({ metadata }) => metadata.id)).toHaveLength(4);
    expect(world.events('OrderAccepted')).toHaveLength(2);
  });

  it('does not send again what was cancelled before it was found missing', async () => {
    await atTheOpen();
    world.gateway.faults.set({ disconnectOnOrder: { when: 'unreceived', orders: 1 } });
    const intentId = world.place();
    // The cancel waits for the link; it is carried out when that is back, before anything is sent again.
    await world.rest();
    expect(world.bridge.state).toBe('DISCONNECTED');
    world.command('CancelAuthorized', 'c-1', {
      requestId: 'c-1',
      intentId,
      includeStops: false,
      reason: 'the view changed',
    });
    await world.advance(5 * MINUTE);
    expect(brokerOrders()).toEqual([]);
    expect(world.events('OrderFilled')).toEqual([]);
    expect((await world.record(intentId))?.status).not.toBe('submitted');
  });

  const position = () => Number(world.gateway.state().books.positions.get('AAPL')?.quantity ?? 0);
  const refusedFor = async (minutes: number, exit: Parameters<World['place']>[0]): Promise<string> => {
    world.gateway.faults.set({ disconnectOnOrder: { when: 'unreceived', orders: 1 } });
    const exitId = world.place(exit);
    await world.rest();
    world.gateway.faults.restart({ refuseMillis: minutes * MINUTE });
    await world.advance((minutes + 5) * MINUTE);
    expect(world.bridge.state).toBe('READY');
    return exitId;
  };

  it('closes nothing that the layer’s stop has closed while the closing order was missing', async () => {
    await atTheOpen();
    // A short layer, whose stop the rising market hits a quarter of an hour later.
    const entry = world.place({ side: 'SELL', protectiveStop: '160.2' });
    await world.advance(2 * MINUTE);
    expect(position()).toBe(-10);
    const exit = await refusedFor(30, {
      purpose: 'exit',
      side: 'BUY',
      closes: entry,
      protectiveStop: null,
    });
    expect(position()).toBe(0);
    expect((await world.record(`${entry}:stop`))?.status).toBe('filled');
    expect(world.events('CommandDeclined').map(({ data }) => [data.intentId, data.reason])).toEqual([
      [exit, 'it never reached the broker and nothing is left of its layer'],
    ]);
  });

  it('sends a missing closing order again for what is left of its layer, no more', async () => {
    await atTheOpen();
    const entry = world.place({ side: 'SELL', protectiveStop: '160.2' });
    await world.advance(2 * MINUTE);
    // The stop fills in parts of four units a bar; the gateway is back when two of them are done.
    world.gateway.faults.partialFills(4);
    world.gateway.faults.set({ disconnectOnOrder: { when: 'unreceived', orders: 1 } });
    const exit = world.place({ purpose: 'exit', side: 'BUY', closes: entry, protectiveStop: null });
    await world.rest();
    world.gateway.faults.restart({ refuseMillis: 60 * MINUTE });
    while (position() !== -2 && world.clock.now() < OPEN + 60 * MINUTE) await world.advance(MINUTE / 2);
    expect(position()).toBe(-2);
    world.gateway.faults.halt('AAPL', true);
    world.gateway.faults.reset();
    await world.advance(90 * MINUTE);
    expect(world.bridge.state).toBe('READY');
    const again = world.events('OrderSubmitted').filter(({ data }) => data.orderRef === exit);
    expect(again.map(({ data }) => data.quantity)).toEqual(['10', '2']);
    world.gateway.faults.halt('AAPL', false);
    await world.advance(5 * MINUTE);
    expect(position()).toBe(0);
  });

  it('declines instead of sending again what has expired meanwhile', async () => {
    await atTheOpen();
    world.gateway.faults.set({ disconnectOnOrder: { when: 'unreceived', orders: 1 } });
    const intentId = world.place({ expiresAt: new Date(world.clock.now() + 2 * SECOND).toISOString() });
    await world.advance(2 * MINUTE);
    expect(
      world.events('CommandDeclined').map(({ data }) => [data.intentId, data.reason.slice(0, 24)]),
    ).toEqual([[intentId, 'it never reached the bro']]);
    expect(world.events('OrderCancelled').map(({ data }) => data.orderRef)).toEqual([`${intentId}:stop`]);
    expect(brokerOrders()).toEqual([]);
  });

  it('recovers fills that happened while it was away, each once', async () => {
    await atTheOpen();
    world.gateway.faults.partialFills(4);
    const intentId = world.place();
    await world.advance(40 * SECOND);
    world.gateway.faults.restart({ refuseMillis: 4 * MINUTE });
    await world.advance(6 * MINUTE);
    expect(world.events('OrderFilled').map(({ data }) => data.quantity)).toEqual(['4', '4', '2']);
    expect(world.events('CommissionReported')).toHaveLength(3);
    expect((await world.record(intentId))?.status).toBe('filled');
  });

  it('knows the end of each of many queued orders when the link drops among them', async () => {
    await atTheOpen({ MESSAGES_PER_SECOND: '10', MESSAGES_FOR_CANCELS: '2', MAXIMUM_UNACKNOWLEDGED: '100' });
    const intents = Array.from({ length: 20 }, () => world.place({ orderType: 'LMT', limitPrice: '155' }));
    await world.advance(1_500);
    world.gateway.faults.disconnect();
    await world.advance(2 * MINUTE);
    for (const intentId of intents) {
      expect((await world.record(intentId))?.status).toBe('working');
      expect((await world.record(`${intentId}:stop`))?.status).toBe('working');
      const transmitted = brokerOrders().filter(
        ({ orderRef, status }) => orderRef === intentId && status !== 'Held',
      );
      expect(transmitted).toHaveLength(1);
    }
    expect(world.events('BrokerDifferenceFound')).toEqual([]);
  });

  it('stays below the broker’s message rate and lets a cancel overtake what waits', async () => {
    await atTheOpen({ MAXIMUM_UNACKNOWLEDGED: '100' });
    world.gateway.faults.set({ pacing: 'drop' });
    const first = world.place({ orderType: 'LMT', limitPrice: '155' });
    await world.rest();
    for (let index = 0; index < 40; index++) world.place({ orderType: 'LMT', limitPrice: '155' });
    world.command(
      'CancelAuthorized',
      'c',
      { requestId: 'c', intentId: first, includeStops: false, reason: 'test' },
      'other',
    );
    await world.rest();
    expect((await world.record(first))?.status).toBe('cancelled');
    expect(brokerOrders().length).toBeLessThan(50);
    await world.advance(5 * SECOND);
    expect(world.bridge.state).toBe('READY');
    expect(states().filter((state) => state === 'DISCONNECTED')).toEqual([]);
    expect(brokerOrders()).toHaveLength(82);
  });

  it('adopts open orders after a restart of the bridge and places nothing twice', async () => {
    await atTheOpen();
    const held = world.place();
    await world.advance(2 * MINUTE);
    const working = world.place({ orderType: 'LMT', limitPrice: '155' });
    await world.rest();
    await world.bridge.stop('deploy');
    world.startBridge();
    await world.rest();
    expect(world.bridge.state).toBe('READY');
    world.command('CancelAuthorized', 'c', {
      requestId: 'c',
      intentId: working,
      includeStops: false,
      reason: 'test',
    });
    world.place({ intentId: held });
    await world.rest();
    expect((await world.record(working))?.status).toBe('cancelled');
    expect((await world.record(`${held}:stop`))?.status).toBe('working');
    expect(brokerOrders()).toHaveLength(4);
    expect(world.events('BrokerDifferenceFound')).toEqual([]);
  });

  it('settles an order that was journaled but not sent when the bridge died', async () => {
    await atTheOpen();
    // The store takes the submission and the bridge is gone before anything reaches the wire.
    const inner = world.store.commit;
    let died = false;
    world.store.commit = async (change) => {
      const result = await inner(change);
      if (!died && change.entries.some(({ event }) => event.metadata.type === 'OrderSubmitted')) {
        died = true;
        void world.bridge.stop('killed');
        return new Promise(() => {});
      }
      return result;
    };
    const intentId = world.place();
    await new Promise((resolve) => setImmediate(resolve));
    await expect.poll(() => died).toBe(true);
    expect(brokerOrders()).toEqual([]);
    world.gateway.faults.disconnect();
    world.startBridge();
    await world.advance(4 * MINUTE);
    await filledOnce(intentId);
  });

  for (const what of ['OrderSubmitted', 'OrderFilled'] as const) {
    it(`does once what the store took in a commit with ${what} whose answer was lost`, async () => {
      await atTheOpen();
      const inner = world.store.commit;
      let lost = 0;
      world.store.commit = async (change) => {
        const result = await inner(change);
        if (lost > 0 || !change.entries.some(({ event }) => event.metadata.type === what)) return result;
        lost += 1;
        // What the bridge hears is the answer to its second try.
        return inner(change);
      };
      const intentId = world.place();
      await world.advance(4 * MINUTE);
      expect(lost).toBe(1);
      await filledOnce(intentId);
      expect((await world.record(`${intentId}:stop`))?.status).toBe('working');
      expect(world.bridge.state).toBe('READY');
      expect(world.events('BrokerDifferenceFound')).toEqual([]);
      expect(world.queue.remaining()).toEqual([]);
    });
  }

  it('waits on the same client id while the old session still holds it', async () => {
    await atTheOpen();
    world.gateway.faults.set({ stuckClientMillis: 35_000 });
    world.gateway.faults.disconnect();
    await world.advance(20 * SECOND);
    expect(world.bridge.state).not.toBe('READY');
    await world.advance(40 * SECOND);
    expect(world.bridge.state).toBe('READY');
    expect(new Set(world.gateway.sockets().map(({ clientId }) => clientId))).toEqual(new Set([17]));
  });

  for (const fault of [{ mute: true }, { withholdNextValidId: true }] as const) {
    it(`gives up a handshake that does not end (${Object.keys(fault)[0]}) and recovers`, async () => {
      world = await World.withoutBridge();
      world.gateway.faults.set(fault);
      world.startBridge({ CONNECT_DEADLINE_MS: '5000' });
      await world.advance(6 * SECOND);
      expect(states()).toContain('DISCONNECTED');
      world.gateway.faults.reset();
      await world.advance(30 * SECOND);
      expect(world.bridge.state).toBe('READY');
    });
  }

  it('takes no command off the queue before a gateway has shaken hands; then each has its end', async () => {
    world = await World.withoutBridge(OPEN);
    let taken = 0;
    const { receive } = world.queue;
    const queue = {
      ...world.queue,
      receive: async (signal: AbortSignal) => {
        const commands = await receive.call(world.queue, signal);
        taken += commands.length;
        return commands;
      },
    };
    const waits = world.place();
    const expires = world.place({ expiresAt: new Date(OPEN + 5 * MINUTE).toISOString() });
    world.gateway.faults.restart({ refuseMillis: 10 * MINUTE });
    world.startBridge({}, { queue });
    await world.advance(9 * MINUTE);
    expect(taken).toBe(0);

    await world.advance(3 * MINUTE);
    expect(world.bridge.state).toBe('READY');
    expect((await world.record(waits))?.status).toBe('filled');
    expect(world.events('CommandDeclined').map(({ data }) => data.intentId)).toEqual([expires]);
    expect(world.queue.remaining()).toEqual([]);
  });

  it('notices a half-open link by its heartbeat, tells health nothing meanwhile, and replaces it', async () => {
    const health: number[] = [];
    world = await World.start({ HEARTBEAT_SECONDS: '10' }, { health: (until) => health.push(until) });
    const before = health.length;
    world.gateway.faults.set({ halfOpen: true });
    await world.advance(16 * SECOND);
    expect(world.bridge.state).not.toBe('READY');
    expect(health).toHaveLength(before);
    world.gateway.faults.reset();
    await world.advance(30 * SECOND);
    expect(world.bridge.state).toBe('READY');
  });

  it('freezes while the gateway has no broker behind it, and goes on after 1102 without new subscriptions', async () => {
    await atTheOpen();
    world.prepareSession();
    await world.advance(MINUTE);
    world.gateway.faults.notice(1100);
    await world.rest();
    expect(world.bridge.state).toBe('FROZEN');
    const intentId = world.place();
    await world.rest();
    expect(brokerOrders()).toEqual([]);
    world.gateway.faults.notice(1102);
    await world.advance(2 * MINUTE);
    expect(world.bridge.state).toBe('READY');
    expect((await world.record(intentId))?.status).toBe('filled');
    expect(states().filter((state) => state === 'CONNECTING')).toHaveLength(1);
  });

  it('subscribes again after 1101 and journals every bar once', async () => {
    await atTheOpen();
    world.prepareSession();
    await world.advance(7 * MINUTE);
    world.gateway.faults.notice(1100);
    world.gateway.faults.notice(1101);
    await world.advance(14 * MINUTE);
    expect(world.events('BarClosed').map(({ data }) => data.closeTime.slice(11, 16))).toEqual([
      '14:35',
      '14:40',
      '14:45',
      '14:50',
    ]);
  });

  it('does nothing about data farms that come and go', async () => {
    await atTheOpen();
    for (let turn = 0; turn < 5; turn++)
      for (const code of [2103, 2104, 2105, 2106]) world.gateway.faults.notice(code);
    await world.rest();
    expect(states()).toEqual(['CONNECTING', 'HANDSHAKE', 'RECONCILING', 'READY']);
  });

  it('asks each link once whether the gateway takes orders, and nothing is left of it at the broker', async () => {
    await atTheOpen();
    const answers = () => world.logs.filter((line) => line.includes('the gateway takes orders')).length;
    expect(answers()).toBe(1);
    world.gateway.faults.notice(1100);
    world.gateway.faults.notice(1102);
    await world.advance(MINUTE);
    expect(world.bridge.state).toBe('READY');
    expect(answers()).toBe(1);
    world.gateway.faults.disconnect();
    await world.advance(MINUTE);
    expect(answers()).toBe(2);
    expect(brokerOrders()).toEqual([]);
    expect(world.events('BrokerDifferenceFound')).toEqual([]);
    expect(world.events('ForeignHoldingsObserved')).toEqual([]);
    const intentId = world.place();
    await world.advance(4 * MINUTE);
    await filledOnce(intentId);
  });

  it('finds out that a gateway is read-only before there is an order', async () => {
    world = await World.withoutBridge();
    world.gateway.faults.set({ readOnly: true });
    world.startBridge();
    await world.advance(30 * SECOND);
    expect(world.bridge.state).toBe('FROZEN');
    expect(world.events('BrokerStateChanged').at(-1)?.data.reason).toContain('read-only');
    expect(world.metrics).toContainEqual({ name: 'BrokerTradingDisabled', value: 1 });
    expect(world.events('OrderSubmitted')).toEqual([]);
    world.gateway.faults.set({ readOnly: false });
    world.gateway.faults.disconnect();
    await world.advance(MINUTE);
    expect(world.bridge.state).toBe('READY');
  });

  it('stops trading on a gateway that is read-only', async () => {
    await atTheOpen();
    world.gateway.faults.set({ readOnly: true });
    world.place();
    await world.rest();
    expect(world.bridge.state).toBe('FROZEN');
    expect(world.events('BrokerStateChanged').at(-1)?.data.reason).toContain('read-only');
    world.place();
    await world.rest();
    expect(world.events('OrderSubmitted')).toHaveLength(2);
  });

  it('attributes nothing wrongly when a restarted gateway hands out old order ids', async () => {
    await atTheOpen();
    const first = world.place({ orderType: 'LMT', limitPrice: '155' });
    await world.advance(5 * SECOND);
    world.gateway.faults.restart({ refuseMillis: 5_000, rollBackIds: 2 });
    await world.advance(30 * SECOND);
    const second = world.place();
    await world.advance(3 * MINUTE);
    expect((await world.record(first))?.status).toBe('working');
    expect((await world.record(second))?.status).toBe('filled');
    expect(world.events('OrderFilled').map(({ data }) => data.intentId)).toEqual([second]);
  });

  it('counts repeated, late, early and corrected reports once', async () => {
    await atTheOpen();
    world.gateway.faults.set({
      duplicateExecutions: true,
      duplicateStatus: true,
      executionsWithoutStatus: true,
      commission: 'early',
    });
    const intentId = world.place();
    await world.advance(2 * MINUTE);
    world.gateway.faults.repeatExecutions();
    await world.rest();
    await filledOnce(intentId);
    expect(world.events('CommissionReported')).toHaveLength(1);
    const execId = world.events('OrderFilled')[0]?.data.execId as string;
    world.gateway.faults.correctExecution(execId, 161);
    await world.rest();
    const fills = world.events('OrderFilled').map(({ data }) => data);
    expect(fills).toHaveLength(2);
    expect(fills[1]).toMatchObject({
      corrects: execId,
      price: '161',
      cumulativeQuantity: '10',
      averagePrice: '161',
    });
  });

  it('trades without commissions when they never come', async () => {
    await atTheOpen();
    world.gateway.faults.set({ commission: 'never' });
    const intentId = world.place();
    await world.advance(2 * MINUTE);
    await filledOnce(intentId);
    expect(world.events('CommissionReported')).toEqual([]);
  });

  it('replaces the link when bytes come that are no frames, and keeps its orders', async () => {
    await atTheOpen();
    const intentId = world.place({ orderType: 'LMT', limitPrice: '155' });
    await world.rest();
    for (const bytes of [
      [0xff, 0xff, 0xff, 0xff, 1, 2],
      [0x7f, 0xff, 0xff, 0xff],
      [0, 0, 0, 0],
      [0, 0, 0, 2, 0x39, 0x39],
    ]) {
      world.gateway.faults.sendRaw(Buffer.from(bytes));
      await world.advance(10 * SECOND);
      expect(world.bridge.state).toBe('READY');
    }
    expect((await world.record(intentId))?.status).toBe('working');
    expect(states().filter((state) => state === 'DISCONNECTED')).toHaveLength(4);
  });

  it('reads messages that come in pieces', async () => {
    world = await World.withoutBridge();
    world.gateway.faults.set({ pieceBytes: 3 });
    world.startBridge();
    await world.advanceTo(OPEN + 30 * SECOND);
    const intentId = world.place();
    await world.advance(2 * MINUTE);
    await filledOnce(intentId);
  });

  it('does not trade while another bridge holds the lease, and takes over with a higher token', async () => {
    await atTheOpen({ LEASE_SECONDS: '30' });
    const other = world.newBridge({ LEASE_OWNER: 'bridge-2' });
    await world.rest();
    expect(other.state).toBe('DISCONNECTED');
    // The one that waits leaves the commands to the one that trades.
    const meanwhile = world.place();
    await world.advance(2 * MINUTE);
    expect((await world.record(meanwhile))?.status).toBe('filled');
    await world.bridge.stop('deploy');
    await world.advance(31 * SECOND);
    expect(other.state).toBe('READY');
    const intentId = world.place();
    await world.advance(2 * MINUTE);
    expect((await world.record(intentId))?.status).toBe('filled');
    expect(world.events('OrderSubmitted').map(({ data }) => data.fencingToken)).toEqual([1, 1, 2, 2]);
    await other.stop('end');
  });

  describe('whose lease was taken behind its back', () => {
    it('sends nothing', async () => {
      await atTheOpen();
      await world.takeLease(world.clock.now() + 60 * MINUTE);
      world.place();
      await world.rest();
      expect(world.events('OrderSubmitted')).toEqual([]);
      expect(brokerOrders()).toEqual([]);
      expect(world.bridge.state).toBe('DISCONNECTED');
    });

    it('takes the lease again when it may, though the queue does not answer', async () => {
      await atTheOpen({ LEASE_SECONDS: '30' });
      world.queue.extend = () => new Promise(() => {});
      await world.takeLease(world.clock.now() + MINUTE);
      world.place();
      await world.advance(3 * MINUTE);
      expect(world.bridge.state).toBe('READY');
    });

    it('leaves an order to whoever holds the lease next', async () => {
      await atTheOpen({ LEASE_SECONDS: '30' });
      await world.takeLease(world.clock.now() + 5 * MINUTE);
      const intentId = world.place();
      await world.rest();
      expect(world.queue.remaining()).toHaveLength(1);
      await world.advance(20 * MINUTE);
      await filledOnce(intentId);
      expect(world.events('CommandDeclined')).toEqual([]);
      expect(world.queue.remaining()).toEqual([]);
    });

    it.each([
      [
        'an order',
        'OrderAuthorized',
        (intentId: string): void => void world.place({ intentId, instrument: 'NONE' }),
      ],
      [
        'a cancel',
        'CancelAuthorized',
        (intentId: string): void =>
          void world.command('CancelAuthorized', 'c', {
            requestId: 'c',
            intentId,
            includeStops: false,
            reason: 'r',
          }),
      ],
      [
        'a stop move',
        'StopMoveAuthorized',
        (intentId: string): void =>
          void world.command('StopMoveAuthorized', 'm', {
            requestId: 'm',
            intentId,
            instrument: 'AAPL',
            from: '150',
            to: '151',
            reason: 'r',
          }),
      ],
    ] as const)('leaves the refusal of %s to whoever holds the lease next', async (_, type, command) => {
      await atTheOpen({ LEASE_SECONDS: '30' });
      await world.takeLease(world.clock.now() + 5 * MINUTE);
      command('nobody-knows-it');
      await world.rest();
      expect(world.events('CommandDeclined')).toEqual([]);
      await world.advance(20 * MINUTE);
      expect(world.events('CommandDeclined').map(({ data }) => [data.command, data.intentId])).toEqual([
        [type, 'nobody-knows-it'],
      ]);
      expect(world.queue.remaining()).toEqual([]);
    });

    it('leaves a cancel to whoever holds the lease next', async () => {
      await atTheOpen({ LEASE_SECONDS: '30' });
      const intentId = world.place({ orderType: 'LMT', limitPrice: '140', protectiveStop: '130' });
      await world.advance(MINUTE);
      await world.takeLease(world.clock.now() + 5 * MINUTE);
      world.command('CancelAuthorized', 'c', { requestId: 'c', intentId, includeStops: false, reason: 'r' });
      await world.rest();
      expect((await world.record(intentId))?.cancel).toBeNull();
      await world.advance(20 * MINUTE);
      expect((await world.record(intentId))?.status).toBe('cancelled');
      expect(world.events('CommandDeclined')).toEqual([]);
    });
  });

  it('is frozen in the daily restart window and trades again after it', async () => {
    world = await World.start({ DAILY_RESTART: '09:40+5', SUNDAY_LOGIN: 'off' });
    await world.advanceTo(OPEN + 11 * MINUTE);
    expect(world.bridge.state).toBe('FROZEN');
    world.gateway.faults.restart({ refuseMillis: MINUTE });
    await world.advance(2 * MINUTE);
    expect(world.bridge.state).toBe('FROZEN');
    await world.advance(4 * MINUTE);
    expect(world.bridge.state).toBe('READY');
  });

  it('refuses an account that is not a paper one', async () => {
    world = await World.withoutBridge();
    world.startBridge({ BROKER_ACCOUNT: 'U1234567' });
    const ended = expect(world.bridge.finished).rejects.toMatchObject({ code: 'TradingModeRefused' });
    await world.rest();
    await ended;
    expect(world.bridge.state).toBe('STOPPED');
  });

  it('reports a position that the book does not have when two observations agree, once', async () => {
    world = await World.start(
      {},
      {
        expected: () => ({
          account: null,
          currency: 'USD',
          cash: '1000000',
          positions: new Map([['AAPL', '5']]),
          foreign: null,
          awaits: () => false,
        }),
      },
    );
    await world.store.commit({
      entries: [],
      writes: [{ key: stateKeys.book, value: {}, expectedVersion: 0 }],
    });
    await world.advance(21 * MINUTE);
    expect(world.events('BrokerDifferenceFound').map(({ data }) => data)).toEqual([
      expect.objectContaining({ subject: 'position', key: 'AAPL', expected: '5', observed: '0' }),
    ]);
  });
});
