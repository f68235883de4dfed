import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Host, type HostOptions, startHost } from '#local/host/host.ts';
import type { HostLog } from '#local/host/kernel.ts';
import { type StackSource, writeAssembly } from './assembly-writer.ts';

export const OPERATOR = { kind: 'operator' } as const;

/** Monday 5 February 2018, 09:00 in New York. */
export const MONDAY_9_NEW_YORK = Date.parse('2018-02-05T14:00:00.000Z');

/** A directory of its own that is removed by `remove`. */
export function temporaryDirectory(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'abc-host-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** A log that keeps what went wrong. */
export function recordingLog(): HostLog & { readonly problems: string[]; readonly lines: string[] } {
  const problems: string[] = [];
  const lines: string[] = [];
  return {
    problems,
    lines,
    info: (message) => void lines.push(message),
    warn: (message, fields) => void problems.push(`${message} ${JSON.stringify(fields)}`),
    error: (message, fields) => void problems.push(`${message} ${JSON.stringify(fields)}`),
  };
}

/** Starts a host on a stack, in stepped time from Monday morning unless told otherwise. */
export async function startOn(
  stack: StackSource,
  assemblyDirectory: string,
  options: Partial<HostOptions> = {},
): Promise<Host> {
  return startHost({
    assemblyDirectory: writeAssembly(assemblyDirectory, stack),
    port: 0,
    directory: null,
    clock: { mode: 'stepped', startAt: MONDAY_9_NEW_YORK },
    region: 'us-east-1',
    accountId: '000000000000',
    seed: 'test',
    log: recordingLog(),
    ...options,
  });
}

/** Messages of a queue, taken off it. */
export function drainQueue(host: Host, logicalId: string): readonly string[] {
  const arn = host.resource(logicalId).identity.attributes['Arn'] ?? '';
  const bodies: string[] = [];
  for (let batch = host.sqs.receive(arn); batch.length > 0; batch = host.sqs.receive(arn)) {
    bodies.push(...batch.map(({ body }) => body));
    host.sqs.delete(
      arn,
      batch.map(({ receiptHandle }) => receiptHandle),
    );
  }
  return bodies;
}
