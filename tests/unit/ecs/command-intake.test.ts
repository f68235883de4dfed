import { describe, expect, it } from 'vitest';
import type { CommandQueue, ReceivedCommand } from '#core/broker/command-queue.ts';
import { Schedule } from '#ecs/ib-gateway/bridge-context.ts';
import { CommandIntake } from '#ecs/ib-gateway/command-intake.ts';

/** A queue that gives what it is given, and an intake that pulls from it. */
function pulling() {
  const waiting: ((commands: ReceivedCommand[]) => void)[] = [];
  const deleted: string[] = [];
  const returned: string[] = [];
  let asked = 0;
  const queue: CommandQueue = {
    receive: (signal) => {
      asked += 1;
      return new Promise((resolve, reject) => {
        waiting.push(resolve);
        signal.addEventListener('abort', () => reject(new Error('stopped')), { once: true });
      });
    },
    delete: async (receipt) => void deleted.push(receipt),
    extend: async (receipt) => void returned.push(receipt),
  };
  const timers: (() => void)[] = [];
  const turns: unknown[] = [];
  const clock = {
    now: () => 0,
    schedule: (_: number, run: () => void) => {
      timers.push(run);
      return { cancel: () => {} };
    },
  };
  const schedule = new Schedule(clock, (work) => void turns.push(work()));
  const intake = new CommandIntake(
    queue,
    schedule,
    30,
    { pause: async () => {}, waitFor: (_, work) => work() },
    () => {},
  );
  const give = async (messageId: string) => {
    waiting.shift()?.([{ messageId, receipt: `r-${messageId}`, body: '{}' }]);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { intake, queue, give, deleted, returned, timers, turns, asked: () => asked };
}

describe('pulling commands', () => {
  it('asks for the next one when the one before has had its turn', async () => {
    const { intake, give, asked, deleted } = pulling();
    let end: () => void = () => {};
    intake.start(() => new Promise((resolve) => (end = resolve)));
    expect(asked()).toBe(1);
    await give('a');
    expect(asked()).toBe(1);
    intake.complete('a');
    end();
    await new Promise((resolve) => setImmediate(resolve));
    expect(asked()).toBe(2);
    expect(deleted).toEqual(['r-a']);
    await intake.stop();
  });

  it('keeps what waits hidden, and nobody waiting where the queue does not answer', async () => {
    const { intake, queue, give, returned, timers, turns } = pulling();
    const hiding = { ...queue };
    queue.extend = (receipt, seconds) => {
      void hiding.extend(receipt, seconds);
      return new Promise(() => {});
    };
    intake.start(async () => {});
    await give('a');
    await give('b');
    for (const run of timers.splice(0)) run();
    expect(returned).toEqual(['r-a', 'r-b']);
    // The turn is over, and the next one is planned.
    const later = new Promise((resolve) => setImmediate(() => resolve('still waiting')));
    expect(await Promise.race([Promise.all(turns), later])).toEqual([undefined]);
    expect(timers).toHaveLength(1);
  });

  it('stops though a command still has its turn, and gives it back', async () => {
    const { intake, give, asked, returned } = pulling();
    intake.start(() => new Promise(() => {}));
    await give('a');
    await intake.stop();
    expect(returned).toEqual(['r-a']);
    expect(asked()).toBe(1);
  });
});
