import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Authorizer } from '#local/host/iam/authorizer.ts';
import { wildcard } from '#local/host/iam/conditions.ts';
import type { Caller, RequiredPermission } from '#local/host/kernel.ts';

const roleArn = 'arn:aws:iam::000000000000:role/r';
const caller: Caller = { kind: 'role', roleArn, sessionName: 's' };
const trust = {
  Statement: { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
};
const pattern = fc.constantFrom('*', 'sqs:*', 'sqs:Send*', 'sqs:SendMessage', 's3:Get*', 's3:GetObject');
const action = fc.constantFrom('sqs:SendMessage', 'sqs:ReceiveMessage', 's3:GetObject', 's3:PutObject');
const resourcePattern = fc.constantFrom('*', 'arn:a', 'arn:b', 'arn:?');
const resource = fc.constantFrom('arn:a', 'arn:b', 'arn:cc');
const statement = fc.record({
  Effect: fc.constantFrom('Allow', 'Deny'),
  Action: fc.array(pattern, { minLength: 1, maxLength: 2 }),
  Resource: fc.array(resourcePattern, { minLength: 1, maxLength: 2 }),
});

function authorizer(statements: readonly object[]): Authorizer {
  const made = new Authorizer({ accountId: '000000000000', region: 'us-east-1' });
  made.putRole(roleArn, trust);
  made.putRolePolicy(roleArn, 'p', { Statement: statements });
  return made;
}

/** The wildcard as its definition says, by recursion. */
function matches(wanted: string, text: string): boolean {
  if (wanted === '') return text === '';
  if (wanted[0] === '*')
    return matches(wanted.slice(1), text) || (text !== '' && matches(wanted, text.slice(1)));
  return (
    text !== '' && (wanted[0] === '?' || wanted[0] === text[0]) && matches(wanted.slice(1), text.slice(1))
  );
}

describe('policy evaluation, whatever the statements', () => {
  it('allows exactly what some statement allows and none denies', () => {
    fc.assert(
      fc.property(fc.array(statement, { maxLength: 5 }), action, resource, (statements, wanted, on) => {
        const speaks = statements.filter(
          ({ Action, Resource }) =>
            Action.some((of) => matches(of, wanted)) && Resource.some((of) => matches(of, on)),
        );
        const expected =
          speaks.some(({ Effect }) => Effect === 'Allow') && !speaks.some(({ Effect }) => Effect === 'Deny');

        expect(authorizer(statements).isAllowed(caller, { action: wanted, resource: on })).toBe(expected);
      }),
      { numRuns: 300 },
    );
  });

  it('never allows more when a deny is added, nor less when an allow is added', () => {
    fc.assert(
      fc.property(
        fc.array(statement, { maxLength: 4 }),
        statement,
        action,
        resource,
        (statements, added, wanted, on) => {
          const permission: RequiredPermission = { action: wanted, resource: on };
          const before = authorizer(statements).isAllowed(caller, permission);
          const denied = authorizer([...statements, { ...added, Effect: 'Deny' }]).isAllowed(
            caller,
            permission,
          );
          const allowed = authorizer([...statements, { ...added, Effect: 'Allow' }]).isAllowed(
            caller,
            permission,
          );

          expect(denied && !before).toBe(false);
          expect(before && !allowed).toBe(false);
        },
      ),
    );
  });

  it('remembers nothing but the truth', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.array(statement, { maxLength: 3 }), action, resource), { maxLength: 8 }),
        (changes) => {
          const long = authorizer([]);
          for (const [statements, wanted, on] of changes) {
            long.putRolePolicy(roleArn, 'p', { Statement: statements });
            for (let again = 0; again < 2; again++) {
              expect(long.isAllowed(caller, { action: wanted, resource: on })).toBe(
                authorizer(statements).isAllowed(caller, { action: wanted, resource: on }),
              );
            }
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('matches wildcards as they are defined', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '.', ':', '*', '?', '['), maxLength: 8 });
    fc.assert(
      fc.property(text, text, (wanted, given) => {
        expect(wildcard(wanted)(given)).toBe(matches(wanted, given));
      }),
      { numRuns: 500 },
    );
  });
});
