/**
 * The replay as a person runs it: time to the first fill, the whole run, resident memory, latency, bundle sizes.
 * `node bench/desk.bench.ts` for the default replay; `node bench/desk.bench.ts 2018-01-26` ends it at that session.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { FUNCTION_ENTRIES } from '#lib/config/functions.ts';
import { bundleFunctions, bundleSizes } from '#lib/constructs/bundles.ts';
import type { DaySummary } from '#local/day/summary.ts';

const [to = '2018-02-16'] = process.argv.slice(2);
const state = mkdtempSync(join(tmpdir(), 'abc-bench-'));
const begun = performance.now();
const seconds = () => (performance.now() - begun) / 1000;
const child = spawn(
  process.execPath,
  [resolve(import.meta.dirname, '..', 'bin', 'abc.ts'), 'day', '--to', to, '--json', '--state', state],
  { env: { ...process.env, NO_COLOR: '1' } },
);
let stdout = '';
let firstCycle: number | undefined;
let firstOrder: number | undefined;
let mostResident = 0;
child.stdout.on('data', (bytes: Buffer) => {
  stdout += bytes.toString();
});
child.stderr.on('data', (bytes: Buffer) => {
  const text = bytes.toString();
  if (/orders \d/.test(text)) firstCycle ??= seconds();
  if (/orders [1-9]/.test(text)) firstOrder ??= seconds();
});
const sampling = setInterval(() => {
  try {
    const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
    mostResident = Math.max(mostResident, Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
  } catch {
    mostResident = Number.NaN;
  }
}, 500);
const code = await new Promise((done) => child.on('close', done));
clearInterval(sampling);
const wall = seconds();
rmSync(state, { recursive: true, force: true });
if (code !== 0) throw new Error(`the replay ended with exit code ${String(code)}`);
const summary = JSON.parse(stdout) as DaySummary;
const bundles = mkdtempSync(join(tmpdir(), 'abc-bench-'));
bundleFunctions(FUNCTION_ENTRIES, bundles);
const sizes = Object.entries(bundleSizes(bundles)).sort(([, left], [, right]) => right - left);
rmSync(bundles, { recursive: true, force: true });
const row = (name: string, value: string) => console.log(`${name.padEnd(34)} ${value}`);
row('sessions, cycles, events', `${summary.sessions}, ${summary.cycles}, ${summary.events}`);
row('first decision cycle', `${firstCycle?.toFixed(1)} s`);
row('first order planned', `${firstOrder?.toFixed(1) ?? 'none'} s`);
row('whole replay', `${wall.toFixed(1)} s`);
row('events per second of the run', `${summary.eventsPerSecond?.toFixed(0)}`);
row('most resident memory', `${mostResident.toFixed(0)} MB`);
row(
  'cycle to broker ack, real',
  `p50 ${summary.latencyMs.real.p50?.toFixed(0)} ms, p99 ${summary.latencyMs.real.p99?.toFixed(0)} ms`,
);
row('largest handler bundle', `${sizes[0]?.[0]} ${((sizes[0]?.[1] ?? 0) / 1000).toFixed(0)} kB`);
