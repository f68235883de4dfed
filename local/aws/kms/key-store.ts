import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

const keyFile = z.object({
  keyId: z.string(),
  spec: z.enum(['SYMMETRIC_DEFAULT', 'ECC_NIST_P256', 'HMAC_256']),
  createdAt: z.number(),
  /** Base64 of 32 bytes for symmetric keys, PKCS #8 PEM for asymmetric ones. */
  material: z.string(),
});

/** A key's material as it lies on disk. */
export type StoredKey = z.infer<typeof keyFile>;

/** Key material by key id: one file each, readable by its owner only. Without a directory, in memory. */
export class KeyStore {
  readonly #directory: string | null;
  readonly #keys = new Map<string, StoredKey>();

  constructor(directory: string | null) {
    this.#directory = directory === null ? null : join(directory, 'kms');
    if (this.#directory === null) return;
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
    for (const file of readdirSync(this.#directory).filter((name) => name.endsWith('.json'))) {
      const key = keyFile.parse(JSON.parse(readFileSync(join(this.#directory, file), 'utf8')));
      this.#keys.set(key.keyId, key);
    }
  }

  find(keyId: string): StoredKey | undefined {
    return this.#keys.get(keyId);
  }

  /** The key of that id, generated on first use. The file is in place before the key is. */
  findOrCreate(keyId: string, spec: StoredKey['spec'], now: number): StoredKey {
    const existing = this.#keys.get(keyId);
    if (existing !== undefined) {
      if (existing.spec !== spec)
        throw new TypeError(
          `key ${keyId} was created as ${existing.spec} and cannot become ${spec}; remove the host's directory to start anew`,
        );
      return existing;
    }
    const key: StoredKey = { keyId, spec, createdAt: now, material: generate(spec) };
    if (this.#directory !== null) writePrivately(join(this.#directory, `${keyId}.json`), JSON.stringify(key));
    this.#keys.set(keyId, key);
    return key;
  }
}

/** The id of a key of the assembly: a UUID that is the same on every start. */
export function stableKeyId(stack: string, logicalId: string): string {
  const hex = createHash('sha256').update(`kms\n${stack}\n${logicalId}`).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function generate(spec: StoredKey['spec']): string {
  if (spec !== 'ECC_NIST_P256') return randomBytes(32).toString('base64');
  return generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString();
}

/** Losing a key loses all that it encrypted, so this write does reach the disk before it counts. */
function writePrivately(path: string, content: string): void {
  if (existsSync(path)) throw new TypeError(`${path} exists already`);
  const temporary = `${path}.writing`;
  const file = openSync(temporary, 'w', 0o600);
  try {
    writeSync(file, content);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
}
