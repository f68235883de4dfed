import type { Faults } from './faults.ts';
import type { Authorizer } from './iam/authorizer.ts';
import type { CredentialsRegistry } from './iam/credentials.ts';
import type { Caller, DeliveryTargets, HostContext } from './kernel.ts';
import type { Turnstile } from './turnstile.ts';

/** What the services that run code are built with. */
export interface RuntimeParts {
  readonly context: HostContext;
  readonly targets: DeliveryTargets;
  readonly turnstile: Turnstile;
  readonly faults: Faults;
  /** Virtual milliseconds a real one, for the clocks inside workers: 1, the scale, or 0 in stepped time. */
  readonly clockScale: number;
  /** Stepped time for threads that run on, rather than for one call. */
  readonly sharedNow: Float64Array | undefined;
  /** Threads that all functions share; undefined gives every instance its own. */
  readonly functionThreads: number | undefined;
  readonly authorizer: Authorizer;
  readonly credentials: CredentialsRegistry;
  /** Directory of an asset, by object key or image URI. @throws where the assembly does not hold it. */
  assetDirectory(reference: string): string;
  /** A call of one service to another, authorised as `caller`. */
  call(
    service: string,
    operation: string,
    input: Readonly<Record<string, unknown>>,
    caller: Caller,
  ): Promise<Readonly<Record<string, unknown>>>;
  /** A line that a function or a task wrote. */
  output(source: string, line: string): void;
}
