import { InvalidSimulationError } from '../engine/errors.ts';
import type { InstrumentPast, Strategy } from '../engine/strategy.ts';
import { wholeLots } from './sizing.ts';

/**
 * Every `every` calls holds, in equal parts, the `top` instruments with the highest return over `lookback` bars, those
 * above zero only (absolute momentum). Sells first; what a sale frees is bought at the next call.
 * @throws InvalidSimulationError unless all three are whole and above zero
 */
export function momentumRotation(lookback = 126, every = 21, top = 1, fraction = 0.98): Strategy {
  for (const [name, value] of Object.entries({ lookback, every, top }))
    if (!(Number.isInteger(value) && value > 0))
      throw new InvalidSimulationError(`${name} ${value} is not a whole number above zero`);
  return {
    name: 'momentum-rotation',
    parameters: { lookback, every, top, fraction },
    start({ instruments }) {
      const chosen = new Set<number>();
      let next = 0;
      return (context) => {
        if (context.index >= next && context.index >= lookback) {
          next = context.index + every;
          const ranked = instruments
            .map((_, index) => ({
              index,
              growth: growthOf(context.instruments[index] as InstrumentPast, lookback),
            }))
            .filter(({ growth }) => growth > 1)
            .sort((a, b) => b.growth - a.growth || a.index - b.index);
          chosen.clear();
          for (const { index } of ranked.slice(0, top)) chosen.add(index);
        }
        let leaving = false;
        for (let i = 0; i < instruments.length; i++) {
          if (chosen.has(i)) continue;
          const held = context.position(i);
          leaving ||= held > 0;
          if (held > 0 && context.workingOrders(i) === 0)
            context.submit({ instrument: i, side: 'sell', quantity: held, type: 'MKT' });
        }
        if (leaving) return;
        for (const i of chosen) {
          if (context.position(i) > 0 || context.workingOrders(i) > 0) continue;
          const quantity = wholeLots(context, i, fraction / top);
          if (quantity > 0) context.submit({ instrument: i, side: 'buy', quantity, type: 'MKT' });
        }
      };
    },
  };
}

/** Close over the close `lookback` bars before; NaN where there is none. */
const growthOf = ({ close }: InstrumentPast, lookback: number): number => close.at(0) / close.at(lookback);
