import { existsSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { createServer } from 'node:net';
import { availableParallelism, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { packagedBars } from '#adapters/market-data/packaged-bars.ts';
import { settingsFor } from '#lib/config/settings.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';

interface Check {
  readonly name: string;
  readonly run: () => string | Promise<string>;
}

const GIGABYTE = 2 ** 30;
const NEEDED_NODE = 24;

const checks: readonly Check[] = [
  {
    name: 'runtime',
    run() {
      const major = Number(process.versions.node.split('.')[0]);
      if (major < NEEDED_NODE)
        throw new Error(
          `Node ${process.versions.node} runs; the project carries Node ${NEEDED_NODE}: start with npm start or npx abc, or run npm ci again`,
        );
      return `Node ${process.versions.node}`;
    },
  },
  {
    name: 'machine',
    run() {
      const memory = totalmem() / GIGABYTE;
      if (memory < 2) throw new Error(`${memory.toFixed(1)} GB of memory; the replay needs 2 GB`);
      return `${availableParallelism()} cores, ${memory.toFixed(1)} GB of memory`;
    },
  },
  {
    name: 'prices',
    run: () =>
      (['AAPL', 'SPX'] as const).map((id) => `${id} ${packagedBars(id).series.length} bars`).join(', '),
  },
  {
    name: 'state',
    run() {
      const directory = mkdtempSync(join(existsSync('.abc') ? '.abc' : tmpdir(), 'doctor-'));
      rmSync(directory, { recursive: true });
      const { bavail, bsize } = statfsSync('.');
      const free = (Number(bavail) * Number(bsize)) / GIGABYTE;
      if (free < 1) throw new Error(`${free.toFixed(1)} GB of disk are free; a replay needs 1 GB`);
      return `writable, ${free.toFixed(0)} GB free`;
    },
  },
  {
    name: 'loopback',
    async run() {
      const server = createServer();
      await new Promise<void>((resolve, reject) =>
        server.once('error', reject).listen(0, '127.0.0.1', resolve),
      );
      await new Promise((resolve) => server.close(resolve));
      return 'a port can be opened on 127.0.0.1';
    },
  },
  {
    name: 'settings',
    run() {
      const settings = settingsFor('local');
      return `environment local, mode ${settings.mode.toUpperCase()}, account ${settings.broker.account}`;
    },
  },
];

/** Looks at what the product needs from this machine, and says the mend of what is missing. */
export async function doctorCommand(): Promise<ExitCode> {
  let failed = 0;
  for (const { name, run } of checks) {
    try {
      process.stdout.write(`ok    ${name.padEnd(9)} ${await run()}\n`);
    } catch (error) {
      failed += 1;
      process.stdout.write(
        `FAIL  ${name.padEnd(9)} ${error instanceof Error ? error.message : String(error)}\n`,
      );
    }
  }
  return failed === 0 ? EXIT.ok : EXIT.configuration;
}
