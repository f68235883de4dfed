/**
 * Runs every `bench/quant/*.bench.ts` in a process of its own and prints one table. Each bench prints JSON lines of
 * `{name, value}`; ratios inside one bench are comparable, absolute figures belong to the machine.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

const row = z.object({ name: z.string(), value: z.string() });
const folder = join(import.meta.dirname, 'quant');
const wanted = process.argv[2] ?? '';
for (const file of readdirSync(folder).sort()) {
  if (!file.endsWith('.bench.ts') || !file.includes(wanted)) continue;
  const run = spawnSync(process.execPath, ['--expose-gc', join(folder, file)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (run.status !== 0) throw new Error(`${file} ended with exit code ${run.status}`);
  console.log(`\n${file}`);
  for (const line of run.stdout.trim().split('\n')) {
    const { name, value } = row.parse(JSON.parse(line));
    console.log(`  ${name.padEnd(64)} ${value}`);
  }
}
