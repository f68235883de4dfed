import { describe, expect, it } from 'vitest';
import { Schedule } from '#ecs/ib-gateway/bridge-context.ts';
import { Mailbox } from '#ecs/ib-gateway/mailbox.ts';
import { SteppedClock } from '../../integration/bridge/stepped-clock.ts';

describe('what is done again and again', () => {
  it('goes on after a turn that failed, and ends when it is cancelled', async () => {
    const clock = new SteppedClock(0);
    const faults: unknown[] = [];
    const mailbox = new Mailbox((fault) => faults.push(fault));
    const schedule = new Schedule(clock, (work) => mailbox.post(work));
    let turns = 0;
    const habit = schedule.every(1_000, () => {
      turns += 1;
      if (turns === 2) throw new Error('not this time');
    });
    await clock.advanceTo(5_000, () => mailbox.settled());
    expect(turns).toBe(5);
    expect(faults).toHaveLength(1);
    habit.cancel();
    await clock.advanceTo(9_000, () => mailbox.settled());
    expect(turns).toBe(5);
  });
});
