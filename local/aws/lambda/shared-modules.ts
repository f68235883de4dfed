import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** A chunk that the bundler named by a hash of its contents and of all that it imports. */
const CONTENT_NAMED = /-[A-Z0-9]{8}\.mjs$/;

/**
 * Which modules of an asset other assets hold too. Each asset carries everything its function needs, so a chunk that 30
 * functions use lies in 30 directories; a thread that runs several of them should load it once. Only names that carry
 * the bundler's hash count, and only where the bytes are the same.
 */
export class SharedModules {
  readonly #first = new Map<string, string>();
  readonly #urls: Record<string, string> = {};

  /**
   * URL of every copy of a chunk, in whichever asset, with the URL of the first copy. One growing record for all: a
   * chunk's own imports are resolved beside the first copy, whose asset may never have been loaded itself.
   */
  get urls(): Readonly<Record<string, string>> {
    return this.#urls;
  }

  /** Takes the chunks of one more asset in. */
  add(directory: string): void {
    for (const name of readdirSync(directory)) {
      if (!CONTENT_NAMED.test(name)) continue;
      const path = join(directory, name);
      const digest = createHash('sha256').update(readFileSync(path)).digest('hex');
      const url = pathToFileURL(path).href;
      const key = `${name}/${digest}`;
      const first = this.#first.get(key);
      if (first === undefined) this.#first.set(key, url);
      else if (first !== url) this.#urls[url] = first;
    }
  }
}
