import type { ContentReference } from '#contracts/primitives.ts';

/** Content that is too large for an event, by key. Keys are content-addressed, so writing one twice changes nothing. */
export interface ObjectStore {
  put(key: string, bytes: Uint8Array): Promise<void>;
  /** The bytes, or null where there is no such object. */
  get(key: string): Promise<Uint8Array | null>;
}

/** An object that is not the one its reference names: gone, or changed after it was written. */
export class ObjectMismatchError extends Error {
  readonly code = 'ObjectMismatch';
  readonly retryable = false;
  constructor(reference: ContentReference, found: string) {
    super(
      `the object ${reference.uri} should have SHA-256 ${reference.sha256} but ${found}; nothing may be decided on it`,
    );
    this.name = 'ObjectMismatchError';
  }
}
