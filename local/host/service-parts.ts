import type { Authorizer } from './iam/authorizer.ts';
import type { DeliveryTargets, HostContext } from './kernel.ts';

/** What the services that keep data are built with. */
export interface ServiceParts {
  readonly context: HostContext;
  readonly targets: DeliveryTargets;
  /** For resource policies, and for calls that arrive without HTTP. */
  readonly authorizer: Authorizer;
}
