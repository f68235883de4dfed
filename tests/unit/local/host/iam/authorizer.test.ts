import { describe, expect, it } from 'vitest';
import { Authorizer } from '#local/host/iam/authorizer.ts';
import { PolicyError } from '#local/host/iam/conditions.ts';
import { AwsError, type Caller, type RequiredPermission } from '#local/host/kernel.ts';

const place = { accountId: '000000000000', region: 'us-east-1' };
const roleArn = 'arn:aws:iam::000000000000:role/agent';
const role: Caller = { kind: 'role', roleArn, sessionName: 'agent' };
const operator: Caller = { kind: 'operator' };
const bus: Caller = {
  kind: 'service',
  principal: 'events.amazonaws.com',
  sourceArn: 'arn:aws:events:us-east-1:000000000000:rule/desk/r',
};
const queue = 'arn:aws:sqs:us-east-1:000000000000:commands';
const key = 'arn:aws:kms:us-east-1:000000000000:key/k';
const trust = (Service: string) => ({
  Statement: { Effect: 'Allow', Principal: { Service }, Action: 'sts:AssumeRole' },
});

function withPolicies(...statements: readonly object[]): Authorizer {
  const authorizer = new Authorizer(place);
  authorizer.putRole(roleArn, trust('lambda.amazonaws.com'));
  authorizer.putRolePolicy(roleArn, 'inline', { Version: '2012-10-17', Statement: statements });
  return authorizer;
}
const allow = (
  Action: string | readonly string[],
  Resource: string | readonly string[],
  Condition?: object,
) => ({ Effect: 'Allow', Action, Resource, ...(Condition === undefined ? {} : { Condition }) });
const deny = (Action: string, Resource: string, Condition?: object) => ({
  ...allow(Action, Resource, Condition),
  Effect: 'Deny',
});
const send: RequiredPermission = { action: 'sqs:SendMessage', resource: queue };

