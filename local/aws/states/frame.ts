/** Where one thread of an execution stands: the whole of what a restart needs. Plain JSON. */
export interface Frame {
  /** The state the thread is in. */
  state: string;
  input: unknown;
  variables: Record<string, unknown>;
  /** Attempts of each retrier of the current state, by its position. */
  attempts: Record<string, number>;
  /** A wait or a pause before a retry ends then. */
  resumeAt?: number | undefined;
  enteredAt: number;
  /** Threads of a Parallel or Map state; present while it runs. */
  children?: ChildFrame[] | undefined;
  /** `$states.context.Map` within an iteration. */
  map?: { readonly Item: { readonly Index: number; readonly Value: unknown } } | undefined;
}

/** A thread within a Parallel or Map state. */
export interface ChildFrame {
  frame: Frame;
  done: boolean;
  output?: unknown;
}

/** A thread about to begin. */
export function newFrame(
  state: string,
  input: unknown,
  variables: Readonly<Record<string, unknown>>,
  now: number,
  map?: Frame['map'],
): Frame {
  return {
    state,
    input,
    variables: { ...variables },
    attempts: {},
    enteredAt: now,
    ...(map === undefined ? {} : { map }),
  };
}
