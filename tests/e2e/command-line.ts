import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const ABC = resolve(import.meta.dirname, '..', '..', 'bin', 'abc.ts');

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly done: Promise<Finished>;
  /** Resolves once a line of the messages matches; rejects where the process ends first. */
  line(pattern: RegExp): Promise<string>;
  kill(signal: NodeJS.Signals): void;
}

/** Starts `abc` as a person would, on the Node that runs the tests. */
export function abc(...parameters: readonly string[]): Started {
  const child = spawn(process.execPath, [ABC, ...parameters], { env: { ...process.env, NO_COLOR: '1' } });
  let stdout = '';
  let stderr = '';
  const watchers = new Set<() => void>();
  child.stdout.on('data', (bytes: Buffer) => {
    stdout += bytes.toString();
  });
  child.stderr.on('data', (bytes: Buffer) => {
    stderr += bytes.toString();
    for (const watch of watchers) watch();
  });
  const done = new Promise<Finished>((finish) =>
    child.on('close', (code, signal) => finish({ code, signal, stdout, stderr })),
  );
  return {
    done,
    kill: (signal) => void child.kill(signal),
    line: (pattern) =>
      new Promise((found, missed) => {
        const watch = () => {
          const line = stderr.split('\n').find((text) => pattern.test(text));
          if (line === undefined) return;
          watchers.delete(watch);
          found(line);
        };
        watchers.add(watch);
        watch();
        void done.then(() =>
          missed(new Error(`abc ended without ${String(pattern)}: ${stderr.slice(-2000)}`)),
        );
      }),
  };
}

/** A directory of its own for one test's state. */
export function stateDirectory(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'abc-e2e-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
