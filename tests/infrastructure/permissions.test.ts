import { describe, expect, it } from 'vitest';
import { AGENTS } from '#contracts/agents.ts';
import { references, type SynthesizedResource, synthesized } from './synthesized.ts';

const app = synthesized('paper');
const { functions } = app;
const policies = app.all('AWS::IAM::Policy');

interface Grant {
  /** The role that is granted something, with its stack. */
  readonly role: string;
  readonly actions: readonly string[];
  readonly resource: string;
  readonly leadingKeys: readonly string[] | null;
}

const list = <T>(value: T | readonly T[]): readonly T[] => (Array.isArray(value) ? value : [value as T]);
const roleOf = ({ stack, properties }: SynthesizedResource) => `${stack}/${references(properties.Role)[0]}`;

const grants: readonly Grant[] = policies.flatMap(({ stack, properties }) =>
  properties.Roles.flatMap((role: { Ref: string }) =>
    properties.PolicyDocument.Statement.filter(
      (statement: { Effect: string }) => statement.Effect === 'Allow',
    ).map(
      (statement: {
        Action: string | string[];
        Resource: unknown;
        Condition?: Record<string, Record<string, string[]>>;
      }) => ({
        role: `${stack}/${role.Ref}`,
        actions: list(statement.Action),
        resource: JSON.stringify(statement.Resource),
        leadingKeys: statement.Condition?.['ForAllValues:StringLike']?.['dynamodb:LeadingKeys'] ?? null,
      }),
    ),
  ),
);

/** The role of a function of the desk, found by the name that its description carries. */
function roleNamed(name: string): string {
  const found = functions.filter(({ properties }) => properties.Description === `abc ${name}`);
  expect(found, `functions named ${name}`).toHaveLength(1);
  return roleOf(found[0] as SynthesizedResource);
}
const taskRole = () => {
  const [task] = app.all('AWS::ECS::TaskDefinition');
  return `Broker/${references(task?.properties.TaskRoleArn)[0]}`;
};

/** What may be done to one table; the arn of another stack's table is an export that names it. */
const on = (table: 'State' | 'Journal' | 'Idempotency' | 'Memory') =>
  grants.filter(({ resource }) => new RegExp(`ExportsOutputFnGetAtt${table}[0-9A-F]{8}Arn`).test(resource));
const WRITES =
  /^dynamodb:(\*|PutItem|UpdateItem|DeleteItem|BatchWriteItem|Partiql(Insert|Update|Delete|Any).*|TransactWriteItems)$/i;
