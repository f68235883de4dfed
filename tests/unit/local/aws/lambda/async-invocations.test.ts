import { describe, expect, it } from 'vitest';
import { AsyncInvocations } from '#local/aws/lambda/async-invocations.ts';
import { playedFunction, recordingTarget, runtimeParts, START } from '../runtime-fixture.ts';

const DESTINATION = 'arn:aws:sqs:us-east-1:000000000000:failed';

function world(play: (payload: unknown) => unknown, settings: Parameters<typeof playedFunction>[2] = {}) {
  const parts = runtimeParts();
  const target = playedFunction(parts, play, settings);
  const failed = recordingTarget(DESTINATION);
  parts.targets.register(failed);
  const open = () => new AsyncInvocations(parts, () => target);
  return { parts, target, failed, open, invocations: open() };
}
const never = (): never => {
  throw new Error('never');
};

describe('asynchronous invocations', () => {
  it('are tried again after one and after two minutes, then recorded at the destination', async () => {
    const { parts, target, failed, invocations } = world(never, { onFailure: DESTINATION });
    invocations.accept(target.arn, '{"n":1}');
    await parts.clock.advanceUntil(START + 59_000);
    expect(target.payloads).toHaveLength(1);
    await parts.clock.advanceUntil(START + 61_000);
    expect(target.payloads).toHaveLength(2);
    await parts.clock.advanceUntil(START + 179_000);
    expect(target.payloads).toHaveLength(2);
    await parts.clock.advanceUntil(START + 600_000);
    expect(target.payloads).toHaveLength(3);
    expect(failed.taken).toMatchObject([
      {
        requestContext: { condition: 'RetriesExhausted', approximateInvokeCount: 3 },
        requestPayload: { n: 1 },
        responseContext: { functionError: 'Unhandled' },
      },
    ]);
  });

  it('go to the dead-letter queue as they came, where there is no destination', async () => {
    const { parts, target, failed, invocations } = world(never, {
      maximumRetryAttempts: 0,
      deadLetterQueue: DESTINATION,
    });
    invocations.accept(target.arn, '{"n":1}');
    await parts.clock.advanceUntil(START + 1);
    expect(failed.taken).toEqual([{ n: 1 }]);
  });

  it('are given up when they would be too old', async () => {
    const { parts, target, failed, invocations } = world(never, {
      maximumEventAgeMillis: 90_000,
      onFailure: DESTINATION,
    });
    invocations.accept(target.arn, '{}');
    await parts.clock.advanceUntil(START + 600_000);
    expect(target.payloads).toHaveLength(2);
    expect(failed.taken).toMatchObject([{ requestContext: { condition: 'EventAgeExceeded' } }]);
  });

  it('survive the process: what is not done is taken up again, what is done is not', async () => {
    const { parts, target, open, invocations } = world((payload) => payload);
    parts.context.store.exec('BEGIN');
    invocations.accept(target.arn, '{"n":1}');
    parts.context.store.exec('COMMIT');
    invocations.close();
    expect(target.payloads).toHaveLength(0);

    const second = open();
    second.start();
    await parts.clock.advanceUntil(START + 1);
    expect(target.payloads).toEqual([{ n: 1 }]);
    second.close();

    const third = open();
    third.start();
    await parts.clock.advanceUntil(START + 2);
    expect(target.payloads).toHaveLength(1);
  });

  it('start in the order in which they came', async () => {
    const { parts, target, invocations } = world((payload) => payload);
    for (let n = 0; n < 20; n += 1) invocations.accept(target.arn, JSON.stringify(n));
    await parts.clock.advanceUntil(START + 1);
    expect(target.payloads).toEqual(Array.from({ length: 20 }, (_, n) => n));
  });
});
