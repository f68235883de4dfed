/**
 * What runs in a thread before any function: gives each instance an environment, lines and randomness of its own, loads
 * the handlers that the host asks for, then answers their calls. Plain JavaScript for the reason given in
 * virtual-date.mjs.
 *
 * In: {instance, load} | {instance, call: {id, payload, now, remaining, crash}};
 * out: {instance, ready} | {instance, failed} | {instance, id, ok, lines} | {instance, id, error, lines} | {instance, lines}.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { registerHooks } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import { captureLines } from '../../host/worker/line-capture.mjs';
import { installScopedEnvironment } from '../../host/worker/scoped-environment.mjs';
import { installSeededRandom } from '../../host/worker/seeded-random.mjs';
import { installVirtualDate } from '../../host/worker/virtual-date.mjs';

const { clock } = workerData;

let baseVirtual = clock.now;
let baseReal = performance.now();
if (clock.mode !== 'wall')
  installVirtualDate(() => baseVirtual + (performance.now() - baseReal) * clock.scale);

/** Whose code runs: a scope is {instance, environment, random}; loading is not asynchronous work of one scope alone. */
const scopes = new AsyncLocalStorage();
let loading;
const scope = () => scopes.getStore() ?? loading;

installScopedEnvironment(() => scope()?.environment);
if (clock.mode === 'stepped') installSeededRandom(() => scope()?.random);
const output = captureLines(
  (lines, instance) => parentPort.postMessage({ instance, lines }),
  () => scope()?.instance,
);

const sharedModules = new Map();
registerHooks({
  resolve(specifier, context, next) {
    const resolved = next(specifier, context);
    const url = sharedModules.get(resolved.url);
    return url === undefined ? resolved : { ...resolved, url };
  },
});

const errorText = (error) =>
  JSON.stringify(
    error instanceof Error
      ? { errorType: error.name, errorMessage: error.message, trace: (error.stack ?? '').split('\n') }
      : { errorType: typeof error, errorMessage: String(error), trace: [] },
  );

const contextOf = ({ name, arn, memoryMegabytes }, id, remaining) => {
  const deadline = performance.now() + remaining;
  return {
    awsRequestId: id,
    functionName: name,
    functionVersion: '$LATEST',
    invokedFunctionArn: arn,
    memoryLimitInMB: String(memoryMegabytes),
    logGroupName: `/aws/lambda/${name}`,
    logStreamName: 'local/[$LATEST]',
    callbackWaitsForEmptyEventLoop: false,
    getRemainingTimeInMillis: () => Math.max(0, deadline - performance.now()),
    done: () => {},
    fail: () => {},
    succeed: () => {},
  };
};

const instances = new Map();

/** A second instance of a function in this thread gets a module of its own, as a second sandbox would. */
const loaded = new Map();
const moduleOf = (url) => {
  const copies = loaded.get(url) ?? 0;
  loaded.set(url, copies + 1);
  return copies === 0 ? url : `${url}?instance=${copies}`;
};

const load = async (instance, code) => {
  const { moduleUrl, exportName, environment, sharedModules: shared } = code;
  for (const [url, first] of Object.entries(shared)) sharedModules.set(url, first);
  const own = { instance, environment: { ...environment }, random: { seed: '', drawn: 0 } };
  loading = own;
  try {
    const module = await scopes.run(own, () => import(moduleOf(moduleUrl)));
    const handler = module[exportName] ?? module.default?.[exportName];
    if (typeof handler !== 'function')
      throw new TypeError(`${exportName} is not a function exported by ${moduleUrl}`);
    instances.set(instance, { code, handler, environment: own.environment });
    parentPort.postMessage({ instance, ready: true, lines: output.drain(instance) });
  } catch (error) {
    parentPort.postMessage({ instance, failed: errorText(error), lines: output.drain(instance) });
  } finally {
    loading = undefined;
  }
};

const answer = async (instance, { id, payload, now, remaining, crash }) => {
  const { code, handler, environment } = instances.get(instance);
  baseVirtual = now;
  baseReal = performance.now();
  if (crash) setImmediate(() => process.exit(1));
  try {
    const own = { instance, environment, random: { seed: id, drawn: 0 } };
    const result = await scopes.run(own, () => handler(JSON.parse(payload), contextOf(code, id, remaining)));
    parentPort.postMessage({
      instance,
      id,
      ok: JSON.stringify(result) ?? 'null',
      lines: output.drain(instance),
    });
  } catch (error) {
    parentPort.postMessage({ instance, id, error: errorText(error), lines: output.drain(instance) });
  }
};

/** One module is loaded at a time, so that what runs while it loads can only be its own. */
let queue = Promise.resolve();
parentPort.on('message', ({ instance, load: code, call }) => {
  if (call !== undefined) void answer(instance, call);
  else queue = queue.then(() => load(instance, code));
});
