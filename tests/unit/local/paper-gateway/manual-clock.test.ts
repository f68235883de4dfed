import { describe, expect, it } from 'vitest';
import { manualClock } from '#local/paper-gateway/manual-clock.ts';

describe('a clock that waits to be told', () => {
  it('runs what falls due in its order, each at its own instant, and no more', async () => {
    const clock = manualClock(1_000);
    const seen: [string, number][] = [];
    const note = (name: string) => () => void seen.push([name, clock.now()]);
    clock.schedule(1_020, note('second'));
    clock.schedule(1_010, () => {
      note('first')();
      clock.schedule(clock.now() + 5, note('nested'));
    });
    clock.schedule(1_020, note('third'));
    clock.schedule(1_015, note('withdrawn')).cancel();
    clock.schedule(1_031, note('later'));

    await clock.advance(30);
    expect(seen).toEqual([
      ['first', 1_010],
      ['nested', 1_015],
      ['second', 1_020],
      ['third', 1_020],
    ]);
    expect(clock.now()).toBe(1_030);
    await clock.advance(1);
    expect(seen.at(-1)).toEqual(['later', 1_031]);
  });

  it('runs what is overdue at once, and does not go back for it', async () => {
    const clock = manualClock(1_000);
    const seen: number[] = [];
    clock.schedule(500, () => void seen.push(clock.now()));
    await clock.advance(1);
    expect(seen).toEqual([1_000]);
  });
});
