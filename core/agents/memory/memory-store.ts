/** An agent's long-term memory: what it put in, readable by it alone. */
export interface MemoryStore {
  /** Remembers under an id; remembering the same id again changes nothing that matters. */
  remember(collection: string, id: string, content: unknown): Promise<void>;
  /** The newest by id, at most `limit`. */
  recall(collection: string, limit: number): Promise<readonly unknown[]>;
}
