import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AssemblyError, findAsset, loadAssembly } from '#local/host/assembly/assembly.ts';
import { resolveDynamicReferences } from '#local/host/assembly/intrinsics.ts';
import {
  createResources,
  resolveResources,
  UnsupportedAssemblyError,
} from '#local/host/assembly/resources.ts';
import type { Resource, ResourceType } from '#local/host/kernel.ts';

let directory: string;
const place = { region: 'us-east-1', accountId: '000000000000', endpoint: 'http://127.0.0.1:4566' };

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'assembly-'));
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

const write = (file: string, content: unknown): void =>
  writeFileSync(join(directory, file), typeof content === 'string' ? content : JSON.stringify(content));

/** Writes stacks; `needs` gives what each depends on. */
function writeStacks(
  stacks: Readonly<Record<string, object>>,
  needs: Readonly<Record<string, readonly string[]>> = {},
): void {
  for (const [name, template] of Object.entries(stacks)) write(`${name}.template.json`, template);
  write('manifest.json', {
    artifacts: Object.fromEntries(
      Object.keys(stacks).map((name) => [
        name,
        {
          type: 'aws:cloudformation:stack',
          properties: { templateFile: `${name}.template.json` },
          dependencies: needs[name] ?? [],
        },
      ]),
    ),
  });
}

const created: Resource[] = [];
const thing: ResourceType = {
  type: 'Test::Thing',
  properties: { honoured: ['Name', 'Value', 'Other'], withoutLocalEffect: ['Comment'] },
  identify: ({ stack, logicalId, properties }) => ({
    ref: `${stack}-${logicalId}`,
    attributes: { Arn: `arn:thing:${logicalId}`, Upper: String(properties['Value']).toUpperCase() },
  }),
  create: (resource) => void created.push(resource),
};
const types = new Map([[thing.type, thing]]);
const resolve = () => resolveResources(loadAssembly(directory), types, place);
const resolvedValue = (Value: unknown, template: object = {}): unknown => {
  writeStacks({
    Stack: {
      ...template,
      Resources: {
        First: { Type: 'Test::Thing', Properties: { Value: 'first' } },
        Second: { Type: 'Test::Thing', Properties: { Value } },
      },
    },
  });
  return resolve().find('Stack', 'Second')?.properties['Value'];
};

