/**
 * What runs in a task's worker thread before its entry. Speaks with the host over a port of its own, so that the
 * entry has `parentPort` to itself. Plain JavaScript for the reason given in host/worker/virtual-date.mjs.
 *
 * In: {ping}, {fire, id}, {stop}; out: {pong, …}, {schedule, id, delay}, {cancel, id}, {fired, id}, {lines}.
 */
import { workerData } from 'node:worker_threads';
import { captureLines } from '../../host/worker/line-capture.mjs';
import { installSeededRandom } from '../../host/worker/seeded-random.mjs';
import { trackSockets } from '../../host/worker/socket-counters.mjs';
import { installVirtualDate } from '../../host/worker/virtual-date.mjs';
import { installVirtualTimers } from '../../host/worker/virtual-timers.mjs';

const { control, entryUrl, clock, seed } = workerData;
const output = captureLines((lines) => control.postMessage({ type: 'lines', lines }));
const sockets = trackSockets();
let fireTimer = () => {};

if (clock.mode === 'scaled') {
  const startedAt = performance.now();
  installVirtualDate(() => clock.now + (performance.now() - startedAt) * clock.scale);
  const { setTimeout: realTimeout, setInterval: realInterval } = globalThis;
  globalThis.setTimeout = (run, delay, ...parts) => realTimeout(run, delay / clock.scale, ...parts);
  globalThis.setInterval = (run, delay, ...parts) => realInterval(run, delay / clock.scale, ...parts);
}
if (clock.mode === 'stepped') {
  installVirtualDate(() => clock.shared[0]);
  const random = { seed, drawn: 0 };
  installSeededRandom(() => random);
  fireTimer = installVirtualTimers({
    schedule: (id, delay) => control.postMessage({ type: 'schedule', id, delay }),
    cancel: (id) => control.postMessage({ type: 'cancel', id }),
    pending: (count) => (count > 0 ? control.ref() : control.unref()),
  });
}

/** Work that the thread pool or the system does for this thread and that no counter shows. */
const REQUEST = /Req|ConnectWrap|WriteWrap|ShutdownWrap/;

let ownTurns = 0;
const nextTurn = (run) => {
  ownTurns += 1;
  setImmediate(() => {
    ownTurns -= 1;
    run();
  });
};
/** Calls back after a whole turn of the event loop: what had arrived by now has been handled by then. */
const afterTurn = (run) => nextTurn(() => nextTurn(run));

/** Whether the thread waits for the system, or has put work off to its next turn. */
const isBusy = () => {
  const resources = process.getActiveResourcesInfo();
  const turns = resources.filter((resource) => resource === 'Immediate').length;
  return turns > ownTurns || resources.some((resource) => REQUEST.test(resource));
};

control.on('message', (message) => {
  switch (message.type) {
    case 'ping':
      afterTurn(() =>
        control.postMessage({
          type: 'pong',
          id: message.id,
          sockets: sockets(),
          busy: isBusy(),
          lines: output.drain(),
        }),
      );
      break;
    case 'fire':
      try {
        fireTimer(message.id);
      } finally {
        afterTurn(() => control.postMessage({ type: 'fired', id: message.id }));
      }
      break;
    case 'stop':
      // A thread gets no signals; listeners for them work all the same.
      if (!process.emit('SIGTERM', 'SIGTERM')) process.exit(0);
      break;
  }
});
control.unref();
control.postMessage({ type: 'up' });
await import(entryUrl);
