import { AwsError, type Caller, type RequiredPermission } from '../kernel.ts';
import { type ConditionContext, PolicyError } from './conditions.ts';
import { awsManagedPolicies } from './managed-policies.ts';
import { applies, compilePolicy, type PrincipalFacts, type Statement } from './policy.ts';

interface Role {
  readonly arn: string;
  readonly trust: readonly Statement[];
  /** By policy name, so that a policy that is created again replaces itself. */
  readonly policies: Map<string, readonly Statement[]>;
}

/** Why a call was refused; undefined where it is allowed. */
type Refusal = { readonly reason: string } | undefined;

const decisionsKept = 50_000;

/**
 * IAM as far as one account needs it: identity policies, resource policies, key policies, trust, explicit deny.
 * Decisions without a condition context are remembered, and forgotten when any policy changes.
 *
 * Not modelled: permission boundaries, session policies, service control policies, users and groups, policy variables,
 * tags (`aws:ResourceTag`, `aws:PrincipalTag`), date and IP address conditions, KMS grants. A policy that uses one of
 * them is refused when it is loaded.
 */
export class Authorizer {
  readonly #accountId: string;
  readonly #region: string;
  readonly #roles = new Map<string, Role>();
  readonly #managed = new Map<string, readonly Statement[]>();
  readonly #attached = new Map<string, Set<string>>();
  /** Resource ARN → policy name → statements. */
  readonly #resourcePolicies = new Map<string, Map<string, readonly Statement[]>>();
  readonly #decisions = new Map<string, Map<string, Refusal>>();
  #decisionCount = 0;

  constructor(place: { readonly accountId: string; readonly region: string }) {
    this.#accountId = place.accountId;
    this.#region = place.region;
  }

