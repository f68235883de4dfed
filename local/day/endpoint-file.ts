import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** How a desk that runs on this machine is reached; in its state directory while it runs, for its owner alone. */
export interface Endpoint {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly pid: number;
  readonly controlPort: number;
}

const fileIn = (directory: string): string => join(directory, 'endpoint.json');

export function writeEndpoint(directory: string, endpoint: Endpoint): void {
  writeFileSync(fileIn(directory), JSON.stringify(endpoint), { mode: 0o600 });
}

/** The endpoint of a run that is going on in a state directory, or null. */
export function readEndpoint(directory: string): Endpoint | null {
  try {
    return JSON.parse(readFileSync(fileIn(directory), 'utf8')) as Endpoint;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

export function removeEndpoint(directory: string): void {
  rmSync(fileIn(directory), { force: true });
}
