import { InvalidSimulationError } from '../engine/errors.ts';
import type { InstrumentPast, Strategy } from '../engine/strategy.ts';
import { wholeLots } from './sizing.ts';

/**
 * Long in the first instrument while the short simple moving average of its closes is above the long one, else in cash.
 * @throws InvalidSimulationError unless 1 ≤ fast < slow, both whole
 */
export function smaCross(fast = 20, slow = 50, fraction = 0.98): Strategy {
  if (!(Number.isInteger(fast) && Number.isInteger(slow) && fast >= 1 && fast < slow))
    throw new InvalidSimulationError(
      `fast ${fast} and slow ${slow} are not two whole numbers with 1 ≤ fast < slow`,
    );
  return {
    name: 'sma-cross',
    parameters: { fast, slow, fraction },
    start() {
      // A column: a float in a closure's variable is an object of its own at each change.
      const sums = new Float64Array(2);
      let seen = 0;
      return (context) => {
        const { close } = context.instruments[0] as InstrumentPast;
        // Called at other instruments' closes too: only a new bar of this one moves the averages.
        if (close.length === seen) return;
        seen = close.length;
        const newest = close.at(0);
        const fastSum = (sums[0] as number) + newest - (seen > fast ? close.at(fast) : 0);
        const slowSum = (sums[1] as number) + newest - (seen > slow ? close.at(slow) : 0);
        sums[0] = fastSum;
        sums[1] = slowSum;
        if (seen < slow) return;
        const held = context.position(0);
        const above = fastSum / fast > slowSum / slow;
        if (above === held > 0 || context.workingOrders(0) > 0) return;
        const quantity = above ? wholeLots(context, 0, fraction) : held;
        if (quantity > 0) context.submit({ side: above ? 'buy' : 'sell', quantity, type: 'MKT' });
      };
    },
  };
}
