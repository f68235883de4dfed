import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { authorizationKey } from '#core/broker/authorization.ts';
import type { CommitResult, DeskStore } from '#core/events/desk-store.ts';
import { stateKeys } from '#core/events/state-keys.ts';
import { type BarSeries, barSeries } from '#core/market/bars.ts';
import { sessionsBetween } from '#core/market/calendar.ts';
import { type AccountBook, equity, worstExposure } from '#core/portfolio/account-book.ts';
import { DEFAULT_RISK_POLICY } from '#core/risk/policy.ts';
import { GateContendedError, passGate } from '#functions/risk/gate/gate.ts';
import { putContent } from '#functions/runtime/content.ts';
import {
  barClosed,
  bookOf,
  deskEvent,
  exitOf,
  folded,
  holding,
  intentOf,
} from '../../../support/desk-events.ts';
import { arrival, deskInForce, type MemoryDesk, memoryDesk } from '../../../support/memory-desk.ts';

const planned = (intent: ReturnType<typeof intentOf>) =>
  arrival(deskEvent('OrderPlanned', { intent }, { key: intent.intentId }));
const bookIn = async (desk: MemoryDesk) => (await desk.get(stateKeys.book)) as AccountBook;
async function deskWith(book = bookOf()): Promise<MemoryDesk> {
  const desk = await deskInForce('gate');
  await desk.put(stateKeys.book, book);
  return desk;
}
/** The same store, whose commits are told that they conflict as often as `conflicts` says. */
function contended(desk: MemoryDesk, conflicts: () => boolean): MemoryDesk {
  const store: DeskStore = {
    ...desk.store,
    commit: async (change): Promise<CommitResult> =>
      conflicts() ? { kind: 'conflict', keys: [stateKeys.book] } : desk.store.commit(change),
  };
  return { ...desk, clock: desk.clock, store: { ...desk.store, ...store } };
}

/** The same store, each of whose calls takes its own time, so that those of several intents interleave in every way. */
function dawdling(desk: MemoryDesk, turns: () => number): MemoryDesk {
  const wait = async () => {
    for (let left = turns(); left > 0; left--) await Promise.resolve();
  };
  const { read, commit } = desk.store;
  const store = {
    ...desk.store,
    read: async (keys: Parameters<typeof read>[0]) => {
      await wait();
      const found = await read(keys);
      await wait();
      return found;
    },
    commit: async (change: Parameters<typeof commit>[0]) => {
      await wait();
      return commit(change);
    },
  };
  return { ...desk, store };
}

