/**
 * How long an order waits in the bridge: command received → order on the wire, and fill on the wire → journaled, one
 * order at a time, with the embedded cloud in a process of its own. Run: node bench/bridge.bench.ts [orders]
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SQSClient } from '@aws-sdk/client-sqs';
import { CLIENT_SETTINGS } from '#adapters/aws/client-settings.ts';
import { dynamoDeskStore } from '#adapters/aws/dynamo-desk-store.ts';
import { sqsCommandQueue } from '#adapters/aws/sqs-command-queue.ts';
import { ibGateway } from '#adapters/ibkr/ib-gateway-link.ts';
import { inMemoryObjectStore } from '#adapters/memory/in-memory-object-store.ts';
import type { CommandQueue } from '#core/broker/command-queue.ts';
import type { DeskStore } from '#core/events/desk-store.ts';
import { instantText } from '#core/values/clock.ts';
import { startBridge } from '#ecs/ib-gateway/bridge.ts';
import { startPaperGateway } from '#local/paper-gateway/gateway.ts';
import { SteppedClock } from '#local/paper-gateway/stepped-clock.ts';
import { STACK } from '../tests/chaos/broker/chaos.ts';
import { ChaosDesk } from '../tests/chaos/broker/desk.ts';
import type { Names } from '../tests/chaos/broker/processes.ts';
import { BEGIN, OPERATOR, REGION, type RunSettings } from '../tests/chaos/broker/settings.ts';
import { chaosTape } from '../tests/chaos/broker/tape.ts';
import { writeAssembly } from '../tests/integration/local/host/assembly-writer.ts';

const orders = Number(process.argv[2] ?? 500);
const WARM = 100;
const MINUTE = 60_000;
const directory = mkdtempSync(join(tmpdir(), 'abc-bench-'));
const server = createServer();
await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
const address = server.address();
const hostPort = typeof address === 'object' && address !== null ? address.port : 0;
await new Promise((done) => server.close(done));
const settings: RunSettings = {
  directory,
  assembly: writeAssembly(join(directory, 'assembly'), STACK),
  hostPort,
  gatewayPort: 0,
  controlPort: 0,
  realBegin: Date.now(),
  seed: 1,
};
const child = spawn(
  process.execPath,
  [join(import.meta.dirname, '..', 'tests', 'chaos', 'broker', 'host-process.ts'), JSON.stringify(settings)],
  { stdio: ['ignore', 'pipe', 'inherit'] },
);
const names = JSON.parse(
  await new Promise<string>((done) => createInterface({ input: child.stdout }).once('line', done)),
) as Names;

const clock = new SteppedClock(BEGIN);
const gateway = await startPaperGateway({
  port: 0,
  clock,
  tape: chaosTape(1),
  directory: join(directory, 'gateway'),
  account: 'DU0000001',
  seed: 1,
});
const client = { ...CLIENT_SETTINGS, region: REGION, endpoint: names.endpoint, credentials: OPERATOR };
const tables = {
  journalTable: names.journal,
  stateTable: names.state,
  idempotencyTable: names.idempotency,
  processedDays: 30,
};
const received = new Map<string, number>();
const filled = new Map<string, number>();
const toWire: number[] = [];
const toJournal: number[] = [];
let journaled = 0;

const queue: CommandQueue = sqsCommandQueue(new SQSClient(client), names.queueUrl, 60);
const timedQueue: CommandQueue = {
  ...queue,
  async receive(signal) {
    const commands = await queue.receive(signal);
    const now = performance.now();
    for (const { body } of commands) {
      const { data } = JSON.parse(body) as { data: { intent: { intentId: string } } };
      received.set(data.intent.intentId, now);
    }
    return commands;
  },
};
const store = dynamoDeskStore(new DynamoDBClient(client), tables, clock);
const timedStore: DeskStore = {
  ...store,
  async commit(change) {
    const result = await store.commit(change);
    const now = performance.now();
    for (const { event } of change.entries) {
      if (event.metadata.type !== 'OrderFilled') continue;
      const begun = filled.get((event.data as { execId: string }).execId);
      if (begun !== undefined) toJournal.push(now - begun);
      journaled += 1;
    }
    return result;
  },
};
const inner = ibGateway({ host: '127.0.0.1', port: gateway.port });
const bridge = startBridge(
  {
    BROKER_MODE: 'paper',
    BROKER_PORT: '4002',
    BROKER_COMMAND_QUEUE_URL: names.queueUrl,
    JOURNAL_TABLE: names.journal,
    STATE_TABLE: names.state,
    IDEMPOTENCY_TABLE: names.idempotency,
    OBJECT_BUCKET: names.bucket,
    LEASE_OWNER: 'bench',
    LEASE_SECONDS: '86400',
    HEARTBEAT_SECONDS: '86400',
    RECONCILE_MINUTES: '40000',
    DAILY_RESTART: 'off',
    SUNDAY_LOGIN: 'off',
  },
  {
    clock,
    queue: timedQueue,
    store: timedStore,
    objects: inMemoryObjectStore(),
    log: () => {},
    gateway: {
      open: (clientId, listen) => {
        const link = inner.open(clientId, (message) => {
          if (message.kind === 'execution') filled.set(message.execution.execId, performance.now());
          listen(message);
        });
        return {
          ...link,
          send(request) {
            link.send(request);
            if (request.kind !== 'place') return;
            const begun = received.get(request.ticket.orderRef);
            if (begun !== undefined) toWire.push(performance.now() - begun);
          },
        };
      },
    },
  },
);
const until = async (condition: () => boolean) => {
  while (!condition()) await new Promise((done) => setImmediate(done));
};
await until(() => bridge.state === 'READY');
const desk = new ChaosDesk(names, clock);
await desk.open();

for (let number = 1; number <= orders + WARM; number++) {
  const now = instantText(clock.now());
  const intentId = `bench-${number}`;
  const before = journaled;
  await desk.authorize(
    {
      intentId,
      purpose: 'entry',
      instrument: 'AAPL',
      side: 'BUY',
      quantity: '1',
      orderType: 'MKT',
      limitPrice: null,
      triggerPrice: null,
      timeInForce: 'DAY',
      protectiveStop: number % 2 === 0 ? '45.00' : '99999.00',
      closes: null,
      positionId: intentId,
      strategy: 'flow',
      proposalId: null,
      plan: null,
      initialRisk: null,
      target: null,
      horizonSessions: null,
      referencePrice: '100.00',
      referenceAt: now,
      expectedSlippage: null,
      expectedVolume: null,
      probabilityOfProfit: null,
      plannedAt: now,
      expiresAt: instantText(clock.now() + 60 * MINUTE),
      session: '2018-01-22',
    },
    `bench:${number}`,
  );
  await until(() => toWire.length >= number);
  clock.advance(MINUTE);
  await until(() => journaled > before);
  if (number === WARM) {
    toWire.splice(0);
    toJournal.splice(0);
  }
}
const at = (values: readonly number[], share: number) =>
  [...values].sort((left, right) => left - right)[Math.floor(values.length * share)]?.toFixed(2) ?? 'none';
const row = (name: string, values: readonly number[], target: string) =>
  console.log(
    `${name.padEnd(38)} p50 ${at(values, 0.5)} ms, p99 ${at(values, 0.99)} ms (asked: p99 < ${target}), ${values.length} orders`,
  );
row('command received → order on the wire', toWire, '5 ms');
row('fill on the wire → journaled', toJournal, '25 ms');
await bridge.stop('end of the bench');
await gateway.close();
child.kill('SIGKILL');
rmSync(directory, { recursive: true, force: true });
process.exit(0);
