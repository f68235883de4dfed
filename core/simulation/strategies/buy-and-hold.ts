import type { Strategy } from '../engine/strategy.ts';
import { wholeLots } from './sizing.ts';

/** Buys each instrument once, equal parts of `fraction` of the equity, at the first open after its first close, and keeps it. */
export function buyAndHold(fraction = 0.98): Strategy {
  return {
    name: 'buy-and-hold',
    parameters: { fraction },
    start({ instruments }) {
      const bought = new Uint8Array(instruments.length);
      return (context) => {
        for (let i = 0; i < instruments.length; i++) {
          if (bought[i] === 1) continue;
          const quantity = wholeLots(context, i, fraction / instruments.length);
          if (quantity === 0) continue;
          bought[i] = 1;
          context.submit({ instrument: i, side: 'buy', quantity, type: 'MKT' });
        }
      };
    },
  };
}