describe('the gate', () => {
  it('journals the authorization and the reservation together, once', async () => {
    const desk = await deskWith();
    const event = planned(intentOf());

    await passGate(desk, [event]);
    await passGate(desk, [event]);

    expect(desk.said('OrderAuthorized')).toMatchObject([
      {
        metadata: { causationId: event.event.metadata.id, sender: 'gate', urgency: 'high' },
        data: { reserved: '5010' },
      },
    ]);
    expect((await bookIn(desk)).orders['I-1']?.status).toBe('authorized');
    expect(await desk.get(authorizationKey(intentOf()))).toEqual({ intentId: 'I-1' });
    expect(await desk.get(authorizationKey(intentOf({ quantity: '1' })))).toBeUndefined();
  });

  it('journals a refusal once and leaves the book as it is', async () => {
    const desk = await deskWith();
    const before = await bookIn(desk);
    const event = planned(intentOf({ protectiveStop: null }));

    await passGate(desk, [event, event]);

    expect(desk.said('OrderRefused')).toMatchObject([
      { data: { limit: 'protective-stop', measured: 'none' } },
    ]);
    expect(await bookIn(desk)).toEqual(before);
    expect(await desk.get(authorizationKey(intentOf({ protectiveStop: null })))).toBeUndefined();
    expect(desk.lines.join()).toContain('protective-stop');
  });

  it('refuses everything without a policy, with one that cannot be used, and before there is a book', async () => {
    const without = memoryDesk('gate');
    await passGate(without, [planned(intentOf())]);
    expect(without.said('OrderRefused')).toMatchObject([{ data: { limit: 'policy', policyVersion: null } }]);

    const broken = await deskWith();
    await broken.put(stateKeys.policy, { ...DEFAULT_RISK_POLICY, dailyLoss: 7 });
    await passGate(broken, [planned(intentOf())]);
    expect(broken.said('OrderRefused')[0]?.data.explanation).toContain('dailyLoss');

    const empty = await deskInForce('gate');
    await passGate(empty, [planned(intentOf())]);
    expect(empty.said('OrderRefused')).toHaveLength(1);
    expect(empty.said('OrderAuthorized')).toHaveLength(0);
  });

  it('refuses also where more is wrong, or has been said of a halt, than an explanation holds', async () => {
    const text = (value: unknown): unknown =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).map(([name, part]) => [name, text(part)]))
        : String(value);
    const broken = await deskWith();
    await broken.put(stateKeys.policy, text(DEFAULT_RISK_POLICY));
    const halted = await deskWith();
    await halted.put(stateKeys.halt, { halted: true, by: 'ana', reason: 'why '.repeat(490), at: '' });
    for (const [desk, limit] of [
      [broken, 'policy'],
      [halted, 'kill-switch'],
    ] as const) {
      await passGate(desk, [planned(intentOf())]);
      expect(desk.said('OrderRefused')).toMatchObject([{ data: { limit } }]);
    }
  });

  it('reads the kill switch, and decides again when it is thrown while deciding', async () => {
    const desk = await deskWith();
    let thrown = false;
    const racing: MemoryDesk = {
      ...desk,
      store: {
        ...desk.store,
        commit: async (change) => {
          if (!thrown) {
            thrown = true;
            await desk.put(stateKeys.halt, { halted: true, by: 'ana', reason: 'a strange market', at: '' });
          }
          return desk.store.commit(change);
        },
      },
    };

    await passGate(racing, [planned(intentOf())]);

    expect(desk.said('OrderAuthorized')).toHaveLength(0);
    expect(desk.said('OrderRefused')).toMatchObject([
      { data: { limit: 'kill-switch', measured: 'on, by ana: a strange market' } },
    ]);
  });

  it('gives up after too many conflicts without having authorized anything', async () => {
    const desk = await deskWith();
    const never = contended(desk, () => true);

    await expect(passGate(never, [planned(intentOf())])).rejects.toThrow(GateContendedError);
    const stop = deskEvent('StopMovePlanned', {
      requestId: 'r',
      intentId: 'I-1',
      instrument: 'AAPL',
      from: '95',
      to: '96',
      reason: 'trail',
    });
    await expect(passGate(never, [arrival(stop)])).rejects.toThrow('nothing was authorized');
    const refusing = contended(memoryDesk('gate'), () => true);
    await expect(passGate(refusing, [planned(intentOf())])).rejects.toThrow(GateContendedError);
    expect(desk.store.all()).toHaveLength(0);
  });

  it('lets cancels pass, and stop moves towards the price only', async () => {
    const desk = await deskWith(holding(bookOf()));
    const cancel = deskEvent('CancelPlanned', {
      requestId: 'c',
      intentId: null,
      includeStops: false,
      reason: 'halt',
    });
    const move = (requestId: string, to: string) =>
      arrival(
        deskEvent('StopMovePlanned', {
          requestId,
          intentId: 'I-1',
          instrument: 'AAPL',
          from: '95',
          to,
          reason: 'trail',
        }),
      );

    await passGate(desk, [arrival(cancel), arrival(cancel), move('up', '97'), move('down', '94')]);

    expect(desk.said('CancelAuthorized')).toMatchObject([{ data: { requestId: 'c' } }]);
    expect(desk.said('StopMoveAuthorized')).toMatchObject([{ data: { requestId: 'up' } }]);
    expect(desk.said('StopMoveRefused')).toMatchObject([
      { data: { requestId: 'down', limit: 'stop-direction' } },
    ]);
  });

  it('keeps a strategy disabled that it refused for re-entering', async () => {
    const authorized = Array.from({ length: 5 }, (_, index) => ({
      intentId: `T-${index}`,
      instrument: 'XLK',
      side: 'BUY' as const,
      quantity: '1',
      price: '1',
      strategy: 'flow',
      opening: true,
      at: new Date(intentTime).toISOString(),
    }));
    const desk = await deskWith(bookOf({ authorized }));

    await passGate(desk, [planned(intentOf())]);

    expect(desk.said('OrderRefused')).toMatchObject([{ data: { limit: 'repeated-execution' } }]);
    expect(Object.keys((await bookIn(desk)).disabled)).toEqual(['flow']);
  });
  const intentTime = Date.parse(intentOf().plannedAt);
});

