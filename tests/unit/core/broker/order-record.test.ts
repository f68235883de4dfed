import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  fittingQuantity,
  heldQuantity,
  type OrderRecord,
  protectedQuantity,
} from '#core/broker/order-record.ts';
import { recordOf, stopOf } from '../../../support/order-samples.ts';

const fills = (quantity: number): Pick<OrderRecord, 'fills'> => ({
  fills: quantity === 0 ? [] : [{ execId: 'e.1', quantity: String(quantity), price: '160' }],
});

describe('the units that a resting stop should have', () => {
  it('are those that are held once its entry is over, more where that filled more than it was for', () => {
    const stop = stopOf();
    expect(fittingQuantity(recordOf({ status: 'cancelled', ...fills(4) }), stop, []).toNumber()).toBe(4);
    expect(fittingQuantity(recordOf({ status: 'filled', ...fills(15) }), stop, []).toNumber()).toBe(15);
    const closing = recordOf({ status: 'filled', ...fills(7) });
    expect(fittingQuantity(recordOf({ status: 'filled', ...fills(10) }), stop, [closing]).toNumber()).toBe(3);
  });

  it('are left as they are between what is held and what may still be while its entry works', () => {
    const entry = recordOf({ status: 'working', ...fills(4) });
    expect(fittingQuantity(entry, stopOf({ quantity: '10' }), []).toNumber()).toBe(10);
    expect(fittingQuantity(entry, stopOf({ quantity: '2' }), []).toNumber()).toBe(4);
    expect(fittingQuantity(entry, stopOf({ quantity: '12' }), []).toNumber()).toBe(10);
    const enlarged = recordOf({ status: 'working', ...fills(13) });
    expect(fittingQuantity(enlarged, stopOf({ quantity: '10' }), []).toNumber()).toBe(13);
  });

  it('cover what is held and never more than may be, whatever was filled', () => {
    const units = fc.integer({ min: 0, max: 30 });
    fc.assert(
      fc.property(
        units,
        units,
        units,
        fc.integer({ min: 1, max: 30 }),
        fc.constantFrom<OrderRecord['status']>('working', 'cancelled', 'filled'),
        (bought, closed, stopped, size, status) => {
          const entry = recordOf({ status, quantity: '20', ...fills(bought) });
          const stop = stopOf({ status: 'working', quantity: String(size), ...fills(stopped) });
          const closing = [recordOf({ ...fills(closed) })];
          const open = fittingQuantity(entry, stop, closing).minus(stopped);
          expect(open.gte(heldQuantity(entry, stop, closing))).toBe(true);
          expect(open.lte(protectedQuantity(entry, stop, closing))).toBe(true);
        },
      ),
    );
  });
});
