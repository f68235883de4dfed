import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { imbalance } from '#core/simulation/account.ts';
import { Decimal } from '#core/values/decimal.ts';
import { advance, type BrokerInput, newBroker } from '#local/paper-gateway/broker/broker.ts';
import type { BrokerState, OrderRequest } from '#local/paper-gateway/broker/state.ts';
import { fileStore } from '#local/paper-gateway/broker/store.ts';
import { MINUTE, OPEN, request, SETTINGS } from '../../../unit/local/paper-gateway/broker-support.ts';

const directory = mkdtempSync(join(tmpdir(), 'paper-gateway-broker-'));
afterAll(() => rmSync(directory, { recursive: true }));

const cents = (low: number, high: number) => fc.integer({ min: low, max: high }).map((value) => value / 100);
const instrument = fc.constantFrom('AAPL', 'MSFT');

type Deed =
  | { readonly deed: 'order'; readonly terms: Partial<OrderRequest>; readonly child: boolean }
  | { readonly deed: 'cancel'; readonly pick: number }
  | { readonly deed: 'modify'; readonly pick: number; readonly quantity: number; readonly limitPrice: number }
  | {
      readonly deed: 'bar';
      readonly instrument: string;
      readonly prices: readonly [number, number, number, number, number];
    }
  | { readonly deed: 'byHand'; readonly quantity: number; readonly limitPrice: number }
  | { readonly deed: 'bind' }
  | { readonly deed: 'correct'; readonly pick: number; readonly price: number }
  | { readonly deed: 'rollBack'; readonly count: number }
  | { readonly deed: 'midnight' }
  | { readonly deed: 'globalCancel' };

const deed: fc.Arbitrary<Deed> = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.record({
      deed: fc.constant('order' as const),
      child: fc.boolean(),
      terms: fc.record({
        instrument,
        action: fc.constantFrom('BUY', 'SELL'),
        quantity: fc.integer({ min: 1, max: 400 }),
        orderType: fc.constantFrom('MKT', 'LMT', 'STP', 'STP LMT', 'TRAIL', 'MOC', 'LOC'),
        limitPrice: cents(9_000, 11_000),
        auxPrice: cents(9_000, 11_000),
        timeInForce: fc.constantFrom('DAY', 'GTC', 'IOC', 'FOK'),
        ocaGroup: fc.constantFrom('', '', 'group'),
        ocaType: fc.constantFrom(1, 2, 3),
        transmit: fc.boolean(),
      }),
    }),
  },
  { weight: 5, arbitrary: fc.record({ deed: fc.constant('cancel' as const), pick: fc.nat(20) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      deed: fc.constant('modify' as const),
      pick: fc.nat(20),
      quantity: fc.integer({ min: 1, max: 400 }),
      limitPrice: cents(9_000, 11_000),
    }),
  },
  {
    weight: 25,
    arbitrary: fc.record({
      deed: fc.constant('bar' as const),
      instrument,
      prices: fc
        .tuple(
          cents(9_200, 10_800),
          cents(0, 300),
          cents(0, 300),
          fc.double({ min: 0, max: 1, noNaN: true }),
          fc.integer({ min: 0, max: 3_000 }),
        )
        .map(([open, up, down, at, volume]) => {
          const high = Number((open + up).toFixed(2));
          const low = Number((open - down).toFixed(2));
          return [open, high, low, Number((low + (high - low) * at).toFixed(2)), volume] as const;
        }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      deed: fc.constant('byHand' as const),
      quantity: fc.integer({ min: 1, max: 400 }),
      limitPrice: cents(9_000, 11_000),
    }),
  },
  { weight: 5, arbitrary: fc.constant({ deed: 'bind' as const }) },
  {
    weight: 2,
    arbitrary: fc.record({
      deed: fc.constant('correct' as const),
      pick: fc.nat(5),
      price: cents(9_000, 11_000),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ deed: fc.constant('rollBack' as const), count: fc.integer({ min: 1, max: 5 }) }),
  },
  { weight: 1, arbitrary: fc.constant({ deed: 'midnight' as const }) },
  { weight: 1, arbitrary: fc.constant({ deed: 'globalCancel' as const }) },
);

interface Played {
  readonly state: BrokerState;
  readonly told: string[];
}