describe('identity policies', () => {
  it('allow nothing by themselves', () => {
    expect(withPolicies().isAllowed(role, send)).toBe(false);
  });

  it.each<[action: string, resource: string, allowed: boolean]>([
    ['sqs:SendMessage', queue, true],
    ['sqs:sendmessage', queue, true],
    ['sqs:Send*', queue, true],
    ['*', '*', true],
    ['sqs:SendMessage', 'arn:aws:sqs:us-east-1:000000000000:comm?nds', true],
    ['sqs:SendMessage', 'arn:aws:sqs:us-east-1:000000000000:Commands', false],
    ['sqs:SendMessage', `${queue}-other`, false],
    ['sqs:Receive*', queue, false],
  ])('grant %s on %s: %s', (action, resource, allowed) => {
    expect(withPolicies(allow(action, resource)).isAllowed(role, send)).toBe(allowed);
  });

  it('are overruled by an explicit deny', () => {
    const authorizer = withPolicies(allow('sqs:*', '*'), deny('sqs:SendMessage', queue));

    expect(() => authorizer.check(role, [send])).toThrow(/with an explicit deny in an identity-based policy/);
    expect(authorizer.isAllowed(role, { ...send, action: 'sqs:DeleteMessage' })).toBe(true);
  });

  it('take NotAction and NotResource', () => {
    const authorizer = withPolicies({
      Effect: 'Allow',
      NotAction: 'sqs:DeleteMessage',
      NotResource: `${queue}-other`,
    });

    expect(authorizer.isAllowed(role, send)).toBe(true);
    expect(authorizer.isAllowed(role, { ...send, action: 'sqs:DeleteMessage' })).toBe(false);
    expect(authorizer.isAllowed(role, { ...send, resource: `${queue}-other` })).toBe(false);
  });

  it('come from managed policies too, of the assembly and of AWS', () => {
    const authorizer = withPolicies();
    const managed = 'arn:aws:iam::000000000000:policy/m';
    authorizer.putManagedPolicy(managed, { Statement: [allow('sqs:SendMessage', queue)] });
    authorizer.attachRolePolicy(roleArn, managed);
    authorizer.attachRolePolicy(roleArn, 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole');

    expect(authorizer.isAllowed(role, send)).toBe(true);
    expect(
      authorizer.isAllowed(role, {
        action: 'logs:PutLogEvents',
        resource: 'arn:aws:logs:us-east-1:000000000000:log-group:x',
      }),
    ).toBe(true);
    expect(() => authorizer.attachRolePolicy(roleArn, 'arn:aws:iam::aws:policy/AdministratorAccess')).toThrow(
      /AdministratorAccess is not known/,
    );
  });

  it('change what was decided before', () => {
    const authorizer = withPolicies();
    expect(authorizer.isAllowed(role, send)).toBe(false);

    authorizer.putRolePolicy(roleArn, 'late', { Statement: [allow('sqs:SendMessage', queue)] });

    expect(authorizer.isAllowed(role, send)).toBe(true);
  });
});

describe('conditions', () => {
  const decrypt = (context: Record<string, string | readonly string[]>): RequiredPermission => ({
    action: 'kms:Decrypt',
    resource: '*',
    context,
  });
  const decides = (Condition: object, context: Record<string, string | readonly string[]>): boolean =>
    withPolicies(allow('kms:Decrypt', '*', Condition)).isAllowed(role, decrypt(context));

  it.each<
    [name: string, condition: object, context: Record<string, string | readonly string[]>, allowed: boolean]
  >([
    [
      'StringEquals, one of the values',
      { StringEquals: { 'kms:EncryptionContext:agent': ['macro', 'risk'] } },
      { 'kms:EncryptionContext:agent': 'risk' },
      true,
    ],
    [
      'StringEquals, another value',
      { StringEquals: { 'kms:EncryptionContext:agent': 'macro' } },
      { 'kms:EncryptionContext:agent': 'risk' },
      false,
    ],
    ['StringEquals, absent key', { StringEquals: { 'kms:EncryptionContext:agent': 'macro' } }, {}, false],
    [
      'StringEqualsIfExists, absent key',
      { StringEqualsIfExists: { 'kms:EncryptionContext:agent': 'macro' } },
      {},
      true,
    ],
    [
      'StringNotEquals, absent key',
      { StringNotEquals: { 'kms:EncryptionContext:agent': 'macro' } },
      {},
      true,
    ],
    [
      'StringNotEquals, same value',
      { StringNotEquals: { 'kms:EncryptionContext:agent': 'macro' } },
      { 'kms:EncryptionContext:agent': 'macro' },
      false,
    ],
    [
      'StringLike',
      { StringLike: { 'kms:ViaService': 'dynamodb.*.amazonaws.com' } },
      { 'kms:ViaService': 'dynamodb.us-east-1.amazonaws.com' },
      true,
    ],
    ['Null true, absent', { Null: { 'kms:EncryptionContext:agent': 'true' } }, {}, true],
    ['Null false, absent', { Null: { 'kms:EncryptionContext:agent': 'false' } }, {}, false],
    ['Bool of secure transport', { Bool: { 'aws:SecureTransport': 'true' } }, {}, true],
    [
      'ForAllValues, all within',
      { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': ['a', 'b'] } },
      { 'dynamodb:LeadingKeys': ['a', 'a'] },
      true,
    ],
    [
      'ForAllValues, one outside',
      { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': ['a'] } },
      { 'dynamodb:LeadingKeys': ['a', 'b'] },
      false,
    ],
    [
      'ForAllValues, absent key',
      { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': ['a'] } },
      {},
      true,
    ],
    [
      'ForAnyValue, one within',
      { 'ForAnyValue:StringEquals': { 'dynamodb:LeadingKeys': ['a'] } },
      { 'dynamodb:LeadingKeys': ['a', 'b'] },
      true,
    ],
    ['ForAnyValue, absent key', { 'ForAnyValue:StringEquals': { 'dynamodb:LeadingKeys': ['a'] } }, {}, false],
    [
      'two keys, one fails',
      { StringEquals: { 'kms:ViaService': 'x', 'kms:EncryptionContext:agent': 'a' } },
      { 'kms:ViaService': 'x' },
      false,
    ],
    ['Numeric', { NumericLessThan: { 's3:max-keys': '10' } }, { 's3:max-keys': '9' }, true],
    ['keys in any case', { StringEquals: { 'KMS:viaservice': 'x' } }, { 'kms:ViaService': 'x' }, true],
  ])('%s', (_, condition, context, allowed) => {
    expect(decides(condition, context)).toBe(allowed);
  });

  it('compare ARNs section by section', () => {
    const topic: RequiredPermission = { action: 'kms:Decrypt', resource: '*' };
    const authorizer = new Authorizer(place);
    const withSource = (pattern: string): boolean => {
      authorizer.putResourcePolicy('*', {
        Statement: [
          {
            Effect: 'Allow',
            Principal: { Service: 'events.amazonaws.com' },
            Action: 'kms:Decrypt',
            Resource: '*',
            Condition: { ArnLike: { 'aws:SourceArn': pattern } },
          },
        ],
      });
      return authorizer.isAllowed(bus, topic);
    };

    expect(withSource('arn:aws:events:*:000000000000:rule/desk/*')).toBe(true);
    expect(withSource('arn:aws:*:rule/desk/r')).toBe(false);
  });

  it.each<[name: string, statement: object]>([
    ['an unknown operator', allow('a:b', '*', { DateLessThan: { 'aws:SourceArn': 'x' } })],
    ['an unknown key', allow('a:b', '*', { StringEquals: { 'aws:PrincipalTag/team': 'x' } })],
    ['an unknown set operator', allow('a:b', '*', { 'ForSome:StringEquals': { 'aws:SourceArn': 'x' } })],
    ['a policy variable', allow('a:b', ['arn:aws:s3:::b/$', '{aws:username}'].join(''))],
    ['an unknown element', { ...allow('a:b', '*'), Conditon: {} }],
    ['neither Action nor NotAction', { Effect: 'Allow', Resource: '*' }],
  ])('refuse %s when the policy is loaded', (_, statement) => {
    expect(() => withPolicies(statement)).toThrow(PolicyError);
    expect(() => withPolicies(statement)).toThrow(roleArn);
  });
});

describe('resource policies', () => {
  const queuePolicy = (statement: object): Authorizer => {
    const authorizer = withPolicies();
    authorizer.putResourcePolicy(queue, { Statement: [statement] });
    return authorizer;
  };
  const fromRule = {
    Effect: 'Allow',
    Principal: { Service: 'events.amazonaws.com' },
    Action: 'sqs:SendMessage',
    Resource: queue,
    Condition: { ArnEquals: { 'aws:SourceArn': 'arn:aws:events:us-east-1:000000000000:rule/desk/r' } },
  };

  it('allow a service that acts for the source they name, and no other', () => {
    const authorizer = queuePolicy(fromRule);

    expect(authorizer.isAllowed(bus, send)).toBe(true);
    expect(
      authorizer.isAllowed(
        { ...bus, sourceArn: 'arn:aws:events:us-east-1:000000000000:rule/desk/other' },
        send,
      ),
    ).toBe(false);
    expect(authorizer.isAllowed({ ...bus, principal: 'sns.amazonaws.com' }, send)).toBe(false);
    expect(authorizer.isAllowed(role, send)).toBe(false);
  });

  it('allow a role that they name without any identity policy', () => {
    expect(
      queuePolicy({ ...fromRule, Condition: undefined, Principal: { AWS: roleArn } }).isAllowed(role, send),
    ).toBe(true);
  });

  it('that name the account leave the decision to identity policies', () => {
    const authorizer = queuePolicy({
      ...fromRule,
      Condition: undefined,
      Principal: { AWS: 'arn:aws:iam::000000000000:root' },
    });
    expect(authorizer.isAllowed(role, send)).toBe(false);

    authorizer.putRolePolicy(roleArn, 'send', { Statement: [allow('sqs:SendMessage', queue)] });

    expect(authorizer.isAllowed(role, send)).toBe(true);
  });

  it('deny even the operator', () => {
    const authorizer = queuePolicy({ Effect: 'Deny', Principal: '*', Action: 'sqs:*', Resource: '*' });

    expect(() => authorizer.check(operator, [send])).toThrow(
      /user\/operator is not authorized.*with an explicit deny in a resource-based policy/,
    );
    expect(withPolicies().isAllowed(operator, send)).toBe(true);
  });

  it('of a bucket govern its objects', () => {
    const authorizer = withPolicies(allow('s3:*', '*'));
    authorizer.putResourcePolicy('arn:aws:s3:::b', {
      Statement: [
        { Effect: 'Deny', Principal: '*', Action: 's3:DeleteObject', Resource: 'arn:aws:s3:::b/keep/*' },
      ],
    });

    expect(authorizer.isAllowed(role, { action: 's3:DeleteObject', resource: 'arn:aws:s3:::b/keep/x' })).toBe(
      false,
    );
    expect(authorizer.isAllowed(role, { action: 's3:DeleteObject', resource: 'arn:aws:s3:::b/x' })).toBe(
      true,
    );
  });

  it('of a function are kept apart by name', () => {
    const functionArn = 'arn:aws:lambda:us-east-1:000000000000:function:f';
    const authorizer = withPolicies();
    const permission = (Service: string) => ({
      Statement: [
        { Effect: 'Allow', Principal: { Service }, Action: 'lambda:InvokeFunction', Resource: functionArn },
      ],
    });
    authorizer.putResourcePolicy(functionArn, permission('events.amazonaws.com'), 'one');
    authorizer.putResourcePolicy(functionArn, permission('sns.amazonaws.com'), 'two');
    const invoke: RequiredPermission = { action: 'lambda:InvokeFunction', resource: functionArn };
    expect(authorizer.isAllowed(bus, invoke)).toBe(true);

    authorizer.putResourcePolicy(functionArn, undefined, 'one');

    expect(authorizer.isAllowed(bus, invoke)).toBe(false);
    expect(authorizer.isAllowed({ ...bus, principal: 'sns.amazonaws.com' }, invoke)).toBe(true);
  });

  it('of a key are the root of trust', () => {
    const authorizer = withPolicies(allow('kms:*', '*'));
    const decrypt: RequiredPermission = { action: 'kms:Decrypt', resource: key };
    authorizer.putResourcePolicy(key, {
      Statement: [
        {
          Effect: 'Allow',
          Principal: { AWS: 'arn:aws:iam::000000000000:role/other' },
          Action: 'kms:*',
          Resource: '*',
        },
      ],
    });
    expect(() => authorizer.check(role, [decrypt])).toThrow(
      /no resource-based policy allows the kms:Decrypt action/,
    );

    authorizer.putResourcePolicy(key, {
      Statement: [
        {
          Effect: 'Allow',
          Principal: { AWS: 'arn:aws:iam::000000000000:root' },
          Action: 'kms:*',
          Resource: '*',
        },
      ],
    });

    expect(authorizer.isAllowed(role, decrypt)).toBe(true);
  });
});

describe('refusals', () => {
  it.each<[action: string, code: string, status: number]>([
    ['dynamodb:PutItem', 'AccessDeniedException', 400],
    ['sqs:SendMessage', 'AccessDenied', 403],
    ['s3:GetObject', 'AccessDenied', 403],
    ['sns:Publish', 'AuthorizationError', 403],
    ['lambda:InvokeFunction', 'AccessDeniedException', 403],
  ])('of %s come as the service sends them', (action, code, status) => {
    const failure = (() => {
      try {
        withPolicies().check(role, [{ action, resource: 'arn:x' }]);
      } catch (error) {
        return error;
      }
      return undefined;
    })();

    expect(failure).toBeInstanceOf(AwsError);
    expect(failure).toMatchObject({
      code,
      statusCode: status,
      message: `User: arn:aws:sts::000000000000:assumed-role/agent/agent is not authorized to perform: ${action} on resource: arn:x because no identity-based policy allows the ${action} action`,
    });
  });
});

describe('trust', () => {
  it('lets a role be assumed by the service it names only', () => {
    const authorizer = withPolicies();

    expect(() => authorizer.assertAssumable(roleArn, 'lambda.amazonaws.com')).not.toThrow();
    expect(() => authorizer.assertAssumable(roleArn, 'states.amazonaws.com')).toThrow(
      /states\.amazonaws\.com is not authorized to perform: sts:AssumeRole/,
    );
    expect(() =>
      authorizer.assertAssumable('arn:aws:iam::000000000000:role/none', 'lambda.amazonaws.com'),
    ).toThrow(/does not exist/);
  });

  it('heeds the source account that it names', () => {
    const authorizer = new Authorizer(place);
    authorizer.putRole(roleArn, {
      Statement: [
        {
          Effect: 'Allow',
          Principal: { Service: 'scheduler.amazonaws.com' },
          Action: 'sts:AssumeRole',
          Condition: { StringEquals: { 'aws:SourceAccount': '000000000000' } },
        },
      ],
    });

    expect(() =>
      authorizer.assertAssumable(
        roleArn,
        'scheduler.amazonaws.com',
        'arn:aws:scheduler:us-east-1:000000000000:schedule/default/s',
      ),
    ).not.toThrow();
    expect(() => authorizer.assertAssumable(roleArn, 'scheduler.amazonaws.com')).toThrow(/not authorized/);
  });
});
