import type { AwsService } from '../kernel.ts';
import { unknownOperation } from '../parameters.ts';
import type { Authorizer } from './authorizer.ts';

/** STS, as far as asking who one is. Roles are assumed for functions and tasks by the host itself. */
export function securityTokenService(authorizer: Authorizer, accountId: string): AwsService {
  return {
    name: 'sts',
    // AWS lets everybody ask who they are, whatever their policies say.
    permissions: () => [],
    handle: async (call) => {
      if (call.operation !== 'GetCallerIdentity') throw unknownOperation(call);
      const arn = authorizer.arnOf(call.caller);
      return { Arn: arn, UserId: arn.slice(arn.indexOf('/') + 1), Account: accountId };
    },
  };
}
