import { renameSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { CLIENT_SETTINGS, QUEUE_CLIENT_SETTINGS } from '#adapters/aws/client-settings.ts';
import { dynamoDeskStore } from '#adapters/aws/dynamo-desk-store.ts';
import { embeddedMetric } from '#adapters/aws/embedded-metric.ts';
import { s3ObjectStore } from '#adapters/aws/s3-object-store.ts';
import { sqsCommandQueue } from '#adapters/aws/sqs-command-queue.ts';
import { ibGateway } from '#adapters/ibkr/ib-gateway-link.ts';
import { CATALOG } from '#core/market/catalog.ts';
import type { AccountBook } from '#core/portfolio/account-book.ts';
import { awaitsExecution } from '#core/portfolio/executions.ts';
import { positionQuantity } from '#core/portfolio/position.ts';
import { decimalText } from '#core/values/decimal.ts';
import type { TimerClock } from '#core/values/timer-clock.ts';
import type { BridgeDependencies, BridgeLog, BridgeMetric } from './bridge-context.ts';
import { BrokerBridge } from './broker-bridge.ts';
import type { ExpectedAccount } from './expected-account.ts';
import { healthReport } from './health-report.ts';
import type { RunningBridge } from './running-bridge.ts';
import { type BridgeResources, type BridgeSettings, readSettings } from './settings.ts';

/** Orders are looked up for longer than any of them lives. */
const PROCESSED_DAYS = 30;

/** One JSON line per message on standard error. */
export const jsonLog =
  (clock: Pick<TimerClock, 'now'>): BridgeLog =>
  (level, message, details) => {
    const at = new Date(clock.now()).toISOString();
    process.stderr.write(
      `${JSON.stringify({ at, level, component: 'broker-bridge', message, ...details })}\n`,
    );
  };

/** One line in embedded metric format per value, on standard output. */
export const metricLines =
  (clock: Pick<TimerClock, 'now'>, environment: string): BridgeMetric =>
  (name, value) => {
    const unit = name === 'BrokerNotReadySeconds' ? 'Seconds' : 'Count';
    process.stdout.write(`${embeddedMetric(name, value, unit, clock.now(), environment)}\n`);
  };

/** Writes health where the container's check reads it; whole or not at all. */
export function healthFile(path: string): (healthyUntil: number) => void {
  return (healthyUntil) => {
    writeFileSync(`${path}.new`, healthReport(healthyUntil));
    renameSync(`${path}.new`, path);
  };
}

/**
 * Starts the bridge from its environment (see `settings.ts`), on AWS and the IB Gateway unless other adapters are given.
 * @throws BridgeSettingsError, TradingModeError before anything is connected
 */
export function startBridge(
  environment: Readonly<Record<string, string | undefined>>,
  dependencies: Partial<BridgeDependencies> & { readonly clock: TimerClock },
): RunningBridge {
  const { settings, resources } = readSettings(environment, taskName(environment));
  const bridge = new BrokerBridge(settings, {
    ...awsDependencies(settings, resources, dependencies.clock),
    ...dependencies,
  });
  bridge.start();
  return bridge;
}

/** What the desk's book expects of the account; null before the broker's account has opened it. */
export function expectedAccount(stored: unknown): ExpectedAccount | null {
  const book = stored as AccountBook;
  if (book.cash === null) return null;
  const positions = Object.entries(book.positions).map(
    ([instrument, position]) => [instrument, decimalText(positionQuantity(position))] as const,
  );
  const { account, currency, cash, foreign = null } = book;
  const awaits = (layer: string, execId: string) => awaitsExecution(book, layer, execId);
  return { account, currency, cash, positions: new Map(positions), foreign, awaits };
}

/** What tells this task from any other: the container's id on ECS, the machine's name elsewhere. */
function taskName(environment: Readonly<Record<string, string | undefined>>): string {
  const container = environment['ECS_CONTAINER_METADATA_URI_V4']?.split('/').at(-1) ?? '';
  return container === '' ? hostname() : container;
}

function awsDependencies(
  settings: BridgeSettings,
  resources: BridgeResources,
  clock: TimerClock,
): BridgeDependencies {
  const { journalTable, stateTable, idempotencyTable } = resources;
  const tables = { journalTable, stateTable, idempotencyTable, processedDays: PROCESSED_DAYS };
  return {
    store: dynamoDeskStore(new DynamoDBClient(CLIENT_SETTINGS), tables, clock),
    objects: s3ObjectStore(new S3Client(CLIENT_SETTINGS), resources.objectBucket),
    queue: sqsCommandQueue(
      new SQSClient(QUEUE_CLIENT_SETTINGS),
      resources.commandQueueUrl,
      settings.commandVisibilitySeconds,
    ),
    gateway: ibGateway({ host: settings.host, port: settings.port }),
    clock,
    catalog: CATALOG,
    expected: expectedAccount,
    health: settings.healthFile === null ? () => {} : healthFile(settings.healthFile),
    log: jsonLog(clock),
    metric: metricLines(clock, settings.environment),
  };
}
