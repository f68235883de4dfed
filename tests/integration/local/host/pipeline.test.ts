import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Host } from '#local/host/host.ts';
import { writeAssembly } from './assembly-writer.ts';
import { drainQueue, OPERATOR, startOn, temporaryDirectory } from './harness.ts';
import { pipeline } from './pipeline-assembly.ts';

const requested = (number: number) => ({
  EventBusName: 'desk',
  Source: 'test',
  DetailType: 'Requested.v1',
  Detail: JSON.stringify({ number }),
});
const put = (host: Host, numbers: readonly number[]) =>
  host.call('events', 'PutEvents', { Entries: numbers.map(requested) }, OPERATOR);
const numberOf = (body: string): number =>
  (JSON.parse(body) as { readonly detail: { readonly number: number } }).detail.number;
const range = (first: number, count: number): number[] =>
  Array.from({ length: count }, (_, index) => first + index);

describe('bus, function, table, stream, function, bus, queue', () => {
  let assembly: ReturnType<typeof temporaryDirectory>;
  let state: ReturnType<typeof temporaryDirectory>;
  beforeEach(() => {
    assembly = temporaryDirectory();
    state = temporaryDirectory();
  });
  afterEach(() => {
    assembly.remove();
    state.remove();
  });

  const run = async (seed: string): Promise<readonly string[]> => {
    const host = await startOn(pipeline, assembly.path, { seed });
    for (const first of [0, 10, 20]) {
      await put(host, range(first, 10));
      await host.clock.advanceUntil(host.clock.now() + 1_000);
    }
    const bodies = drainQueue(host, 'Out');
    await host.close();
    return bodies;
  };

  it('gives the same messages in the same order when a stepped run is repeated', async () => {
    const first = await run('seed');
    const second = await run('seed');
    const other = await run('other seed');

    expect(first.map(numberOf).sort((left, right) => left - right)).toEqual(range(0, 30));
    expect(second).toEqual(first);
    expect(other).not.toEqual(first);
  });

  it('delivers everything acknowledged at least once although the process is killed in the middle', async () => {
    writeAssembly(assembly.path, pipeline);
    const child = spawn(
      process.execPath,
      ['tests/integration/local/host/child-host.ts', assembly.path, state.path],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const lines = createInterface({ input: child.stdout });
    const [line] = (await once(lines, 'line')) as [string];
    const { endpoint, credentials } = JSON.parse(line) as {
      readonly endpoint: string;
      readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
    };
    const client = new EventBridgeClient({ region: 'us-east-1', endpoint, credentials, maxAttempts: 1 });
    const acknowledged: number[] = [];
    for (const first of range(0, 10).map((page) => page * 10)) {
      const numbers = range(first, 10);
      const answer = await client.send(new PutEventsCommand({ Entries: numbers.map(requested) }));
      expect(answer.FailedEntryCount).toBe(0);
      acknowledged.push(...numbers);
    }
    child.kill('SIGKILL');
    await once(child, 'exit');
    client.destroy();

    const host = await startOn(pipeline, assembly.path, {
      directory: state.path,
      clock: { mode: 'stepped' },
    });
    const before = drainQueue(host, 'Out').map(numberOf);
    await host.clock.advanceUntil(host.clock.now() + 600_000);
    const arrived = new Set([...before, ...drainQueue(host, 'Out').map(numberOf)]);
    await host.close();

    // Nothing is proved unless the kill came before the work was done.
    expect(before.length).toBeLessThan(acknowledged.length);
    expect([...arrived].sort((left, right) => left - right)).toEqual(acknowledged);
  });
});
