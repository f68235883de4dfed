/**
 * What runs in a function's worker thread: loads the handler once, then answers one call at a time. Plain JavaScript
 * for the reason given in virtual-date.mjs.
 *
 * In: {id, payload, now, remaining, crash}; out: {ready} | {id, ok, lines} | {id, error, lines} | {lines}.
 */

import * as crypto from 'node:crypto';
import { createHash } from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import { captureLines } from './line-capture.mjs';
import { installVirtualDate } from './virtual-date.mjs';

const { moduleUrl, exportName, functionName, functionArn, memoryMegabytes, clock } = workerData;

let baseVirtual = clock.now;
let baseReal = performance.now();
if (clock.mode !== 'wall')
  installVirtualDate(() => baseVirtual + (performance.now() - baseReal) * clock.scale);

/** In stepped time a run must repeat exactly, so what handlers draw at random follows from the call's id. */
let seed = '';
let drawn = 0;
const bytes = () => createHash('sha256').update(`${seed}/${drawn++}`).digest();
if (clock.mode === 'stepped') {
  const randomUUID = () => {
    const drawnBytes = bytes().subarray(0, 16);
    drawnBytes[6] = (drawnBytes[6] & 0x0f) | 0x40;
    drawnBytes[8] = (drawnBytes[8] & 0x3f) | 0x80;
    return drawnBytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  };
  Math.random = () => bytes().readUInt32BE(0) / 4294967296;
  crypto.default.randomUUID = randomUUID;
  syncBuiltinESMExports();
  globalThis.crypto.randomUUID = randomUUID;
}

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
  seed = id;
  drawn = 0;
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
