import { EventName, type Execution } from '@stoqey/ib';
import {
  type PaperGateway,
  type PaperGatewayOptions,
  startPaperGateway,
} from '#local/paper-gateway/gateway.ts';
import { SteppedClock } from '#local/paper-gateway/stepped-clock.ts';
import type { Tape } from '#local/paper-gateway/tape.ts';
import { TwsClient } from './client.ts';
import { type Minute, OPEN, tapeOf } from './market.ts';

/** Everything a test opened, closed again in reverse by {@link closeAll}. */
const opened: (() => Promise<void>)[] = [];

export async function closeAll(): Promise<void> {
  for (const close of opened.splice(0).reverse()) await close();
}

/** A gateway on a standing clock over one session of AAPL, and a way to connect clients. */
export async function market(
  rows: readonly Minute[],
  options: Partial<Omit<PaperGatewayOptions, 'port'>> & { readonly tape?: Tape } = {},
) {
  const clock = (options.clock as SteppedClock | undefined) ?? new SteppedClock(OPEN);
  const gateway = await startPaperGateway({
    clock,
    tape: tapeOf(rows),
    directory: null,
    seed: 1,
    ...options,
    port: 0,
  });
  opened.push(() => gateway.close());
  return { clock, gateway, connect: (clientId = 7) => connected(gateway, clientId) };
}

async function connected(
  gateway: PaperGateway,
  clientId: number,
): Promise<{ client: TwsClient; id: number }> {
  const client = new TwsClient(gateway.port, clientId);
  const id = await client.connect();
  opened.push(() => client.disconnect());
  return { client, id };
}

/** Executions a client has heard of, in order. */
export const fillsOf = (client: TwsClient): Execution[] =>
  client.all(EventName.execDetails).map(([, , execution]) => execution as Execution);

/** Lets the event loop turn until `test` holds. */
export async function eventually(test: () => boolean): Promise<void> {
  while (!test()) await new Promise((resolve) => setImmediate(resolve));
}
