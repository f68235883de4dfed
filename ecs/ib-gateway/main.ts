import { parentPort } from 'node:worker_threads';
import { TradingModeError } from '#core/broker/trading-mode.ts';
import { metricLines, startBridge } from './bridge.ts';
import { processClock } from './process-clock.ts';
import { BridgeSettingsError } from './settings.ts';

/** Exit codes of the product: 3 configuration, 5 broker. */
const CONFIGURATION = 3;
const BROKER = 5;

function exitCodeOf(fault: unknown): number {
  return fault instanceof BridgeSettingsError ? CONFIGURATION : BROKER;
}

function fail(fault: unknown): void {
  const name =
    fault instanceof BridgeSettingsError || fault instanceof TradingModeError ? fault.code : 'BridgeFailed';
  process.stderr.write(`${name}: ${fault instanceof Error ? fault.message : String(fault)}\n`);
  // Also where the settings cannot be read.
  metricLines(processClock, process.env['DESK_ENVIRONMENT'] ?? 'unknown')('BrokerBridgeFailed', 1);
  process.exitCode = exitCodeOf(fault);
}

try {
  const bridge = startBridge(process.env, { clock: processClock });
  const stop = (reason: string) => void bridge.stop(reason).catch(fail);
  process.once('SIGTERM', () => stop('the task is being stopped (SIGTERM)'));
  process.once('SIGINT', () => stop('interrupted (SIGINT)'));
  parentPort?.on('message', (message: unknown) => {
    if (typeof message === 'object' && message !== null && 'type' in message && message.type === 'stop')
      stop('the host stops the task');
  });
  bridge.finished.then(() => parentPort?.close(), fail).finally(() => parentPort?.close());
} catch (fault) {
  fail(fault);
}
