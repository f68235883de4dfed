import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startHost } from '#local/host/host.ts';
import { writeAssembly } from '../tests/integration/local/host/assembly-writer.ts';
import { pipeline } from '../tests/integration/local/host/pipeline-assembly.ts';

/**
 * Throughput of the embedded host: bus → function (one DynamoDB transaction through the SDK) → table → stream →
 * relay function → bus → queue, on disk, in wall time; and the round trip of a trivial call.
 *
 * Usage: node bench/host.bench.ts [events]
 */
const events = Number(process.argv[2] ?? 5_000);
const trivial = { source: 'export const handler = async () => null;' };
const directory = mkdtempSync(join(tmpdir(), 'abc-bench-'));
const silent = (): void => {};
const operator = { kind: 'operator' } as const;

const startedAt = performance.now();
const host = await startHost({
  assemblyDirectory: writeAssembly(join(directory, 'assembly'), {
    ...pipeline,
    functions: { ...pipeline.functions, Trivial: trivial },
  }),
  directory: join(directory, 'state'),
  port: 0,
  clock: { mode: 'wall' },
  region: 'us-east-1',
  accountId: '000000000000',
  seed: 'bench',
  log: { info: silent, warn: console.warn, error: console.error },
});
const queue = host.resource('Out').identity.attributes['Arn'] ?? '';
const arrived = async (count: number): Promise<void> => {
  while (host.sqs.counts(queue).visible < count) await new Promise((resolve) => setTimeout(resolve, 5));
};
const put = (first: number, count: number) =>
  host.call(
    'events',
    'PutEvents',
    {
      Entries: Array.from({ length: count }, (_, index) => ({
        EventBusName: 'desk',
        Source: 'bench',
        DetailType: 'Requested.v1',
        Detail: JSON.stringify({ number: first + index }),
      })),
    },
    operator,
  );

await host.invoke('Trivial', null);
const spawned = performance.now();
const calls = 5_000;
for (let index = 0; index < calls; index += 1) await host.invoke('Trivial', null);
const roundTrip = ((performance.now() - spawned) / calls) * 1_000;

const warm = 500;
for (let number = 0; number < warm; number += 10) await put(number, 10);
await arrived(warm);
const cpu = process.cpuUsage();
const begun = performance.now();
for (let number = warm; number < warm + events; number += 10) await put(number, 10);
await arrived(warm + events);
const seconds = (performance.now() - begun) / 1_000;
const { user, system } = process.cpuUsage(cpu);

console.log(`start (bundling included)     ${((spawned - startedAt) / 1_000).toFixed(2)} s`);
console.log(`round trip of a trivial call  ${roundTrip.toFixed(0)} µs`);
console.log(
  `end to end                    ${(events / seconds).toFixed(0)} events/s (${events} events in ${seconds.toFixed(2)} s)`,
);
console.log(`CPU, all threads              ${((user + system) / 1_000 / events).toFixed(2)} ms an event`);
console.log(`resident memory               ${(process.memoryUsage().rss / 1e6).toFixed(0)} MB`);
await host.close();
rmSync(directory, { recursive: true, force: true });
