import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Broker } from '../../../unit/local/paper-gateway/broker-support.ts';

const order = fc.record({
  id: fc.integer({ min: 1, max: 12 }),
  instrument: fc.constantFrom('AAPL', 'MSFT'),
  action: fc.constantFrom('BUY', 'SELL'),
  quantity: fc.integer({ min: 1, max: 9_000 }),
  orderType: fc.constantFrom('MKT', 'LMT', 'STP'),
  price: fc.constantFrom(1, 90, 100, 110, 180),
  ocaGroup: fc.constantFrom('', '', 'a group'),
  transmit: fc.constantFrom(true, true, true, false),
  parentId: fc.constantFrom(0, 0, 0, 1),
});
const deed = fc.oneof(
  { weight: 6, arbitrary: order.map((terms) => ({ kind: 'place' as const, ...terms })) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('cancel' as const), id: fc.integer({ min: 1, max: 12 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('bar' as const), price: fc.constantFrom(80, 100, 120) }),
  },
);

type Deed = typeof deed extends fc.Arbitrary<infer T> ? T : never;

function play(broker: Broker, one: Deed): ReturnType<Broker['does']> {
  switch (one.kind) {
    case 'bar':
      return broker.bar([one.price, one.price + 1, one.price - 1, one.price]);
    case 'cancel':
      return broker.cancel(one.id);
    case 'place': {
      const { id, price, orderType, ...terms } = one;
      const limitPrice = orderType === 'LMT' ? price : null;
      const auxPrice = orderType === 'STP' ? price : null;
      return broker.place(id, { ...terms, orderType, limitPrice, auxPrice });
    }
  }
}

describe('what an account can carry', () => {
  it('is the same whether it is seen at a glance or reckoned order by order', () => {
    fc.assert(
      fc.property(fc.array(deed, { minLength: 5, maxLength: 40 }), (deeds) => {
        const [quick, thorough] = [new Broker(), new Broker()];
        Object.assign(thorough.state, { demand: { take: () => {}, of: () => null, clear: () => {} } });
        for (const one of deeds) {
          const heard = [quick, thorough].map((broker) => play(broker, one));
          expect(heard[0]).toEqual(heard[1]);
        }
      }),
      { numRuns: 300 },
    );
  });
});
