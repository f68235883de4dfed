import type { AsyncSettings } from '#local/aws/lambda/async-invocations.ts';
import type { InvocationOutcome } from '#local/aws/lambda/function-worker.ts';
import type { HostedFunction } from '#local/aws/lambda/lambda.ts';
import { createActivity } from '#local/host/activity.ts';
import { createHostClock, type DrivenClock } from '#local/host/clock.ts';
import { createFaults } from '#local/host/faults.ts';
import { Authorizer } from '#local/host/iam/authorizer.ts';
import { CredentialsRegistry } from '#local/host/iam/credentials.ts';
import { createIdentifiers } from '#local/host/identifiers.ts';
import type { DeliveryTarget } from '#local/host/kernel.ts';
import type { RuntimeParts } from '#local/host/runtime-parts.ts';
import { openStore } from '#local/host/store.ts';
import { createTurnstile } from '#local/host/turnstile.ts';

export const START = Date.parse('2018-02-05T14:30:00.000Z');

/** The parts of a host without HTTP and resources, in stepped time, in memory. */
export function runtimeParts(): RuntimeParts & { readonly clock: DrivenClock } {
  const region = 'us-east-1';
  const accountId = '000000000000';
  const store = openStore(null);
  const activity = createActivity();
  const clock = createHostClock({ mode: 'stepped', startAt: START }, activity, {
    load: () => undefined,
    save: () => {},
  });
  const targets = new Map<string, DeliveryTarget>();
  const silent = (): void => {};
  return {
    clock,
    context: {
      region,
      accountId,
      endpoint: 'http://127.0.0.1:1',
      clock,
      store,
      directory: null,
      activity,
      log: { info: silent, warn: silent, error: silent },
      nextId: createIdentifiers(store, 'test'),
    },
    targets: { register: (target) => void targets.set(target.arn, target), find: (arn) => targets.get(arn) },
    turnstile: createTurnstile('stepped', activity),
    faults: createFaults('test'),
    clockScale: 0,
    sharedNow: clock.shared,
    functionThreads: undefined,
    authorizer: new Authorizer({ region, accountId }),
    credentials: new CredentialsRegistry(),
    assetDirectory: (reference) => {
      throw new Error(`no asset ${reference}`);
    },
    call: () => Promise.reject(new Error('no services')),
    output: silent,
  };
}

/** A target that keeps what it takes, or refuses. */
export function recordingTarget(
  arn: string,
  refuse: (event: unknown) => Error | undefined = () => undefined,
): DeliveryTarget & { readonly taken: unknown[] } {
  const taken: unknown[] = [];
  return {
    arn,
    taken,
    async deliver(event) {
      const error = refuse(event);
      if (error !== undefined) throw error;
      taken.push(event);
    },
  };
}

/** A function played by a callback on the parsed payload; what it throws is how the function fails. */
export function playedFunction(
  parts: RuntimeParts,
  play: (payload: unknown) => unknown,
  settings: Partial<AsyncSettings> = {},
): HostedFunction & { readonly payloads: unknown[] } {
  const payloads: unknown[] = [];
  return {
    name: 'played',
    logicalId: 'Played',
    arn: 'arn:aws:lambda:us-east-1:000000000000:function:played',
    roleArn: 'arn:aws:iam::000000000000:role/played',
    caller: { kind: 'operator' },
    concurrency: 1,
    settings: {
      maximumRetryAttempts: 2,
      maximumEventAgeMillis: 21_600_000,
      onSuccess: undefined,
      onFailure: undefined,
      deadLetterQueue: undefined,
      ...settings,
    },
    payloads,
    invoke: (source, payload) =>
      parts.turnstile.pass(source, source, async (): Promise<InvocationOutcome> => {
        const parsed: unknown = JSON.parse(typeof payload === 'string' ? payload : payload());
        payloads.push(parsed);
        try {
          return { kind: 'succeeded', payload: JSON.stringify(play(parsed)) ?? 'null' };
        } catch (error) {
          return {
            kind: 'failed',
            payload: JSON.stringify({ errorType: 'Error', errorMessage: String(error), trace: [] }),
          };
        }
      }),
  };
}
