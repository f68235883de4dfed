import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers';
import timersPromises from 'node:timers/promises';
import { promisify } from 'node:util';

/**
 * Replaces the thread's timers by ones that the host's clock fires. `setImmediate` stays: it is no matter of time.
 * Node's own timers (socket time-outs) stay real.
 *
 * @param {{ schedule: (id: number, delay: number) => void, cancel: (id: number) => void, pending: (count: number) => void }} host
 * @returns {(id: number) => void} runs a timer that the host fires
 */
export function installVirtualTimers(host) {
  const entries = new Map();
  let lastId = 0;

  class VirtualTimeout {
    constructor(run, delay, repeat) {
      this.id = ++lastId;
      this.run = run;
      this.delay = delay >= 1 && delay <= 2_147_483_647 ? Number(delay) : 1;
      this.repeat = repeat;
      this.kept = true;
      this.arm();
    }
    arm() {
      entries.set(this.id, this);
      host.schedule(this.id, this.delay);
      host.pending(entries.size);
    }
    close() {
      if (!entries.delete(this.id)) return this;
      host.cancel(this.id);
      host.pending(entries.size);
      return this;
    }
    refresh() {
      if (entries.has(this.id)) host.cancel(this.id);
      this.arm();
      return this;
    }
    ref() {
      this.kept = true;
      return this;
    }
    unref() {
      this.kept = false;
      return this;
    }
    hasRef() {
      return this.kept;
    }
    [Symbol.toPrimitive]() {
      return this.id;
    }
    [Symbol.dispose]() {
      this.close();
    }
  }

  const clear = (timer) => {
    if (timer === undefined || timer === null) return;
    const known = typeof timer === 'object' ? timer : entries.get(Number(timer));
    known?.close?.();
  };
  const setTimeout = (run, delay, ...parts) => new VirtualTimeout(() => run(...parts), delay, false);
  const setInterval = (run, delay, ...parts) => new VirtualTimeout(() => run(...parts), delay, true);

  const abortable = (start, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const timer = start(resolve);
      signal?.addEventListener(
        'abort',
        () => {
          timer.close();
          reject(signal.reason);
        },
        { once: true },
      );
    });
  const sleep = (delay, value, options) =>
    abortable((resolve) => setTimeout(resolve, delay, value), options?.signal);
  async function* ticks(delay, value, options) {
    while (true) yield await sleep(delay, value, options);
  }
  setTimeout[promisify.custom] = sleep;

  const replaced = { setTimeout, setInterval, clearTimeout: clear, clearInterval: clear };
  Object.assign(globalThis, replaced);
  Object.assign(timers, replaced);
  Object.assign(timersPromises, { setTimeout: sleep, setInterval: ticks });
  timersPromises.scheduler.wait = (delay, options) => sleep(delay, undefined, options);
  syncBuiltinESMExports();
  AbortSignal.timeout = (delay) => {
    const controller = new AbortController();
    setTimeout(
      () => controller.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError')),
      delay,
    );
    return controller.signal;
  };

  return (id) => {
    const timer = entries.get(id);
    if (timer === undefined) return;
    if (timer.repeat) {
      host.schedule(id, timer.delay);
    } else {
      entries.delete(id);
      host.pending(entries.size);
    }
    timer.run();
  };
}
