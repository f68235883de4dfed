import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MINUTE, OPEN, SECOND, World } from './world.ts';

type Deed =
  | { readonly kind: 'wait'; readonly seconds: number }
  | { readonly kind: 'reduce'; readonly quantity: number }
  | { readonly kind: 'cancel-closing' | 'cancel-entry' | 'cancel-stop-by-hand' | 'disconnect' }
  | { readonly kind: 'move'; readonly place: number }
  | { readonly kind: 'pieces'; readonly of: number | null }
  | { readonly kind: 'delay'; readonly millis: number };

const deed: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('wait'), seconds: fc.constantFrom(1, 7, 40, 61) }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('reduce'), quantity: fc.integer({ min: 1, max: 9 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('cancel-closing', 'cancel-entry', 'cancel-stop-by-hand', 'disconnect'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('move'), place: fc.integer({ min: 0, max: 2 }) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('pieces'), of: fc.constantFrom(null, 1, 3, 4) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delay'), millis: fc.constantFrom(0, 300, 2_000) }) },
) as fc.Arbitrary<Deed>;

/** The tape rises by 60 cents an hour from 160: the stops of a short layer are reached, those of a long one never. */
const STOPS = {
  BUY: { first: '150', later: ['151', '152', '153.5'] },
  SELL: { first: '160.15', later: ['160.3', '160.1', '160.22'] },
} as const;
type EntrySide = keyof typeof STOPS;

/** Does things to one layer of up to twenty units, and lets everything come to rest. */
class Layer {
  readonly entry: string;
  readonly #world: World;
  readonly #side: EntrySide;
  readonly #closing: string[] = [];
  #moves = 0;

  constructor(world: World, side: EntrySide) {
    this.#world = world;
    this.#side = side;
    this.entry = world.place({ side, quantity: '20', protectiveStop: STOPS[side].first });
  }

  get moves(): number {
    return this.#moves;
  }

  /** Units held the way the layer was opened. */
  held(): number {
    const units = Number(this.#world.gateway.state().books.positions.get('AAPL')?.quantity ?? 0);
    return this.#side === 'BUY' || units === 0 ? units : -units;
  }

  stops() {
    return this.#world.stopsAtBroker(this.entry);
  }

  async does(deed: Deed): Promise<void> {
    const { faults } = this.#world.gateway;
    switch (deed.kind) {
      case 'wait':
        return this.#world.advance(deed.seconds * SECOND);
      case 'reduce': {
        const side = this.#side === 'BUY' ? 'SELL' : 'BUY';
        const terms = { purpose: 'reduce', side, closes: this.entry, protectiveStop: null } as const;
        this.#closing.push(this.#world.place({ ...terms, quantity: String(deed.quantity) }));
        break;
      }
      case 'cancel-closing':
        return this.#cancel(this.#closing.at(-1));
      case 'cancel-entry':
        return this.#cancel(this.entry);
      case 'cancel-stop-by-hand':
        for (const { permId } of this.stops()) faults.cancelManually(permId);
        break;
      case 'disconnect':
        faults.disconnect();
        break;
      case 'move':
        this.#moves += 1;
        this.#world.command(
          'StopMoveAuthorized',
          `move-${this.#moves}`,
          {
            requestId: `move-${this.#moves}`,
            intentId: this.entry,
            instrument: 'AAPL',
            from: STOPS[this.#side].first,
            to: STOPS[this.#side].later[deed.place] as string,
            reason: 'trailing',
          },
          'stops',
        );
        break;
      case 'pieces':
        faults.partialFills(deed.of);
        break;
      case 'delay':
        faults.set({ delayMillis: deed.millis });
        break;
    }
    await this.#world.rest();
  }

  async #cancel(intentId: string | undefined): Promise<void> {
    if (intentId === undefined) return;
    this.#world.cancel(intentId, `cancel-${intentId}-${this.#world.clock.now()}`);
    await this.#world.rest();
  }

  async comesToRest(): Promise<void> {
    await this.does({ kind: 'delay', millis: 0 });
    await this.does({ kind: 'pieces', of: null });
    await this.#world.advance(20 * MINUTE);
  }
}

describe('whatever happens to the orders of a layer', () => {
  it('its stop stands for what is held at the price last asked for, and each move has an answer', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom<EntrySide>('BUY', 'SELL'),
        fc.array(deed, { minLength: 4, maxLength: 14 }),
        async (side, deeds) => {
          const world = await World.start({ RECONCILE_MINUTES: '5', HALT_POLL_SECONDS: '60' });
          try {
            await world.advanceTo(OPEN + 30 * SECOND);
            const layer = new Layer(world, side);
            for (const one of deeds) {
              await layer.does(one);
              expect(layer.held()).toBeGreaterThanOrEqual(0);
            }
            await layer.comesToRest();
            expect(layer.held()).toBeGreaterThanOrEqual(0);
            const moved = world.events('StopMoved').map(({ data }) => data.stopPrice);
            const declined = world
              .events('CommandDeclined')
              .filter(({ data }) => data.command === 'StopMoveAuthorized');
            const stops = layer.stops().map(({ total, filled, stopPrice }) => [total - filled, stopPrice]);
            expect(stops).toEqual(
              layer.held() === 0 ? [] : [[layer.held(), Number(moved.at(-1) ?? STOPS[side].first)]],
            );
            expect(moved.length + declined.length).toBe(layer.moves);
            expect(world.queue.remaining()).toEqual([]);
          } finally {
            await world.end();
          }
        },
      ),
      { numRuns: 12 },
    );
  });
});
