import { describe, expect, it } from 'vitest';
import { Deliveries, type Route } from '#local/aws/events/deliveries.ts';
import { AwsError } from '#local/host/kernel.ts';
import { recordingTarget, runtimeParts, START } from '../runtime-fixture.ts';

const TARGET = 'arn:aws:sqs:us-east-1:000000000000:target';
const DEAD = 'arn:aws:sqs:us-east-1:000000000000:dead';

function world(refuse: (event: unknown) => Error | undefined = () => undefined, change: Partial<Route> = {}) {
  const parts = runtimeParts();
  const target = recordingTarget(TARGET, refuse);
  const dead = recordingTarget(DEAD);
  parts.targets.register(target);
  parts.targets.register(dead);
  const route: Route = {
    key: 'rule#1',
    sourceArn: 'rule',
    targetArn: TARGET,
    sender: { kind: 'operator' },
    messageGroupId: undefined,
    maximumRetryAttempts: 3,
    maximumEventAgeMillis: 86_400_000,
    deadLetterArn: DEAD,
    ...change,
  };
  const open = (): Deliveries => {
    const deliveries = new Deliveries(parts, 'event_deliveries');
    deliveries.addRoute(route);
    return deliveries;
  };
  return { parts, target, dead, route, open, deliveries: open() };
}

describe('deliveries', () => {
  it('are made in order', async () => {
    const { parts, target, route, deliveries } = world();
    for (const payload of ['1', '2', '3']) deliveries.accept(route, payload);
    await parts.clock.advanceUntil(START + 1);
    expect(target.taken).toEqual(['1', '2', '3']);
  });

  it('that fail step aside, come again later and end in the dead-letter queue', async () => {
    const { parts, target, dead, route, deliveries } = world((event) =>
      event === 'bad' ? new AwsError('InternalFailure', 'no', 500) : undefined,
    );
    for (const payload of ['bad', 'good']) deliveries.accept(route, payload);
    await parts.clock.advanceUntil(START + 500);
    expect(target.taken).toEqual(['good']);
    expect(dead.taken).toEqual([]);
    await parts.clock.advanceUntil(START + 60_000);
    expect(dead.taken).toEqual(['bad']);
  });

  it('that are not permitted go to the dead-letter queue at once', async () => {
    const { parts, dead, route, deliveries } = world(() => new AwsError('AccessDenied', 'no', 403));
    deliveries.accept(route, 'x');
    await parts.clock.advanceUntil(START + 1);
    expect(dead.taken).toEqual(['x']);
  });

  it('survive the process until they are made', async () => {
    let down = true;
    const { parts, target, route, open, deliveries } = world(() =>
      down ? new AwsError('InternalFailure', 'no', 500) : undefined,
    );
    deliveries.accept(route, 'kept');
    await parts.clock.advanceUntil(START + 10);
    deliveries.close();
    down = false;
    const second = open();
    second.start();
    await parts.clock.advanceUntil(START + 60_000);
    expect(target.taken).toEqual(['kept']);
    second.close();
    const third = open();
    third.start();
    await parts.clock.advanceUntil(START + 120_000);
    expect(target.taken).toEqual(['kept']);
  });

  it('can be made twice and late, on demand', async () => {
    const { parts, target, route, deliveries } = world();
    parts.faults.set({ duplicate: 1, delay: 1, delayMillis: 1_000 });
    deliveries.accept(route, 'x');
    await parts.clock.advanceUntil(START);
    expect(target.taken).toEqual([]);
    await parts.clock.advanceUntil(START + 1_001);
    expect(target.taken).toEqual(['x', 'x']);
  });
});
