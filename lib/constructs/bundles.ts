import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { buildSync } from 'esbuild';

const PROJECT = resolve(import.meta.dirname, '..', '..');
const OUTPUT = join(PROJECT, 'dist');

/** CommonJS packages inside an ES module bundle still expect what a CommonJS module has. */
const BANNER = [
  "import{createRequire as __createRequire}from'node:module'",
  "import{dirname as __directoryOf}from'node:path'",
  "import{fileURLToPath as __pathOf}from'node:url'",
  'const require=__createRequire(import.meta.url)',
  'const __filename=__pathOf(import.meta.url)',
  'const __dirname=__directoryOf(__filename)',
  '',
].join(';');

function bundle(entries: Readonly<Record<string, string>>, directory: string): void {
  buildSync({
    absWorkingDir: PROJECT,
    entryPoints: Object.fromEntries(
      Object.entries(entries).map(([name, file]) => [name, join(PROJECT, file)]),
    ),
    outdir: directory,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    minify: true,
    sourcemap: false,
    legalComments: 'none',
    mainFields: ['module', 'main'],
    banner: { js: BANNER },
    logLevel: 'error',
  });
}

/**
 * Bundles every function in one esbuild run: `dist/functions/<name>/index.mjs`, each with its SDK inside. Returns the
 * directory of each. One run for all is many times faster than one a function.
 */
export function bundleFunctions(
  handlers: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const directory = join(OUTPUT, 'functions');
  rmSync(directory, { recursive: true, force: true });
  bundle(
    Object.fromEntries(Object.entries(handlers).map(([name, file]) => [`${name}/index`, file])),
    directory,
  );
  return Object.fromEntries(Object.keys(handlers).map((name) => [name, join(directory, name)]));
}

/** Bundles a container's program beside its Dockerfile: `dist/containers/<name>/<output>.mjs`. */
export function bundleContainer(
  name: string,
  dockerfile: string,
  entries: Readonly<Record<string, string>>,
): string {
  const directory = join(OUTPUT, 'containers', name);
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  bundle(entries, directory);
  copyFileSync(join(PROJECT, dockerfile), join(directory, 'Dockerfile'));
  return directory;
}

/** Sizes of the bundles in bytes, for the size check and the bench. */
export function bundleSizes(): Readonly<Record<string, number>> {
  const directory = join(OUTPUT, 'functions');
  if (!existsSync(directory)) return {};
  return Object.fromEntries(
    readdirSync(directory).map((name) => [name, statSync(join(directory, name, 'index.mjs')).size]),
  );
}
