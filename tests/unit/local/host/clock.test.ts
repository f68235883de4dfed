import { afterEach, describe, expect, it } from 'vitest';
import { createActivity } from '#local/host/activity.ts';
import { type ClockMemory, ClockStalledError, createHostClock, type DrivenClock } from '#local/host/clock.ts';

const memory = (now?: number): ClockMemory & { now: number | undefined } => {
  const kept = {
    now,
    load: () => kept.now,
    save: (at: number) => {
      kept.now = at;
    },
  };
  return kept;
};

describe('stepped time', () => {
  const clocks: DrivenClock[] = [];
  const stepped = (startAt: number, kept = memory()) => {
    const activity = createActivity();
    const clock = createHostClock({ mode: 'stepped', startAt }, activity, kept);
    clocks.push(clock);
    return { activity, clock, kept };
  };
  afterEach(() => {
    for (const clock of clocks.splice(0)) clock.close();
  });

  it('fires timers by instant, those of one instant as scheduled, and stands at each one’s time', async () => {
    const { clock } = stepped(1_000);
    const fired: string[] = [];
    const note = (name: string) => () => void fired.push(`${name}@${clock.now()}`);
    clock.schedule(1_300, note('c'));
    clock.schedule(1_200, note('a'));
    clock.schedule(1_200, note('b'));
    clock.schedule(900, note('past'));
    clock.schedule(1_250, note('cancelled')).cancel();

    await clock.advanceUntil(1_250);
    expect(fired).toEqual(['past@1000', 'a@1200', 'b@1200']);
    expect(clock.now()).toBe(1_250);
    expect(clock.shared?.[0]).toBe(1_250);
    expect(clock.pendingTimers).toBe(1);

    await clock.advanceUntil(2_000);
    expect(fired.at(-1)).toBe('c@1300');
    expect(clock.now()).toBe(2_000);
  });

  it('does not move while work is in flight or a participant is unsettled', async () => {
    const { activity, clock } = stepped(0);
    const end = activity.begin('work');
    let settled = false;
    activity.addParticipant({ name: 'task', settled: () => Promise.resolve(settled) });
    let fired = false;
    clock.schedule(10, () => {
      fired = true;
    });
    const advanced = clock.advanceUntil(10);

    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(fired).toBe(false);
    end();
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(fired).toBe(false);
    settled = true;
    await advanced;
    expect(fired).toBe(true);
  });

  it('waits for the work that a timer starts before the next timer', async () => {
    const { activity, clock } = stepped(0);
    const order: string[] = [];
    clock.schedule(1, () => {
      const end = activity.begin('slow');
      setTimeout(() => {
        order.push('slow work');
        end();
      }, 5);
    });
    clock.schedule(2, () => void order.push('next timer'));
    await clock.advanceUntil(2);
    expect(order).toEqual(['slow work', 'next timer']);
  });

  it('stops at the condition, and says so when nothing can fulfil it any more', async () => {
    const { clock } = stepped(0);
    let count = 0;
    clock.schedule(5, () => {
      count += 1;
    });
    clock.schedule(9, () => {
      count += 1;
    });
    await clock.advanceUntil(() => count === 1);
    expect(clock.now()).toBe(5);
    await expect(clock.advanceUntil(() => count === 3)).rejects.toBeInstanceOf(ClockStalledError);
  });

  it('goes on after a restart from where it stood, never back', async () => {
    const { clock, kept } = stepped(1_000);
    await clock.advanceUntil(5_000);
    expect(stepped(0, memory(kept.now)).clock.now()).toBe(5_000);
  });
});

describe('scaled time', () => {
  it('runs faster, and does not go back after the process was killed', async () => {
    const kept = memory();
    const activity = createActivity();
    const clock = createHostClock({ mode: 'scaled', scale: 1_000, startAt: 0 }, activity, kept);
    await clock.advanceUntil(5_000);
    const last = clock.now();
    expect(last).toBeGreaterThanOrEqual(5_000);
    // Killed: `close` never ran; what counts is what is on disk.
    const restarted = createHostClock(
      { mode: 'scaled', scale: 1_000, startAt: 0 },
      activity,
      memory(kept.now),
    );
    expect(restarted.now()).toBeGreaterThanOrEqual(last);
    restarted.close();
    clock.close();
  });

  it('refuses a scale that is not positive', () => {
    expect(() => createHostClock({ mode: 'scaled', scale: 0 }, createActivity(), memory())).toThrow(
      RangeError,
    );
  });
});
