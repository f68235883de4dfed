import { describe, expect, it } from 'vitest';
import type { SessionInput } from '#core/broker/bridge-session.ts';
import { newYorkInstant } from '#core/market/calendar.ts';
import { Schedule } from '#ecs/ib-gateway/bridge-context.ts';
import { Mailbox } from '#ecs/ib-gateway/mailbox.ts';
import { MaintenanceWatch } from '#ecs/ib-gateway/maintenance-watch.ts';
import { SteppedClock } from '../../integration/bridge/stepped-clock.ts';

const HOUR = 3_600_000;

describe('a planned window', () => {
  it.each(['maintenance-started', 'maintenance-ended'] as const)(
    'that began ends, and the next one comes, though the store fails at %s',
    async (failing) => {
      const clock = new SteppedClock(newYorkInstant('2018-02-05', 12, 0));
      const mailbox = new Mailbox(() => {});
      const steps: SessionInput['kind'][] = [];
      const watch = new MaintenanceWatch(
        {
          metric: () => {},
          schedule: new Schedule(clock, (work) => mailbox.post(work)),
          settings: {
            maintenance: { dailyRestart: { hour: 23, minute: 45, minutes: 15 }, sundayLogin: null },
          },
        },
        async ({ kind }) => {
          steps.push(kind);
          if (kind === failing && steps.length <= 2) throw new Error('the store is down');
        },
        () => {},
      );
      mailbox.post(() => watch.plan());
      await clock.advanceTo(clock.now() + 40 * HOUR, () => mailbox.settled());
      expect(steps).toEqual([
        'maintenance-started',
        'maintenance-ended',
        'maintenance-started',
        'maintenance-ended',
      ]);
    },
  );
});
