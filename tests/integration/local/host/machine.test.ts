import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Host } from '#local/host/host.ts';
import { MONDAY_9_NEW_YORK, OPERATOR, startOn, temporaryDirectory } from './harness.ts';
import { machine } from './machine-assembly.ts';

describe('a state machine started by a schedule', () => {
  let directory: ReturnType<typeof temporaryDirectory>;
  let host: Host;
  beforeEach(async () => {
    directory = temporaryDirectory();
    host = await startOn(machine, directory.path);
  });
  afterEach(async () => {
    await host.close();
    directory.remove();
  });

  const list = async (): Promise<readonly Readonly<Record<string, unknown>>[]> => {
    const answer = await host.call(
      'states',
      'ListExecutions',
      { stateMachineArn: host.resource('Machine').identity.ref },
      OPERATOR,
    );
    return answer['executions'] as readonly Readonly<Record<string, unknown>>[];
  };

  it('runs at half past nine in New York, waits, maps, retries, catches and tells the bus', async () => {
    await host.clock.advanceUntil(MONDAY_9_NEW_YORK + 29 * 60_000);
    expect(await list()).toHaveLength(0);

    await host.clock.advanceUntil(MONDAY_9_NEW_YORK + 40 * 60_000);

    const [execution] = await list();
    expect(execution).toMatchObject({
      status: 'SUCCEEDED',
      startDate: (MONDAY_9_NEW_YORK + 30 * 60_000) / 1000,
    });
    // One minute of Wait and five seconds before the second attempt of item 2.
    expect(execution?.['stopDate']).toBe((MONDAY_9_NEW_YORK + 31 * 60_000 + 5_000) / 1000);
    const described = await host.call(
      'states',
      'DescribeExecution',
      { executionArn: execution?.['executionArn'] },
      OPERATOR,
    );
    expect(JSON.parse(String(described['output']))).toEqual([2, 4, 'Broken', 8]);
    expect(JSON.parse(String(described['input']))).toEqual({ limit: 4, at: '2018-02-05T14:30:00Z' });
  });

  it('is idempotent by name, and fails with the error and cause of a Fail state', async () => {
    const start = {
      stateMachineArn: host.resource('Machine').identity.ref,
      name: 'two',
      input: '{"limit":2}',
    };
    const first = await host.call('states', 'StartExecution', start, OPERATOR);
    const again = await host.call('states', 'StartExecution', start, OPERATOR);
    expect(again).toEqual(first);

    await host.clock.advanceUntil(host.clock.now() + 120_000);

    const described = await host.call(
      'states',
      'DescribeExecution',
      { executionArn: first['executionArn'] },
      OPERATOR,
    );
    expect(described).toMatchObject({ status: 'FAILED', error: 'TooFew', cause: 'only 2' });
    await expect(
      host.call('states', 'StartExecution', { ...start, input: '{"limit":3}' }, OPERATOR),
    ).rejects.toMatchObject({ code: 'ExecutionAlreadyExists' });
  });

  it('goes on after a restart from its last transition, without repeating what is done', async () => {
    const state = temporaryDirectory();
    const first = await startOn(machine, directory.path, { directory: state.path });
    const start = {
      stateMachineArn: first.resource('Machine').identity.ref,
      name: 'long',
      input: '{"limit":4}',
    };
    const { executionArn } = await first.call('states', 'StartExecution', start, OPERATOR);
    await first.clock.advanceUntil(MONDAY_9_NEW_YORK + 30_000);
    await first.close();

    const second = await startOn(machine, directory.path, { directory: state.path });
    expect(second.clock.now()).toBe(MONDAY_9_NEW_YORK + 30_000);
    await second.clock.advanceUntil(MONDAY_9_NEW_YORK + 70_000);
    const described = await second.call('states', 'DescribeExecution', { executionArn }, OPERATOR);
    const history = await second.call('states', 'GetExecutionHistory', { executionArn }, OPERATOR);
    await second.close();
    state.remove();

    expect(described).toMatchObject({ status: 'SUCCEEDED', stopDate: (MONDAY_9_NEW_YORK + 65_000) / 1000 });
    const types = (history['events'] as readonly { readonly type: string }[]).map(({ type }) => type);
    expect(types.filter((type) => type === 'ExecutionStarted' || type === 'PassStateExited')).toEqual([
      'ExecutionStarted',
      'PassStateExited',
      'PassStateExited',
    ]);
  });
});