  /** Declares a role; one that is known already keeps its policies. @throws PolicyError */
  putRole(roleArn: string, trustPolicy: unknown): void {
    this.#roles.set(roleArn, {
      arn: roleArn,
      trust: compilePolicy(trustPolicy, `${roleArn} (trust)`),
      policies: this.#roles.get(roleArn)?.policies ?? new Map(),
    });
    this.#forget();
  }

  /** Gives a role an inline policy, replacing one of the same name. @throws PolicyError */
  putRolePolicy(roleArn: string, policyName: string, document: unknown): void {
    this.#role(roleArn).policies.set(policyName, compilePolicy(document, `${roleArn} (${policyName})`));
    this.#forget();
  }

  /** Declares a managed policy. @throws PolicyError */
  putManagedPolicy(policyArn: string, document: unknown): void {
    this.#managed.set(policyArn, compilePolicy(document, policyArn));
    this.#forget();
  }

  /** Attaches a managed policy, of the assembly or of AWS, to a role. @throws PolicyError where it is unknown. */
  attachRolePolicy(roleArn: string, policyArn: string): void {
    this.#role(roleArn);
    if (!this.#managed.has(policyArn)) {
      const document = policyArn.startsWith('arn:aws:iam::aws:policy/')
        ? awsManagedPolicies[policyArn.slice('arn:aws:iam::aws:policy/'.length)]
        : undefined;
      if (document === undefined)
        throw new PolicyError(`managed policy ${policyArn} is not known to the embedded host`);
      this.#managed.set(policyArn, compilePolicy(document, policyArn));
    }
    const attached = this.#attached.get(roleArn) ?? new Set();
    attached.add(policyArn);
    this.#attached.set(roleArn, attached);
    this.#forget();
  }

  /**
   * Gives a resource a policy (queue, topic, bucket, key, function, bus). `policyName` keeps several apart, as the
   * permissions of a function; undefined as `document` removes it. @throws PolicyError
   */
  putResourcePolicy(resourceArn: string, document: unknown, policyName = 'default'): void {
    const policies = this.#resourcePolicies.get(resourceArn) ?? new Map<string, readonly Statement[]>();
    if (document === undefined) policies.delete(policyName);
    else policies.set(policyName, compilePolicy(document, `${resourceArn} (${policyName})`));
    this.#resourcePolicies.set(resourceArn, policies);
    this.#forget();
  }

  /**
   * Passes if the caller has every permission.
   * @throws AwsError AccessDeniedException (or what the service calls it) in AWS's words.
   */
  check(caller: Caller, permissions: readonly RequiredPermission[]): void {
    for (const permission of permissions) {
      const refusal = this.#decide(caller, permission);
      if (refusal !== undefined) throw accessDenied(this.#describe(caller), permission, refusal.reason);
    }
  }

  /** Whether the caller has the permission. */
  isAllowed(caller: Caller, permission: RequiredPermission): boolean {
    return this.#decide(caller, permission) === undefined;
  }

  /**
   * Passes if the role's trust policy lets the service (`lambda.amazonaws.com`, `states.amazonaws.com`, …) assume it.
   * @throws AwsError AccessDenied
   */
  assertAssumable(roleArn: string, servicePrincipal: string, sourceArn?: string): void {
    const role = this.#roles.get(roleArn);
    if (role === undefined) throw new AwsError('AccessDenied', `role ${roleArn} does not exist`, 403);
    const caller: Caller = { kind: 'service', principal: servicePrincipal, sourceArn: sourceArn ?? '' };
    const facts = this.#facts(caller);
    const context = this.#context(caller, { action: 'sts:AssumeRole', resource: roleArn });
    const speaking = role.trust.filter(
      (statement) =>
        statement.matchesPrincipal(facts) === 'direct' &&
        statement.matchesAction('sts:AssumeRole') &&
        statement.condition(context),
    );
    if (speaking.length === 0 || speaking.some(({ effect }) => effect === 'Deny')) {
      throw new AwsError(
        'AccessDenied',
        `${servicePrincipal} is not authorized to perform: sts:AssumeRole on resource: ${roleArn}`,
        403,
      );
    }
  }

  #role(roleArn: string): Role {
    const role = this.#roles.get(roleArn);
    if (role === undefined) throw new PolicyError(`role ${roleArn} does not exist`);
    return role;
  }

  #forget(): void {
    this.#decisions.clear();
    this.#decisionCount = 0;
  }

  #decide(caller: Caller, permission: RequiredPermission): Refusal {
    if (permission.context !== undefined) return this.#evaluate(caller, permission);
    const who = callerKey(caller);
    const decisions = this.#decisions.get(who) ?? new Map<string, Refusal>();
    this.#decisions.set(who, decisions);
    const what = `${permission.action} ${permission.resource}`;
    if (decisions.has(what)) return decisions.get(what);
    const refusal = this.#evaluate(caller, permission);
    if (++this.#decisionCount > decisionsKept) {
      this.#forget();
      return refusal;
    }
    decisions.set(what, refusal);
    return refusal;
  }

  #evaluate(caller: Caller, permission: RequiredPermission): Refusal {
    const { action, resource } = permission;
    const context = this.#context(caller, permission);
    const facts = this.#facts(caller);
    const identity = this.#identityStatements(caller).filter((statement) =>
      applies(statement, action, resource, context),
    );
    const attached = this.#policiesOf(resource).filter((statement) =>
      applies(statement, action, resource, context),
    );

    if (identity.some(({ effect }) => effect === 'Deny'))
      return { reason: 'with an explicit deny in an identity-based policy' };
    const denied = attached.some(
      (statement) => statement.effect === 'Deny' && statement.matchesPrincipal(facts) !== 'none',
    );
    if (denied) return { reason: 'with an explicit deny in a resource-based policy' };

    const matches = attached
      .filter(({ effect }) => effect === 'Allow')
      .map((statement) => statement.matchesPrincipal(facts));
    if (matches.includes('direct')) return undefined;
    const byIdentity = caller.kind === 'operator' || identity.some(({ effect }) => effect === 'Allow');
    // A key policy is the root of trust: identity policies count only where it delegates to the account.
    if (action.startsWith('kms:') && this.#resourcePolicies.has(resource) && !matches.includes('account')) {
      return { reason: `because no resource-based policy allows the ${action} action` };
    }
    if (byIdentity) return undefined;
    if (caller.kind === 'service')
      return { reason: `because no resource-based policy allows the ${action} action` };
    return { reason: `because no identity-based policy allows the ${action} action` };
  }

  #identityStatements(caller: Caller): readonly Statement[] {
    if (caller.kind !== 'role') return [];
    const role = this.#roles.get(caller.roleArn);
    if (role === undefined) return [];
    const managed = [...(this.#attached.get(caller.roleArn) ?? [])].flatMap(
      (arn) => this.#managed.get(arn) ?? [],
    );
    return [...[...role.policies.values()].flat(), ...managed];
  }

  #policiesOf(resource: string): readonly Statement[] {
    // The policy of a bucket governs its objects, that of a function its versions and aliases.
    const bucket = /^arn:aws:s3:::[^/]+/.exec(resource)?.[0];
    const lambda = /^arn:aws:lambda:[^:]*:[^:]*:function:[^:]+/.exec(resource)?.[0];
    const policies =
      this.#resourcePolicies.get(resource) ?? this.#resourcePolicies.get(bucket ?? lambda ?? resource);
    return policies === undefined ? [] : [...policies.values()].flat();
  }

  #context(caller: Caller, permission: RequiredPermission): ConditionContext {
    const context = new Map<string, readonly string[]>([
      // The loopback interface stands in for TLS: what is refused without TLS in the cloud must work locally.
      ['aws:securetransport', ['true']],
      ['aws:requestedregion', [this.#region]],
      ['aws:resourceaccount', [this.#accountId]],
      ['aws:principalisawsservice', [String(caller.kind === 'service')]],
    ]);
    if (caller.kind === 'service') {
      context.set('aws:principalservicename', [caller.principal]);
      if (caller.sourceArn !== '') {
        context.set('aws:sourcearn', [caller.sourceArn]);
        context.set('aws:sourceaccount', [this.#accountId]);
        context.set('aws:sourceowner', [this.#accountId]);
      }
    } else {
      context.set('aws:principalarn', [this.#facts(caller).identityArn ?? '']);
      context.set('aws:principalaccount', [this.#accountId]);
      context.set('aws:principaltype', [caller.kind === 'role' ? 'AssumedRole' : 'User']);
      context.set('kms:calleraccount', [this.#accountId]);
    }
    for (const [key, value] of Object.entries(permission.context ?? {})) {
      context.set(key.toLowerCase(), typeof value === 'string' ? [value] : value);
    }
    return context;
  }

  #facts(caller: Caller): PrincipalFacts {
    const accountId = this.#accountId;
    switch (caller.kind) {
      case 'role':
        return {
          identityArn: caller.roleArn,
          sessionArn: this.#describe(caller),
          accountId,
          service: undefined,
        };
      case 'operator':
        return { identityArn: this.#describe(caller), sessionArn: undefined, accountId, service: undefined };
      case 'service':
        return { identityArn: undefined, sessionArn: undefined, accountId, service: caller.principal };
    }
  }

  /** The caller's ARN, as AWS writes it in messages and as GetCallerIdentity gives it. */
  arnOf(caller: Caller): string {
    return this.#describe(caller);
  }

  #describe(caller: Caller): string {
    switch (caller.kind) {
      case 'role':
        return `arn:aws:sts::${this.#accountId}:assumed-role/${caller.roleArn.slice(caller.roleArn.lastIndexOf('/') + 1)}/${caller.sessionName}`;
      case 'operator':
        return `arn:aws:iam::${this.#accountId}:user/operator`;
      case 'service':
        return caller.principal;
    }
  }
}

function callerKey(caller: Caller): string {
  switch (caller.kind) {
    case 'role':
      return `${caller.roleArn} ${caller.sessionName}`;
    case 'operator':
      return 'operator';
    case 'service':
      return `${caller.principal} ${caller.sourceArn}`;
  }
}

/** What each service calls a refusal, and the status it sends with it. The others: AccessDeniedException, 400. */
const refusalForms: Readonly<Record<string, readonly [code: string, status: number]>> = {
  sqs: ['AccessDenied', 403],
  s3: ['AccessDenied', 403],
  sts: ['AccessDenied', 403],
  cloudwatch: ['AccessDenied', 403],
  sns: ['AuthorizationError', 403],
  lambda: ['AccessDeniedException', 403],
  scheduler: ['AccessDeniedException', 403],
};

function accessDenied(who: string, { action, resource }: RequiredPermission, reason: string): AwsError {
  const [code, status] = refusalForms[action.slice(0, action.indexOf(':'))] ?? ['AccessDeniedException', 400];
  return new AwsError(
    code,
    `User: ${who} is not authorized to perform: ${action} on resource: ${resource} ${reason}`,
    status,
  );
}
