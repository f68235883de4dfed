import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ChaosDesk } from '../../tests/chaos/broker/desk.ts';

/** How long it is still before a command and after it. */
export const STILL_MS = 150;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/**
 * The desk around the bridge, still while a command is on its way. What it reads and folds between two orders, and the
 * collection of the garbage of it, would else fall on the two processors that bridge and host need for the order measured:
 * that alone made most of the slowest hundredth.
 */
export class StillDesk extends ChaosDesk {
  /** Set once what is measured begins. */
  still = false;

  override async send(...[event, again]: Parameters<ChaosDesk['send']>): Promise<void> {
    if (!this.still) return super.send(event, again);
    collectGarbage();
    await stillness();
    await super.send(event, again);
    await stillness();
  }
}

const stillness = () => new Promise<void>((resolve) => setTimeout(resolve, STILL_MS));
