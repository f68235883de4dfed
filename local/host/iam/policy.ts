import * as z from 'zod';
import {
  type CompiledCondition,
  type ConditionContext,
  compileCondition,
  PolicyError,
  rejectVariables,
  wildcard,
} from './conditions.ts';

const oneOrMore = z
  .union([z.string(), z.array(z.string())])
  .transform((value) => (typeof value === 'string' ? [value] : value));
const principalShape = z.union([
  z.literal('*'),
  z.partialRecord(z.enum(['AWS', 'Service', 'Federated', 'CanonicalUser']), oneOrMore),
]);
const statementShape = z
  .object({
    Sid: z.string().optional(),
    Effect: z.enum(['Allow', 'Deny']),
    Action: oneOrMore.optional(),
    NotAction: oneOrMore.optional(),
    Resource: oneOrMore.optional(),
    NotResource: oneOrMore.optional(),
    Principal: principalShape.optional(),
    NotPrincipal: principalShape.optional(),
    Condition: z.record(z.string(), z.record(z.string(), z.unknown())).optional(),
  })
  .strict();
const documentShape = z
  .object({
    Version: z.string().optional(),
    Id: z.string().optional(),
    Statement: z
      .union([statementShape, z.array(statementShape)])
      .transform((value) => (Array.isArray(value) ? value : [value])),
  })
  .strict();

/** Who a statement of a resource policy is compared with. */
export interface PrincipalFacts {
  /** `arn:aws:iam::000000000000:role/Name` (or the operator's user ARN); undefined for an AWS service. */
  readonly identityArn: string | undefined;
  /** `arn:aws:sts::…:assumed-role/Name/session`, where the caller has assumed a role. */
  readonly sessionArn: string | undefined;
  readonly accountId: string;
  /** `events.amazonaws.com`, where the caller is an AWS service. */
  readonly service: string | undefined;
}

/** How a statement's `Principal` meets a caller. Naming the account delegates the decision to identity policies. */
export type PrincipalMatch = 'none' | 'direct' | 'account';

/** One statement, ready to be evaluated. */
export interface Statement {
  readonly effect: 'Allow' | 'Deny';
  matchesAction(action: string): boolean;
  matchesResource(resource: string): boolean;
  matchesPrincipal(principal: PrincipalFacts): PrincipalMatch;
  readonly condition: CompiledCondition;
}

/** Whether a statement speaks about the call, its principal apart. */
export function applies(
  statement: Statement,
  action: string,
  resource: string,
  context: ConditionContext,
): boolean {
  return (
    statement.matchesAction(action) && statement.matchesResource(resource) && statement.condition(context)
  );
}

/**
 * Compiles a policy document.
 * @throws PolicyError naming `where` and the element, operator, key or variable that the host does not evaluate.
 */
export function compilePolicy(document: unknown, where: string): readonly Statement[] {
  const parsed = documentShape.safeParse(document);
  if (!parsed.success) throw new PolicyError(`policy of ${where}: ${z.prettifyError(parsed.error)}`);
  return parsed.data.Statement.map((statement, position) => {
    try {
      return compileStatement(statement);
    } catch (cause) {
      if (cause instanceof PolicyError)
        throw new PolicyError(`policy of ${where}, statement ${statement.Sid ?? position}: ${cause.message}`);
      throw cause;
    }
  });
}

function compileStatement(statement: z.infer<typeof statementShape>): Statement {
  if ((statement.Action === undefined) === (statement.NotAction === undefined))
    throw new PolicyError('needs either Action or NotAction');
  const actions = anyOf(statement.Action ?? statement.NotAction ?? [], 'i');
  const resources = anyOf(statement.Resource ?? statement.NotResource ?? ['*']);
  const inverseAction = statement.NotAction !== undefined;
  const inverseResource = statement.NotResource !== undefined;
  return {
    effect: statement.Effect,
    matchesAction: (action) => actions(action) !== inverseAction,
    matchesResource: (resource) => resources(resource) !== inverseResource,
    matchesPrincipal: compilePrincipal(statement),
    condition: compileCondition(statement.Condition),
  };
}

function anyOf(patterns: readonly string[], flags = ''): (text: string) => boolean {
  for (const pattern of patterns) rejectVariables(pattern);
  const tests = patterns.map((pattern) => wildcard(pattern, flags));
  return (text) => tests.some((test) => test(text));
}

function compilePrincipal(
  statement: z.infer<typeof statementShape>,
): (principal: PrincipalFacts) => PrincipalMatch {
  if (statement.Principal !== undefined) {
    const declared = statement.Principal;
    return (principal) => matchPrincipal(declared, principal);
  }
  if (statement.NotPrincipal !== undefined) {
    const declared = statement.NotPrincipal;
    return (principal) => (matchPrincipal(declared, principal) === 'none' ? 'direct' : 'none');
  }
  return () => 'none';
}

function matchPrincipal(declared: z.infer<typeof principalShape>, principal: PrincipalFacts): PrincipalMatch {
  if (declared === '*') return 'direct';
  if (
    principal.service !== undefined &&
    declared.Service?.some((service) => service === principal.service || service === '*')
  )
    return 'direct';
  let match: PrincipalMatch = 'none';
  for (const arn of declared.AWS ?? []) {
    if (arn === '*') return 'direct';
    if (principal.service !== undefined) continue;
    if (arn === principal.identityArn || arn === principal.sessionArn) return 'direct';
    if (arn === principal.accountId || arn === `arn:aws:iam::${principal.accountId}:root`) match = 'account';
  }
  return match;
}
