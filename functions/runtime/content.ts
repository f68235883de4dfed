import { createHash } from 'node:crypto';
import type { ContentReference } from '#contracts/primitives.ts';
import { contentOf } from '#core/events/content.ts';
import type { ObjectStore } from '#core/events/object-store.ts';

/** An object that is gone, or whose bytes are not those that were referred to: nothing may be decided on it. */
export class ContentMismatchError extends Error {
  readonly code = 'ContentMismatch';
  readonly retryable: boolean;
  constructor(reference: ContentReference, found: string) {
    super(`the object ${reference.uri} should have SHA-256 ${reference.sha256}, but ${found}`);
    this.name = 'ContentMismatchError';
    this.retryable = found === 'there is no such object';
  }
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** Writes a value as canonical JSON under its own digest. */
export async function putContent(
  objects: ObjectStore,
  folder: string,
  value: unknown,
): Promise<ContentReference> {
  const { reference, bytes } = contentOf(folder, value);
  await objects.put(reference.uri, bytes);
  return reference;
}

/** Reads what a reference names and checks that it is that. @throws ContentMismatchError */
export async function getContent(objects: ObjectStore, reference: ContentReference): Promise<unknown> {
  const bytes = await objects.get(reference.uri);
  if (bytes === null) throw new ContentMismatchError(reference, 'there is no such object');
  const found = sha256(bytes);
  if (found !== reference.sha256) throw new ContentMismatchError(reference, `its bytes have ${found}`);
  return JSON.parse(Buffer.from(bytes).toString('utf8')) as unknown;
}