const matches = (pattern: string, partition: string) =>
  new RegExp(
    `^${pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
  ).test(partition);
/** A resource by the names in its ARN: what it refers to without the digits that CloudFormation is given. */
function named(resource: unknown): string {
  if (typeof resource === 'string') return resource;
  const { 'Fn::Join': join, Ref: reference } = resource as {
    readonly 'Fn::Join'?: readonly [string, readonly unknown[]];
    readonly Ref?: string;
  };
  if (join !== undefined) return join[1].map(named).join(join[0]);
  const [name = ''] = reference === undefined ? references(resource) : [reference];
  return name.replace(/^.*GetAtt/, '').replace(/[0-9A-F]{8}(Arn\w*)?$/, '');
}
/** The roles that may write items of a partition of the state table. */
const writersOf = (partition: string) =>
  on('State')
    .filter(
      ({ actions, leadingKeys }) =>
        actions.some((action) => WRITES.test(action)) &&
        (leadingKeys?.some((key) => matches(key, partition)) ?? true),
    )
    .map(({ role }) => role)
    .sort();

describe('the functions', () => {
  it('are 22 agents and twelve more, and no two share a role', () => {
    for (const agent of AGENTS) roleNamed(agent);
    expect(AGENTS).toHaveLength(22);
    expect(functions).toHaveLength(34);
    expect(new Set(functions.map(roleOf)).size).toBe(34);
  });

  it('have no role with a managed policy or an inline one beside what was granted', () => {
    for (const { properties, logicalId } of app.all('AWS::IAM::Role')) {
      expect(properties.ManagedPolicyArns, logicalId).toBeUndefined();
      expect(properties.Policies, logicalId).toBeUndefined();
    }
  });

  it('are granted no service as a whole', () => {
    for (const { actions, role } of grants)
      for (const action of actions) expect(action, role).not.toMatch(/^\*|^[a-z0-9]+:\*$/);
  });
});

describe('the state table', () => {
  it('is written by nobody without a partition named', () => {
    const writes = on('State').filter(({ actions }) => actions.some((action) => WRITES.test(action)));
    expect(writes.length).toBeGreaterThan(0);
    for (const { actions, leadingKeys, role } of writes) {
      expect(actions, role).toEqual(['dynamodb:PutItem']);
      expect(leadingKeys, role).not.toBeNull();
    }
  });

  it('has its book written by the gate and the ledger, and by nobody else', () => {
    expect(writersOf('BOOK')).toEqual([roleNamed('gate'), roleNamed('portfolio')].sort());
  });

  it.each([
    ['AUTHORIZATION', ['gate']],
    ['HALT', ['portfolio']],
    ['POLICY', ['cycle']],
    ['SESSION', ['cycle']],
    ['LEARNING', ['learning']],
    ['MARKET#AAPL', ['portfolio']],
  ])('has the partition %s written by %s alone', (partition, names) => {
    expect(writersOf(partition)).toEqual(names.map(roleNamed).sort());
  });

  it('has the lease and the orders at the broker written by the bridge alone', () => {
    expect(writersOf('BROKER')).toEqual([taskRole()]);
    expect(writersOf('BROKER#ORDER')).toEqual([taskRole()]);
  });

  it('gives no partition of the gate, the ledger or the bridge to an agent', () => {
    const agents = new Set(AGENTS.map(roleNamed));
    for (const partition of [
      'BOOK',
      'AUTHORIZATION',
      'HALT',
      'POLICY',
      'BROKER',
      'BROKER#ORDER',
      'MARKET#AAPL',
    ])
      for (const writer of writersOf(partition))
        expect(agents.has(writer), `${writer} writes ${partition}`).toBe(false);
  });
});

describe('the operator’s policy', () => {
  it('lets a person throw the kill switch, set the policy, append to the desk’s own journal and read the state, and no more', () => {
    const [operator, ...others] = app.of('Risk', 'AWS::IAM::ManagedPolicy');
    expect(others).toEqual([]);
    expect(operator?.properties.Roles).toBeUndefined();
    const statements = operator?.properties.PolicyDocument.Statement.map(
      (statement: { Action: string | string[]; Resource: unknown; Condition?: unknown }) => [
        list(statement.Action),
        /GetAtt([A-Za-z]+?)[0-9A-F]{8}Arn/.exec(JSON.stringify(statement.Resource))?.[1] ??
          statement.Resource,
        statement.Condition ?? null,
      ],
    );
    const keys = (...partitions: string[]) => ({
      'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': partitions },
    });
    expect(statements).toEqual([
      [['dynamodb:ListTables'], '*', null],
      [['dynamodb:PutItem'], 'Journal', keys('desk')],
      [['dynamodb:BatchGetItem', 'dynamodb:ConditionCheckItem'], 'State', null],
      [['dynamodb:PutItem'], 'State', keys('HALT', 'POLICY', 'OUTCOME', 'CASH')],
      [['kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey', 'kms:DescribeKey'], 'DataKey', null],
    ]);
  });
});

describe('the policy of a person on call', () => {
  it('lets the runbooks’ commands look, and replace or stop the one task, and changes nothing else', () => {
    const [onCall, ...others] = app.of('Broker', 'AWS::IAM::ManagedPolicy');
    expect(others).toEqual([]);
    expect(onCall?.properties.Roles).toBeUndefined();
    const statements = onCall?.properties.PolicyDocument.Statement.map(
      (statement: { Action: string | string[]; Resource: unknown }) => [
        list(statement.Action),
        list(statement.Resource).map((resource) => named(resource)),
      ],
    );
    const here = (service: string) => `arn:AWS::Partition:${service}:AWS::Region:AWS::AccountId`;
    expect(statements).toEqual([
      [
        ['dynamodb:GetItem', 'dynamodb:Query'],
        ['State', 'Journal'],
      ],
      [['kms:Decrypt', 'kms:DescribeKey'], ['DataKey']],
      [['cloudformation:DescribeStackResources'], [`${here('cloudformation')}:stack/Abc-paper-*/*`]],
      [
        ['logs:FilterLogEvents', 'logs:GetLogEvents', 'logs:DescribeLogStreams'],
        [`${here('logs')}:log-group:Abc-paper-*:*`],
      ],
      [['ecs:DescribeServices', 'ecs:UpdateService'], ['Service']],
      [['ecs:DescribeTasks'], [`${here('ecs')}:task/Cluster/*`]],
      [['ecs:ListTasks'], ['*']],
    ]);
    expect(onCall?.properties.PolicyDocument.Statement.at(-1).Condition).toEqual({
      ArnEquals: { 'ecs:cluster': { 'Fn::GetAtt': [expect.stringMatching(/^Cluster/), 'Arn'] } },
    });
  });

  it('is not there where nobody is on call', () => {
    expect(synthesized('local').of('Broker', 'AWS::IAM::ManagedPolicy')).toEqual([]);
  });
});

describe('the journal', () => {
  it('is only ever appended to and read: nobody may update or delete an entry', () => {
    const allowed = ['dynamodb:PutItem', 'dynamodb:BatchGetItem', 'dynamodb:Query'];
    expect(on('Journal').length).toBeGreaterThanOrEqual(35);
    for (const { actions, role } of on('Journal'))
      for (const action of actions) expect(allowed, role).toContain(action);
  });

  it('has its stream read by relay and integrator alone', () => {
    const readers = grants
      .filter(({ actions }) => actions.includes('dynamodb:GetRecords'))
      .map(({ role }) => role)
      .sort();
    expect(readers).toEqual([roleNamed('relay'), roleNamed('integrator')].sort());
  });

  it('reaches the bus through the relay, and through the replay of a lost cycle, and no other way', () => {
    const senders = grants
      .filter(({ actions }) => actions.includes('events:PutEvents'))
      .map(({ role }) => role)
      .sort();
    expect(senders).toEqual([roleNamed('relay'), roleNamed('recovery-replay')].sort());
  });
});

describe('what only one may do', () => {
  const holders = (action: string) =>
    grants.filter(({ actions }) => actions.includes(action)).map(({ role }) => role);

  it('the checkpoint signs', () => {
    expect(holders('kms:Sign')).toEqual([roleNamed('checkpoint')]);
  });

  it('the checkpoint writes the WORM bucket, and nobody may delete or shorten a lock', () => {
    const writers = grants
      .filter(({ actions, resource }) => actions.includes('s3:PutObject') && /"Worm[0-9A-F]+"/.test(resource))
      .map(({ role }) => role);
    expect(writers).toEqual([roleNamed('checkpoint')]);
    for (const { actions } of grants)
      for (const action of actions)
        expect(action).not.toMatch(
          /^s3:(DeleteObject|PutObjectRetention|PutObjectLegalHold|BypassGovernanceRetention|\*)/,
        );
  });

  it('the checkpoint is told of a part that is not there yet, which S3 tells only to who may list', () => {
    const [grant, ...others] = grants.filter(({ actions }) => actions.includes('s3:ListBucket'));
    expect(others).toEqual([]);
    expect(grant).toMatchObject({ role: roleNamed('checkpoint') });
    expect(grant?.resource).toMatch(/"Worm[0-9A-F]+","Arn"/);
  });

  it('the bridge takes commands off its queue', () => {
    const commands = app
      .of('Broker', 'AWS::SQS::Queue')
      .find(({ logicalId }) => logicalId.startsWith('Commands'));
    const takers = grants
      .filter(
        ({ actions, resource }) =>
          actions.includes('sqs:ReceiveMessage') && resource.includes(commands?.logicalId ?? '?'),
      )
      .map(({ role }) => role);
    expect(takers).toEqual([taskRole()]);
  });

  it('the start of the task reads the credentials of the broker; no program of the desk does', () => {
    const [task] = app.all('AWS::ECS::TaskDefinition');
    expect(holders('secretsmanager:GetSecretValue')).toEqual([
      `Broker/${references(task?.properties.ExecutionRoleArn)[0]}`,
    ]);
  });

  it('the memory agent reads and writes the memory table', () => {
    expect(new Set(on('Memory').map(({ role }) => role))).toEqual(new Set([roleNamed('memory')]));
  });
});
