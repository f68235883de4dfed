import type { DatabaseSync } from 'node:sqlite';
import type { TimerClock } from '#core/values/timer-clock.ts';

/**
 * What every room of the embedded host shares: the identity of a caller, a call, an error as AWS serialises it,
 * a resource of the assembly, and the host's clock, store and activity tracker.
 */

/** Who makes a call: a role of the assembly, the operator (full rights, the command line), or an AWS service. */
export type Caller =
  | { readonly kind: 'role'; readonly roleArn: string; readonly sessionName: string }
  | { readonly kind: 'operator' }
  | { readonly kind: 'service'; readonly principal: string; readonly sourceArn: string };

/** A call in the service's own JSON shape (as the SDK's command input), whatever the wire protocol was. */
export interface ServiceCall {
  readonly service: string;
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly caller: Caller;
}

/** One permission a call needs; every one must be allowed. */
export interface RequiredPermission {
  /** `sqs:SendMessage` */
  readonly action: string;
  /** The full ARN, or `*` where the action takes no resource. */
  readonly resource: string;
  /** Condition context, e.g. `kms:EncryptionContext:agent`. */
  readonly context?: Readonly<Record<string, string | readonly string[]>>;
}

/** An AWS service as the host speaks it. Unknown operations and parameters throw {@link AwsError} that names them. */
export interface AwsService {
  /** The service's id on the wire, e.g. `sqs`, `dynamodb`, `events`. */
  readonly name: string;
  /** What `call` must be allowed to do. Pure. */
  permissions(call: ServiceCall): readonly RequiredPermission[];
  /** Carries out a call that is already authorised. Returns the SDK's output shape. */
  handle(call: ServiceCall): Promise<Readonly<Record<string, unknown>>>;
}

/** An error in the form AWS sends it. `code` is the short name, e.g. `ResourceNotFoundException`. */
export class AwsError extends Error {
  readonly code: string;
  readonly statusCode: number;
  readonly retryable: boolean;
  /** Further members of the error's body (CancellationReasons, Item, …). */
  readonly details: Readonly<Record<string, unknown>>;
  constructor(
    code: string,
    message: string,
    statusCode = 400,
    details: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
    this.name = 'AwsError';
    this.code = code;
    this.statusCode = statusCode;
    this.retryable = statusCode >= 500;
    this.details = details;
  }
}

/** A resource of the synthesized assembly before anything is resolved. */
export interface RawResource {
  readonly stack: string;
  readonly logicalId: string;
  readonly type: string;
  /** Property values with intrinsics in them. */
  readonly properties: Readonly<Record<string, unknown>>;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** What `Ref` and `Fn::GetAtt` give for a resource. */
export interface ResourceIdentity {
  readonly ref: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** A resource with every intrinsic resolved. */
export interface Resource extends RawResource {
  readonly identity: ResourceIdentity;
}

/**
 * How the host carries one CloudFormation resource type. `identify` must not need other resources, so that identities
 * are known before properties are resolved; `create` then creates or, on a second start, adopts (same physical name).
 */
export interface ResourceType {
  readonly type: string;
  /** Every property this type honours or knowingly leaves without effect; any other one is a loud error. */
  readonly properties: {
    readonly honoured: readonly string[];
    readonly withoutLocalEffect: readonly string[];
  };
  identify(
    resource: RawResource,
    place: { readonly region: string; readonly accountId: string; readonly endpoint: string },
  ): ResourceIdentity;
  create(resource: Resource): void | Promise<void>;
}

/** The host's clock: `wall` follows the machine, `scaled` runs faster, `stepped` jumps to the next timer when all is quiet. */
export interface HostClock extends TimerClock {
  readonly mode: 'wall' | 'scaled' | 'stepped';
}

/**
 * Who is busy. In stepped time the clock may only jump when nothing is in flight: no invocation, no delivery, no
 * request (long polls apart), no unread byte on a link between parts of the system.
 */
export interface Activity {
  /** Marks work as in flight until the returned function is called (once; further calls do nothing). */
  begin(label: string): () => void;
  readonly inFlight: number;
  /** A part with a life of its own (a task, a gateway): asked whether it is quiet before time may move. */
  addParticipant(participant: { readonly name: string; settled(): Promise<boolean> }): void;
}

export interface HostLog {
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** What each service of the host is built with. */
export interface HostContext {
  readonly region: string;
  readonly accountId: string;
  /** `http://127.0.0.1:<port>`; the one endpoint of all services. */
  readonly endpoint: string;
  readonly clock: HostClock;
  /**
   * One SQLite database (WAL) for everything but DynamoDB and object contents. Statements are synchronous; whatever
   * a caller has been told is committed, so `kill -9` loses nothing acknowledged.
   */
  readonly store: DatabaseSync;
  /** Directory for object contents and keys; null keeps everything in memory. */
  readonly directory: string | null;
  readonly activity: Activity;
  readonly log: HostLog;
  /** Deterministic ids from the host's seed: the same run gives the same ids in the same order. */
  nextId(kind: string): string;
}

/**
 * Something that takes an event: a queue, a function, a topic, a bus, a state machine. Registered by ARN by the
 * service that owns it; used by rules, schedules, destinations and subscriptions after the permission check of the sender.
 */
export interface DeliveryTarget {
  readonly arn: string;
  /** `sender` is the service principal and the ARN of the rule, schedule or subscription, or the role it acts with. */
  deliver(
    event: unknown,
    options: { readonly sender: Caller; readonly messageGroupId?: string; readonly deduplicationId?: string },
  ): Promise<void>;
}

/** Finds delivery targets by ARN. */
export interface DeliveryTargets {
  register(target: DeliveryTarget): void;
  find(arn: string): DeliveryTarget | undefined;
}
