import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SQSClient } from '@aws-sdk/client-sqs';
import { CLIENT_SETTINGS, QUEUE_CLIENT_SETTINGS } from '#adapters/aws/client-settings.ts';
import { dynamoDeskStore } from '#adapters/aws/dynamo-desk-store.ts';
import { sqsCommandQueue } from '#adapters/aws/sqs-command-queue.ts';
import { ibGateway } from '#adapters/ibkr/ib-gateway-link.ts';
import type { BrokerGateway } from '#core/broker/broker-port.ts';
import type { CommandQueue } from '#core/broker/command-queue.ts';
import type { DeskStore } from '#core/events/desk-store.ts';
import { startBridge } from '#ecs/ib-gateway/bridge.ts';
import { readSettings } from '#ecs/ib-gateway/settings.ts';
import { runClock, settingsOfProcess } from '../../tests/chaos/broker/settings.ts';

/**
 * The bridge as it is, with a stopwatch at its three doors: the queue, the wire and the journal. On SIGTERM it stops and
 * writes its measurements (milliseconds) as its last line.
 */
const run = settingsOfProcess();
const { settings, resources } = readSettings(process.env, 'measured');
const clock = runClock(run.realBegin);
const received = new Map<string, number>();
const told = new Map<string, number>();
const commandToWire: number[] = [];
/** What the store takes to record an order, which is a part of the above, and what is left without it. */
const record: number[] = [];
const bridgeAlone: number[] = [];
const recording = new Map<string, number>();
const fillToJournal: number[] = [];

const watchedQueue = (queue: CommandQueue): CommandQueue => ({
  ...queue,
  async receive(signal) {
    const commands = await queue.receive(signal);
    const now = performance.now();
    for (const { body } of commands) {
      const intentId = /"intentId":"([^"]+)"/.exec(body)?.[1];
      if (intentId !== undefined && !received.has(intentId)) received.set(intentId, now);
    }
    return commands;
  },
});

const watchedGateway = (gateway: BrokerGateway): BrokerGateway => ({
  open(clientId, listener) {
    const link = gateway.open(clientId, (message) => {
      if (message.kind === 'execution' && !told.has(message.execution.execId))
        told.set(message.execution.execId, performance.now());
      listener(message);
    });
    return {
      close: () => link.close(),
      send(request) {
        link.send(request);
        if (request.kind !== 'place') return;
        const since = received.get(request.ticket.orderRef);
        if (since === undefined) return;
        received.delete(request.ticket.orderRef);
        const took = performance.now() - since;
        commandToWire.push(took);
        bridgeAlone.push(took - (recording.get(request.ticket.orderRef) ?? 0));
        recording.delete(request.ticket.orderRef);
      },
    };
  },
});

const watchedStore = (store: DeskStore): DeskStore => ({
  ...store,
  async commit(change) {
    const begun = performance.now();
    const result = await store.commit(change);
    const now = performance.now();
    const placed = change.entries.find(({ event }) => event.metadata.type === 'OrderSubmitted');
    if (placed !== undefined && result.kind === 'committed') {
      record.push(now - begun);
      recording.set((placed.event.data as { readonly orderRef: string }).orderRef, now - begun);
    }
    for (const { event } of change.entries) {
      if (event.metadata.type !== 'OrderFilled') continue;
      const since = told.get((event.data as { readonly execId: string }).execId);
      if (since !== undefined) fillToJournal.push(now - since);
    }
    return result;
  },
});

const { journalTable, stateTable, idempotencyTable, commandQueueUrl } = resources;
const bridge = startBridge(process.env, {
  clock,
  queue: watchedQueue(
    sqsCommandQueue(new SQSClient(QUEUE_CLIENT_SETTINGS), commandQueueUrl, settings.commandVisibilitySeconds),
  ),
  gateway: watchedGateway(ibGateway({ host: settings.host, port: settings.port })),
  store: watchedStore(
    dynamoDeskStore(
      new DynamoDBClient(CLIENT_SETTINGS),
      { journalTable, stateTable, idempotencyTable, processedDays: 30 },
      clock,
    ),
  ),
});
process.once('SIGTERM', () => void bridge.stop('the measurement is over'));
process.stdout.write('{"ready":true}\n');
await bridge.finished;
process.stdout.write(`${JSON.stringify({ commandToWire, record, bridgeAlone, fillToJournal })}\n`, () =>
  process.exit(0),
);
