import type { Caller, DeliveryTarget } from './kernel.ts';

/** A target that keeps what it takes in the host's store by itself, so that the sender need not keep a copy first. */
export interface DurableTarget extends DeliveryTarget {
  /** Takes JSON text, durable when the surrounding transaction commits. @throws AwsError where the sender may not. */
  accept(payload: string, sender: Caller): void;
}

/** Whether a target is a {@link DurableTarget}. */
export function isDurable(target: DeliveryTarget): target is DurableTarget {
  return 'accept' in target && typeof target.accept === 'function';
}