/** Plays deeds; every `bar` is the next minute. `check` runs after each, `save` writes what it changed. */
function play(
  deeds: readonly Deed[],
  check: (state: BrokerState) => void = () => {},
  save?: ReturnType<typeof fileStore>,
  newDays = false,
): Played {
  const state = newBroker(new Decimal(1_000_000));
  const told: string[] = [];
  let minute = 0;
  let orderId = 0;
  let at = OPEN;
  const does = (input: BrokerInput) => {
    const { events, changes } = advance(state, SETTINGS, at, input);
    save?.save(state, changes);
    told.push(...events.map((event) => JSON.stringify(event)));
    check(state);
  };
  for (const price of ['AAPL', 'MSFT']) does({ input: 'mark', instrument: price, price: 100 });
  const pick = (index: number) => [...state.orders.values()][index];
  for (const each of deeds) {
    if (each.deed === 'order') {
      orderId = (state.highestOrderId.get(1) ?? 0) + 1;
      const parent = each.child ? [...state.orders.values()].at(-1) : undefined;
      const child =
        parent === undefined || parent.parentId !== 0
          ? {}
          : {
              parentId: parent.orderId,
              instrument: parent.instrument,
              action: parent.action === 'BUY' ? 'SELL' : 'BUY',
            };
      does({ input: 'place', request: request(orderId, { ...each.terms, ...child }) });
    } else if (each.deed === 'cancel') {
      does({ input: 'cancel', clientId: 1, orderId: pick(each.pick)?.orderId ?? 999 });
    } else if (each.deed === 'modify') {
      const order = pick(each.pick);
      if (order !== undefined) {
        does({
          input: 'place',
          request: request(order.orderId, {
            instrument: order.instrument,
            action: order.action,
            orderType: 'LMT',
            quantity: each.quantity,
            limitPrice: each.limitPrice,
          }),
        });
      }
    } else if (each.deed === 'byHand') {
      const { quantity, limitPrice } = each;
      does({
        input: 'placeManually',
        request: request(0, { clientId: 0, orderType: 'LMT', quantity, limitPrice }),
        bind: quantity % 2 === 0,
      });
    } else if (each.deed === 'bind') {
      does({ input: 'bindManualOrders' });
    } else if (each.deed === 'correct') {
      const execId = [...state.executions.keys()][each.pick];
      if (execId !== undefined) does({ input: 'correct', execId, price: each.price });
    } else if (each.deed === 'rollBack') {
      does({ input: 'rollBackIds', count: each.count });
    } else if (each.deed === 'midnight') {
      if (newDays) does({ input: 'newDay', midnight: at });
    } else if (each.deed === 'globalCancel') {
      does({ input: 'globalCancel' });
    } else {
      const [open, high, low, close, volume] = each.prices;
      const openTime = OPEN + minute * MINUTE;
      minute += 1;
      at = openTime + MINUTE;
      does({
        input: 'bar',
        bar: {
          instrument: each.instrument,
          openTime,
          closeTime: at,
          open,
          high,
          low,
          close,
          volume,
          sessionStart: minute === 1,
          sessionEnd: minute % 10 === 0,
        },
      });
    }
  }
  return { state, told };
}

function consistent(state: BrokerState): void {
  expect(imbalance(state.books).isZero()).toBe(true);
  const positions = new Map<string, number>();
  const filled = new Map<number, number>();
  for (const { instrument: id, action, quantity, permId } of state.executions.values()) {
    positions.set(id, (positions.get(id) ?? 0) + (action === 'BUY' ? quantity : -quantity));
    filled.set(permId, (filled.get(permId) ?? 0) + quantity);
  }
  for (const id of ['AAPL', 'MSFT']) {
    expect(state.books.positions.get(id)?.quantity.toNumber() ?? 0).toBe(positions.get(id) ?? 0);
  }
  for (const order of state.orders.values()) {
    expect(order.filled).toBe(filled.get(order.permId) ?? 0);
    expect(order.filled).toBeLessThanOrEqual(order.total);
    expect(order.status === 'Filled').toBe(order.filled === order.total);
    const exits = state.index.childrenOf(order.permId).reduce((sum, child) => sum + child.filled, 0);
    expect(exits).toBeLessThanOrEqual(order.filled);
  }
}

describe('the broker, whatever it is asked', () => {
  it('keeps books, positions, orders and executions in agreement after every step', () => {
    fc.assert(
      fc.property(fc.array(deed, { maxLength: 40 }), (deeds) => {
        play(deeds, consistent);
      }),
      { numRuns: 150 },
    );
  });

  it('says the same for the same inputs, and nothing said earlier depends on what comes later', () => {
    fc.assert(
      fc.property(
        fc.array(deed, { maxLength: 30 }),
        fc.array(deed, { maxLength: 10 }),
        fc.nat(30),
        (deeds, other, cutAt) => {
          const whole = play(deeds).told;
          expect(play(deeds).told).toEqual(whole);
          const past = play(deeds.slice(0, cutAt)).told;
          const changed = play([...deeds.slice(0, cutAt), ...other]).told;
          expect(changed.slice(0, past.length)).toEqual(past);
          expect(whole.slice(0, past.length)).toEqual(past);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('is on disk as it is in memory after every step, so that a kill at any point loses nothing told', () => {
    let run = 0;
    fc.assert(
      fc.property(fc.array(deed, { maxLength: 30 }), (deeds) => {
        run += 1;
        const store = fileStore(join(directory, String(run)));
        // What another process would find, were this one killed now.
        const survivor = fileStore(join(directory, String(run)));
        try {
          play(deeds, (state) => expect(survivor.load()).toEqual(state), store, true);
        } finally {
          survivor.close();
          store.close();
        }
      }),
      { numRuns: 60, seed: 9 },
    );
  });
});