describe('intrinsic functions', () => {
  it.each<[name: string, value: unknown, expected: unknown]>([
    ['Ref of a resource', { Ref: 'First' }, 'Stack-First'],
    ['Ref of a pseudo parameter', { Ref: 'AWS::Region' }, 'us-east-1'],
    ['GetAtt as a list', { 'Fn::GetAtt': ['First', 'Arn'] }, 'arn:thing:First'],
    ['GetAtt as text', { 'Fn::GetAtt': 'First.Upper' }, 'FIRST'],
    ['Join', { 'Fn::Join': ['-', ['a', { Ref: 'AWS::AccountId' }]] }, 'a-000000000000'],
    [
      'Sub with an attribute, a pseudo parameter and an escape',
      { 'Fn::Sub': ['$', '{First.Arn}/$', '{AWS::Partition}/$', '{!literal}'].join('') },
      'arn:thing:First/aws/$' + '{literal}',
    ],
    ['Sub with variables', { 'Fn::Sub': ['$' + '{x}y', { x: { Ref: 'First' } }] }, 'Stack-Firsty'],
    ['Select of a Split', { 'Fn::Select': [1, { 'Fn::Split': [':', 'a:b:c'] }] }, 'b'],
    ['Base64', { 'Fn::Base64': 'text' }, 'dGV4dA=='],
    ['GetAZs', { 'Fn::Select': [0, { 'Fn::GetAZs': '' }] }, 'us-east-1a'],
    [
      'NoValue in a list and an object',
      { keep: [1, { Ref: 'AWS::NoValue' }], drop: { Ref: 'AWS::NoValue' } },
      { keep: [1] },
    ],
    [
      'a Condition member of a policy',
      { Condition: { Bool: { a: 'b' } } },
      { Condition: { Bool: { a: 'b' } } },
    ],
  ])('resolves %s', (_, value, expected) => {
    expect(resolvedValue(value)).toEqual(expected);
  });

  it('resolves conditions, mappings and parameters', () => {
    const template = {
      Parameters: {
        Stage: { Type: 'String', Default: 'live' },
        Zones: { Type: 'CommaDelimitedList', Default: 'a,b' },
      },
      Mappings: { Sizes: { live: { memory: 512 } } },
      Conditions: {
        IsLive: { 'Fn::Equals': [{ Ref: 'Stage' }, 'live'] },
        IsNot: { 'Fn::Not': [{ Condition: 'IsLive' }] },
        Both: { 'Fn::And': [{ Condition: 'IsLive' }, { Condition: 'IsNot' }] },
      },
    };
    const value = {
      live: { 'Fn::If': ['IsLive', 'yes', 'no'] },
      both: { 'Fn::If': ['Both', 'yes', { Ref: 'AWS::NoValue' }] },
      memory: { 'Fn::FindInMap': ['Sizes', { Ref: 'Stage' }, 'memory'] },
      zones: { Ref: 'Zones' },
    };

    expect(resolvedValue(value, template)).toEqual({ live: 'yes', memory: 512, zones: ['a', 'b'] });
  });

  it.each<[name: string, value: unknown, message: RegExp]>([
    ['an unknown resource', { Ref: 'Nothing' }, /Ref of Nothing/],
    ['an unknown attribute', { 'Fn::GetAtt': ['First', 'Colour'] }, /First\.Colour.*it knows: Arn, Upper/],
    ['an unknown function', { 'Fn::Transform': {} }, /Fn::Transform/],
    ['a missing export', { 'Fn::ImportValue': 'none' }, /no stack exports "none"/],
    ['a missing name in a map', { 'Fn::FindInMap': ['a', 'b', 'c'] }, /nothing at a\.b\.c/],
    ['a selection out of range', { 'Fn::Select': [3, ['a']] }, /Fn::Select of 3/],
  ])('refuses %s by name', (_, value, message) => {
    expect(() => resolvedValue(value)).toThrow(message);
  });

  it('refuses a parameter that only SSM knows, once it is used', () => {
    const Parameters = {
      BootstrapVersion: { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/cdk-bootstrap/version' },
    };

    expect(resolvedValue('unused', { Parameters, Rules: {} })).toBe('unused');
    expect(() => resolvedValue({ Ref: 'BootstrapVersion' }, { Parameters })).toThrow(
      /BootstrapVersion is read from SSM/,
    );
  });

  it('resolves secrets of dynamic references by name and by ARN, key and stage', () => {
    const seen: unknown[] = [];
    const value = {
      a: ['x{{resolve:secretsmanager:name}}y'],
      b: '{{resolve:secretsmanager:arn:aws:secretsmanager:us-east-1:0:secret:n-1:SecretString:key:AWSPREVIOUS:}}',
    };

    const resolved = resolveDynamicReferences(value, (reference) => {
      seen.push(reference);
      return 'S';
    });

    expect(resolved).toEqual({ a: ['xSy'], b: 'S' });
    expect(seen).toEqual([
      { secretId: 'name', jsonKey: undefined, versionStage: undefined, versionId: undefined },
      {
        secretId: 'arn:aws:secretsmanager:us-east-1:0:secret:n-1',
        jsonKey: 'key',
        versionStage: 'AWSPREVIOUS',
        versionId: undefined,
      },
    ]);
    expect(() => resolveDynamicReferences('{{resolve:ssm:/p}}', () => '')).toThrow(/ssm/);
  });
});

describe('resources', () => {
  it('lists everything unsupported at once, and creates nothing', () => {
    writeStacks({
      One: {
        Resources: {
          A: { Type: 'AWS::Unknown::Type' },
          B: { Type: 'Test::Thing', Properties: { Colour: 1, Comment: 'fine' } },
        },
      },
      Two: { Resources: { C: { Type: 'AWS::Other::Type' } } },
    });

    const failure = (() => {
      try {
        resolve();
      } catch (error) {
        return error;
      }
      return undefined;
    })();

    expect(failure).toBeInstanceOf(UnsupportedAssemblyError);
    expect((failure as UnsupportedAssemblyError).problems).toEqual([
      'One/A: resource type AWS::Unknown::Type',
      'One/B: property Colour of Test::Thing',
      'Two/C: resource type AWS::Other::Type',
    ]);
  });

  it('creates resources after those they refer to, across stacks', async () => {
    created.length = 0;
    writeStacks(
      {
        Consumer: {
          Resources: {
            Last: { Type: 'Test::Thing', Properties: { Value: { 'Fn::ImportValue': 'shared' } } },
          },
        },
        Producer: {
          Resources: {
            Needs: { Type: 'Test::Thing', Properties: { Value: { Ref: 'Needed' } }, DependsOn: 'AlsoNeeded' },
            Needed: { Type: 'Test::Thing', Properties: { Value: '{{resolve:secretsmanager:s}}' } },
            AlsoNeeded: { Type: 'Test::Thing' },
          },
          Outputs: { Shared: { Value: { 'Fn::GetAtt': ['Needs', 'Arn'] }, Export: { Name: 'shared' } } },
        },
      },
      { Consumer: ['Producer'] },
    );

    const resolved = resolve();
    await createResources(resolved.resources, types, () => 'hunter2');

    expect(created.map(({ logicalId }) => logicalId)).toEqual(['AlsoNeeded', 'Needed', 'Needs', 'Last']);
    expect(created.map(({ properties }) => properties['Value'])).toEqual([
      undefined,
      'hunter2',
      'Producer-Needed',
      'arn:thing:Needs',
    ]);
    expect(resolved.outputs.get('Producer')).toEqual({ Shared: 'arn:thing:Needs' });
    expect(resolved.exports.get('shared')).toBe('arn:thing:Needs');
  });

  it('leaves out resources whose condition does not hold', () => {
    writeStacks({
      S: {
        Conditions: { Never: { 'Fn::Equals': ['a', 'b'] } },
        Resources: { A: { Type: 'Test::Thing', Condition: 'Never' }, B: { Type: 'Test::Thing' } },
      },
    });

    expect(resolve().resources.map(({ logicalId }) => logicalId)).toEqual(['B']);
  });

  it('names a circle', () => {
    writeStacks({
      S: {
        Resources: {
          A: { Type: 'Test::Thing', Properties: { Value: { Ref: 'B' } } },
          B: { Type: 'Test::Thing', Properties: { Value: { Ref: 'A' } } },
        },
      },
    });

    expect(resolve).toThrow(/A → B → A/);
  });

  it('gives types without a local effect identities that others can refer to', () => {
    writeStacks({
      S: {
        Resources: {
          Vpc: { Type: 'AWS::EC2::VPC', Properties: { CidrBlock: '10.0.0.0/16' } },
          Logs: { Type: 'AWS::Logs::LogGroup', Properties: { LogGroupName: '/desk' } },
          A: {
            Type: 'Test::Thing',
            Properties: { Value: { Ref: 'Vpc' }, Other: { 'Fn::GetAtt': ['Logs', 'Arn'] } },
          },
        },
      },
    });

    const { properties } = resolve().find('S', 'A')!;

    expect(properties['Value']).toMatch(/^vpc-[0-9a-f]{17}$/);
    expect(properties['Other']).toBe('arn:aws:logs:us-east-1:000000000000:log-group:/desk:*');
  });

  it('says which resource could not be created', async () => {
    writeStacks({ S: { Resources: { Broken: { Type: 'Test::Thing' } } } });
    const broken: ResourceType = { ...thing, create: () => Promise.reject(new Error('no room')) };

    const creation = createResources(resolve().resources, new Map([[broken.type, broken]]), () => '');

    await expect(creation).rejects.toThrow('Test::Thing S/Broken: no room');
  });
});

describe('the assembly', () => {
  it('reads nested assemblies of stages, and stacks in the order of their needs', () => {
    mkdirSync(join(directory, 'nested'));
    write('nested/Inner.template.json', {});
    write('nested/manifest.json', {
      artifacts: {
        Inner: {
          type: 'aws:cloudformation:stack',
          properties: { templateFile: 'Inner.template.json', stackName: 'live-inner' },
        },
      },
    });
    write('Outer.template.json', {});
    write('manifest.json', {
      artifacts: {
        Outer: {
          type: 'aws:cloudformation:stack',
          properties: { templateFile: 'Outer.template.json' },
          dependencies: ['Stage'],
        },
        Stage: { type: 'cdk:cloud-assembly', properties: { directoryName: 'nested' } },
      },
    });

    expect(loadAssembly(directory).stacks.map(({ name }) => name)).toEqual(['live-inner', 'Outer']);
  });

  it('finds assets by hash, object key and image', () => {
    writeStacks({ S: {} });
    write('S.assets.json', {
      files: {
        abc: {
          source: { path: 'asset.abc', packaging: 'zip' },
          destinations: { d: { objectKey: 'abc.zip', bucketName: 'b' } },
        },
      },
      dockerImages: {
        def: {
          source: { directory: 'asset.def' },
          destinations: { d: { imageTag: 'def', repositoryName: 'r' } },
        },
      },
    });
    write('manifest.json', {
      artifacts: {
        S: { type: 'aws:cloudformation:stack', properties: { templateFile: 'S.template.json' } },
        'S.assets': { type: 'cdk:asset-manifest', properties: { file: 'S.assets.json' } },
      },
    });
    const assembly = loadAssembly(directory);

    expect(findAsset(assembly, 'abc.zip')).toEqual({
      hash: 'abc',
      kind: 'directory',
      path: join(directory, 'asset.abc'),
    });
    expect(findAsset(assembly, '000000000000.dkr.ecr.us-east-1.amazonaws.com/assets:def').path).toBe(
      join(directory, 'asset.def'),
    );
    expect(() => findAsset(assembly, 'ghi.zip')).toThrow(/"ghi.zip" is not in/);
  });

  it.each<[name: string, prepare: () => void, message: RegExp]>([
    ['is empty', () => undefined, /manifest\.json does not exist; synthesize first/],
    ['has a broken manifest', () => write('manifest.json', '{'), /is not JSON/],
    ['has no stack', () => write('manifest.json', {}), /no stack/],
    [
      'has a malformed template',
      () => writeStacks({ S: { Resources: { A: { Kind: 'x' } } } }),
      /S\.template\.json/,
    ],
  ])('says what is wrong with a directory that %s', (_, prepare, message) => {
    prepare();

    expect(() => loadAssembly(directory)).toThrow(AssemblyError);
    expect(() => loadAssembly(directory)).toThrow(message);
  });
});
