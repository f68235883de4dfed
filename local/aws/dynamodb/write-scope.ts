/** A value and, once it is known, its JSON. Values are shared between readers: never change one. */
export interface Entry {
  readonly value: unknown;
  text: string | null;
}

/** The writes of one request, invisible to everything else until they are merged. */
export class WriteScope {
  readonly #parent: { entry(key: string): Entry | null };
  readonly #reads = new Map<string, Entry | null>();
  readonly #hooks: (() => void)[] = [];
  readonly #discarded: string[] = [];
  readonly writes = new Map<string, Entry | null>();
  byService = false;
  /** Called at each write to a table's definition, which tells when dynalite's delayed writes are done. */
  onTableWrite: () => void = () => {};

  constructor(parent: { entry(key: string): Entry | null }) {
    this.#parent = parent;
  }

  entry(key: string): Entry | null {
    const written = this.writes.get(key);
    return written === undefined ? this.before(key) : written;
  }

  /** What stood at `key` before this scope wrote. */
  before(key: string): Entry | null {
    let read = this.#reads.get(key);
    if (read === undefined) {
      read = this.#parent.entry(key);
      this.#reads.set(key, read);
    }
    return read;
  }

  get(key: string): unknown {
    return this.entry(key)?.value;
  }

  put(key: string, value: unknown): void {
    this.writes.set(key, { value, text: null });
    if (key.startsWith('table~')) this.onTableWrite();
  }

  delete(key: string): void {
    this.writes.set(key, null);
    if (key.startsWith('table~')) this.onTableWrite();
  }

  /** Removes a row without taking note of it as a change of an item. */
  discard(key: string): void {
    this.#discarded.push(key);
  }

  get discarded(): readonly string[] {
    return this.#discarded;
  }

  /** A scope over this one, whose writes are for trial only. */
  fork(): WriteScope {
    return new WriteScope(this);
  }

  afterCommit(work: () => void): void {
    this.#hooks.push(work);
  }

  get hooks(): readonly (() => void)[] {
    return this.#hooks;
  }
}
