import type { EpochMillis } from '#core/values/clock.ts';
import type { Timer } from '#core/values/timer-clock.ts';
import type { HostActivity } from './activity.ts';
import type { HostClock } from './kernel.ts';
import { TimerHeap } from './timer-heap.ts';

/** How the host's time runs. `startAt` counts only where nothing is remembered; `scale` only in mode `scaled`. */
export interface ClockSettings {
  readonly mode: HostClock['mode'];
  readonly startAt?: EpochMillis;
  readonly scale?: number;
}

/** Where virtual time survives a restart. */
export interface ClockMemory {
  load(): EpochMillis | undefined;
  save(now: EpochMillis): void;
}

/** The host's clock with the handle that moves it. */
export interface DrivenClock extends HostClock {
  /** Virtual milliseconds a real millisecond: 1 for `wall`, 0 for `stepped`. */
  readonly scale: number;
  readonly pendingTimers: number;
  /** Stepped time as other threads read it: one element, milliseconds since the epoch. */
  readonly shared: Float64Array | undefined;
  /**
   * Lets time pass until an instant or until a condition holds. Stepped: waits for quiet, fires the earliest timer,
   * waits for quiet again, and so on, and returns when all is quiet. @throws {ClockStalledError} where the condition
   * does not hold and no timer is left.
   */
  advanceUntil(target: EpochMillis | (() => boolean)): Promise<void>;
  close(): void;
}

/** Stepped time cannot reach the condition: it does not hold, all is quiet and no timer is left. */
export class ClockStalledError extends Error {
  readonly code = 'ClockStalled';
  readonly retryable = false;
  constructor(now: EpochMillis) {
    super(
      `all is quiet at ${new Date(now).toISOString()} and no timer is left, but the condition does not hold; nothing will change any more`,
    );
    this.name = 'ClockStalledError';
  }
}

const LONGEST_TIMEOUT = 2_147_483_647;
/** A scaled clock remembers an instant this far ahead (real time), so that after `kill -9` it never goes backwards. */
const LEASE_MILLIS = 1_000;
const CONDITION_CHECK_MILLIS = 2;

/** Builds the clock of the host. */
export function createHostClock(
  settings: ClockSettings,
  activity: HostActivity,
  memory: ClockMemory,
): DrivenClock {
  switch (settings.mode) {
    case 'wall':
      return flowingClock(
        'wall',
        1,
        () => Date.now(),
        activity,
        () => {},
      );
    case 'scaled': {
      const scale = settings.scale ?? 1;
      if (!(scale > 0 && Number.isFinite(scale)))
        throw new RangeError(`clock scale must be a positive number, not ${String(scale)}`);
      const startedAt = performance.now();
      const base = memory.load() ?? settings.startAt ?? Date.now();
      const read = (): EpochMillis => Math.floor(base + (performance.now() - startedAt) * scale);
      const save = (): void => memory.save(read() + LEASE_MILLIS * scale);
      save();
      const lease = setInterval(save, LEASE_MILLIS / 2);
      lease.unref();
      return flowingClock('scaled', scale, read, activity, () => {
        clearInterval(lease);
        memory.save(read());
      });
    }
    case 'stepped':
      return steppedClock(settings, activity, memory);
  }
}

function flowingClock(
  mode: 'wall' | 'scaled',
  scale: number,
  read: () => EpochMillis,
  activity: HostActivity,
  onClose: () => void,
): DrivenClock {
  const timers = new TimerHeap();
  let latest = Number.NEGATIVE_INFINITY;
  let alarm: NodeJS.Timeout | undefined;
  let alarmAt = Number.POSITIVE_INFINITY;

  // The machine's clock may be set back under us; ours never follows.
  const now = (): EpochMillis => {
    latest = Math.max(latest, read());
    return latest;
  };
  const fireDue = (): void => {
    alarm = undefined;
    alarmAt = Number.POSITIVE_INFINITY;
    const due = now();
    try {
      for (let next = timers.peek(); next !== undefined && next.at <= due; next = timers.peek()) {
        timers.pop();
        next.run();
      }
    } finally {
      arm();
    }
  };
  const arm = (): void => {
    const next = timers.peek();
    if (next === undefined || next.at >= alarmAt) return;
    if (alarm !== undefined) clearTimeout(alarm);
    alarmAt = next.at;
    alarm = setTimeout(fireDue, Math.min(LONGEST_TIMEOUT, Math.max(0, Math.ceil((next.at - now()) / scale))));
  };
  const schedule = (at: EpochMillis, run: () => void): Timer => {
    const timer = timers.push(at, run);
    arm();
    return timer;
  };

  return {
    mode,
    scale,
    shared: undefined,
    now,
    schedule,
    get pendingTimers() {
      return timers.size;
    },
    async advanceUntil(target) {
      if (typeof target === 'number') {
        await new Promise<void>((resolve) => schedule(target, resolve));
      } else {
        while (!target()) await new Promise((resolve) => setTimeout(resolve, CONDITION_CHECK_MILLIS));
      }
      await activity.idle();
    },
    close() {
      if (alarm !== undefined) clearTimeout(alarm);
      timers.clear();
      onClose();
    },
  };
}

function steppedClock(settings: ClockSettings, activity: HostActivity, memory: ClockMemory): DrivenClock {
  const timers = new TimerHeap();
  let current = memory.load() ?? settings.startAt ?? Date.now();
  let advancing: Promise<void> = Promise.resolve();
  const shared = new Float64Array(new SharedArrayBuffer(Float64Array.BYTES_PER_ELEMENT));
  shared[0] = current;
  memory.save(current);

  const moveTo = (at: EpochMillis): void => {
    if (at <= current) return;
    current = at;
    shared[0] = at;
    memory.save(current);
  };
  const advance = async (target: EpochMillis | (() => boolean)): Promise<void> => {
    for (;;) {
      await activity.quiet();
      if (typeof target === 'function' && target()) return;
      const next = timers.peek();
      if (next === undefined || (typeof target === 'number' && next.at > target)) {
        if (typeof target === 'function') throw new ClockStalledError(current);
        moveTo(target);
        return;
      }
      // What is due at one instant happens together, in the order it was scheduled; then all has to come to rest again.
      const instant = next.at;
      for (let due = timers.peek(); due !== undefined && due.at <= instant; due = timers.peek()) {
        timers.pop();
        moveTo(due.at);
        due.run();
      }
    }
  };

  return {
    mode: 'stepped',
    scale: 0,
    shared,
    now: () => current,
    schedule: (at, run) => timers.push(at, run),
    get pendingTimers() {
      return timers.size;
    },
    advanceUntil(target) {
      // One advance at a time: two loops would each pop a timer for the same moment of quiet.
      const turn = advancing.then(() => advance(target));
      advancing = turn.catch(() => {});
      return turn;
    },
    close() {
      timers.clear();
      memory.save(current);
    },
  };
}
