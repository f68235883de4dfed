import { describe, expect, it } from 'vitest';
import { scaledClock } from '#local/paper-gateway/wall-clock.ts';

describe('a scaled clock', () => {
  it('starts where it is told and runs timers at their instants, in order, never inside the call that set them', async () => {
    const start = Date.UTC(2018, 1, 5, 14, 30);
    const clock = scaledClock({ start: () => start, pace: 10_000 });
    const ran: [string, number][] = [];
    await new Promise<void>((resolve) => {
      clock.schedule(start + 60_000, () => {
        ran.push(['later', clock.now()]);
        resolve();
      });
      clock.schedule(start + 20_000, () => ran.push(['sooner', clock.now()]));
      clock.schedule(start - 1, () => ran.push(['overdue', clock.now()]));
      clock.schedule(start + 30_000, () => ran.push(['cancelled', clock.now()])).cancel();
      expect(ran).toEqual([]);
    });
    expect(ran.map(([name]) => name)).toEqual(['overdue', 'sooner', 'later']);
    expect(ran[1]?.[1]).toBeGreaterThanOrEqual(start + 20_000);
    expect(ran[2]?.[1]).toBeGreaterThanOrEqual(start + 60_000);
  });
});
