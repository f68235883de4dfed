import { describe, expect, it } from 'vitest';
import { createActivity } from '#local/host/activity.ts';
import { createTurnstile } from '#local/host/turnstile.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('the turnstile', () => {
  it('lets one of a lane in at a time in stepped time, sorted by source, whatever came first', async () => {
    const activity = createActivity();
    const turnstile = createTurnstile('stepped', activity);
    const order: string[] = [];
    let inside = 0;
    const visit = (name: string) => async () => {
      inside += 1;
      expect(inside).toBe(1);
      await turn();
      order.push(name);
      inside -= 1;
    };
    const busy = activity.begin('request');
    const all = [
      turnstile.pass('b', 'one function', visit('b1')),
      turnstile.pass('a', 'one function', visit('a1')),
      turnstile.pass('b', 'one function', visit('b2')),
      turnstile.pass('a', 'one function', visit('a2')),
    ];
    await turn();
    expect(order).toEqual([]);
    busy();
    await Promise.all(all);
    expect(order).toEqual(['a1', 'a2', 'b1', 'b2']);
    expect(activity.inFlight).toBe(0);
  });

  it('lets different lanes in side by side in stepped time, and waits for all before the next step', async () => {
    const turnstile = createTurnstile('stepped', createActivity());
    const order: string[] = [];
    const visit = (name: string) => async () => {
      order.push(`${name} in`);
      await turn();
      order.push(`${name} out`);
    };
    await Promise.all([
      turnstile.pass('a', 'first', visit('a1')),
      turnstile.pass('b', 'second', visit('b1')),
      turnstile.pass('a', 'first', visit('a2')),
    ]);
    expect(order.slice(0, 2)).toEqual(['a1 in', 'b1 in']);
    expect(order.slice(2, 4).sort()).toEqual(['a1 out', 'b1 out']);
    expect(order.slice(4)).toEqual(['a2 in', 'a2 out']);
  });

  it('lets everyone in at once in flowing time', async () => {
    const turnstile = createTurnstile('wall', createActivity());
    let inside = 0;
    let most = 0;
    const visit = async (): Promise<void> => {
      inside += 1;
      most = Math.max(most, inside);
      await turn();
      inside -= 1;
    };
    await Promise.all([turnstile.pass('a', 'same', visit), turnstile.pass('b', 'same', visit)]);
    expect(most).toBe(2);
  });

  it('passes on a failure and goes on', async () => {
    const turnstile = createTurnstile('stepped', createActivity());
    await expect(turnstile.pass('a', 'one', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await expect(turnstile.pass('a', 'one', () => Promise.resolve(1))).resolves.toBe(1);
  });
});