describe('correlation with what is held', () => {
  /** A session series whose closes follow `closeAt`. */
  const series = (instrument: string, sessions: number, closeAt: (index: number) => number): BarSeries =>
    barSeries(
      instrument,
      { unit: 'session' },
      sessionsBetween('us-equity', '2017-06-01', '2018-01-22')
        .slice(-sessions)
        .map(({ open, close }, index) => {
          const price = closeAt(index);
          return {
            openTime: open,
            closeTime: close,
            open: price,
            high: price,
            low: price,
            close: price,
            volume: 1e6,
          };
        }),
    );
  async function deskHolding(histories: readonly BarSeries[]): Promise<MemoryDesk> {
    const book = folded(
      holding(bookOf(), intentOf({ intentId: 'I-2', instrument: 'XLK', quantity: '100' })),
      barClosed('100', 60, { instrument: 'XLK' }),
    );
    const desk = await deskWith(book);
    await desk.put(stateKeys.policy, {
      ...DEFAULT_RISK_POLICY,
      sector: 1,
      cluster: { maximum: 0.12, correlation: 0.8 },
    });
    for (const one of histories) {
      const columns = (name: 'openTime' | 'closeTime' | 'open' | 'high' | 'low' | 'close' | 'volume') => [
        ...one[name],
      ];
      const history = await putContent(desk.objects, 'history', {
        version: 1,
        instrument: one.instrument,
        source: 'test',
        bars: {
          openTime: columns('openTime'),
          closeTime: columns('closeTime'),
          open: columns('open'),
          high: columns('high'),
          low: columns('low'),
          close: columns('close'),
          volume: columns('volume'),
        },
      });
      await desk.put(stateKeys.daily(one.instrument), { session: '2018-01-23', history });
    }
    return desk;
  }
  const wave = (index: number) => 100 + 5 * Math.sin(index);
  const measured = async (histories: readonly BarSeries[]) => {
    const desk = await deskHolding(histories);
    await passGate(desk, [planned(intentOf())]);
    return desk.said('OrderRefused')[0]?.data.measured ?? 'authorized';
  };

  it('is measured on the sessions both have', async () => {
    expect(await measured([series('AAPL', 80, wave), series('XLK', 80, (index) => 3 * wave(index))])).toBe(
      '15.01 %',
    );
    expect(
      await measured([series('AAPL', 80, wave), series('XLK', 80, (index) => 100 + 5 * Math.cos(index))]),
    ).toBe('authorized');
  });

  it.each([
    ['no history', []],
    ['one history', [series('AAPL', 80, wave)]],
    ['too few common sessions', [series('AAPL', 80, wave), series('XLK', 20, wave)]],
    ['prices that never move', [series('AAPL', 80, wave), series('XLK', 80, () => 100)]],
    [
      'prices that are no prices',
      [series('AAPL', 80, wave), series('XLK', 80, (index) => (index === 70 ? -1 : wave(index)))],
    ],
  ])('refuses with %s', async (_, histories) => {
    expect(await measured(histories)).toBe('correlation with XLK unknown');
  });

  it('that cannot be read keeps nothing from being closed, and refuses what would be opened', async () => {
    const desk = await deskHolding([series('AAPL', 80, wave), series('XLK', 80, wave)]);
    const unreadable: MemoryDesk = {
      ...desk,
      objects: { ...desk.objects, get: () => Promise.reject(new Error('the store of objects is down')) },
    };
    await passGate(unreadable, [planned(intentOf()), planned(exitOf('I-2', '100', { instrument: 'XLK' }))]);

    expect(desk.said('OrderRefused')).toMatchObject([
      { data: { limit: 'correlated-cluster', measured: 'correlation with XLK unknown' } },
    ]);
    expect(desk.said('OrderAuthorized')).toMatchObject([{ data: { intent: { closes: 'I-2' } } }]);
    expect(desk.lines.join()).toContain('the store of objects is down');
  });
});

describe('any number of intents at once', () => {
  it('never breach the position limit, whatever conflicts', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 20, max: 200 }), { minLength: 2, maxLength: 10 }),
        fc.array(fc.boolean(), { maxLength: 30 }),
        fc.infiniteStream(fc.nat(12)),
        async (quantities, conflicts, pauses) => {
          const desk = await deskWith();
          await desk.put(stateKeys.policy, { ...DEFAULT_RISK_POLICY, sector: 1 });
          const injected = [...conflicts];
          const racing = dawdling(
            contended(desk, () => injected.pop() ?? false),
            () => pauses.next().value ?? 0,
          );
          const intents = quantities.map((quantity, index) =>
            intentOf({
              intentId: `I-${index}`,
              quantity: String(quantity),
              limitPrice: `100.${10 + index}`,
              strategy: `s${index}`,
            }),
          );
          const results = await Promise.allSettled(
            intents.map((intent) => passGate(racing, [planned(intent)])),
          );
          for (const result of results)
            if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(GateContendedError);

          const book = await bookIn(desk);
          const value = equity(book);
          expect(worstExposure(book, 'AAPL')?.lte(value?.times(0.3) ?? 0)).toBe(true);
          expect(
            desk
              .said('OrderAuthorized')
              .map(({ data }) => data.intent.intentId)
              .sort(),
          ).toEqual(Object.keys(book.orders).sort());
          expect(desk.said('OrderAuthorized').length).toBeLessThanOrEqual(1);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('never close a layer twice, and reserve before one another over several instruments', async () => {
    const held = holding(bookOf());
    const desk = await deskWith(held);
    const exits = Array.from({ length: 8 }, (_, index) => exitOf('I-1', '20', { intentId: `X-${index}` }));

    await Promise.all(exits.map((intent) => passGate(desk, [planned(intent)])));

    expect(desk.said('OrderAuthorized')).toHaveLength(2);
    expect(desk.said('OrderRefused')).toHaveLength(6);

    const wide = await deskWith(folded(bookOf(), barClosed('100', 60, { instrument: 'XLK' })));
    await wide.put(stateKeys.policy, { ...DEFAULT_RISK_POLICY, sector: 0.3 });
    await Promise.all(
      ['AAPL', 'XLK'].map((instrument) =>
        passGate(wide, [planned(intentOf({ intentId: instrument, instrument, quantity: '200' }))]),
      ),
    );
    expect(wide.said('OrderAuthorized')).toHaveLength(1);
    expect(wide.said('OrderRefused')).toMatchObject([{ data: { limit: 'sector', measured: '40.08 %' } }]);
  });
});
