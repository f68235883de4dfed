import { copyFileSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { type BuildOptions, buildSync, type Metafile } from 'esbuild';

const PROJECT = resolve(import.meta.dirname, '..', '..');

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

const SETTINGS = {
  absWorkingDir: PROJECT,
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
} as const satisfies BuildOptions;

const entryPoints = (entries: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(entries).map(([name, file]) => [name, join(PROJECT, file)]));

/**
 * Bundles every function in one esbuild run: `<directory>/<name>/index.mjs` and beside it the chunks that it needs,
 * its SDK among them. What several functions need is one chunk, the same in each directory, named by its contents: a
 * process that runs several functions can load it once. Returns the directory of each function.
 */
export function bundleFunctions(
  handlers: Readonly<Record<string, string>>,
  directory: string,
): Readonly<Record<string, string>> {
  const { metafile, outputFiles } = buildSync({
    ...SETTINGS,
    entryPoints: entryPoints(handlers),
    outdir: directory,
    splitting: true,
    metafile: true,
    write: false,
  });
  const contents = new Map(outputFiles.map(({ path, contents }) => [path, contents]));
  return Object.fromEntries(
    Object.keys(handlers).map((name) => {
      const target = join(directory, name);
      mkdirSync(target, { recursive: true });
      const entry = join(directory, `${name}.mjs`);
      for (const path of modulesOf(entry, metafile)) {
        const bytes = contents.get(path);
        if (bytes === undefined) throw new Error(`the bundler names ${path}, but has not written it`);
        writeFileSync(join(target, path === entry ? 'index.mjs' : basename(path)), bytes);
      }
      return [name, target];
    }),
  );
}

/** An output and everything that it imports, directly or not, now or later. */
function modulesOf(entry: string, metafile: Metafile): ReadonlySet<string> {
  const outputs = new Map(
    Object.entries(metafile.outputs).map(([path, output]) => [join(PROJECT, path), output]),
  );
  const found = new Set<string>([entry]);
  for (const path of found) {
    for (const { path: imported, external } of outputs.get(path)?.imports ?? [])
      if (external !== true) found.add(join(PROJECT, imported));
  }
  return found;
}

/** Bundles a container's program beside its Dockerfile: `<directory>/<output>.mjs`. */
export function bundleContainer(
  dockerfile: string,
  entries: Readonly<Record<string, string>>,
  directory: string,
): string {
  mkdirSync(directory, { recursive: true });
  buildSync({ ...SETTINGS, entryPoints: entryPoints(entries), outdir: directory });
  copyFileSync(join(PROJECT, dockerfile), join(directory, 'Dockerfile'));
  return directory;
}

/** Sizes of the functions' bundles in a directory, in bytes, all modules of each counted. */
export function bundleSizes(directory: string): Readonly<Record<string, number>> {
  return Object.fromEntries(
    readdirSync(directory).map((name) => [
      name,
      readdirSync(join(directory, name)).reduce(
        (sum, file) => sum + statSync(join(directory, name, file)).size,
        0,
      ),
    ]),
  );
}
