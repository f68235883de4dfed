import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Contents of objects, each under a name of its own that is written once. */
export interface ContentStore {
  write(name: string, content: Buffer): void;
  /** @throws where the content is gone */
  read(name: string): Buffer;
  remove(name: string): void;
}

/** Files below `directory/s3`, complete or absent; a process that dies in between leaves an unnamed rest. */
export function createContentStore(directory: string | null): ContentStore {
  if (directory === null) return memoryContents();
  const root = join(directory, 's3');
  // Two characters of the name spread the files, so that no directory grows without bound.
  const pathOf = (name: string): string => join(root, name.slice(-2), name);
  return {
    write(name, content) {
      const path = pathOf(name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(`${path}.writing`, content);
      renameSync(`${path}.writing`, path);
    },
    read: (name) => readFileSync(pathOf(name)),
    remove: (name) => rmSync(pathOf(name), { force: true }),
  };
}

function memoryContents(): ContentStore {
  const contents = new Map<string, Buffer>();
  return {
    write: (name, content) => void contents.set(name, Buffer.from(content)),
    read(name) {
      const content = contents.get(name);
      if (content === undefined) throw new RangeError(`content ${name} is gone`);
      return content;
    },
    remove: (name) => void contents.delete(name),
  };
}
