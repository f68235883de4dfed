/** Content that is too large for an event, by key. Keys are content-addressed, so writing one twice changes nothing. */
export interface ObjectStore {
  put(key: string, bytes: Uint8Array): Promise<void>;
  /** The bytes, or null where there is no such object. */
  get(key: string): Promise<Uint8Array | null>;
}
