/**
 * What runs in a function's worker thread: loads the handler once, then answers one call at a time. Plain JavaScript
 * for the reason given in virtual-date.mjs.
 *
 * In: {id, payload, now, remaining, crash}; out: {ready} | {id, ok, lines} | {id, error, lines} | {lines}.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { captureLines } from '../../host/worker/line-capture.mjs';
import { installSeededRandom } from '../../host/worker/seeded-random.mjs';
import { installVirtualDate } from '../../host/worker/virtual-date.mjs';

const { moduleUrl, exportName, functionName, functionArn, memoryMegabytes, clock } = workerData;

let baseVirtual = clock.now;
let baseReal = performance.now();
if (clock.mode !== 'wall')
  installVirtualDate(() => baseVirtual + (performance.now() - baseReal) * clock.scale);

const reseed = clock.mode === 'stepped' ? installSeededRandom() : () => {};

const output = captureLines((lines) => parentPort.postMessage({ lines }));

const errorText = (error) =>
  JSON.stringify(
    error instanceof Error
      ? { errorType: error.name, errorMessage: error.message, trace: (error.stack ?? '').split('\n') }
      : { errorType: typeof error, errorMessage: String(error), trace: [] },
  );

const contextOf = (id, remaining) => {
  const deadline = performance.now() + remaining;
  return {
    awsRequestId: id,
    functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: functionArn,
    memoryLimitInMB: String(memoryMegabytes),
    logGroupName: `/aws/lambda/${functionName}`,
    logStreamName: 'local/[$LATEST]',
    callbackWaitsForEmptyEventLoop: false,
    getRemainingTimeInMillis: () => Math.max(0, deadline - performance.now()),
    done: () => {},
    fail: () => {},
    succeed: () => {},
  };
};

let handler;
const answer = async ({ id, payload, now, remaining, crash }) => {
  baseVirtual = now;
  baseReal = performance.now();
  reseed(id);
  if (crash) setImmediate(() => process.exit(1));
  try {
    const result = await handler(JSON.parse(payload), contextOf(id, remaining));
    parentPort.postMessage({ id, ok: JSON.stringify(result) ?? 'null', lines: output.drain() });
  } catch (error) {
    parentPort.postMessage({ id, error: errorText(error), lines: output.drain() });
  }
};

try {
  const loaded = await import(moduleUrl);
  handler = loaded[exportName] ?? loaded.default?.[exportName];
  if (typeof handler !== 'function')
    throw new TypeError(`${exportName} is not a function exported by ${moduleUrl}`);
  parentPort.on('message', answer);
  parentPort.postMessage({ ready: true, lines: output.drain() });
} catch (error) {
  parentPort.postMessage({ failed: errorText(error), lines: output.drain() });
}
