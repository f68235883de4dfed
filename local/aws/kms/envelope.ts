import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

export type EncryptionContext = Readonly<Record<string, string>>;

const version = 1;
const headerBytes = 1 + 16 + 12 + 16;

/**
 * Encrypts with AES-256-GCM; the encryption context is additional authenticated data.
 * Layout: version, key id (16 bytes), nonce (12), tag (16), ciphertext.
 */
export function seal(
  keyId: string,
  material: Buffer,
  plaintext: Uint8Array,
  context: EncryptionContext,
): Buffer {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', material, nonce).setAAD(contextBytes(context));
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return Buffer.concat([
    Buffer.from([version]),
    Buffer.from(keyId.replaceAll('-', ''), 'hex'),
    nonce,
    cipher.getAuthTag(),
    ciphertext,
  ]);
}

/** The id of the key that a ciphertext was made with; undefined where it is not one of {@link seal}'s. */
export function keyIdOf(ciphertext: Buffer): string | undefined {
  if (ciphertext.length < headerBytes || ciphertext[0] !== version) return undefined;
  const hex = ciphertext.toString('hex', 1, 17);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** Decrypts; undefined where the bytes or the context are not what was sealed. */
export function open(material: Buffer, ciphertext: Buffer, context: EncryptionContext): Buffer | undefined {
  const decipher = createDecipheriv('aes-256-gcm', material, ciphertext.subarray(17, 29))
    .setAAD(contextBytes(context))
    .setAuthTag(ciphertext.subarray(29, headerBytes));
  const plaintext = decipher.update(ciphertext.subarray(headerBytes));
  try {
    return Buffer.concat([plaintext, decipher.final()]);
  } catch {
    // The one thing `final` throws for is a tag that does not match.
    return undefined;
  }
}

/** Order of the pairs does not matter; lengths keep ("a", "bc") and ("ab", "c") apart. */
function contextBytes(context: EncryptionContext): Buffer {
  const pairs = Object.entries(context).sort(([left], [right]) => (left < right ? -1 : 1));
  return Buffer.from(JSON.stringify(pairs));
}
