import { startPaperGateway } from '#local/paper-gateway/gateway.ts';
import { scaledClock } from '#local/paper-gateway/wall-clock.ts';
import { calm, OPEN, tapeOf } from './market.ts';

/**
 * A gateway in a process of its own, to be killed: plays 300 minutes at 2,000 times their pace and tells its port.
 * Usage: node gateway-process.ts DIRECTORY START_EPOCH_MILLIS
 */
const [directory, start] = process.argv.slice(2);
const gateway = await startPaperGateway({
  port: 0,
  clock: scaledClock({ start: () => Number(start ?? OPEN), pace: 2_000 }),
  tape: tapeOf(Array.from({ length: 300 }, (_, minute) => calm(100 + (minute % 7)))),
  directory: directory ?? null,
  seed: 1,
});
process.stdout.write(`${gateway.port}\n`);
